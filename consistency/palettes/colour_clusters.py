"""The few colours that a region is painted in, with the area of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Shadow and light of one paint differ in lightness most, so it counts less than hue.
_LIGHTNESS = 0.4
# Means nearer than this, in that scaled OKLab, are shades of one paint.
_SAME_PAINT = 0.05
_ROUNDS = 6
# Pixels that the means are found on; all of them are given to a mean afterwards.
_SAMPLE = 1500


@dataclass(frozen=True, slots=True)
class Paint:
    """One colour of a region.

    Parameters
    ----------
    lab : ndarray of float64, shape (3,)
        Its OKLab, the weighted median of its pixels.
    weight : float
        Its area: the sum of its pixels' weights.
    members : ndarray of bool, shape (n,)
        Which of the region's pixels have it.
    """

    lab: NDArray[np.float64]
    weight: float
    members: NDArray[np.bool_]

    @property
    def chroma(self) -> float:
        """How colourful it is; 0 is grey, about 0.3 the most that displays show."""
        return float(np.hypot(self.lab[1], self.lab[2]))


def pieces_of(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of the connected piece that each pixel is in, from 1 on; 0 is outside."""
    from scipy import ndimage

    labels: Any = ndimage.label(mask)[0]  # type: ignore[index]
    return np.asarray(labels, dtype=np.int64)


def find_paints(colours: NDArray[np.floating], weights: NDArray[np.floating], count: int = 5) -> list[Paint]:
    """Group the colours of a region by weighted k-means in OKLab, and join the shades of one paint.

    Parameters
    ----------
    colours : ndarray of float, shape (n, 3)
        OKLab of each pixel.
    weights : ndarray of float, shape (n,)
        How much each pixel belongs to the region, above 0.
    count : int
        Number of means before shades are joined.

    Returns
    -------
    list of Paint
        The largest first; empty for a region without pixels. Nothing is random.
    """
    if not len(colours):
        return []
    points = np.asarray(colours, dtype=np.float64) * (_LIGHTNESS, 1.0, 1.0)
    weights = np.asarray(weights, dtype=np.float64)
    sample = slice(None, None, max(len(points) // _SAMPLE, 1))
    centres = _lloyd(points[sample], weights[sample], min(count, len(points[sample])))
    owners = _joined(_nearest(points, centres), centres)
    paints = []
    for owner in np.unique(owners):
        members = owners == owner
        lab = np.array([_weighted_median(colours[members, c], weights[members]) for c in range(3)])
        paints.append(Paint(lab, float(weights[members].sum()), members))
    return sorted(paints, key=lambda paint: -paint.weight)


def _lloyd(points: NDArray[np.float64], weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    means = [np.average(points, axis=0, weights=weights)]
    gap = ((points - means[0]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        # The weight keeps a stray pixel from becoming a mean.
        means.append(points[int(np.argmax(gap * weights))])
        gap = np.minimum(gap, ((points - means[-1]) ** 2).sum(axis=1))
    centres = np.array(means)
    for _ in range(_ROUNDS):
        owners = _nearest(points, centres)
        sizes = np.bincount(owners, weights, minlength=count)
        sums = np.stack([np.bincount(owners, weights * points[:, c], minlength=count) for c in range(3)], 1)
        filled = sizes > 0
        centres[filled] = sums[filled] / sizes[filled, None]
    return centres


def _nearest(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.argmin((centres**2).sum(axis=1) - 2 * points @ centres.T, axis=1)


def _joined(owners: NDArray[np.int64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the pixels of means that are shades of each other one owner."""
    heads = np.arange(len(centres))
    distances = np.linalg.norm(centres[:, None] - centres, axis=-1)
    for first, second in zip(*np.nonzero(np.triu(distances < _SAME_PAINT, 1)), strict=True):
        heads[heads == heads[second]] = heads[first]
    return heads[owners]


def _weighted_median(values: NDArray[np.floating], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])
