"""The library's own poses, each told by the angles of its limbs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from . import skeleton as s
from .builds import ADULT
from .normal_form import mirrored, normalised
from .pose import Pose

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The eyes and ears from the nose, in torsos, of somebody who looks at the viewer, and of somebody who
# looks to the right of the picture and shows the right half of the face.
_FACE_FRONT = {
    s.R_EYE: (-0.06, -0.07),
    s.L_EYE: (0.06, -0.07),
    s.R_EAR: (-0.15, -0.02),
    s.L_EAR: (0.15, -0.02),
}
_FACE_RIGHT = {s.R_EYE: (-0.05, -0.07), s.R_EAR: (-0.21, -0.03)}
# A turned head carries its nose ahead of the neck.
_NOSE_AHEAD = 0.12


@dataclass(frozen=True, slots=True)
class _Figure:
    """Angles in degrees: 0 hangs straight down, 90 points to the right of the picture.

    Each limb is its upper and its lower angle, then how long it is seen, less than 1 when it points at
    the viewer: one number for both halves or one for each. `lean` and `head` tilt to the right. `turn` is
    how broad the body is seen: 1 from the front, about 0.3 from the side. `spin` turns the whole picture.
    """

    prompt: str
    right_arm: tuple[float, ...] = (-12, -8)
    left_arm: tuple[float, ...] = (12, 8)
    right_leg: tuple[float, ...] = (-4, -2)
    left_leg: tuple[float, ...] = (4, 2)
    lean: float = 0.0
    head: float = 0.0
    turn: float = 1.0
    looks: str = "front"
    spin: float = 0.0


_FIGURES = {
    "standing": _Figure("standing, arms at sides"),
    "walking": _Figure(
        "walking, side view", (-28, -8), (26, 44), (30, 14), (-20, -42), lean=4, turn=0.35, looks="right"
    ),
    "running": _Figure(
        "running, dynamic pose, side view", (-48, 38), (44, 128), (62, -18), (-30, -104), lean=16,
        turn=0.4, looks="right",
    ),
    "sitting": _Figure(
        "sitting on a chair, hands on knees", (-14, 16, 0.85), (14, -16, 0.85), (-16, -2, 0.5),
        (16, 2, 0.5),
    ),
    "kneeling": _Figure(
        "kneeling, seiza", (-10, 24, 0.9), (10, -24, 0.9), (-18, -64, 0.62), (18, 64, 0.62)
    ),
    "jumping": _Figure(
        "jumping, arms raised, mid-air", (-142, -158), (142, 158), (-34, 26), (38, -34)
    ),
    "arms crossed": _Figure(
        "arms crossed, standing", (-4, 82), (4, -98)
    ),
    "waving": _Figure("waving, one hand raised, smile", (-58, -164), (12, 8)),
    "pointing": _Figure("pointing, outstretched arm", (-12, -8), (88, 90), (-10, -6), (8, 4), head=4),
    "fighting stance": _Figure(
        "fighting stance, fists raised", (-34, 122), (32, 138, 0.8), (-28, -12), (34, -6), lean=6, turn=0.75
    ),
    "lying": _Figure(
        "lying on back, from side", (10, 4), (-10, -4), (4, 2), (-6, 22), turn=0.35, looks="right", spin=-90
    ),
    "back view": _Figure("from behind, back view, standing", looks="back"),
    "hands on hips": _Figure("hands on hips, standing", (-28, 43), (28, -43), (-8, -4), (8, 4)),
    "thinking": _Figure(
        "thinking, hand on chin", (-14, 62, 0.9), (20, -150, 0.6, 1.0), head=7
    ),
    "crouching": _Figure(
        "crouching, squatting", (-16, 22, 0.8), (16, -22, 0.8), (-52, 26, 0.55), (52, -26, 0.55), lean=2
    ),
    "bowing": _Figure(
        "bowing, bent forward, side view", (6, 4), (-4, -2), (-4, -4), (2, 0), lean=58, head=70,
        turn=0.3, looks="right",
    ),
    "cheering": _Figure("cheering, both arms up, happy", (-152, -172), (152, 172), (-9, -6), (9, 6)),
    "leaning": _Figure(
        "leaning against a wall, legs crossed", (-16, 60, 0.9), (18, -54, 0.9), (8, 12), (18, -16), lean=-8
    ),
}  # fmt: skip


@cache
def library() -> tuple[Pose, ...]:
    """Return the library's poses, normalised, of an adult's build."""
    return tuple(Pose(name, _points(figure), figure.prompt) for name, figure in _FIGURES.items())


def _points(figure: _Figure) -> NDArray[np.float64]:
    points = np.full((18, 2), np.nan)
    hips = np.zeros(2)
    points[s.NECK] = hips - _down(-figure.lean)
    _set_head(points, figure)
    side = -1.0
    for shoulder, arm, hip, leg in (
        (s.R_SHOULDER, figure.right_arm, s.R_HIP, figure.right_leg),
        (s.L_SHOULDER, figure.left_arm, s.L_HIP, figure.left_leg),
    ):
        across = side * figure.turn * _turned((1.0, 0.0), figure.lean)
        points[shoulder] = points[s.NECK] + ADULT.shoulder * across + 0.03 * _down(-figure.lean)
        points[hip] = hips + side * figure.turn * np.array([ADULT.hip, 0.0])
        _set_limb(points, shoulder, arm, ADULT.upper_arm, ADULT.forearm)
        _set_limb(points, hip, leg, ADULT.thigh, ADULT.shin)
        side = -side
    if figure.looks == "back":
        # Seen from behind, the right hand is on the right.
        points = mirrored(points) * (-1.0, 1.0)
    return normalised(_spun(points, figure.spin))


def _set_head(points: NDArray[np.float64], figure: _Figure) -> None:
    tilt = figure.head or figure.lean
    nose = points[s.NECK] - ADULT.head * _down(-tilt)
    if figure.looks == "right":
        nose = nose + _turned((_NOSE_AHEAD, 0.0), tilt)
    face = {"front": _FACE_FRONT, "right": _FACE_RIGHT}.get(figure.looks, {})
    if figure.looks == "back":
        # Only the ears are seen from behind.
        for ear in (s.R_EAR, s.L_EAR):
            points[ear] = nose + np.array(_FACE_FRONT[ear])
        return
    points[s.NOSE] = nose
    for joint, offset in face.items():
        points[joint] = nose + _turned(offset, tilt)


def _set_limb(
    points: NDArray[np.float64], start: int, limb: tuple[float, ...], upper: float, lower: float
) -> None:
    seen = limb[2:] or (1.0,)
    points[start + 1] = points[start] + upper * seen[0] * _down(limb[0])
    points[start + 2] = points[start + 1] + lower * seen[-1] * _down(limb[1])


def _down(degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    return np.array([np.sin(angle), np.cos(angle)])


def _turned(vector: tuple[float, float], degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.array(vector)


def _spun(points: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
