"""Beats of a recording: where a listener would tap, and where bars begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lattice import Lattice, lattice
from .meter import Reading, bars, readings
from .onsets import LATENCY_SECONDS, OnsetEnvelope, combined, flattened, onset_envelope
from .pulse import refine_times, trace_pulse
from .tempo import period_path, periodicity
from .track import BeatGrid

MIN_SECONDS = 2.0
MIN_STRENGTH = 0.12
NO_BEAT = BeatGrid(None, np.zeros(0), np.zeros(0))


def track_beats(
    mono: NDArray[np.float32],
    sample_rate: int,
    *,
    bpm_hint: float | None = None,
    envelope: OnsetEnvelope | None = None,
) -> BeatGrid:
    """Find the beats of a recording.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.
    bpm_hint : float, optional
        About the tempo it should have; decides between half, full and double.
    envelope : OnsetEnvelope, optional
        Of the same samples, when already measured.

    Returns
    -------
    BeatGrid
        Over the whole recording; empty when it has no steady beat.
    """
    envelope = envelope or onset_envelope(mono, sample_rate)
    curves = flattened(envelope)
    curve = combined(curves)
    if envelope.duration_seconds < MIN_SECONDS or not np.any(curve):
        return NO_BEAT
    salience, centres = periodicity(curves, envelope.frame_rate)
    path, strength = period_path(salience)
    if strength < MIN_STRENGTH:
        return NO_BEAT
    frames = np.arange(curve.size) / envelope.frame_rate
    periods = np.interp(frames, centres, path) * envelope.frame_rate
    pulses = trace_pulse(curve, periods)
    if pulses.size < 4:
        return NO_BEAT
    times, weights = refine_times(curve, pulses, envelope.frame_rate)
    times = regular(times, weights, envelope.duration_seconds)
    grid = lattice(envelope, times)
    heard = readings(grid)
    if not heard:
        return NO_BEAT
    if bpm_hint:
        heard.sort(key=lambda r: round(abs(np.log2(r.bpm / bpm_hint)) / 0.1))
    return _grid(grid, heard, strength, envelope.duration_seconds)


def _grid(grid: Lattice, heard: list[Reading], strength: float, duration: float) -> BeatGrid:
    best = heard[0]
    beat_times = grid.times[best.phase :: best.stride] + LATENCY_SECONDS
    length, first = bars(grid, best.stride, best.phase)
    others = dict.fromkeys(round(r.bpm, 2) for r in heard if abs(r.bpm - best.bpm) > 1e-6)
    inside = (beat_times >= -0.01) & (beat_times <= duration)
    downbeats = beat_times[first::length]
    return BeatGrid(
        tempo_bpm=round(60.0 / float(np.median(np.diff(beat_times))), 3),
        beat_times=np.maximum(beat_times[inside], 0.0),
        downbeat_times=np.maximum(downbeats[(downbeats >= -0.01) & (downbeats <= duration)], 0.0),
        confidence=float(np.clip(strength, 0, 1)),
        tempo_alternatives_bpm=tuple(others)[:4],
        beats_per_bar=length,
    )


def regular(times: NDArray[np.float64], weights: NDArray[np.float64], duration: float) -> NDArray[np.float64]:
    """Put pulses on a line when the tempo is steady, else smooth them; extend them over the recording."""
    index = np.cumsum(np.concatenate([[0], np.maximum(1, np.round(np.diff(times) / np.median(np.diff(times))))]))
    slope, origin, residuals = _robust_line(index, times, weights)
    smooth = _smooth(index, times, weights)
    bend = np.abs(smooth - (origin + slope * index))
    if np.percentile(bend, 95) < 0.02:
        first = int(np.floor(-origin / slope))
        last = int(np.ceil((duration - origin) / slope))
        return origin + slope * np.arange(first, last + 1)
    filled = np.interp(np.arange(index[-1] + 1), index, smooth)
    head = filled[1] - filled[0]
    tail = filled[-1] - filled[-2]
    before = np.arange(int(np.ceil(filled[0] / head)), 0, -1)
    after = np.arange(1, int(np.ceil(max(duration - filled[-1], 0) / tail)) + 1)
    return np.concatenate([filled[0] - before * head, filled, filled[-1] + after * tail])


def _robust_line(x, y, weights, n_rounds: int = 8) -> tuple[float, float, NDArray[np.float64]]:
    w = weights.copy()
    slope, origin = 0.0, 0.0
    for _ in range(n_rounds):
        slope, origin = np.polyfit(x, y, 1, w=np.sqrt(w + 1e-12))
        residuals = y - origin - slope * x
        scale = max(1.4826 * float(np.median(np.abs(residuals))), 0.002)
        w = weights / (1 + (residuals / (1.5 * scale)) ** 2) ** 2
    return float(slope), float(origin), residuals


def _smooth(index, times, weights, reach: int = 8) -> NDArray[np.float64]:
    out = np.empty_like(times)
    for i in range(times.size):
        lo, hi = max(0, i - reach), min(times.size, i + reach + 1)
        x = index[lo:hi] - index[i]
        kernel = np.exp(-0.5 * (x / (reach / 2)) ** 2) * weights[lo:hi]
        slope, origin, _ = _robust_line(x, times[lo:hi], kernel, 3)
        out[i] = origin
    return out
