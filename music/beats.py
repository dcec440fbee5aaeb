"""Beats of a recording: where a listener would tap, and where bars begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lattice import Lattice, lattice
from .meter import Reading, bars, readings
from .onsets import LATENCY_SECONDS, OnsetEnvelope, combined, flattened, onset_envelope
from .pulse import refine_times, regular, trace_pulse
from .tempo import period_path, periodicity
from .track import BeatGrid

MIN_SECONDS = 2.0
# Music with a beat, even when its tempo drifts, has a salience that exceeds three times the jitter of its
# pulse by this much; speech, rain and scattered notes do not (benchmarks/beats.py).
MIN_EVIDENCE, JITTER_WEIGHT = 0.05, 3.0
# Strokes and notes raise the compressed spectrum by more than this; slow swells by much less.
MIN_ONSET = 0.12
MIN_ONSETS = 6
NO_BEAT = BeatGrid(None, np.zeros(0), np.zeros(0))


def track_beats(
    mono: NDArray[np.float32],
    sample_rate: int,
    *,
    bpm_hint: float | None = None,
    envelope: OnsetEnvelope | None = None,
) -> BeatGrid:
    """Find the beats of a recording.

    A pulse is traced through the onsets by dynamic programming; which pulses are beats, at which level of
    the rhythm, and which of them open bars, is then decided by kick, harmony and repetition.

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
        Over the whole recording, evenly spaced when the tempo is steady; empty when there is no beat.
    """
    envelope = envelope or onset_envelope(mono, sample_rate)
    heard = pulse_lattice(envelope)
    if heard is None:
        return NO_BEAT
    grid, salience = heard
    found = readings(grid)
    if not found:
        return NO_BEAT
    if bpm_hint:
        # Stable: within a semitone of tempo (6 %), evidence still decides between the phases.
        found.sort(key=lambda reading: round(12 * abs(float(np.log2(reading.bpm / bpm_hint)))))
    return _beat_grid(grid, found, salience, envelope.duration_seconds)


def pulse_lattice(envelope: OnsetEnvelope) -> tuple[Lattice, float] | None:
    """Trace the pulse of a recording.

    Parameters
    ----------
    envelope : OnsetEnvelope
        Of the recording.

    Returns
    -------
    tuple of Lattice and float, or None
        The pulse with its subdivisions, and its salience from 0 to 1; None when there is none.
    """
    curves = flattened(envelope)
    curve = combined(curves)
    if envelope.duration_seconds < MIN_SECONDS or _n_strong_onsets(envelope) < MIN_ONSETS:
        return None
    salience, centres = periodicity(curves, envelope.frame_rate)
    path, strength = period_path(salience)
    if strength < MIN_EVIDENCE:
        return None
    frames = np.arange(curve.size) / envelope.frame_rate
    pulses = trace_pulse(curve, np.interp(frames, centres, path) * envelope.frame_rate)
    if pulses.size < 4:
        return None
    times, weights = refine_times(curve, pulses, envelope.frame_rate)
    steady_times, jitter = regular(times, weights, envelope.duration_seconds)
    if strength - JITTER_WEIGHT * jitter < MIN_EVIDENCE:
        return None
    return lattice(envelope, steady_times), strength


def _n_strong_onsets(envelope: OnsetEnvelope) -> int:
    rises = envelope.bands.max(axis=0)
    if rises.size < 3:
        return 0
    is_peak = (rises[1:-1] > rises[:-2]) & (rises[1:-1] >= rises[2:])
    return int(np.count_nonzero(is_peak & (rises[1:-1] > MIN_ONSET)))


def _beat_grid(grid: Lattice, found: list[Reading], salience: float, duration: float) -> BeatGrid:
    best = found[0]
    beats = grid.times[best.phase :: best.stride] + LATENCY_SECONDS
    beats_per_bar, first = bars(grid, best.stride, best.phase)
    others = dict.fromkeys(round(r.bpm, 2) for r in found if abs(r.bpm / best.bpm - 1) > 0.01)

    def inside(times: NDArray[np.float64]) -> NDArray[np.float64]:
        # A beat on the very first sample may be estimated a few milliseconds before it.
        return np.maximum(times[(times > -0.02) & (times < duration)], 0.0)

    beats_inside = inside(beats)
    if beats_inside.size < 2:
        return NO_BEAT
    return BeatGrid(
        tempo_bpm=round(60.0 / float(np.median(np.diff(beats))), 2),
        beat_times=beats_inside,
        downbeat_times=inside(beats[first::beats_per_bar]),
        confidence=round(float(np.clip(salience, 0.0, 1.0)), 3),
        tempo_alternatives_bpm=tuple(others)[:4],
        beats_per_bar=beats_per_bar,
    )
