"""Colour groups and superpixels: the small pieces that figures are found in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS = 4

# Weight of place against colour in a superpixel; colours as `perceptual` scales them.
_COMPACTNESS = 10.0


@dataclass(frozen=True, slots=True)
class Superpixels:
    """A picture cut into small pieces of one colour.

    Parameters
    ----------
    labels : ndarray of int64, shape (height, width)
        The piece of each pixel.
    colours : ndarray of float32, shape (n, 3)
        Mean colour of each piece.
    places : ndarray of float32, shape (n, 2)
        Its centre, row and column in pixels.
    areas : ndarray of int64, shape (n,)
        Its size in pixels; 0 for a piece that lost all of them.
    """

    labels: NDArray[np.int64]
    colours: NDArray[np.float32]
    places: NDArray[np.float32]
    areas: NDArray[np.int64]


def group_colours(colours: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Group the colours of a picture around `count` means (Lloyd's algorithm, farthest-first start).

    Nothing is random, so equal pictures give equal groups.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours.
    count : int
        Number of groups; some stay empty when the picture has fewer colours.

    Returns
    -------
    groups : ndarray of int64, shape (height, width)
        The group of each pixel, in [0, count).
    means : ndarray of float32, shape (count, 3)
        Mean colour of each group.
    """
    points = colours.reshape(-1, 3)
    sample = points[:: max(len(points) // 3000, 1)]
    means = _farthest_first(sample, count)
    for _ in range(8):
        owners = _nearest(sample, means)
        sizes = np.bincount(owners, minlength=count)[:, None]
        sums = np.stack([np.bincount(owners, sample[:, c], minlength=count) for c in range(3)], axis=1)
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), means).astype(np.float32)
    return _nearest(points, means).reshape(colours.shape[:2]), means


def _farthest_first(sample: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    means = [sample.mean(axis=0)]
    gap = ((sample - means[0]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        means.append(sample[int(np.argmax(gap))])
        gap = np.minimum(gap, ((sample - means[-1]) ** 2).sum(axis=1))
    return np.array(means, dtype=np.float32)


def _nearest(points: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.argmax(points @ means.T - 0.5 * (means**2).sum(axis=1), axis=1)


def cut_superpixels(colours: NDArray[np.float32], count: int) -> Superpixels:
    """Cut a picture into about `count` superpixels (SLIC).

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours.
    count : int
        Number of pieces to aim at.

    References
    ----------
    .. [1] R. Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel
       methods", IEEE TPAMI 34(11), 2012.
    """
    height, width = colours.shape[:2]
    pitch = np.sqrt(height * width / count)
    rows, columns = max(round(height / pitch), 2), max(round(width / pitch), 2)
    y, x = (axis.ravel() for axis in np.mgrid[0:height, 0:width])
    cell_row, cell_column = (
        np.minimum(y * rows // height, rows - 1),
        np.minimum(x * columns // width, columns - 1),
    )
    stretch = _COMPACTNESS / pitch
    points = np.stack([*colours.reshape(-1, 3).T, y * stretch, x * stretch]).astype(np.float32)
    labels = cell_row * columns + cell_column
    neighbours = [
        np.clip(cell_row + dy, 0, rows - 1) * columns + np.clip(cell_column + dx, 0, columns - 1)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    ]
    means, areas = _piece_means(points, labels, rows * columns, None)
    for _ in range(_ROUNDS):
        labels = _closest_piece(points, means, neighbours)
        means, areas = _piece_means(points, labels, rows * columns, means)
    return Superpixels(labels.reshape(height, width), means[:3].T, means[3:].T / stretch, areas)


def _closest_piece(
    points: NDArray[np.float32], means: NDArray[np.float32], neighbours: list[NDArray[np.int64]]
) -> NDArray[np.int64]:
    labels = neighbours[4]
    best = np.full(points.shape[1], np.inf, dtype=np.float32)
    for candidates in neighbours:
        gap = np.zeros_like(best)
        for row, mean in zip(points, means, strict=True):
            difference = row - mean.take(candidates)
            gap += difference * difference
        closer = gap < best
        best = np.where(closer, gap, best)
        labels = np.where(closer, candidates, labels)
    return labels


def _piece_means(
    points: NDArray[np.float32], labels: NDArray[np.int64], count: int, before: NDArray[np.float32] | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    areas = np.bincount(labels, minlength=count)
    sums = np.stack([np.bincount(labels, row, minlength=count) for row in points])
    means = (sums / np.maximum(areas, 1)).astype(np.float32)
    return (means if before is None else np.where(areas > 0, means, before)), areas
