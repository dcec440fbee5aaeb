"""The drift of a sequence as a picture: each frame, the trend, the threshold, and the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .sequence import SequenceScore

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageDraw

    Point = tuple[float, float]

_SIZE = (960, 320)
_LEFT, _TOP, _RIGHT, _BOTTOM = 56, 34, 14, 34
_PAPER, _INK, _GRID = (252, 252, 250), (40, 44, 52), (226, 228, 232)
_CURVE, _TREND, _LIMIT, _GAP = (60, 110, 190), (225, 120, 40), (200, 50, 60), (240, 224, 200)
# Lowest top of the drift axis, so that a steady sequence does not look shaken.
_LEAST_TOP = 0.5


def draw_drift_curve(score: SequenceScore) -> NDArray[np.uint8]:
    """Draw the drift of each frame, its trend, the threshold, and the frames without the character.

    Parameters
    ----------
    score : SequenceScore
        Of one frame or more.

    Returns
    -------
    ndarray of uint8, shape (320, 960, 3)
        RGB. The drift rises upwards; the threshold is the red line, frames without the character are
        shaded.
    """
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    limits = [verdict.threshold for verdict in score.verdicts if verdict.threshold is not None]
    limit = 1.0 - float(np.mean(limits)) if limits else None
    highest = max((value for value in score.drift if value is not None), default=0.0)
    top = float(max(_LEAST_TOP, 1.1 * highest, 1.2 * (limit or 0.0)))
    _draw_gaps(draw, score)
    _draw_axes(draw, score, top)
    if limit is not None:
        y = _height(limit, top)
        draw.line([(_LEFT, y), (_SIZE[0] - _RIGHT, y)], fill=_LIMIT, width=2)
    _draw_line(draw, score.trend, top, _TREND, 3)
    _draw_line(draw, score.drift, top, _CURVE, 2)
    return np.asarray(picture)


def _draw_gaps(draw: ImageDraw.ImageDraw, score: SequenceScore) -> None:
    half = 0.5 * (_across(1, score.n_frames) - _across(0, score.n_frames)) if score.n_frames > 1 else 8
    for frame, value in enumerate(score.drift):
        if value is None:
            x = _across(frame, score.n_frames)
            sides = max(x - half, _LEFT), min(x + half, _SIZE[0] - _RIGHT)
            draw.rectangle([sides[0], _TOP, max(sides[1], sides[0]), _SIZE[1] - _BOTTOM], fill=_GAP)


def _draw_axes(draw: ImageDraw.ImageDraw, score: SequenceScore, top: float) -> None:
    for value in np.arange(0.0, top, 0.1 if top <= 1 else 0.25):
        y = _height(float(value), top)
        draw.line([(_LEFT, y), (_SIZE[0] - _RIGHT, y)], fill=_GRID)
        draw.text((_LEFT - 8, y), f"{value:.2f}", fill=_INK, anchor="rm")
    foot = _SIZE[1] - _BOTTOM
    draw.line([(_LEFT, foot), (_SIZE[0] - _RIGHT, foot)], fill=_INK)
    last = max(score.n_frames - 1, 0)
    for frame in sorted({0, last // 2, last}):
        draw.text((_across(frame, score.n_frames), foot + 8), str(frame), fill=_INK, anchor="ma")
    title = f"drift (1 - similarity) of {score.n_frames} frames, found in {score.coverage:.0%}"
    draw.text((_LEFT, 12), title, fill=_INK)


def _draw_line(
    draw: ImageDraw.ImageDraw,
    values: Sequence[float | None],
    top: float,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    run: list[Point] = []
    for frame, value in enumerate([*values, None]):
        if value is not None:
            run.append((_across(frame, len(values)), _height(value, top)))
            continue
        if len(run) > 1:
            draw.line(run, fill=colour, width=width)
        for x, y in run[:1] if len(run) == 1 else []:
            draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
        run = []


def _across(frame: int, n_frames: int) -> float:
    room = _SIZE[0] - _LEFT - _RIGHT
    return _LEFT + (room * frame / (n_frames - 1) if n_frames > 1 else room / 2)


def _height(value: float, top: float) -> float:
    room = _SIZE[1] - _TOP - _BOTTOM
    return _TOP + room * (1.0 - value / top)
