"""Technical quality of a picture: whether it is blank, blurred, clipped or small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..verdict import Status
from .gate_report import Check

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rec. 709 luma of sRGB codes.
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Codes that count as burnt out or drowned: an 8-bit picture that uses its range touches both ends.
_WHITE, _BLACK = 254, 1
# The share of steepest edges that says how sharp a picture can be, whatever else is flat in it.
_STEEPEST = 0.998


@dataclass(frozen=True, slots=True)
class TechnicalLimits:
    """Where a picture fails.

    Parameters
    ----------
    short_side : float
        Pixels that the shorter side needs.
    contrast : float
        Standard deviation of the luma that a picture needs to show anything, in codes of 0–255.
    sharpness : float
        What the steepest edges need, as `edge_sharpness` measures it, in [0, 1].
    clipped : float
        Share of pixels that may be pure black or white in all channels, in [0, 1]. Drawings on white
        paper are clipped by intent, so only nearly all of a picture is too much.
    """

    short_side: float = 256.0
    contrast: float = 3.0
    sharpness: float = 0.22
    clipped: float = 0.90


def technical_checks(image: NDArray[np.uint8], limits: TechnicalLimits | None = None) -> list[Check]:
    """Measure what is wrong with a picture whoever it shows.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    limits : TechnicalLimits, optional
        Where it fails.

    Returns
    -------
    list of Check
        ``size`` in pixels, ``blank`` as contrast in codes, and unless it is blank ``sharpness`` and
        ``clipping`` as shares in [0, 1]. None of them is ever unknown.
    """
    limits = limits or TechnicalLimits()
    luma = image.astype(np.float32) @ _LUMA
    contrast = float(luma.std())
    checks = [
        at_least("size", float(min(image.shape[:2])), limits.short_side, "The short side has {} pixels"),
        at_least("blank", contrast, limits.contrast, "The contrast is {} codes"),
    ]
    if contrast < limits.contrast:
        return checks
    return [
        *checks,
        at_least("sharpness", edge_sharpness(luma), limits.sharpness, "The sharpest edges reach {}"),
        at_most("clipping", clipped_share(image), limits.clipped, "The share of black and white is {}"),
    ]


def edge_sharpness(luma: NDArray[np.float32]) -> float:
    """Measure how much of an edge's height lies within one pixel.

    At the steepest 0.2 % of places the step to the next pixel is divided by the range of the eight
    pixels around it, along rows and along columns. That is 1 for a cut, 0.7 to 0.9 for drawings, 0.35
    after a Gaussian blur of one pixel, and 0.20 after two; as a ratio it does not depend on contrast.

    Parameters
    ----------
    luma : ndarray of float32, shape (height, width)
        Codes of 0–255.

    Returns
    -------
    float
        In [0, 1]; 0 for a picture under 9 pixels.
    """
    if min(luma.shape) < 9:
        return 0.0
    return max(_along_rows(luma), _along_rows(luma.T))


def _along_rows(luma: NDArray[np.float32]) -> float:
    # The fourth of the seven steps within a window of eight pixels.
    steps = np.abs(np.diff(luma, axis=1))[:, 3:-3]
    rank = int(_STEEPEST * steps.size)
    limit = max(float(np.partition(steps, rank, axis=None)[rank]), 1.0)
    rows, columns = np.nonzero(steps >= limit)
    if not rows.size:
        return 0.0
    windows = luma[rows[:, None], columns[:, None] + np.arange(8)]
    span = windows.max(axis=1) - windows.min(axis=1)
    return float(np.median(steps[rows, columns] / np.maximum(span, 1.0)))


def clipped_share(image: NDArray[np.uint8]) -> float:
    """Return the share of pixels that are black or white in all channels, in [0, 1]."""
    white = (image >= _WHITE).all(axis=2)
    black = (image <= _BLACK).all(axis=2)
    return float((white | black).mean())


def at_least(name: str, measured: float, limit: float, sentence: str) -> Check:
    """Return a check that passes from `limit` on; `sentence` has a place for the number."""
    score = 1.0 if limit <= 0 else min(0.5 * measured / limit, 1.0)
    reason = f"{sentence.format(_short(measured))}; at least {_short(limit)} is needed."
    return Check(name, _status(score), reason, measured, limit, score)


def at_most(name: str, measured: float, limit: float, sentence: str) -> Check:
    """Return a check that passes up to `limit`; `sentence` has a place for the number."""
    score = 1.0 if measured <= 0 else min(0.5 * limit / measured, 1.0)
    reason = f"{sentence.format(_short(measured))}; at most {_short(limit)} is allowed."
    return Check(name, _status(score), reason, measured, limit, score)


def _status(score: float) -> Status:
    return Status.PASS if score >= 0.5 else Status.FAIL


def _short(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 20 else f"{number:.2f}"
