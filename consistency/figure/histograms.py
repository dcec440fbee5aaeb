"""Histograms of colours, smoothed so that near colours are alike."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bins = tuple[int, int, int]

# Bins of lightness and of the two opponent colours of OKLab, which are kept within ±_REACH.
COLOUR_BINS: Bins = (6, 12, 12)
_REACH = 0.28
_COLOUR_BLUR = (0.8, 1.1, 1.1)


def colour_histogram(lab: NDArray[np.float32], weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Count OKLab colours, smoothed and square-rooted, so that a cosine is a Bhattacharyya coefficient.

    Parameters
    ----------
    lab : ndarray of float32, shape (..., 3)
        OKLab.
    weights : ndarray of float, shape (...)
        How much each pixel counts.

    Returns
    -------
    ndarray of float64, shape (864,)
        Of length 1.
    """
    return binned_histogram(colour_bins(lab, COLOUR_BINS), weights)


def binned_histogram(indices: NDArray[np.int32], weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Count colours whose `colour_bins` (of `COLOUR_BINS`) are known; see `colour_histogram`."""
    counts = count_colours(indices, weights, COLOUR_BINS)
    smooth = blurred(counts / max(counts.sum(), 1e-9), _COLOUR_BLUR)
    rooted = np.sqrt(np.maximum(smooth, 0.0) + 1e-9).ravel()
    return rooted / np.linalg.norm(rooted)


def colour_bins(lab: NDArray[np.float32], bins: Bins) -> NDArray[np.int32]:
    """Return the index of each colour's bin, shape (...)."""
    n_light, n_a, n_b = bins
    scale = np.array([n_light, n_a / (2 * _REACH), n_b / (2 * _REACH)], np.float32)
    start = np.array([0, n_a / 2, n_b / 2], np.float32)
    cells = lab * scale
    cells += start
    np.clip(cells, 0, np.array(bins, np.float32) - 0.5, out=cells)
    cells = cells.astype(np.int32)
    return (cells[..., 0] * n_a + cells[..., 1]) * n_b + cells[..., 2]


def count_colours(
    indices: NDArray[np.int32], weights: NDArray[np.floating], bins: Bins
) -> NDArray[np.float64]:
    """Sum the weights in each bin, shape `bins`."""
    size = bins[0] * bins[1] * bins[2]
    return np.bincount(indices.ravel(), weights.ravel(), minlength=size).astype(np.float64).reshape(bins)


def blurred(counts: NDArray[np.float64], deviations: tuple[float, float, float]) -> NDArray[np.float64]:
    """Blur counts over their last three axes by Gaussians, what would leave them being mirrored."""
    light, a, b = (
        _kernel(size, deviation) for size, deviation in zip(counts.shape[-3:], deviations, strict=True)
    )
    rows = light @ counts.reshape(*counts.shape[:-2], -1)
    return a @ (rows.reshape(counts.shape) @ b.T)


@cache
def _kernel(size: int, deviation: float) -> NDArray[np.float64]:
    """Return the matrix that blurs a row of numbers."""
    from scipy import ndimage

    kernel = ndimage.gaussian_filter1d(np.eye(size), deviation, axis=0)
    kernel.flags.writeable = False
    return kernel
