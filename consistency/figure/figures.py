"""The figures in a picture, each told apart from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .anatomy import Anatomy, read_anatomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[int, int, int, int]

# What is cut out around a head, in its radii: hair and shoulders to the sides, and the whole body.
_BESIDE, _ABOVE, _BELOW = 2.8, 2.4, 9.0
_MIN_SIDE = 24


@dataclass(frozen=True, slots=True)
class FigureView:
    """A picture with one figure in it, or cut from one that has more.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB: the picture, or what was cut out around the figure.
    anatomy : Anatomy
        Its parts, in `image`.
    box : tuple of int
        Where it is in the whole picture: left, top, right, bottom in pixels.
    """

    image: NDArray[np.uint8]
    anatomy: Anatomy
    box: Box


def figure_views(image: NDArray[np.uint8], *, n_figures: int | None = None) -> list[FigureView]:
    """Find the figures of a picture, one more than expected where there is one.

    The one more is for a stranger, or a pattern, that looks more like a person than the person does.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    n_figures : int, optional
        How many people the picture should show; 1 when omitted; then the whole picture is kept.

    Returns
    -------
    list of FigureView
        The surest first; empty where nobody is seen.
    """
    if min(image.shape[:2]) < _MIN_SIDE:
        return []
    n_expected = max(n_figures or 1, 1)
    seen = read_anatomy(image, limit=n_expected + 1)
    if n_expected == 1:
        return [FigureView(image, anatomy, anatomy.box) for anatomy in seen]
    return [view for anatomy in seen for view in _look_again(image, anatomy)]


def _look_again(image: NDArray[np.uint8], figure: Anatomy) -> list[FigureView]:
    """Read a figure by itself: larger, and without the others' colours."""
    part, box = _cut_out(image, figure)
    if min(part.shape[:2]) < _MIN_SIDE:
        return []
    return [FigureView(part, anatomy, box) for anatomy in read_anatomy(part, limit=1)]


def _cut_out(image: NDArray[np.uint8], figure: Anatomy) -> tuple[NDArray[np.uint8], Box]:
    x, y, radius = (value / figure.scale for value in (figure.head.x, figure.head.y, figure.head.radius))
    left, top = max(int(x - _BESIDE * radius), 0), max(int(y - _ABOVE * radius), 0)
    right = min(int(x + _BESIDE * radius), image.shape[1])
    bottom = min(int(y + _BELOW * radius), image.shape[0])
    return np.ascontiguousarray(image[top:bottom, left:right]), (left, top, right, bottom)
