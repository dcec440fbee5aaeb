"""How loud and how energetic a recording is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .signal import to_mono, to_stereo

# Blocks of 0.4 s that overlap by three quarters; those below either gate do not count.
STEP_SECONDS, STEPS_PER_BLOCK = 0.1, 4
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_DB = -70.0, -10.0
LEVEL_SECONDS = 0.5
_PEAK_BLOCK = 1 << 13


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
    meter = LoudnessMeter(sample_rate)
    meter.feed(np.atleast_2d(samples))
    return meter.integrated_lufs()


class LoudnessMeter:
    """Measures the integrated loudness of a recording that arrives piece by piece.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sections = _k_weighting(sample_rate)
        self._n_step = max(1, round(STEP_SECONDS * sample_rate))
        self._state: NDArray[np.float64] | None = None
        self._rest = np.zeros(0)
        self._powers: list[NDArray[np.float64]] = []

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n_channels, n); more than two channels are mixed to two."""
        from scipy.signal import sosfilt

        if samples.shape[0] > 2:
            samples = to_stereo(samples)
        if samples.shape[1] == 0:
            return
        if self._state is None:
            self._state = np.zeros((self._sections.shape[0], samples.shape[0], 2))
        weighted, self._state = sosfilt(self._sections, samples.astype(np.float64), axis=1, zi=self._state)
        power = np.concatenate([self._rest, np.sum(np.square(weighted), axis=0)])
        n_whole = power.size // self._n_step * self._n_step
        self._powers.append(power[:n_whole].reshape(-1, self._n_step).mean(axis=1))
        self._rest = power[n_whole:]

    def integrated_lufs(self) -> float | None:
        """Return the loudness of all that was fed, in LUFS; None for silence and for less than 0.4 s."""
        steps = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if steps.size < STEPS_PER_BLOCK:
            return None
        blocks = np.convolve(steps, np.full(STEPS_PER_BLOCK, 1 / STEPS_PER_BLOCK), "valid")
        kept = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
        if kept.size == 0:
            return None
        kept = kept[kept > kept.mean() * 10 ** (RELATIVE_GATE_DB / 10)]
        return float(-0.691 + 10 * np.log10(kept.mean()))


def _power(lufs: float) -> float:
    return 10 ** ((lufs + 0.691) / 10)


def _k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """Return the two filters of BS.1770 for a sample rate: a shelf for the head, and a high pass."""
    # The standard gives coefficients for 48 kHz; these are the analogue filters behind them.
    shelf_hz, shelf_q, gain_db = 1681.974450955533, 0.7071752369554196, 3.999843853973347
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * min(shelf_hz / sample_rate, 0.45))
    high, band = 10 ** (gain_db / 20), 10 ** (gain_db / 20 * 0.4996667741545416)
    norm = 1 + k / shelf_q + k * k
    numerator = [high + band * k / shelf_q + k * k, 2 * (k * k - high), high - band * k / shelf_q + k * k]
    shelf = [*numerator, norm, 2 * (k * k - 1), 1 - k / shelf_q + k * k]
    k = np.tan(np.pi * pass_hz / sample_rate)
    norm_pass = 1 + k / pass_q + k * k
    # The high pass is not normalised, as in the standard.
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm_pass, (1 - k / pass_q + k * k) / norm_pass]
    return np.array([np.array(shelf) / norm, high_pass])


def true_peak_db(samples: NDArray[np.float32]) -> float | None:
    """Measure the true peak: that of the wave between the samples, oversampled four times.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n) or (n,)
        Full scale is −1 to 1.

    Returns
    -------
    float or None
        dBTP; None for silence.

    References
    ----------
    .. [1] ITU-R BS.1770-4, annex 2, 2015.
    """
    from scipy.signal import resample_poly

    samples = np.atleast_2d(samples)
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak <= 0.0:
        return None
    for start in range(0, samples.shape[1], _PEAK_BLOCK):
        # A little more on either side, so that the filter does not ring at the seams.
        block = samples[:, max(start - 64, 0) : start + _PEAK_BLOCK + 64]
        # Between samples a wave rises by 3 dB at most, but for tones near half the sample rate.
        if np.max(np.abs(block), initial=0.0) > 0.7 * peak:
            inner = resample_poly(block, 4, 1, axis=1)[:, 0 if start == 0 else 256 :]
            peak = max(peak, float(np.max(np.abs(inner), initial=0.0)))
    return 20.0 * float(np.log10(peak))


def level_curve(mono: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Measure the level twice a second.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.

    Returns
    -------
    ndarray of float32, shape (ceil(2 n / sample_rate),)
        RMS mapped from −48 dBFS and less to −6 dBFS and more, as 0 to 1.
    """
    n_block = max(1, round(LEVEL_SECONDS * sample_rate))
    n_blocks = -(-mono.size // n_block)
    powers = np.zeros(n_blocks)
    for n in range(n_blocks):
        powers[n] = np.mean(np.square(mono[n * n_block : (n + 1) * n_block], dtype=np.float64))
    decibels = 10.0 * np.log10(powers + 1e-12)
    return np.clip((decibels + 48.0) / 42.0, 0.0, 1.0).astype(np.float32)


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
