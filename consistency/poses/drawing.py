"""Poses on a canvas: placed, and drawn as OpenPose pictures."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from .pose import Pose
from .skeleton import LIMBS

if TYPE_CHECKING:
    from numpy.typing import NDArray

# OpenPose pictures: limbs are ellipses 8 pixels thick at 0.6 of their colour, joints are discs of 4
# pixels radius, both at 512 pixels.
_STICK, _DISC, _AT_SIDE, _LIMB_LIGHT = 8.0, 4.0, 512.0, 0.6
_SMOOTH = 2
_MIN_SIDE, _MAX_SIDE = 64, 8192
# Eighteen hues, 20 degrees apart, from red on.
COLOURS = tuple(
    tuple(round(255 * channel) for channel in colorsys.hsv_to_rgb(joint / 18, 1, 1)) for joint in range(18)
)


def placed(
    points: NDArray[np.float64], width: int, height: int, *, margin: float = 0.1
) -> NDArray[np.float64]:
    """Fit a pose into the middle of a canvas.

    Parameters
    ----------
    points : ndarray of float64, shape (18, 2)
        In any unit.
    width, height : int
        The canvas in pixels, 64 to 8192.
    margin : float
        Share of the canvas left free on each side, in [0, 0.45].

    Returns
    -------
    ndarray of float64, shape (18, 2)
        In pixels.

    Raises
    ------
    InputError
        If a side is out of range, or no joint is seen.
    """
    for side in (width, height):
        if not _MIN_SIDE <= side <= _MAX_SIDE:
            raise InputError(
                f"A picture of {width}×{height} pixels cannot be drawn.",
                field="width" if side == width else "height",
                hint=f"Use {_MIN_SIDE} to {_MAX_SIDE} pixels a side.",
            )
    seen = points[np.isfinite(points).all(axis=1)]
    if not len(seen):
        raise InputError("The pose has no joint.", field="keypoints", hint="Give at least a torso.")
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = np.array([width, height]) * (1 - 2 * margin)
    scale = float(np.min(room / np.maximum(high - low, 1e-6)))
    return (points - (low + high) / 2) * scale + np.array([width, height]) / 2


def draw_pose(figures: Sequence[NDArray[np.float64]], width: int, height: int) -> NDArray[np.uint8]:
    """Draw figures as OpenPose does: coloured limbs and joints on black.

    Parameters
    ----------
    figures : sequence of ndarray of float64, shape (18, 2)
        In pixels of the canvas; not a number where a joint is missing.
    width, height : int
        The canvas in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB, for any pose ControlNet.
    """
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", (width * _SMOOTH, height * _SMOOTH))
    pen = ImageDraw.Draw(canvas)
    unit = _SMOOTH * max(min(width, height) / _AT_SIDE, 0.5)
    for points in figures:
        large = (points + 0.5) * _SMOOTH
        for number, (start, end) in enumerate(LIMBS):
            if np.isfinite(large[[start, end]]).all():
                colour = tuple(round(_LIMB_LIGHT * channel) for channel in COLOURS[number])
                pen.polygon(_ellipse(large[start], large[end], _STICK / 2 * unit), fill=colour)
        for joint, (x, y) in enumerate(large):
            if np.isfinite(x) and np.isfinite(y):
                radius = _DISC * unit
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=COLOURS[joint])
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def contact_sheet(poses: Sequence[Pose], *, side: int = 200, columns: int = 6) -> NDArray[np.uint8]:
    """Draw poses in a grid, each under its name.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    from PIL import Image, ImageDraw

    caption = 16
    rows = -(-len(poses) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + caption)), (24, 24, 28))
    pen = ImageDraw.Draw(sheet)
    for number, pose in enumerate(poses):
        x, y = number % columns * side, number // columns * (side + caption)
        sheet.paste(Image.fromarray(draw_pose([placed(pose.points, side, side)], side, side)), (x, y))
        pen.text((x + 6, y + side + 2), pose.name.encode("ascii", "replace").decode(), fill=(225, 225, 230))
    return np.asarray(sheet)


def _ellipse(
    start: NDArray[np.float64], end: NDArray[np.float64], thickness: float
) -> list[tuple[float, float]]:
    middle, along = (start + end) / 2, (end - start) / 2
    length = max(float(np.linalg.norm(along)), 1e-6)
    across = np.array([-along[1], along[0]]) / length * thickness
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    outline = middle + np.cos(turns)[:, None] * along + np.sin(turns)[:, None] * across
    return [(float(x), float(y)) for x, y in outline]
