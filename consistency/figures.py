"""The figures in a picture, each told apart from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .silhouette import find_silhouette

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """One person in a picture.

    Parameters
    ----------
    box : tuple of int
        Left, top, right, bottom in pixels of the picture.
    mask : ndarray of bool, shape (height, width)
        The pixels that belong to the figure, at working size.
    """

    box: Box
    mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FigureView:
    """A picture with one figure in it, cut from one that may have more.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : tuple of int
        The figure: left, top, right, bottom in pixels of the whole picture.
    """

    image: NDArray[np.uint8]
    box: Box


def find_figures(image: NDArray[np.uint8]) -> list[Figure]:
    """Find the figures in a picture, the largest first."""
    from scipy import ndimage

    seen = find_silhouette(image)
    mask = seen.figure > 0.5
    labels, count = ndimage.label(mask)
    figures = []
    for index in range(1, count + 1):
        part = labels == index
        if part.mean() > 0.03:
            ys, xs = np.nonzero(part)
            box = (
                int(xs.min() / seen.scale),
                int(ys.min() / seen.scale),
                int((xs.max() + 1) / seen.scale),
                int((ys.max() + 1) / seen.scale),
            )
            figures.append((part.sum(), Figure(box, part)))
    figures.sort(key=lambda pair: -pair[0])
    return [figure for _, figure in figures]


def figure_views(image: NDArray[np.uint8], *, n_figures: int | None = None) -> list[FigureView]:
    """Cut a picture into views of one figure each."""
    figures = find_figures(image)
    if not figures:
        return []
    if n_figures == 1 or len(figures) == 1:
        return [FigureView(image, figures[0].box)]
    return [
        FigureView(image[figure.box[1] : figure.box[3], figure.box[0] : figure.box[2]], figure.box)
        for figure in figures[: n_figures or len(figures)]
    ]
