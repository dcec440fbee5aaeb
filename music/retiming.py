"""Small changes of finished shots that put most cuts on beats: a dynamic program over frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .landing import nearest

# Cost of a cut off the beat, in units of one shot changed by all that is allowed.
MISS_COST = 4.0
# A cut within the tolerance but not on the frame nearest to the beat; and one on a beat inside a bar.
UNCLEAN_COST, MID_BAR_COST = 0.15, 0.05
# Up to here a miss is heard as loose, not as wrong; it costs less than a far one.
LOOSE_SECONDS, LOOSE_COST = 0.08, 0.75 * MISS_COST
# No cut is moved by more than this, however long the picture.
MAX_DRIFT_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class BeatFrames:
    """What it costs that a cut falls on each frame of a picture.

    Parameters
    ----------
    costs : ndarray of float64, shape (n_frames + 1,)
        0 on a downbeat, little on another beat, `MISS_COST` off the beat.
    """

    costs: NDArray[np.float64]


def beat_frames(
    beat_times: NDArray[np.float64], bar_times: NDArray[np.float64], n_frames: int, fps: float
) -> BeatFrames:
    """Rate the frames of a picture by the beats under it.

    Parameters
    ----------
    beat_times, bar_times : ndarray of float64
        Seconds from the first frame.
    n_frames : int
        Length of the picture.
    fps : float
        Frames per second.
    """
    costs = np.full(n_frames + 1, MISS_COST)
    if beat_times.size:
        moments = np.arange(n_frames + 1) / fps
        is_loose = np.abs(moments - nearest(moments, beat_times)) <= LOOSE_SECONDS
        costs[is_loose] = LOOSE_COST
    for times, cost in ((beat_times, MID_BAR_COST), (bar_times, 0.0)):
        at = times * fps
        on_frame = np.rint(at).astype(np.int64)
        for step in (-1, 1, 0):
            frames = on_frame + step
            inside = (frames >= 0) & (frames <= n_frames) & (np.abs(frames - at) <= 1.0 + 1e-9)
            extra = 0.0 if step == 0 else UNCLEAN_COST
            costs[frames[inside]] = np.minimum(costs[frames[inside]], cost + extra)
    return BeatFrames(costs)


def retimed(
    shot_frames: Sequence[int], beats: BeatFrames, *, max_change: float, fps: float
) -> tuple[float, tuple[int, ...]]:
    """Give shots new lengths, within a share of the old ones, at the least cost.

    A shot costs the square of its change over the change allowed, a cut what its frame costs. The whole
    picture keeps its length. All plans are searched, by dynamic programming over the frame of each cut.

    Parameters
    ----------
    shot_frames : sequence of int
        Lengths of the shots as they are.
    beats : BeatFrames
        What each frame costs.
    max_change : float
        Share of its length by which a shot may change, in [0, 1).
    fps : float
        Frames per second.

    Returns
    -------
    cost : float
        Of the plan.
    new_frames : tuple of int
        Lengths, of the same sum as before.
    """
    lengths = np.asarray(shot_frames, dtype=np.int64)
    if lengths.size < 2:
        return 0.0, tuple(int(n) for n in lengths)
    total = int(lengths.sum())
    reach = np.floor(lengths * max_change + 1e-9).astype(np.int64)
    ends = np.cumsum(lengths)
    furthest = np.minimum(np.cumsum(reach), reach[::-1].cumsum()[::-1] - reach)
    furthest = np.minimum(furthest, round(MAX_DRIFT_SECONDS * fps))
    cost, origins = np.zeros(1), []
    before = 0
    for shot in range(lengths.size - 1):
        width = int(furthest[shot])
        cost, origin = _advance(cost, before, width, int(lengths[shot]), int(reach[shot]))
        places = np.clip(np.arange(-width, width + 1) + int(ends[shot]), 0, total)
        cost = cost + beats.costs[places]
        origins.append(origin)
        before = width
    cost, origin = _advance(cost, before, 0, int(lengths[-1]), int(reach[-1]))
    shifts, shift = [0], int(origin[0])
    for origin in reversed(origins):
        shifts.append(shift)
        middle = (origin.size - 1) // 2
        shift = int(origin[shift + middle])
    shifts.append(0)
    moves = np.diff(np.asarray(shifts[::-1]))
    return float(cost[0]), tuple(int(n) for n in lengths + moves)


def _advance(
    cost: NDArray[np.float64], before: int, width: int, length: int, reach: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Add one shot: from each shift of the last cut to each shift of the next one."""
    best = np.full(2 * width + 1, np.inf)
    origin = np.zeros(2 * width + 1, dtype=np.int64)
    for move in sorted(range(-reach, reach + 1), key=abs):
        if length + move < 1:
            continue
        shifts = np.arange(-width, width + 1) - move
        known = np.flatnonzero(np.abs(shifts) <= before)
        if not known.size:
            continue
        costs = cost[shifts[known] + before] + ((move / reach) ** 2 if reach else 0.0)
        better = costs < best[known]
        best[known[better]] = costs[better]
        origin[known[better]] = shifts[known[better]]
    return best, origin
