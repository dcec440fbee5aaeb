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
    likeness = -0.5 * (means**2).sum(axis=1) + np.zeros((len(points), 1), np.float32)
    for channel in range(3):
        likeness += points[:, channel, None] * means[:, channel]
    return np.argmax(likeness, axis=1)


Box = tuple[float, float, float, float]


class BoxSums:
    """Sums of channels over boxes anywhere, also beyond the picture, where nothing counts.

    The channels are summed from the top left corner on, so that a box takes four numbers.

    Parameters
    ----------
    channels : ndarray of float32, shape (height, width, n_channels)
    margin : int
        How far beyond the picture boxes may reach, in pixels.
    """

    def __init__(self, channels: NDArray[np.float32], margin: int) -> None:
        self.height, self.width, count = channels.shape
        self._margin = margin
        bottom, right = margin + self.height, margin + self.width
        sums = np.zeros((bottom + margin + 1, right + margin + 1, count), np.float32)
        inside = sums[margin + 1 : bottom + 1, margin + 1 : right + 1]
        np.cumsum(channels, axis=0, out=inside)
        np.cumsum(inside, axis=1, out=inside)
        sums[margin + 1 : bottom + 1, right + 1 :] = inside[:, -1:]
        sums[bottom + 1 :] = sums[bottom]
        self._sums = sums

    @property
    def totals(self) -> NDArray[np.float32]:
        """Sums over the whole picture, shape (n_channels,)."""
        return self._sums[-1, -1]

    def on_grid(self, xs: range, ys: range, unit: float, box: Box) -> NDArray[np.float32]:
        """Sum over one box at every place of a grid.

        Parameters
        ----------
        xs, ys : range
            Places in pixels.
        unit : float
            Pixels a unit of the box.
        box : tuple of float
            Left, right, top and bottom from the place on.

        Returns
        -------
        ndarray of float32, shape (len(ys), len(xs), n_channels)
        """
        left, right, top, bottom = self._corners(box, unit)
        above, below = self._sums[_slice(ys, top)], self._sums[_slice(ys, bottom)]
        before, after = _slice(xs, left), _slice(xs, right)
        found = below[:, after] - below[:, before]
        found -= above[:, after]
        found += above[:, before]
        return found

    def at(self, places: NDArray[np.float64], box: Box) -> NDArray[np.float32]:
        """Sum over one box at places (rows of x, y and unit, in pixels).

        Returns
        -------
        ndarray of float32, shape (n_places, n_channels)
        """
        x, y, unit = places.T
        left, right = self._span(x, unit, box[0], box[1], self.width)
        top, bottom = self._span(y, unit, box[2], box[3], self.height)
        sums = self._sums
        return sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]

    def _corners(self, box: Box, unit: float) -> tuple[int, int, int, int]:
        left, top = round(box[0] * unit), round(box[2] * unit)
        right, bottom = max(round(box[1] * unit), left + 1), max(round(box[3] * unit), top + 1)
        margin = self._margin
        return left + margin, right + margin, top + margin, bottom + margin

    def _span(
        self, places: NDArray[np.float64], unit: NDArray[np.float64], start: float, end: float, size: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        first = np.rint(places + start * unit)
        last = np.maximum(np.rint(places + end * unit), first + 1)
        return self._index(first, size), self._index(last, size)

    def _index(self, sides: NDArray[np.float64], size: int) -> NDArray[np.intp]:
        return (np.clip(sides, -self._margin, size + self._margin) + self._margin).astype(np.intp)


def _slice(places: range, offset: int) -> slice:
    return slice(places.start + offset, places.stop + offset, places.step)
