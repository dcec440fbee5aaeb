"""The readings of a pulse: which of its steps may be beats, which beats open bars, and what speaks for each.

A reading is a tempo, a phase, a length of bars and a first downbeat, all on the steps of one pulse. Each is
described by the music as it falls on that reading: the mean bar, with the strength of every band and of the
change of harmony on and between its beats, and figures about contrast, repetition, length and the opening.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .lattice import Lattice
from .repetition import Repetition, repetition, variation

MIN_BPM, MAX_BPM = 52.0, 210.0
CENTRE_BPM = 118.0
# Steps between beats, and the steps at which the first beat may lie: a third, half, two thirds, three
# quarters, equal, four thirds, one and a half times, double, and three times the pulse.
PHASES: dict[int, tuple[int, ...]] = {
    4: (0, 2),
    6: (0, 2, 3, 4),
    8: (0, 4),
    9: (0, 3, 6),
    12: (0, 3, 4, 6, 8, 9),
    16: (0, 4, 8, 12),
    18: (0, 6, 12),
    24: (0, 6, 8, 12, 16, 18),
    36: (0, 12, 24),
}
BAR_LENGTHS = (4, 3, 2)
# Beats of a profile: a bar of two is written twice, one of three is filled up with nothing.
PROFILE_BEATS = 4
# Places in a beat: on it, and where sixteenths and triplets fall.
PLACES = (0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75)
HALF_BEAT = 3
# The first stroke is the first that is this strong, beside the strong ones.
OPENING_LEVEL = 0.35
# A recording that begins sooner than this was cut to its first stroke.
ABRUPT_SECONDS = 0.15
# The last features: the first stroke is a beat, and opens a bar, in a recording cut to it; then in others.
N_OPENING = 4


@dataclass(frozen=True)
class Reading:
    """Beats every `stride` steps of a lattice from step `phase`; a bar from beat `first` on.

    `score` is the probability of the reading among all of the pulse.
    """

    stride: int
    phase: int
    beats_per_bar: int
    first: int
    bpm: float
    score: float = 0.0

    def beats(self, grid: Lattice) -> NDArray[np.float64]:
        """Return the times of the beats, seconds in the clock of the envelope."""
        return grid.times[self.phase :: self.stride]

    def with_bars(self, beats_per_bar: int, first: int) -> Reading:
        """Return the same beats in other bars."""
        return replace(self, beats_per_bar=beats_per_bar, first=first)


def describe(
    grid: Lattice, bpm_range: tuple[float, float] = (MIN_BPM, MAX_BPM)
) -> tuple[list[Reading], NDArray[np.float32]]:
    """List the readings of a pulse and describe each.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    bpm_range : tuple of float
        Tempi outside are left out.

    Returns
    -------
    readings : list of Reading
        Not rated yet; empty when the recording is shorter than a few beats.
    features : ndarray of float32, shape (n_readings, n_features)
        A profile of the bar (beat, place, channel), then figures.
    """
    bpm_of_step = 60.0 / float(np.median(np.diff(grid.times)))
    channels = np.vstack([grid.bands, np.clip(grid.change, -3.0, 3.0)[None] / 2.0])
    opening, repeats = _opening(grid), repetition(grid)
    found, rows = [], []
    for stride, phases in PHASES.items():
        bpm = bpm_of_step / stride
        if not bpm_range[0] <= bpm <= bpm_range[1] or grid.times.size <= 4 * stride:
            continue
        by_length = _length_figures(repeats, channels, stride)
        for phase in phases:
            beats = _beat_by_beat(channels, stride, phase)
            level = _level_figures(channels, beats, stride, phase, bpm)
            for length in BAR_LENGTHS:
                bar = _mean_bar(beats, length)
                for first in range(length):
                    found.append(Reading(stride, phase, length, first, bpm))
                    turned = np.roll(bar, -first, axis=0)
                    figures = _opening_figures(opening, found[-1])
                    rows.append(_row(turned, level, by_length[length], figures))
    return found, np.array(rows, dtype=np.float32)


def _row(bar: NDArray[np.float64], *figures: NDArray[np.float64]) -> NDArray[np.float64]:
    profile = np.zeros((PROFILE_BEATS, *bar.shape[1:]))
    profile[: bar.shape[0]] = bar
    if bar.shape[0] == 2:
        profile[2:] = bar
    return np.concatenate([profile.ravel(), _bar_contrasts(bar), *figures])


def _beat_by_beat(channels: NDArray[np.float64], stride: int, phase: int) -> NDArray[np.float64]:
    """Return the channels at each place of each beat, shape (n_beats, n_places, n_channels)."""
    starts = np.arange(phase, channels.shape[1], stride)
    places = starts[:, None] + np.round(np.array(PLACES) * stride).astype(int)
    inside = places < channels.shape[1]
    values = channels[:, np.minimum(places, channels.shape[1] - 1)] * inside
    return np.moveaxis(values, 0, 2)


def _mean_bar(beats: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    if beats.shape[0] < length:
        beats = np.concatenate([beats] * length)
    n_bars = beats.shape[0] // length
    return beats[: n_bars * length].reshape(n_bars, length, *beats.shape[1:]).mean(axis=0)


def _contrast(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare strengths by channel, whatever their level; the last may be negative, and is subtracted."""
    found = (here - there) / (here + there + 0.1)
    found[-1] = here[-1] - there[-1]
    return found


