"""The search behind a cut plan: shots are laid end to end over the frames that lie on a beat."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .track import BeatGrid

# Costs of a plan, in units of "a shot changed by the whole of max_change".
OFF_BEAT_COST = 40.0
OPEN_END_COST = 0.5
SCENE_OFF_BAR_COST = 0.8
OFF_BAR_COST = 0.2
MID_BAR_COST = 0.06
EXCESS_WEIGHT = 8.0
DRIFT_WEIGHT = 0.1
# No shot becomes longer than this many times its wish, unless beats are rarer than that.
MAX_STRETCH = 3.0


@dataclass(frozen=True)
class Wishes:
    """What is asked of the shots.

    Parameters
    ----------
    frames : ndarray of float64, shape (n_shots,)
        Wished length of each shot, in frames.
    shortest : ndarray of int64, shape (n_shots,)
        No shot gets fewer frames.
    max_change : float
        Relative change that is taken lightly.
    scene_starts : frozenset of int
        Shots that should begin on a downbeat.
    """

    frames: NDArray[np.float64]
    shortest: NDArray[np.int64]
    max_change: float
    scene_starts: frozenset[int]

    @property
    def ends(self) -> NDArray[np.float64]:
        """Frame at which each shot would end if all wishes came true."""
        return np.cumsum(np.maximum(self.frames, self.shortest))

    def change_cost(self, shot: int, lengths: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what it costs to give a shot each of these lengths."""
        change = np.abs(lengths - self.frames[shot]) / self.frames[shot] / self.max_change
        return change**2 + EXCESS_WEIGHT * np.maximum(change - 1.0, 0.0) ** 2


@dataclass(frozen=True)
class Candidates:
    """Frames on which a cut may fall, and what it costs there.

    Parameters
    ----------
    frames : ndarray of int64, shape (n,)
        From the start of the picture, ascending, the first is 0.
    cost, scene_cost : ndarray of float64, shape (n,)
        Of an ordinary cut, and of one that opens a scene.
    """

    frames: NDArray[np.int64]
    cost: NDArray[np.float64]
    scene_cost: NDArray[np.float64]


def nearest_frame(seconds: float, fps: Fraction) -> int:
    """Round to the nearest frame, exactly."""
    return int((Fraction(float(seconds)) * fps + Fraction(1, 2)) // 1)


def find_candidates(
    grid: BeatGrid, start_seconds: float, fps: Fraction, *, shortest_wish: float
) -> Candidates:
    """List the frames on beats, and between beats when shots are not much longer than a beat.

    Parameters
    ----------
    grid : BeatGrid
        Beats of the music.
    start_seconds : float
        The second of the music under the first frame.
    fps : Fraction
        Frames per second.
    shortest_wish : float
        Seconds of the shortest shot.
    """
    times = grid.beat_times[grid.beat_times > start_seconds + 0.5 / float(fps)] - start_seconds
    on_beat = np.array([nearest_frame(t, fps) for t in times], dtype=np.int64)
    off_beat = np.zeros(0, dtype=np.int64)
    if shortest_wish < 2 * float(np.max(np.diff(times), initial=0.0)):
        middles = (times[:-1] + times[1:]) / 2
        off_beat = np.setdiff1d([nearest_frame(t, fps) for t in middles], on_beat)
    place = _place_in_bar(times, grid.downbeat_times - start_seconds)
    is_middle = (place == 2) & (grid.beats_per_bar == 4)
    cost = np.where(place == 0, 0.0, np.where(is_middle, MID_BAR_COST, OFF_BAR_COST))
    between = np.full(off_beat.size, OFF_BEAT_COST)
    frames = np.concatenate([[0], on_beat, off_beat]).astype(np.int64)
    order = np.argsort(frames, kind="stable")
    return Candidates(
        frames=frames[order],
        cost=np.concatenate([[0.0], cost, between])[order],
        scene_cost=np.concatenate([[0.0], np.where(place == 0, 0.0, SCENE_OFF_BAR_COST), between])[order],
    )


def _place_in_bar(times: NDArray[np.float64], bars: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count beats from the last downbeat: 0 on it; large before the first."""
    if not bars.size:
        return np.full(times.size, 99)
    is_bar = np.abs(bars[None, :] - times[:, None]).min(axis=1) < 0.02
    numbers = np.arange(times.size)
    return numbers - np.maximum.accumulate(np.where(is_bar, numbers, -99))


def best_cuts(wishes: Wishes, candidates: Candidates) -> tuple[float, tuple[int, ...]]:
    """Find the plan of least cost by dynamic programming.

    Returns
    -------
    cost : float
        Its cost.
    n_frames : tuple of int
        Length of each shot.
    """
    n_shots = wishes.frames.size
    if not n_shots:
        return 0.0, ()
    frames, ends = candidates.frames, wishes.ends
    total = np.full(frames.size, np.inf)
    total[0] = 0.0
    origins: list[NDArray[np.int64]] = []
    for shot in range(n_shots - 1):
        total, origin = _advance(total, frames, wishes, shot)
        drift = (frames - ends[shot]) / max(float(ends[shot]), 1.0)
        landing = candidates.scene_cost if shot + 1 in wishes.scene_starts else candidates.cost
        total = total + landing + DRIFT_WEIGHT * (drift / 0.1) ** 2
        origins.append(origin)
    cost, last, end = _finish(total, candidates, wishes)
    path = [last]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    cuts = [int(frames[node]) for node in reversed(path)] + [end]
    return cost, tuple(int(n) for n in np.diff(cuts))


def _advance(
    total: NDArray[np.float64], frames: NDArray[np.int64], wishes: Wishes, shot: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Add one shot to the plans that end on each candidate."""
    best = np.full(frames.size, np.inf)
    origin = np.zeros(frames.size, dtype=np.int64)
    shortest, widest = int(wishes.shortest[shot]), float(np.max(np.diff(frames), initial=1))
    longest = max(float(wishes.frames[shot]) * MAX_STRETCH, shortest + 2 * widest, 3 * widest)
    for step in range(1, frames.size):
        lengths = (frames[step:] - frames[:-step]).astype(np.float64)
        if lengths.min() > longest:
            break
        if lengths.max() < shortest:
            continue
        costs = total[:-step] + wishes.change_cost(shot, lengths)
        costs[lengths < shortest] = np.inf
        better = np.flatnonzero(costs < best[step:])
        best[step:][better] = costs[better]
        origin[step:][better] = better
    return best, origin


def _finish(total: NDArray[np.float64], candidates: Candidates, wishes: Wishes) -> tuple[float, int, int]:
    """Choose the end of the last shot: on a beat, or after exactly the wished length."""
    frames, last = candidates.frames, wishes.frames.size - 1
    wished_end = float(wishes.ends[-1])
    closed, origin = _advance(total, frames, wishes, last)
    exact = max(int(wishes.shortest[last]), round(float(wishes.frames[last])))
    opened = total + OPEN_END_COST + wishes.change_cost(last, np.array([float(exact)]))

    def with_total(costs: NDArray[np.float64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        return costs + DRIFT_WEIGHT * ((ends - wished_end) / (0.02 * wished_end + 1.0)) ** 2

    closed, opened = with_total(closed + candidates.cost, frames), with_total(opened, frames + exact)
    on_beat, off_beat = int(np.argmin(closed)), int(np.argmin(opened))
    if closed[on_beat] <= opened[off_beat]:
        return float(closed[on_beat]), int(origin[on_beat]), int(frames[on_beat])
    return float(opened[off_beat]), off_beat, int(frames[off_beat] + exact)
