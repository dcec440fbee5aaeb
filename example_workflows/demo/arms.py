"""Arms: poses, sleeves and hands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from body import Build, Outfit, cloth, crease
from drawing import Colour, Coverage, Points, ellipse, ribbon, smooth
from pen import Pen, mix


@dataclass(frozen=True)
class Arm:
    upper: float  # degrees outwards from hanging straight down
    fore: float
    hand: str = "relaxed"  # relaxed, open, hidden
    in_front: bool = False  # crosses the chest, so it is drawn over the collar


@dataclass(frozen=True)
class Pose:
    left: Arm
    right: Arm


POSES = {
    "stand": Pose(Arm(11, 4), Arm(11, 4)),
    "wave": Pose(Arm(12, 5), Arm(48, 158, "open")),
    "clasp": Pose(Arm(13, -36), Arm(13, -36)),
    "heart": Pose(Arm(11, 4), Arm(22, -118, in_front=True)),
    "pockets": Pose(Arm(24, -12, "hidden"), Arm(24, -12, "hidden")),
    "reach": Pose(Arm(12, 6), Arm(62, 92, "open")),
    "cheer": Pose(Arm(52, 160, "open"), Arm(48, 152, "open")),
}


@dataclass(frozen=True)
class Wearer:
    """Whose arms they are."""

    pen: Pen
    build: Build
    outfit: Outfit
    skin: Colour


@dataclass(frozen=True)
class _Joints:
    shoulder: Points
    elbow: Points
    wrist: Points


def _joints(build: Build, arm: Arm, side: int) -> _Joints:
    shoulder = np.array([side * (build.shoulder - 16), 220.0])
    elbow = shoulder + build.upper_length * _direction(arm.upper, side)
    return _Joints(shoulder, elbow, elbow + build.fore_length * _direction(arm.fore, side))


def _direction(degrees: float, side: int) -> Points:
    angle = np.radians(degrees)
    return np.array([side * np.sin(angle), np.cos(angle)])


def draw_arm(who: Wearer, arm: Arm, side: int, torso: Coverage) -> None:
    """Draw an arm over the `torso`; `side` is -1 for the one on the left of the picture, 1 for the other."""
    joints, width = _joints(who.build, arm, side), who.build.arm
    shoulder = joints.shoulder
    above = ribbon([shoulder, joints.elbow], [width * 1.14, width * 1.08, width])
    sleeve = _draw_sleeve(who, arm, side, [above, ellipse(*shoulder, width * 0.57)])
    # Without the contour between them, shoulder and sleeve are one piece of cloth.
    seam = ellipse(shoulder[0] - side * width * 0.5, shoulder[1] - 8, width * 0.5, width * 0.95)
    who.pen.fill(seam, who.pen.light.on(who.outfit.top), clip=sleeve.union(torso))


def draw_forearm(who: Wearer, arm: Arm, side: int) -> None:
    """Draw a forearm again, over what was drawn after `draw_arm`."""
    joints, width, colour = _joints(who.build, arm, side), who.build.arm, who.pen.light.on(who.outfit.top)
    sleeve = _draw_sleeve(who, arm, side, [])
    above = joints.elbow - 0.35 * width * _direction(arm.upper, side)
    who.pen.fill(ribbon([above, joints.elbow], [width * 0.98, width * 0.9]), colour, clip=sleeve)


def _draw_sleeve(who: Wearer, arm: Arm, side: int, upper: list[Points]) -> Coverage:
    pen, outfit, width = who.pen, who.outfit, who.build.arm
    joints = _joints(who.build, arm, side)
    elbow, wrist = joints.elbow, joints.wrist
    if arm.hand != "hidden":
        _draw_hand(who, arm, side)
    fore = [ribbon([elbow, wrist], [width, width * 0.98, width * 0.86]), ellipse(*elbow, width * 0.5)]
    body = cloth(pen, [*upper, *fore], outfit.top, depth=11)
    inward = np.array([-side * width * 0.45, 0.0])
    bend = np.array([elbow + inward, elbow + inward * 0.2, elbow - inward * 0.8])
    crease(pen, bend + np.array([(0, 0), (0, 6), (0, 2)]), 13, outfit.top, body)
    stretch = np.array([elbow - inward, elbow, elbow + inward * 0.6])
    crease(pen, stretch - np.array([(0, 22), (0, 16), (0, 22)]), 9, outfit.top, body)
    if arm.hand != "hidden":
        along = _direction(arm.fore, side)
        cuff = ribbon([wrist - 22 * along, wrist + 3 * along], [width * 0.98, width * 0.98])
        cloth(pen, [cuff], mix(outfit.top, outfit.trim, 0.9), depth=5)
    return body


def _draw_hand(who: Wearer, arm: Arm, side: int) -> None:
    pen, size = who.pen, who.build.arm / 46
    wrist, down = _joints(who.build, arm, side).wrist, _direction(arm.fore, side)
    frame = size * np.array([np.array([down[1], -down[0]]) * side, down])
    is_open = arm.hand == "open"

    def place(*points: tuple[float, float]) -> Points:
        return wrist + np.array(points) @ frame

    palm = smooth(place((-13, -6), (-17, 22), (-12, 40), (13, 40), (16, 20), (12, -6)), closed=True)
    fingers = []
    for index, length in enumerate((25, 31, 32, 27)):
        angle, root = np.radians((index - 1.5) * (15.0 if is_open else 2.5)), -12 + 8.2 * index
        tip = (root + length * np.sin(angle), 36 + length * np.cos(angle))
        middle = ((root + tip[0]) / 2, (30 + tip[1]) / 2)
        fingers.append(ribbon(place((root, 30), middle, tip), [10.5 * size, 10 * size, 6.5 * size]))
        fingers.append(ellipse(*place(tip)[0], 3.6 * size))
    reach = 34 if is_open else 20
    thumb = place((-10, 6), (-10 - reach * 0.5, 22), (-10 - reach * 0.72, 40))
    fingers.append(ribbon(thumb, [15 * size, 11 * size, 7 * size]))
    lit, shade = pen.light.on(who.skin), pen.light.shade_skin(who.skin)
    ink = mix(shade, (70, 30, 40), 0.62)
    pen.shape([palm, *fingers], lit, ink=ink, ink_width=2.0, shade=shade, depth=6)
    for root in () if is_open else (-8, 0, 8):
        pen.line(place((root, 40), (root * 1.05, 60)), 1.3, ink, opacity=0.7, curve=False)
