"""Which pulses are beats, and which beats open a bar: decided by evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .onsets import OnsetEnvelope

# Steps to a pulse: divisible by 2, 3 and 4, for straight, ternary and sixteenth-note music.
STEPS = 12
MIN_BPM, MAX_BPM = 52.0, 210.0


@dataclass(frozen=True)
class Lattice:
    """Onset strength on an even subdivision of the pulse.

    Parameters
    ----------
    times : ndarray of float64, shape (n_steps,)
        Seconds.
    bands : ndarray of float64, shape (4, n_steps)
        Strongest onset within half a step, each band in units of its own strong onsets.
    change : ndarray of float64, shape (n_steps,)
        How much the harmony changes there, standard deviation 1.
    """

    times: NDArray[np.float64]
    bands: NDArray[np.float64]
    change: NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """A reading of the pulse: beats every `stride` steps, the first at step `phase`."""

    stride: int
    phase: int
    bpm: float
    score: float
    features: tuple[float, ...] = ()


def lattice(envelope: OnsetEnvelope, pulses: NDArray[np.float64]) -> Lattice:
    """Sample an envelope on `STEPS` even steps of each pulse.

    Parameters
    ----------
    envelope : OnsetEnvelope
        Of the recording.
    pulses : ndarray of float64, shape (n,)
        Seconds, ascending, at least two.
    """
    n_steps = (pulses.size - 1) * STEPS + 1
    times = np.interp(np.arange(n_steps) / STEPS, np.arange(pulses.size), pulses)
    reach = max(1, int(np.median(np.diff(times)) / 2 * envelope.frame_rate))
    frames = np.round(times * envelope.frame_rate).astype(int)
    n_frames = envelope.bands.shape[1]
    near = np.stack([envelope.bands[:, np.clip(frames + d, 0, n_frames - 1)] for d in range(-reach, reach + 1)])
    bands = near.max(axis=0).astype(np.float64)
    strong = np.percentile(bands, 95, axis=1, keepdims=True)
    bands = bands / (strong + 0.25 * strong.max(initial=0.0) + 1e-9)
    return Lattice(times, bands, _harmonic_change(envelope, times, float(np.median(np.diff(pulses)))))


def _harmonic_change(
    envelope: OnsetEnvelope, times: NDArray[np.float64], period: float
) -> NDArray[np.float64]:
    """Compare the harmony of a pulse before with that of a pulse after each time."""
    sums = np.concatenate([np.zeros((1, envelope.harmony.shape[1])), np.cumsum(envelope.harmony, axis=0)])

    def mean(start: NDArray[np.float64], stop: NDArray[np.float64]) -> NDArray[np.float64]:
        last = sums.shape[0] - 1
        first = np.clip(np.round(start * envelope.harmony_rate).astype(int), 0, last)
        end = np.clip(np.round(stop * envelope.harmony_rate).astype(int), 0, last)
        total = sums[np.maximum(end, first)] - sums[first]
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)

    span = min(max(period, 0.3), 0.8)
    # The harmony's window reaches 0.1 s to either side: keep clear of the change itself.
    before, after = mean(times - span, times - 0.05), mean(times + 0.05, times + span)
    change = 1.0 - np.sum(before * after, axis=1)
    change -= change.mean()
    spread = float(change.std())
    return change / spread if spread > 1e-6 else np.zeros_like(change)


def levels(grid: Lattice, period: float) -> list[Level]:
    """List the readings of a pulse, most likely first.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    period : float
        Seconds from pulse to pulse.
    """
    found = []
    for stride in (4, 6, 8, 12, 18, 24, 36):
        bpm = 60.0 * STEPS / (stride * period)
        if not MIN_BPM <= bpm <= MAX_BPM or grid.times.size < 3 * stride:
            continue
        shift = {4: 2, 6: 3, 8: 4, 12: 2, 18: 6, 24: 6, 36: 12}[stride]
        for phase in range(0, stride, shift):
            found.append(_level(grid, stride, phase, bpm))
    return sorted(found, key=lambda level: -level.score)


# Weights of the evidence, in the order of `_features`.
WEIGHTS = (2.0, 1.5, 1.0, 0.6, -2.2, -0.8, 1.0, 1.2, 0.0, 0.0)


def _level(grid: Lattice, stride: int, phase: int, bpm: float) -> Level:
    features = level_features(grid, stride, phase, bpm)
    return Level(stride, phase, bpm, float(np.dot(WEIGHTS, features)), features)


def level_features(grid: Lattice, stride: int, phase: int, bpm: float) -> tuple[float, ...]:
    """Describe a reading by what distinguishes beats from what lies between them."""
    low, body, mid, high = grid.bands
    accent = 0.5 * (low + 0.5 * body + 0.5 * mid)
    on = slice(phase, None, stride)
    half = slice(phase + stride // 2, None, stride)

    def contrast(curve: NDArray[np.float64]) -> float:
        a, b = float(curve[on].mean()), float(curve[half].mean())
        return (a - b) / (a + b + 0.1)

    even = float(accent[phase :: 2 * stride].mean())
    odd = float(accent[phase + stride :: 2 * stride].mean())
    alternation = abs(even - odd) / (even + odd + 0.1)
    everything = accent + 0.3 * high
    coverage = float(everything[on].sum() / (everything.sum() + 1e-9))
    octaves = np.log2(bpm / 118.0)
    return (
        contrast(low),
        contrast(body + mid),
        contrast(high),
        float(grid.change[on].mean() - grid.change[half].mean()),
        alternation,
        float(octaves**2),
        float(accent[on].mean()),
        coverage,
        float(max(octaves, 0.0) ** 2),
        1.0 if stride in (8, 18) else 0.0,
    )


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
    low, body, mid, _ = grid.bands[:, phase::stride]
    change = grid.change[phase::stride]
    accent = low + 0.4 * body
    best = (-np.inf, 4, 0)
    for length in (4, 3):
        if low.size < 2 * length:
            continue
        for first in range(length):
            score = _bar_score(accent, mid, change, length, first)
            if score > best[0]:
                best = (score, length, first)
    return best[1], best[2]


def _bar_score(
    accent: NDArray[np.float64],
    mid: NDArray[np.float64],
    change: NDArray[np.float64],
    length: int,
    first: int,
) -> float:
    places = (np.arange(accent.size) - first) % length
    means = np.array([[curve[places == p].mean() for p in range(length)] for curve in (accent, mid, change)])
    centred = means - means.mean(axis=1, keepdims=True)
    score = 1.0 * centred[0, 0] + 0.5 * centred[2, 0] * min(1.0, means[2, 0])
    if length == 4:
        # The backbeat: snare on two and four, kick on one and three.
        score += 0.5 * (centred[1, 1] + centred[1, 3] - centred[1, 0] - centred[1, 2]) / 2
        score += 0.15 * centred[0, 2]
    else:
        score -= 0.15
    return float(score)
