"""Which pulses are beats, and which beats open a bar: decided by evidence.

Both choices are conditional logit models: every possible reading is described by a few features, and the
one with the largest weighted sum wins. The weights were fitted to made-up songs (``improvised`` in
``benchmarks/songs.py``), each held to the sign that it must have in music, and tried on other rhythms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lattice import STEPS, Lattice

MIN_BPM, MAX_BPM = 52.0, 210.0
CENTRE_BPM = 118.0
# What a bar of three has to be ahead of a bar of four, which most music has.
THREE_HANDICAP = 0.1
# Steps between beats, and the steps at which the first beat may lie: a third, half, two thirds, three
# quarters, equal, four thirds, one and a half times, and double the pulse.
READINGS: dict[int, tuple[int, ...]] = {
    4: (0, 2),
    6: (0, 2, 3, 4),
    8: (0, 4),
    9: (0, 3, 6),
    12: (0, 3, 4, 6, 8, 9),
    16: (0, 4, 8, 12),
    18: (0, 6, 12),
    24: (0, 6, 8, 12, 16, 18),
}
LEVEL_WEIGHTS: dict[str, float] = {
    "mid_contrast": 0.90,
    "high_contrast": 1.15,
    "strongest_low": 0.41,
    "strongest_change": 2.28,
    "share_on_halves": 6.01,
    "share_on_parts": 4.41,
    "late_third": 1.74,
    "beat_likeness": 2.99,
    "bar_likeness": 9.10,
    "weakest_beat": 1.03,
    "octaves_squared": -2.19,
    # Not fitted, but set: a beat too few costs a cut nothing, a beat too many puts it off the beat.
    "haste": -1.5,
    "slowness": -0.20,
}
BAR_WEIGHTS: dict[str, float] = {
    "low": 1.10,
    "low_and_body": 1.86,
    "change": 3.71,
    "low_in_middle": 0.31,
    "change_in_middle": -0.63,
    "is_three": -0.45,
    "likeness": 4.61,
    "other_likeness": -4.24,
}


@dataclass(frozen=True)
class Reading:
    """Beats every `stride` steps of a lattice, the first at step `phase`."""

    stride: int
    phase: int
    bpm: float
    score: float


def readings(grid: Lattice) -> list[Reading]:
    """List the readings of a pulse, most likely first.

    Parameters
    ----------
    grid : Lattice
        On the pulse.

    Returns
    -------
    list of Reading
        Empty when the recording is shorter than a few beats.
    """
    period = float(np.median(np.diff(grid.times))) * STEPS
    found = []
    for stride, phases in READINGS.items():
        bpm = 60.0 * STEPS / (stride * period)
        if MIN_BPM <= bpm <= MAX_BPM and grid.times.size > 4 * stride:
            for phase in phases:
                features = level_features(grid, stride, phase, bpm)
                score = sum(LEVEL_WEIGHTS[name] * value for name, value in features.items())
                found.append(Reading(stride, phase, bpm, score))
    return sorted(found, key=lambda reading: -reading.score)


def level_features(grid: Lattice, stride: int, phase: int, bpm: float) -> dict[str, float]:
    """Describe a reading by what distinguishes beats from what lies between them.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    stride, phase : int
        The reading.
    bpm : float
        Its tempo.

    Returns
    -------
    dict of float
        By the names of `LEVEL_WEIGHTS`.
    """
    low, body, mid, high = grid.bands
    accent = 0.5 * low + 0.25 * body + 0.25 * mid
    weight = low + 0.5 * body
    octaves = float(np.log2(bpm / CENTRE_BPM))
    everything = low + body + mid + 0.7 * high

    def share(parts: int) -> float:
        """Return how much of the accents falls on beats and their division into `parts`."""
        places = np.arange(phase % (stride / parts), accent.size - 0.5, stride / parts)
        return float(accent[np.round(places).astype(int)].sum() / (accent.sum() + 1e-9))

    def lateness(early: int, late: int) -> float:
        before, after = (float(everything[(phase + at) % stride :: stride].mean()) for at in (early, late))
        return (after - before) / (after + before + 0.1)

    return {
        "mid_contrast": _contrast(mid, stride, phase),
        "high_contrast": _contrast(high, stride, phase),
        "strongest_low": _strongest(weight, stride, phase),
        "strongest_change": _strongest(grid.change, stride, phase),
        "share_on_halves": share(2),
        "share_on_parts": max(share(3), share(4)),
        "late_third": lateness(stride // 3, stride - stride // 3) if stride % 3 == 0 else 0.0,
        "beat_likeness": grid.likeness(stride),
        "bar_likeness": max(grid.likeness(4 * stride), grid.likeness(3 * stride) - THREE_HANDICAP),
        "weakest_beat": _weakest(everything, stride, phase),
        "octaves_squared": octaves**2,
        "haste": max(octaves, 0.0),
        "slowness": 4 * max(-octaves - 0.4, 0.0) ** 2,
    }


def _contrast(curve: NDArray[np.float64], stride: int, phase: int) -> float:
    on, between = curve[phase::stride].mean(), curve[phase + stride // 2 :: stride].mean()
    return float((on - between) / (on + between + 0.1))


def _strongest(curve: NDArray[np.float64], stride: int, phase: int) -> float:
    """Return the mean at the strongest place of the bar, whichever beat opens it."""
    on = curve[phase::stride]
    means = [on[first::length].mean() - 0.05 * (length == 3) for length in (4, 3) for first in range(length)]
    return float(max(means))


def _weakest(curve: NDArray[np.float64], stride: int, phase: int) -> float:
    """Return the mean at the weakest of four places, beside the mean at all: a beat is seldom left out."""
    on = curve[phase::stride]
    return float(min(on[first::4].mean() for first in range(4)) / (on.mean() + 0.1))


def bars(grid: Lattice, stride: int, phase: int) -> tuple[int, int]:
    """Choose how many beats make a bar, and which beat opens the first.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    stride, phase : int
        The beats on it.

    Returns
    -------
    beats_per_bar : int
        3 or 4.
    first : int
        Index of the first beat that opens a bar, below `beats_per_bar`.
    """
    choices = [(length, first) for length in (4, 3) for first in range(length)]
    scores = [
        sum(BAR_WEIGHTS[name] * value for name, value in bar_features(grid, stride, phase, *choice).items())
        for choice in choices
    ]
    return choices[int(np.argmax(scores))]


def bar_features(grid: Lattice, stride: int, phase: int, length: int, first: int) -> dict[str, float]:
    """Describe a division into bars by what tells the first beat from the others.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    stride, phase : int
        The beats on it.
    length : int
        Beats to a bar.
    first : int
        Index of a beat that opens one.

    Returns
    -------
    dict of float
        By the names of `BAR_WEIGHTS`.
    """
    low, body, _, _ = grid.bands[:, phase::stride]
    change = grid.change[phase::stride]
    place = (np.arange(low.size) - first) % length

    def lead(curve: NDArray[np.float64], at: int) -> float:
        return float(curve[place == at].mean() - curve.mean())

    is_four = length == 4
    return {
        "low": lead(low, 0),
        # Both at once: a snare has body without a bass, and stands on two and four.
        "low_and_body": lead(np.minimum(low, body), 0),
        "change": lead(change, 0),
        "low_in_middle": lead(low, 2) if is_four else 0.0,
        "change_in_middle": lead(change, 2) if is_four else 0.0,
        "is_three": float(length == 3),
        "likeness": grid.likeness(length * stride),
        "other_likeness": grid.likeness((7 - length) * stride),
    }
