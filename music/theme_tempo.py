"""A tempo for music that is not made yet, such that the cuts of a picture land on its beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_BPM = 0.1
N_PHASES = 24
MOST_CUTS = 400
# Against the gain of a perfect fit of beats, which is 1: the edge of the mood's tempo range; the same fit of
# bars; a metre that is not the first wish; music that begins inside a bar.
EDGE_COST, BAR_WEIGHT, OTHER_METRE_COST, PICKUP_COST = 0.15, 0.35, 0.08, 0.05
# A hit counts fully at 0 and by a bell of this many frames around it.
BELL_FRAMES = 0.6


@dataclass(frozen=True, slots=True)
class TempoChoice:
    """A tempo, and how the cuts meet its beats.

    Parameters
    ----------
    tempo_bpm : float
        The tempo at which the cuts fit, to a tenth.
    beats_per_bar : int
        Beats in a bar.
    offset_seconds : float
        How far inside a bar the music is at the first frame; 0 when it begins with the bar.
    on_beat, on_bar : float
        Shares of the cuts within one frame of a beat, and of a downbeat.
    chance : float
        The share that any tempo as fast would put there.
    """

    tempo_bpm: float
    beats_per_bar: int
    offset_seconds: float
    on_beat: float
    on_bar: float
    chance: float


def choose_tempo(
    cut_times: NDArray[np.float64],
    bounds: tuple[float, float],
    metres: Sequence[int],
    *,
    frame_seconds: float,
    weights: NDArray[np.float64] | None = None,
) -> TempoChoice:
    """Choose tempo, metre and start so that cuts land on beats, and weighty ones on downbeats.

    All tempi of the range are tried in tenths with 24 phases each. A candidate gains by the mean of a bell
    over the distances from cut to beat, less what chance gives a grid that dense; the same for bars at
    about a third; it loses towards the edges of the range. One cut fits anywhere, so the middle wins.

    Parameters
    ----------
    cut_times : ndarray of float64, shape (n_cuts,)
        Seconds from the first frame.
    bounds : tuple of float
        Slowest and fastest tempo in BPM.
    metres : sequence of int
        Beats in a bar that may be chosen, the preferred one first.
    frame_seconds : float
        Length of a frame.
    weights : ndarray of float64, shape (n_cuts,), optional
        How much it matters that a cut is on a downbeat; 1 each when omitted.

    Returns
    -------
    TempoChoice
        The best; without a cut the middle of the range.
    """
    low, high = bounds
    if not cut_times.size:
        return TempoChoice(round(float(np.sqrt(low * high)), 1), metres[0], 0.0, 1.0, 1.0, 1.0)
    chosen = np.unique(np.linspace(0, cut_times.size - 1, min(cut_times.size, MOST_CUTS)).round().astype(int))
    cuts = cut_times[chosen]
    heavy = np.ones(cuts.size) if weights is None else weights[chosen]
    # Whole tenths, and at least one even when the bounds are the same.
    first, last = int(np.ceil(low / STEP_BPM - 1e-6)), int(np.floor(high / STEP_BPM + 1e-6))
    tempi = np.arange(first, max(last, first) + 1, dtype=np.float64) * STEP_BPM
    bell = BELL_FRAMES * frame_seconds
    gains, phases = _beat_gains(cuts, tempi, bell)
    half = max(float(np.log2(high / low)) / 2, 1e-6)
    gains = gains - EDGE_COST * (np.log2(tempi / np.sqrt(low * high)) / half)[:, None] ** 2
    best: tuple[float, float, int, float] | None = None
    # Bars are looked at only for the tempi that beats leave in the race.
    order = np.argsort(gains.max(axis=1))[::-1][:60]
    for index in order:
        for phase_number in np.argsort(gains[index])[::-1][:4]:
            beat, phase = 60.0 / float(tempi[index]), float(phases[index, phase_number])
            phase = _centred(cuts, beat, phase, frame_seconds)
            for number, metre in enumerate(metres):
                starts = np.array([phase + beat * place for place in range(metre)])
                bar_gain, offset = _best_bar(cuts, heavy, starts, beat * metre, bell)
                total = float(gains[index, phase_number]) + BAR_WEIGHT * bar_gain
                total -= OTHER_METRE_COST * (number > 0) + PICKUP_COST * (offset > 0.25 * frame_seconds)
                if best is None or total > best[0]:
                    best = (total, float(tempi[index]), metre, offset)
    assert best is not None
    return measured(cut_times, round(best[1], 1), best[2], best[3], frame_seconds)


def measured(
    cut_times: NDArray[np.float64], tempo_bpm: float, metre: int, offset: float, frame_seconds: float
) -> TempoChoice:
    """Return a tempo with the shares of the cuts that it puts on beats and bars."""
    beat = 60.0 / tempo_bpm

    def share(period: float) -> float:
        if not cut_times.size:
            return 1.0
        return float(np.mean(_distances(cut_times + offset, period) <= frame_seconds + 1e-9))

    chance = min(2 * frame_seconds / beat, 1.0)
    return TempoChoice(tempo_bpm, metre, offset, share(beat), share(metre * beat), chance)


def _distances(times: NDArray[np.float64], period: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each time is from the nearest multiple of a period."""
    return np.abs(times - np.round(times / period) * period)


def _beat_gains(
    cuts: NDArray[np.float64], tempi: NDArray[np.float64], bell: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gain and phase for each tempo and phase, both of shape (n_tempi, n_phases); phase 0 is first."""
    beats = 60.0 / tempi
    phases = beats[:, None] * np.arange(N_PHASES) / N_PHASES
    gains = np.empty(phases.shape)
    for index, beat in enumerate(beats):
        distances = _distances(cuts[None, :] - phases[index][:, None], beat)
        gains[index] = _above_chance(np.exp(-0.5 * (distances / bell) ** 2).mean(axis=1), beat, bell)
    return gains, phases


def _above_chance(hits: NDArray[np.float64], period: float, bell: float) -> NDArray[np.float64]:
    chance = min(bell * np.sqrt(2 * np.pi) / period, 0.95)
    return (hits - chance) / (1.0 - chance)


def _centred(cuts: NDArray[np.float64], beat: float, phase: float, frame_seconds: float) -> float:
    """Move a phase by the mean of what the cuts near its beats miss them by; 0 stays 0 when it is as good."""
    misses = cuts - phase - np.round((cuts - phase) / beat) * beat
    near = misses[np.abs(misses) <= max(beat / N_PHASES, frame_seconds)]
    if not near.size or (phase == 0.0 and np.abs(near).max() <= frame_seconds):
        return phase
    return float((phase + near.mean()) % beat)


def _best_bar(
    cuts: NDArray[np.float64],
    weights: NDArray[np.float64],
    starts: NDArray[np.float64],
    bar: float,
    bell: float,
) -> tuple[float, float]:
    """Choose at which of some beats bars begin; return the gain, and where in a bar the first frame is."""
    distances = _distances(cuts[None, :] - starts[:, None], bar)
    hits = np.average(np.exp(-0.5 * (distances / bell) ** 2), axis=1, weights=weights)
    gains = _above_chance(hits, bar, bell)
    offsets = (-starts) % bar
    offsets[offsets > bar - 1e-6] = 0.0
    # Among equals the one that begins with the bar, or soonest after.
    order = np.lexsort((offsets, -np.round(gains, 6)))
    return float(gains[order[0]]), float(offsets[order[0]])
