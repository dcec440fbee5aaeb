"""Music that makes room for speech: a side-chained compressor with look-ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .signal import to_mono

# The level of speech at which ducking sets in: 20 dB under normal speech, above breath and room.
DUCK_THRESHOLD_DBFS = -40.0
CONTROL_RATE = 200


@dataclass(frozen=True, slots=True)
class Ducking:
    """How music makes room for speech.

    Parameters
    ----------
    ratio : float
        By how much speech above the threshold lowers the music: of 6 dB, 5 are taken at ratio 6.
    attack_seconds, release_seconds : float
        Time constants; the attack happens before the word, by look-ahead.
    max_db : float
        The music is never lowered by more.
    """

    ratio: float = 6.0
    attack_seconds: float = 0.2
    release_seconds: float = 1.0
    max_db: float = 18.0


def duck_gain(speech: NDArray[np.float32], sample_rate: int, ducking: Ducking) -> NDArray[np.float32]:
    """Return the gain of music under speech, at most 1.

    Parameters
    ----------
    speech : ndarray of float32, shape (n_channels, n)
        Dialogue at the level at which it is heard.
    sample_rate : int
        Samples per second.
    ducking : Ducking
        How the music makes room.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    from scipy.ndimage import maximum_filter1d

    levels = block_levels(to_mono(speech), sample_rate // CONTROL_RATE)
    decibels = 20 * np.log10(np.maximum(levels, 1e-6))
    wanted = np.clip((decibels - DUCK_THRESHOLD_DBFS) * (1 - 1 / ducking.ratio), 0.0, ducking.max_db)
    # The running maximum looks ahead, and keeps hold of a word until it is over.
    n_ahead = max(1, round(ducking.attack_seconds * CONTROL_RATE))
    wanted = maximum_filter1d(wanted, n_ahead, origin=-(n_ahead // 2), mode="nearest")
    reduction = _follow(wanted, ducking)
    blocks = np.arange(reduction.size) * (sample_rate // CONTROL_RATE)
    samples = np.interp(np.arange(speech.shape[1]), blocks, reduction)
    return (10 ** (-samples / 20)).astype(np.float32)


def _follow(wanted: NDArray[np.float64], ducking: Ducking) -> NDArray[np.float64]:
    rise = 1 - np.exp(-3.0 / max(ducking.attack_seconds * CONTROL_RATE, 1e-9))
    fall = 1 - np.exp(-3.0 / max(ducking.release_seconds * CONTROL_RATE, 1e-9))
    followed, state = [], 0.0
    for target in wanted.tolist():
        state += (target - state) * (rise if target > state else fall)
        followed.append(state)
    return np.asarray(followed)


def block_levels(mono: NDArray[np.float32], n_block: int) -> NDArray[np.float64]:
    """Return the RMS level of each block of `n_block` samples; the last is filled up with silence."""
    padded = np.pad(mono, (0, -mono.size % n_block))
    return np.sqrt(np.mean(np.square(padded.reshape(-1, n_block), dtype=np.float64), axis=1))
