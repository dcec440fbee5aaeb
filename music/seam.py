"""Whether music can jump from one place to another unnoticed, measured on its samples."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .loop import Loop
from .onsets import OnsetEnvelope
from .signal import Signal, resample, to_mono
from .structure import Bars, find_loop_points
from .track import BeatGrid, LoopPoints

# Bars of a loop may differ from the mean bar by this share: players breathe.
MAX_BAR_DEVIATION = 0.06
# What is compared on either side of both places, and the bands that it is compared in.
SIDE_SECONDS, N_BANDS, BAND_EDGES_HZ = 0.3, 24, (40.0, 4_900.0)
RANGE_DB = 50.0
MIN_SEAM_LIKENESS = 0.8
# The end moves by this much at most to where the waves agree, and only when they do.
MAX_SHIFT_SECONDS, MIN_WAVE_AGREEMENT = 0.01, 0.8
WAVE_RATE = 11_025


def measured_loop(signal: Signal, beats: BeatGrid, envelope: OnsetEnvelope) -> Loop | None:
    """Find where a track can go round unnoticed, and check it on the samples.

    Parameters
    ----------
    signal : Signal
        The track.
    beats : BeatGrid
        Its beats.
    envelope : OnsetEnvelope
        Its onsets and harmony.

    Returns
    -------
    Loop or None
        None when no two places are alike enough.
    """
    from .loudness import level_curve

    levels = level_curve(to_mono(signal.samples), signal.sample_rate)
    if levels.size < 2 or not levels.any():
        return None
    points = find_loop_points(Bars(envelope, levels, beats))
    return None if points is None else checked_loop(signal, beats, points)


def checked_loop(signal: Signal, beats: BeatGrid, points: LoopPoints) -> Loop | None:
    """Return loop points as a loop whose seam is not heard.

    It holds whole bars of even length; the spectra before and after both places are alike; and where the
    waves themselves repeat, its end is moved by up to 10 ms, so that they go on in phase.

    Parameters
    ----------
    signal : Signal
        The track.
    beats : BeatGrid
        Its beats.
    points : LoopPoints
        As they were measured with it.

    Returns
    -------
    Loop or None
        None when the seam would be heard.
    """
    if not _holds_whole_bars(beats, points):
        return None
    step = max(1, signal.sample_rate // WAVE_RATE)
    rate = signal.sample_rate / step
    n_side = round((SIDE_SECONDS + MAX_SHIFT_SECONDS) * signal.sample_rate / step) * step
    sides = [
        resample(_around(signal, seconds, n_side), step, 1)
        for seconds in (points.start_seconds, points.end_seconds)
    ]
    is_first_sound = points.start_seconds < SIDE_SECONDS
    if seam_likeness(sides[0], sides[1], rate, only_after=is_first_sound) < MIN_SEAM_LIKENESS:
        return None
    loop = Loop(points.start_seconds, points.end_seconds, is_measured=True)
    late = _shift(sides[0], sides[1], rate, only_after=is_first_sound)
    return replace(loop, end_seconds=loop.end_seconds + late)


def _holds_whole_bars(beats: BeatGrid, points: LoopPoints) -> bool:
    bars = beats.downbeat_times
    inside = bars[(bars >= points.start_seconds - 1e-3) & (bars <= points.end_seconds + 1e-3)]
    if inside.size < 2 or abs(inside[0] - points.start_seconds) > 1e-3:
        return False
    lengths = np.diff(inside)
    is_even = np.abs(lengths / lengths.mean() - 1).max() <= MAX_BAR_DEVIATION
    return bool(is_even and abs(inside[-1] - points.end_seconds) <= 1e-3)


def _around(signal: Signal, seconds: float, n_side: int) -> NDArray[np.float32]:
    """Return `n_side` samples before and after a time, mixed to one channel, with silence beyond the ends."""
    middle = round(seconds * signal.sample_rate)
    first = max(middle - n_side, 0)
    mono = to_mono(signal.samples[:, first : middle + n_side])
    before = first - (middle - n_side)
    return np.pad(mono, (before, max(2 * n_side - before - mono.size, 0)))


def seam_likeness(
    one: NDArray[np.float32], other: NDArray[np.float32], sample_rate: float, *, only_after: bool = False
) -> float:
    """Compare the spectra before and after the middles of two pieces.

    Parameters
    ----------
    one, other : ndarray of float32, shape (n,)
        Around both ends of a loop.
    sample_rate : float
        Samples per second.
    only_after : bool
        Whether what precedes is no evidence, as before the very first sound.

    Returns
    -------
    float
        Mean correlation of the levels of bands, in decibels, on both sides; 1 is the same spectrum, 0 that
        of silence.
    """
    half = one.size // 2
    sides = (slice(half, None),) if only_after else (slice(half, None), slice(0, half))
    heard = [(_bands(one[side], sample_rate), _bands(other[side], sample_rate)) for side in sides]
    floor = max(float(np.max(levels)) for pair in heard for levels in pair) - RANGE_DB
    return float(np.mean([_correlation(np.maximum(a, floor), np.maximum(b, floor)) for a, b in heard]))


def _bands(samples: NDArray[np.float32], sample_rate: float) -> NDArray[np.float64]:
    power = np.square(np.abs(np.fft.rfft(samples * np.hanning(samples.size))))
    edges = np.geomspace(*BAND_EDGES_HZ, N_BANDS + 1) * samples.size / sample_rate
    first = np.minimum(np.round(edges).astype(int), power.size - 1)
    sums = np.array([power[a : max(b, a + 1)].mean() for a, b in pairwise(first)])
    return 10 * np.log10(sums + 1e-12)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


def _shift(
    one: NDArray[np.float32], other: NDArray[np.float32], sample_rate: float, *, only_after: bool
) -> float:
    """Return the seconds by which the wave around `other` is late, 0 unless it is that around `one`."""
    n_most = int(MAX_SHIFT_SECONDS * sample_rate)
    first = one.size // 2 if only_after else n_most
    wave = one[first : one.size - n_most].astype(np.float64)
    places = other[first - n_most :].astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(places, wave.size)
    norms = np.linalg.norm(windows, axis=1) * np.linalg.norm(wave)
    agreement = windows @ wave / np.maximum(norms, 1e-9)
    best = int(agreement.argmax())
    if agreement[best] < MIN_WAVE_AGREEMENT:
        return 0.0
    shift = float(best - n_most)
    if 0 < best < agreement.size - 1:
        left, middle, right = agreement[best - 1 : best + 2]
        shift += 0.5 * (left - right) / min(left - 2 * middle + right, -1e-12)
    return float(shift / sample_rate)
