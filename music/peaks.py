"""True peaks: what a signal reaches between its samples, measured and limited."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OVERSAMPLING = 4
# Samples are looked between in blocks, each with so many neighbours on either side.
BLOCK, NEIGHBOURS = 1024, 32
# The curve between samples never rises above them by more than this in music; quieter blocks are passed over.
MOST_OVERSHOOT = 1.6
LIMITER_SECONDS = 0.005
CHUNK_BLOCKS = 512


def true_peak(samples: NDArray[np.float32]) -> float:
    """Return the largest magnitude of the signal at four times its sample rate, 1 at full scale.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n)

    References
    ----------
    .. [1] ITU-R BS.1770-4, annex 2, "Guidelines for accurate measurement of true-peak level", 2015.
    """
    return float(_block_peaks(samples, 0.0).max(initial=0.0))


def limiter_gain(samples: NDArray[np.float32], ceiling: float, sample_rate: int) -> NDArray[np.float32]:
    """Return the gain that keeps the true peak of a signal under a ceiling.

    What each moment needs is held and smoothed over 5 ms to either side, so that the gain is there before
    the peak and does not distort.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n)
    ceiling : float
        Largest magnitude, 1 at full scale.
    sample_rate : int
        Samples per second.

    Returns
    -------
    ndarray of float32, shape (n,)
        In (0, 1].
    """
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    n_window = 2 * round(LIMITER_SECONDS * sample_rate) + 1
    gain = np.ones(samples.shape[1], dtype=np.float64)
    for _ in range(3):
        peaks = _moment_peaks((samples * gain).astype(np.float32), ceiling)
        if peaks.max(initial=0.0) <= ceiling:
            return gain.astype(np.float32)
        needed = minimum_filter1d(ceiling / np.maximum(peaks, ceiling), n_window, mode="nearest")
        gain *= uniform_filter1d(needed, n_window, mode="nearest")
    rest = ceiling / max(true_peak((samples * gain).astype(np.float32)), ceiling)
    return (gain * rest).astype(np.float32)


def _moment_peaks(samples: NDArray[np.float32], ceiling: float) -> NDArray[np.float64]:
    """Return the true peak around each sample; where a block stays under the ceiling, its samples."""
    moments = np.abs(samples).max(axis=0, initial=0.0).astype(np.float64)
    loud = _loud_blocks(samples, ceiling / MOST_OVERSHOOT)
    for part in _chunks(loud):
        between = np.abs(_oversampled(samples, part)).max(axis=1)
        per_sample = between.reshape(part.size, BLOCK, OVERSAMPLING).max(axis=2)
        # A peak between two samples belongs to both.
        per_sample[:, 1:] = np.maximum(per_sample[:, 1:], per_sample[:, :-1])
        for block, values in zip(part, per_sample, strict=True):
            span = moments[block * BLOCK : (block + 1) * BLOCK]
            np.maximum(span, values[: span.size], out=span)
    return moments


def _block_peaks(samples: NDArray[np.float32], least: float) -> NDArray[np.float64]:
    largest = float(np.abs(samples).max(initial=0.0))
    blocks = _loud_blocks(samples, max(least, largest / MOST_OVERSHOOT))
    peaks = [np.abs(_oversampled(samples, part)).max() for part in _chunks(blocks)]
    return np.asarray([largest, *peaks], dtype=np.float64)


def _loud_blocks(samples: NDArray[np.float32], least: float) -> NDArray[np.intp]:
    n_blocks = -(-samples.shape[1] // BLOCK)
    padded = np.pad(np.abs(samples).max(axis=0, initial=0.0), (0, n_blocks * BLOCK - samples.shape[1]))
    return np.flatnonzero(padded.reshape(n_blocks, BLOCK).max(axis=1, initial=0.0) > least)


def _chunks(blocks: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [blocks[first : first + CHUNK_BLOCKS] for first in range(0, blocks.size, CHUNK_BLOCKS)]


def _oversampled(samples: NDArray[np.float32], blocks: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return blocks at four times the rate; shape (n_blocks, n_channels, 4 * BLOCK)."""
    from scipy.signal import resample_poly

    n_needed = int(blocks[-1] + 1) * BLOCK + NEIGHBOURS
    padded = np.pad(samples, ((0, 0), (NEIGHBOURS, max(n_needed - samples.shape[1], 0))))
    places = blocks[:, None] * BLOCK + np.arange(BLOCK + 2 * NEIGHBOURS)
    windows = padded[:, places].transpose(1, 0, 2)
    finer = resample_poly(windows, OVERSAMPLING, 1, axis=2)
    inner = slice(NEIGHBOURS * OVERSAMPLING, (NEIGHBOURS + BLOCK) * OVERSAMPLING)
    return np.asarray(finer[:, :, inner], dtype=np.float32)
