"""Colour groups, and sums over boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels that the means are found on; enough for a dozen of them.
_SAMPLE = 1200
_ROUNDS = 4


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
    sample = points[:: max(len(points) // _SAMPLE, 1)]
    means = _farthest_first(sample, count)
    for _ in range(_ROUNDS):
        owners = _nearest(sample, means)
        sizes = np.bincount(owners, minlength=count)[:, None]
        sums = np.stack([np.bincount(owners, sample[:, c], minlength=count) for c in range(3)], axis=1)
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), means).astype(np.float32)
    return _nearest(points, means).reshape(colours.shape[:2]), means


def _farthest_first(sample: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    means = [sample.mean(axis=0)]
    lengths = (sample**2).sum(axis=1)
    gap = np.full(len(sample), np.inf, np.float32)
    for _ in range(count - 1):
        # Squared distance to the newest mean.
        gap = np.minimum(gap, lengths - 2 * (sample @ means[-1]) + means[-1] @ means[-1])
        means.append(sample[int(np.argmax(gap))])
    return np.array(means, dtype=np.float32)


def _nearest(points: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.int64]:
    # No matrix product: the threads of BLAS cost more than so small a one.
    channels = np.ascontiguousarray(points.T)
    lengths = -0.5 * (means**2).sum(axis=1)
    best = np.full(len(points), -np.inf, np.float32)
    owners = np.zeros(len(points), np.int64)
    for number, (mean, length) in enumerate(zip(means, lengths, strict=True)):
        likeness = channels[0] * mean[0]
        likeness += length
        likeness += channels[1] * mean[1]
        likeness += channels[2] * mean[2]
        np.copyto(owners, number, where=likeness > best)
        np.maximum(best, likeness, out=best)
    return owners


Box = tuple[float, float, float, float]


class BoxSums:
    """Sums of channels over boxes anywhere, also beyond the picture, where nothing counts.

    The channels are summed from the top left corner on, so that a box takes four numbers.

    Parameters
    ----------
    channels : ndarray of float32, shape (n_channels, height, width)
    """

    def __init__(self, channels: NDArray[np.float32]) -> None:
        count, self.height, self.width = channels.shape
        sums = np.zeros((count, self.height + 1, self.width + 1), np.float32)
        np.cumsum(channels, axis=2, out=sums[:, 1:, 1:])
        # Row by row, which is faster than a sum down strided columns.
        for row in range(2, self.height + 1):
            sums[:, row] += sums[:, row - 1]
        # A corner's sums lie side by side, so that they are fetched together.
        self._sums = np.ascontiguousarray(sums.reshape(count, -1).T)

    @property
    def totals(self) -> NDArray[np.float32]:
        """Sums over the whole picture, shape (n_channels,)."""
        return self._sums[-1]

    def at(self, places: NDArray[np.float64], box: Box) -> NDArray[np.float32]:
        """Sum over one box at places (rows of x, y and unit, in pixels); see `over`."""
        return self.over(corners(places, box, self.height, self.width))

    def over(self, boxes: NDArray[np.intp]) -> NDArray[np.float32]:
        """Sum over boxes given by their `corners`.

        Returns
        -------
        ndarray of float32, shape (n_channels, n_places)
        """
        found, *others = (self._sums.take(corner, axis=0) for corner in boxes)
        for sign, other in zip((np.subtract, np.subtract, np.add), others, strict=True):
            sign(found, other, out=found)
        return np.ascontiguousarray(found.T)


def corners(places: NDArray[np.float64], box: Box, height: int, width: int) -> NDArray[np.intp]:
    """Return where the corners of a box at places are among the sums of a picture of that size.

    Parameters
    ----------
    places : ndarray of float64, shape (n_places, 3)
        x, y and unit in pixels.
    box : tuple of float
        Left, right, top and bottom from the place on, in units.

    Returns
    -------
    ndarray of intp, shape (4, n_places)
        Right bottom, right top, left bottom and left top.
    """
    x, y, unit = places.T
    left, right = _span(x, unit, box[0], box[1], width)
    top, bottom = _span(y, unit, box[2], box[3], height)
    pitch = width + 1
    return np.stack([bottom * pitch + right, top * pitch + right, bottom * pitch + left, top * pitch + left])


def _span(
    places: NDArray[np.float64], unit: NDArray[np.float64], start: float, end: float, size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first = np.rint(places + start * unit)
    last = np.maximum(np.rint(places + end * unit), first + 1)
    return np.clip(first, 0, size).astype(np.intp), np.clip(last, 0, size).astype(np.intp)
