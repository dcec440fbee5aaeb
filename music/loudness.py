"""How loud and how energetic a recording is."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from .signal import to_mono, to_stereo

# One gating block of EBU R128.
MIN_SECONDS = 0.4


def integrated_lufs(samples: NDArray[np.float32], sample_rate: int) -> float | None:
    """Measure the integrated loudness by EBU R128.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n) or (n,)
        Full scale is −1 to 1.
    sample_rate : int
        Samples per second.

    Returns
    -------
    float or None
        LUFS; None for silence and for less than 0.4 s.

    References
    ----------
    .. [1] ITU-R BS.1770-4, "Algorithms to measure audio programme loudness and true-peak audio
       level", 2015.
    """
    samples = np.atleast_2d(samples)
    if samples.shape[1] < MIN_SECONDS * sample_rate or not np.any(samples):
        return None
    import pyloudnorm

    if samples.shape[0] > 2:
        samples = to_stereo(samples)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        lufs = float(pyloudnorm.Meter(sample_rate).integrated_loudness(samples.T.astype(np.float64)))
    return lufs if np.isfinite(lufs) else None


def energy(samples: NDArray[np.float32], sample_rate: int, *, onsets_per_second: float = 0.0) -> float:
    """Rate how energetic a recording is.

    The mean of three ratings: its level (−36 dBFS RMS to −9 dBFS), its brightness (share of the
    level above 2 kHz, −30 dB to −6 dB) and its density (0 to 8 onsets a second).

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n) or (n,)
        Full scale is −1 to 1.
    sample_rate : int
        Samples per second.
    onsets_per_second : float
        Notes and strokes a second.

    Returns
    -------
    float
        0 (silent or calm) to 1 (dense and loud).
    """
    mono = to_mono(samples)
    if mono.size < 2 or not np.any(mono):
        return 0.0
    level = float(np.sqrt(np.mean(np.square(mono, dtype=np.float64))))
    # The first difference weights by frequency: unity gain is reached at a sixth of the sample rate.
    slope = np.diff(mono) * (sample_rate / (2 * np.pi * 2000.0))
    bright = float(np.sqrt(np.mean(np.square(slope, dtype=np.float64)))) / level
    ratings = (
        (20 * np.log10(level) + 36) / 27,
        (20 * np.log10(max(bright, 1e-9)) + 18) / 24,
        onsets_per_second / 8,
    )
    return float(np.mean(np.clip(ratings, 0.0, 1.0)))
