"""Faces: contour, eyes, brows, nose, mouth, blush; units are hundredths of the skull's radius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from drawing import Colour, Coverage, Points, ellipse, smooth
from numpy.typing import ArrayLike
from pen import Pen, mix

EYE_X, EYE_Y = 43.0, 37.0
EYE_SIZE = 1.14
CYLINDER_RADIUS = 122.0
FULL_TURN_DEGREES = 15.0

FRONT = [(0, -100), (-58, -84), (-86, -34), (-90, 14), (-86, 54), (-69, 89), (-38, 115), (-9, 127),
         (9, 127), (38, 115), (69, 89), (86, 54), (90, 14), (86, -34), (58, -84)]  # fmt: skip
TURNED = [(4, -100), (-58, -86), (-90, -34), (-94, 14), (-89, 55), (-65, 91), (-26, 117), (13, 128),
          (31, 126), (51, 111), (72, 86), (83, 58), (81, 16), (86, -30), (62, -82)]  # fmt: skip


@dataclass(frozen=True)
class Expression:
    left_eye: float = 1.0  # how far open; 0 is a closed eye
    right_eye: float = 1.0
    closed_curve: float = 1.0  # closed eyes: 1 laughs, -1 sleeps
    brow_raise: float = 0.0
    brow_slant: float = 0.0  # positive is angry, negative is sad
    mouth: str = "smile"
    gaze: tuple[float, float] = (0.0, 0.0)
    pupil: float = 1.0
    blush: float = 0.5
    tear: bool = False


EXPRESSIONS = {
    "calm": Expression(mouth="calm", blush=0.35),
    "smile": Expression(),
    "joy": Expression(left_eye=0, right_eye=0, mouth="laugh", brow_raise=5, blush=0.9),
    "talk": Expression(mouth="open", brow_raise=2),
    "sad": Expression(
        0.78, 0.78, brow_slant=-9, brow_raise=-1, mouth="sad", gaze=(-3, 5), blush=0.4, tear=True
    ),
    "surprised": Expression(1.13, 1.13, brow_raise=10, mouth="gasp", pupil=0.72, blush=0.5),
    "angry": Expression(0.82, 0.82, brow_slant=10, brow_raise=-3, mouth="grit", pupil=0.9, blush=0.5),
    "asleep": Expression(0, 0, closed_curve=-1, mouth="calm", brow_raise=-1, blush=0.6),
    "wistful": Expression(0.84, 0.84, brow_slant=-5, mouth="calm", gaze=(5, -3), blush=0.4),
    "wink": Expression(left_eye=1.0, right_eye=0.0, mouth="grin", brow_raise=3, blush=0.7),
}


@dataclass(frozen=True)
class FaceDesign:
    skin: Colour
    iris: Colour
    brow: Colour
    eye_height: float = 1.0
    lash: float = 1.0
    jaw: float = 1.0
    blush: Colour = (255, 138, 128)


@dataclass(frozen=True)
class _Head:
    """What every feature of one face needs to know."""

    pen: Pen
    design: FaceDesign
    mood: Expression
    turn: float


def warp(points: ArrayLike, turn: float, radius: float = CYLINDER_RADIUS) -> Points:
    """Turn the head: `turn` from -1 to 1 rotates points on a cylinder about its vertical axis."""
    flat = np.array(points, dtype=np.float64)
    angle = np.arcsin(np.clip(flat[:, 0] / radius, -0.98, 0.98)) + np.radians(FULL_TURN_DEGREES) * turn
    flat[:, 0] = radius * np.sin(angle)
    return flat


def contour(turn: float, jaw: float) -> Points:
    front, turned = np.array(FRONT, dtype=np.float64), np.array(TURNED, dtype=np.float64)
    points = front + (turned - front) * abs(turn)
    low = np.clip((points[:, 1] - 40) / 90, 0, 1)
    points[:, 0] *= 1 + (jaw - 1) * low
    if turn < 0:
        points[:, 0] *= -1
    return smooth(points, closed=True)


def draw_face(pen: Pen, design: FaceDesign, turn: float) -> Coverage:
    light = pen.light
    ink = mix(light.shade_skin(design.skin), (70, 30, 40), 0.62)
    body = pen.shape([contour(turn, design.jaw)], light.on(design.skin), ink=ink, ink_width=2.6)
    pen.layer.paint(pen.form_shadow(body, 13), light.shade_skin(design.skin), opacity=0.9)
    return body


def draw_features(pen: Pen, design: FaceDesign, mood: Expression, turn: float, face: Coverage) -> None:
    head = _Head(pen, design, mood, turn)
    _draw_blush(head, face)
    for side, openness in ((-1, mood.left_eye), (1, mood.right_eye)):
        if openness > 0.1:
            _draw_open_eye(head, side, openness)
        else:
            _draw_closed_eye(head, side)
    _draw_nose(pen, design, turn)
    _draw_mouth(head)
    if mood.tear:
        _draw_tear(pen, turn)


def draw_brows(pen: Pen, design: FaceDesign, mood: Expression, turn: float) -> None:
    colour = pen.light.on(design.brow)
    for side in (-1, 1):
        inner, outer = 20.0, 66.0
        y = EYE_Y - 46 - mood.brow_raise
        points = [
            (side * inner, y + 3 + mood.brow_slant),
            (side * (inner + 20), y - 3.5 + 0.15 * mood.brow_slant),
            (side * outer, y + 3 - 0.55 * mood.brow_slant),
        ]
        pen.line(warp(points, turn), [2.2, 4.6, 4.0, 1.0], colour)


def _eye_point(side: int, turn: float, points: ArrayLike) -> Points:
    local = np.asarray(points, dtype=np.float64)
    return warp((side * EYE_X, EYE_Y) + EYE_SIZE * local * (side, 1), turn)


def _lids(openness: float, height: float) -> tuple[list, list]:
    top, bottom = openness * height, (0.55 + 0.45 * openness) * height
    upper = [(-20, 4), (-15, -10 * top), (-3, -22 * top), (10, -20 * top), (19, -9 * top), (23, 4)]
    lower = [(19, 15 * bottom), (9, 22 * bottom), (-4, 22.5 * bottom), (-14, 16 * bottom)]
    return upper, lower


def _draw_open_eye(head: _Head, side: int, openness: float) -> None:
    pen, design, turn = head.pen, head.design, head.turn
    light = pen.light
    upper, lower = _lids(openness, design.eye_height)
    opening = _eye_point(side, turn, smooth(upper + lower, closed=True, cusps=(0, 5)))
    white = pen.fill(opening, light.on((252, 252, 255)))
    _draw_iris(head, side, white)
    lid = _eye_point(side, turn, smooth(upper))
    pen.line(np.add(lid, (0, 4.5)), 9.0, light.shade((150, 140, 185)), clip=white, opacity=0.5, curve=False)
    dark = mix(light.shade(design.brow), (22, 14, 26), 0.78)
    _draw_lashes(head, side, upper, lower, dark)
    crease = [(-15, -16 * openness * design.eye_height - 4), (2, -28 * openness * design.eye_height - 4),
              (18, -19 * openness * design.eye_height - 4)]  # fmt: skip
    pen.line(_eye_point(side, turn, crease), 1.3, mix(dark, design.skin, 0.35), opacity=0.8)


def _draw_iris(head: _Head, side: int, clip: Coverage) -> None:
    pen, design, mood, turn = head.pen, head.design, head.mood, head.turn
    light, height = pen.light, design.eye_height
    gaze_x, gaze_y = mood.gaze
    x, y = side * EYE_X + gaze_x + 2.0 * turn - side * 1.0, EYE_Y + gaze_y + 1.5
    width, tall = (
        EYE_SIZE * 16.5 * (0.5 + 0.5 * mood.pupil),
        EYE_SIZE * 21.5 * height * (0.6 + 0.4 * mood.pupil),
    )

    def disc(dx: float, dy: float, radius_x: float, radius_y: float) -> Points:
        return warp(ellipse(x + dx, y + dy, radius_x, radius_y), turn)

    iris = light.on(design.iris)
    deep, bright = mix(iris, (24, 12, 40), 0.72), mix(iris, (255, 255, 235), 0.42)
    pen.fill(disc(0, 0, width, tall), deep, clip=clip)
    glow = pen.fade((x, y - tall), (x, y + tall), deep, mix(deep, iris, 0.55), iris, bright)
    inner = pen.fill(disc(0, 0.5, width - 2.0, tall - 2.0), glow, clip=clip)
    pen.fill(
        disc(0, 0.5, width * 0.40 * mood.pupil, tall * 0.42 * mood.pupil),
        mix(deep, (10, 6, 20), 0.6),
        clip=inner,
    )
    pen.fill(
        disc(0, tall * 0.56, width * 0.62, tall * 0.26),
        mix(bright, (255, 255, 255), 0.25),
        clip=inner,
        opacity=0.55,
    )
    for angle in np.radians((205, 232, 260, 288, 316)):
        ray = np.array([[0.55], [0.9]]) * (width * np.cos(angle), -tall * np.sin(angle)) + (x, y)
        pen.line(
            warp(ray, turn),
            [2.4, 0.8],
            mix(bright, (255, 255, 255), 0.2),
            clip=inner,
            opacity=0.45,
            curve=False,
        )
    shine = mix(light.on((255, 255, 255)), (255, 255, 255), 0.75)
    pen.fill(disc(-5.5, -tall * 0.42, 5.6, 7.2 * height), shine, clip=clip)
    pen.fill(disc(6.0, tall * 0.40, 2.8, 3.4 * height), shine, clip=clip, opacity=0.92)


def _draw_lashes(head: _Head, side: int, upper: list, lower: list, dark: Colour) -> None:
    pen, turn, lash = head.pen, head.turn, head.design.lash
    lid = [*upper[:-1], (24.5, 3.0)]
    widths = np.array([2.0, 4.2, 5.6, 6.4, 6.8, 3.6]) * (0.75 + 0.25 * lash)
    pen.line(_eye_point(side, turn, smooth(lid)), widths, dark, curve=False)
    wing = [upper[-2], (25, upper[-2][1] + 6), (25 + 6 * lash, upper[-2][1] + 6 - 4 * lash)]
    pen.line(_eye_point(side, turn, wing), [5.0, 4.0, 0.6], dark)
    if lash > 0.7:
        flick = [upper[-3], (20, upper[-2][1] - 3), (27, upper[-2][1] - 7)]
        pen.line(_eye_point(side, turn, flick), [4.0, 2.6, 0.5], dark)
    pen.line(_eye_point(side, turn, [(22, 7), *lower[:2]]), [2.2, 2.0, 0.8], dark, opacity=0.85)


def _draw_closed_eye(head: _Head, side: int) -> None:
    pen, design, mood, turn = head.pen, head.design, head.mood, head.turn
    dark = mix(pen.light.shade(design.brow), (22, 14, 26), 0.78)
    bow = -13.0 * mood.closed_curve
    base = 8.0 + (4.0 if mood.closed_curve < 0 else 0.0)
    lid = [(-21, base), (-11, base + bow * 0.75), (2, base + bow), (14, base + bow * 0.7), (24, base)]
    pen.line(_eye_point(side, turn, lid), [2.2, 4.8, 5.8, 5.2, 2.0], dark)
    corner = [(20, base + bow * 0.3), (30, base + (2 if bow < 0 else 6))]
    pen.line(_eye_point(side, turn, corner), [4.2, 0.6], dark, curve=False)
    if mood.closed_curve < 0:
        for u in (4.0, 14.0):
            pen.line(
                _eye_point(side, turn, [(u, base + bow * 0.9 + 18), (u + 4, base + 17)]),
                [2.4, 0.5],
                dark,
                curve=False,
            )


def _draw_nose(pen: Pen, design: FaceDesign, turn: float) -> None:
    ink = mix(pen.light.shade_skin(design.skin), (150, 60, 60), 0.45)
    lean = 3.0 if turn >= 0 else -3.0
    pen.line(warp([(lean, 65), (lean * 1.9, 71), (lean * 0.2, 74)], turn, 100), [0.8, 2.4, 0.7], ink)


def _draw_mouth(head: _Head) -> None:
    pen, design, mood, turn = head.pen, head.design, head.mood, head.turn
    ink = mix(pen.light.shade_skin(design.skin), (96, 26, 38), 0.78)
    lines = {
        "smile": [(-17, 92), (-8, 97), (0, 98.5), (8, 97), (17, 91)],
        "calm": [(-10, 96), (0, 97), (10, 95.5)],
        "sad": [(-9, 98.5), (-3, 96), (4, 96), (10, 98)],
        "grin": [(-18, 91), (-6, 99), (6, 99.5), (20, 88)],
    }
    if mood.mouth in lines:
        points = lines[mood.mouth]
        pen.line(warp(points, turn, 110), [0.9, 2.8, 2.6, 2.8, 0.9], ink)
        if mood.mouth != "sad":
            low = [(-5, 106), (0, 107), (5, 106)]
            pen.line(warp(low, turn, 110), 1.2, pen.light.shade_skin(design.skin))
        return
    _draw_open_mouth(head, ink)


OPEN_MOUTHS = {
    "open": ([(-13, 91), (0, 93), (13, 90.5), (10, 101), (0, 107), (-9, 102)], (0, 2)),
    "laugh": ([(-21, 87), (0, 91), (21, 87), (16, 103), (0, 113), (-16, 103)], (0, 2)),
    "gasp": ([(-7, 96), (0, 89), (7, 96), (6, 105), (0, 109), (-6, 105)], ()),
    "grit": ([(-15, 97), (0, 93), (15, 96), (13, 104), (0, 103), (-13, 105)], (0, 2, 3, 5)),
}


def _draw_open_mouth(head: _Head, ink: Colour) -> None:
    pen, mood, turn = head.pen, head.mood, head.turn
    light = pen.light
    points, cusps = OPEN_MOUTHS[mood.mouth]
    outline = warp(smooth(points, closed=True, cusps=cusps), turn, 110)
    inside = light.on((248, 246, 246)) if mood.mouth == "grit" else light.on((158, 48, 58))
    body = pen.shape([outline], inside, ink=ink, ink_width=1.9)
    if mood.mouth == "grit":
        return
    bottom = max(y for _, y in points)
    pen.fill(warp(ellipse(0, bottom - 1.0, 11, 7), turn, 110), light.on((232, 112, 112)), clip=body)
    if mood.mouth == "laugh":
        teeth = [(-19, 84), (19, 84), (15, 92.5), (-15, 92.5)]
        pen.fill(warp(teeth, turn, 110), light.on((255, 252, 250)), clip=body)


def _draw_blush(head: _Head, face: Coverage) -> None:
    pen, design, mood, turn = head.pen, head.design, head.mood, head.turn
    for side in (-1, 1):
        spot = warp(ellipse(side * 56, 71, 17, 9), turn, 112)
        glow = pen.cover(spot).blurred(5 * pen.scale).within(face)
        pen.layer.paint(glow, pen.light.on(design.blush), opacity=0.55 * mood.blush)
        if mood.blush >= 0.5:
            for shift in (-7, 0, 7):
                mark = warp([(side * 56 + shift + 2.5, 68), (side * 56 + shift - 2.5, 75)], turn, 112)
                pen.line(
                    mark, 1.5, mix(pen.light.on(design.blush), (210, 70, 80), 0.4), opacity=0.7, curve=False
                )


def _draw_tear(pen: Pen, turn: float) -> None:
    drop = smooth([(54, 58), (59, 66), (57, 72), (51, 72), (49.5, 66)], closed=True, cusps=(0,))
    pen.shape(
        [warp(drop, turn)],
        mix(pen.light.on((205, 235, 255)), (215, 240, 255), 0.7),
        ink=pen.light.shade((120, 160, 210)),
        ink_width=1.0,
    )
    pen.fill(warp(ellipse(52.5, 68, 1.5, 2.2), turn), (255, 255, 255))
