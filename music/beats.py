"""Beats of a recording: where a listener would tap, and where bars begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .lattice import Lattice, lattice
from .meter import MAX_BPM, MIN_BPM, Reading, describe, first_of_bars
from .meter_model import rated
from .onsets import LATENCY_SECONDS, OnsetEnvelope, combined, flattened, onset_envelope
from .pulse import refine_times, regular, trace_pulse
from .tempo import period_path, periodicity
from .track import BeatGrid

MIN_SECONDS = 2.0
# Music with a beat, even when its tempo drifts, has a salience that exceeds the jitter of its pulse one and a
# half times by this much; speech, rain and scattered notes do not (benchmarks/beats.py).
MIN_EVIDENCE, JITTER_WEIGHT = 0.0625, 1.5
MIN_SALIENCE = 0.1
# Strokes and notes raise the compressed spectrum by more than this; slow swells by much less.
MIN_ONSET = 0.12
MIN_ONSETS = 6
# A file is a loop when it is so nearly whole beats long, and its first stroke comes so soon.
LOOP_SECONDS, LOOP_BEATS, CUT_SECONDS = 40.0, 0.08, 0.025
# What people may wish for.
WISH_BPM = (20.0, 400.0)
MAX_BEATS_PER_BAR = 16
NO_BEAT = BeatGrid(None, np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class BeatWishes:
    """What is known of the music, so that it need not be found.

    Parameters
    ----------
    bpm_hint : float, optional
        About the tempo it has; decides between half, full and double.
    bpm_range : tuple of float, optional
        Lowest and highest tempo.
    beats_per_bar : int, optional
        1 to 16.

    Raises
    ------
    InputError
        If a wish cannot be one of music.
    """

    bpm_hint: float | None = None
    bpm_range: tuple[float, float] | None = None
    beats_per_bar: int | None = None

    def __post_init__(self) -> None:
        low, high = self.bpm_range or WISH_BPM
        hint = self.bpm_hint or low
        if not all(np.isfinite((low, high, hint))) or not WISH_BPM[0] <= low <= high <= WISH_BPM[1]:
            raise InputError(
                f"A tempo between {low:g} and {high:g} BPM is not possible.",
                field="bpm_range",
                hint=f"Give the lower one first, both within {WISH_BPM[0]:g} to {WISH_BPM[1]:g}.",
            )
        if not WISH_BPM[0] <= hint <= WISH_BPM[1]:
            raise InputError(
                f"A tempo of {hint:g} BPM is not possible.",
                field="bpm_hint",
                hint=f"Give {WISH_BPM[0]:g} to {WISH_BPM[1]:g}, or 0 to let Tower find it.",
            )
        if self.beats_per_bar is not None and not 1 <= self.beats_per_bar <= MAX_BEATS_PER_BAR:
            raise InputError(
                f"A bar of {self.beats_per_bar} beats is not possible.",
                field="beats_per_bar",
                hint=f"Give 1 to {MAX_BEATS_PER_BAR}, or 0 to let Tower find it.",
            )

    @property
    def searched(self) -> tuple[float, float]:
        """Tempi among which readings are looked for; never narrower than what pulses are traced at."""
        wished = [bpm for bpm in (self.bpm_hint, *(self.bpm_range or ())) if bpm]
        return min([MIN_BPM, *(bpm / 1.06 for bpm in wished)]), max(
            [MAX_BPM, *(bpm * 1.06 for bpm in wished)]
        )

    def granted(self, found: list[Reading]) -> list[Reading]:
        """Return the readings that come nearest to the wishes, in their order."""
        if self.bpm_range is not None:
            low, high = self.bpm_range
            found = _nearest(found, lambda bpm: max(np.log2(low / bpm), np.log2(bpm / high), 0.0))
        if self.bpm_hint:
            hint = self.bpm_hint
            found = _nearest(found, lambda bpm: abs(np.log2(bpm / hint)))
        same_bars = [reading for reading in found if reading.beats_per_bar == self.beats_per_bar]
        return same_bars or found


def _nearest(found: list[Reading], distance: Callable[[float], float]) -> list[Reading]:
    """Return the readings whose tempo is within a semitone of the nearest one (6 %)."""
    if not found:
        return []
    reach = min(distance(reading.bpm) for reading in found) + 1 / 12
    return [reading for reading in found if distance(reading.bpm) < reach]


def track_beats(
    mono: NDArray[np.float32],
    sample_rate: int,
    *,
    bpm_hint: float | None = None,
    wishes: BeatWishes | None = None,
    envelope: OnsetEnvelope | None = None,
) -> BeatGrid:
    """Find the beats of a recording.

    A pulse is traced through the onsets by dynamic programming; which pulses are beats, at which level of
    the rhythm, and which of them open bars, is then decided by kick, harmony, repetition and opening.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.
    bpm_hint : float, optional
        Short for ``BeatWishes(bpm_hint=...)``.
    wishes : BeatWishes, optional
        What is known of the music.
    envelope : OnsetEnvelope, optional
        Of the same samples, when already measured.

    Returns
    -------
    BeatGrid
        Over the whole recording, evenly spaced when the tempo is steady; empty when there is no beat.
    """
    wishes = wishes or BeatWishes(bpm_hint=bpm_hint or None)
    envelope = envelope or onset_envelope(mono, sample_rate)
    heard = pulse_lattice(envelope)
    if heard is None:
        return NO_BEAT
    grid, salience = heard
    found = rated(*describe(grid, wishes.searched))
    if not found:
        return NO_BEAT
    return _beat_grid(grid, found, wishes, salience, envelope.duration_seconds)


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
    if strength < MIN_SALIENCE:
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


def _beat_grid(
    grid: Lattice, found: list[Reading], wishes: BeatWishes, salience: float, duration: float
) -> BeatGrid:
    best = wishes.granted(found)[0]
    if wishes.beats_per_bar and best.beats_per_bar != wishes.beats_per_bar:
        first = first_of_bars(grid, best, wishes.beats_per_bar)
        best = best.with_bars(wishes.beats_per_bar, first)
    beats = _on_loop(best.beats(grid) + LATENCY_SECONDS, best, duration)
    tempi = _tempo_probabilities(found)

    def inside(times: NDArray[np.float64]) -> NDArray[np.float64]:
        # A beat on the very first sample may be estimated a few milliseconds before it.
        return np.maximum(times[(times > -0.02) & (times < duration)], 0.0)

    beats_inside = inside(beats)
    if beats_inside.size < 2:
        return NO_BEAT
    return BeatGrid(
        tempo_bpm=round(60.0 / float(np.median(np.diff(beats))), 2),
        beat_times=beats_inside,
        downbeat_times=inside(beats[best.first :: best.beats_per_bar]),
        confidence=round(float(np.clip(salience, 0.0, 1.0)), 3),
        tempo_alternatives_bpm=tuple(bpm for bpm in tempi if abs(bpm / best.bpm - 1) > 0.01)[:4],
        beats_per_bar=best.beats_per_bar,
        tempo_confidence=round(min(tempi.get(round(best.bpm, 2), 0.0), 1.0), 3),
    )


def _on_loop(beats: NDArray[np.float64], reading: Reading, duration: float) -> NDArray[np.float64]:
    """Put beats on the bars of a loop: a short file that begins with a bar and is whole bars long.

    Loops are cut to the grid of a machine, which the first stroke follows by up to `CUT_SECONDS`.
    """
    period = float(np.median(np.diff(beats)))
    n_beats = round(duration / period)
    opening = int(np.abs(beats).argmin())
    is_loop = (
        n_beats > 0
        and duration < LOOP_SECONDS
        and abs(duration / period - n_beats) < LOOP_BEATS
        and n_beats % reading.beats_per_bar == 0
        and (opening - reading.first) % reading.beats_per_bar == 0
        and abs(beats[opening]) < CUT_SECONDS
    )
    if not is_loop:
        return beats
    return np.arange(-opening, beats.size - opening, dtype=np.float64) * (duration / n_beats)


def _tempo_probabilities(found: list[Reading]) -> dict[float, float]:
    """Add up the probabilities of the readings of each tempo, likeliest first."""
    tempi: dict[float, float] = {}
    for reading in found:
        bpm = round(reading.bpm, 2)
        tempi[bpm] = tempi.get(bpm, 0.0) + reading.score
    return dict(sorted(tempi.items(), key=lambda item: -item[1]))