def _bar_contrasts(bar: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare the first beat with the others, and the second and fourth with the first and third."""
    on = bar[:, 0]
    back = (
        _contrast(on[1::2].mean(axis=0), on[::2].mean(axis=0)) if on.shape[0] != 3 else np.zeros(on.shape[1])
    )
    return np.concatenate([_contrast(on[0], on[1:].mean(axis=0)), back])


def _level_figures(
    channels: NDArray[np.float64], beats: NDArray[np.float64], stride: int, phase: int, bpm: float
) -> NDArray[np.float64]:
    """Return what a tempo and phase say without bars: tempo, and where the accents fall."""
    low, body, mid, high = channels[:4]
    accent = 0.5 * low + 0.25 * body + 0.25 * mid
    everything = low + body + mid + 0.7 * high
    octaves = float(np.log2(bpm / CENTRE_BPM))

    def share(parts: int) -> float:
        places = np.arange(phase % (stride / parts), accent.size - 0.5, stride / parts)
        return float(accent[np.round(places).astype(int)].sum() / (accent.sum() + 1e-9))

    on = everything[phase::stride]
    weakest = min(on[first::4].mean() for first in range(4)) / (on.mean() + 0.1) if on.size >= 4 else 0.0
    # The first of four beats of an empty bar: how evenly the beats are played at all.
    spread = float(on.std() / (on.mean() + 0.1))
    shares = [share(parts) for parts in (1, 2, 3, 4)]
    mean = beats.mean(axis=0)
    offbeat = _contrast(mean[0], mean[HALF_BEAT])
    figures = np.array([octaves, octaves**2, max(octaves, 0.0), weakest, spread, *shares])
    return np.concatenate([figures, offbeat])


def _length_figures(
    repeats: Repetition, channels: NDArray[np.float64], stride: int
) -> dict[int, NDArray[np.float64]]:
    """Return, by length of bar, what repetition and the length of the recording say, and the length."""
    beats = np.array([1, 2, 3, 4, 6, 8, 16])
    varied, share = variation(channels, stride, beats * stride)
    after = dict(zip(beats.tolist(), varied, strict=True))
    halves, half_share = variation(channels, stride // 2, stride * np.array([1, 2]) // 2)
    thirds, third_share = variation(channels, max(stride // 3, 1), np.array([stride]))
    levels = np.concatenate([halves, thirds, [share, half_share, third_share, after[1], after[2]]])
    found = {}
    for length in BAR_LENGTHS:
        other = 7 - max(length, 3)
        lags = np.array([0.5, 1, 2, length, 2 * length, 4 * length, other, 2 * other])
        likeness = repeats.at(np.round(lags * stride).astype(int))
        bars = [
            after[length],
            after[2 * length],
            after[other],
            after[2 * other],
            after[length] - after[other],
        ]
        kind = [length == 3, length == 2]
        found[length] = np.concatenate([likeness, bars, levels, repeats.wholes(stride, length), kind])
    return found


def _opening(grid: Lattice) -> tuple[int, bool]:
    """Return the step of the first stroke, and whether the recording begins with it."""
    low, body, mid, high = grid.bands
    everything = low + body + mid + 0.7 * high
    strong = everything > OPENING_LEVEL * np.percentile(everything, 97)
    step = int(np.argmax(strong))
    return step, bool(grid.times[step] < ABRUPT_SECONDS)


def _opening_figures(opening: tuple[int, bool], reading: Reading) -> NDArray[np.float64]:
    """Tell whether the first stroke is a beat, and whether it opens a bar."""
    step, is_abrupt = opening
    number = round((step - reading.phase) / reading.stride)
    away = abs(step - reading.phase - number * reading.stride)
    on_beat = float(np.exp(-0.5 * (away / 0.8) ** 2))
    on_bar = on_beat * ((number - reading.first) % reading.beats_per_bar == 0)
    figures = np.zeros(N_OPENING)
    figures[2 * (not is_abrupt) : 2 * (not is_abrupt) + 2] = on_beat, on_bar
    return figures


def first_of_bars(grid: Lattice, reading: Reading, length: int) -> int:
    """Choose the beat that opens the first bar, for a given number of beats to a bar.

    The beat with most kick and most change of harmony, above the others of its bar.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    reading : Reading
        Gives the beats.
    length : int
        Beats to a bar, at least 1.

    Returns
    -------
    int
        Index of the beat, below `length`.
    """
    low, body = grid.bands[:2, reading.phase :: reading.stride]
    change = grid.change[reading.phase :: reading.stride]
    weight = 1.1 * low + 1.9 * np.minimum(low, body) + 3.7 * change
    if weight.size < length:
        return 0
    return int(np.argmax([weight[first::length].mean() for first in range(length)]))
