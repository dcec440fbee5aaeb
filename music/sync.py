"""Cuts on beats: how many frames each shot gets so that every cut lands on a beat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, NoBeatError
from .loop import Loop, find_loop, looped_beats
from .track import BeatGrid

# Costs of the plan, in units of "a shot changed by the whole of max_change".
OFF_BEAT_COST = 40.0
OPEN_END_COST = 0.5
SCENE_OFF_BAR_COST = 0.8
OFF_BAR_COST = 0.1
MID_BAR_COST = 0.04
EXCESS_WEIGHT = 8.0
DRIFT_WEIGHT = 0.1
LATE_START_COST = 0.3
# No shot becomes longer than this many times its wish, unless beats are rarer than that.
MAX_STRETCH = 3.0
N_CHANCE_OFFSETS = 200


@dataclass(frozen=True)
class CutPlan:
    """Exact lengths of shots, and how well their cuts meet the music.

    Parameters
    ----------
    fps : Fraction
        Frames per second of the picture.
    n_frames : tuple of int
        Length of each shot.
    cut_times : ndarray of float64, shape (n_shots - 1,)
        Seconds from the start of the picture at which one shot gives way to the next.
    beat_times : ndarray of float64, shape (n_shots - 1,)
        The beat nearest to each cut, in the same clock.
    grid_times, bar_times : ndarray of float64
        All beats and downbeats of the music under the picture, in the same clock.
    music_start_seconds : float
        The second of the track that sounds under the first frame.
    loop : Loop or None
        How the track goes on when the picture is longer.
    hit_rate, hit_rate_40ms : float
        Share of cuts within one frame, and within 40 ms, of a beat; 1 without a cut.
    bias_seconds : float
        Mean of cut minus beat; positive is late.
    chance_hit_rate : float
        What `hit_rate` would be on average had the music started anywhere.
    """

    fps: Fraction
    n_frames: tuple[int, ...]
    cut_times: NDArray[np.float64]
    beat_times: NDArray[np.float64]
    grid_times: NDArray[np.float64]
    bar_times: NDArray[np.float64]
    music_start_seconds: float
    loop: Loop | None
    hit_rate: float
    hit_rate_40ms: float
    bias_seconds: float
    chance_hit_rate: float

    @property
    def duration_seconds(self) -> Fraction:
        """Exact length of the picture."""
        return sum(self.n_frames) / self.fps


def plan_cuts(
    shot_seconds: Sequence[float],
    beats: BeatGrid,
    fps: Fraction,
    *,
    min_seconds: float | Sequence[float] = 0.5,
    max_change: float = 0.35,
    scene_starts: Collection[int] = (),
    track_seconds: float | None = None,
    max_start_seconds: float = 8.0,
) -> CutPlan:
    """Choose the length of each shot so that cuts land on beats.

    The plan of least total cost, found by dynamic programming over all frames that lie on a beat. A
    shot costs the square of its relative change over `max_change`, and steeply more beyond it; cuts
    inside a bar cost a little, much at the start of a scene; drifting away from the wished total costs
    too. A cut leaves the beat only where any beat would change a shot out of all proportion.

    Parameters
    ----------
    shot_seconds : sequence of float
        Wished length of each shot, positive.
    beats : BeatGrid
        Beats of the track.
    fps : Fraction
        Frames per second, as 24 or 24000/1001.
    min_seconds : float or sequence of float
        No shot becomes shorter, even when its wish is.
    max_change : float
        Relative change of a shot that is taken lightly.
    scene_starts : collection of int
        Indices of shots that open a scene and should begin on a downbeat.
    track_seconds : float, optional
        Length of the track; where the last beat ends when omitted.
    max_start_seconds : float
        How much of the track may be skipped to begin on a downbeat.

    Returns
    -------
    CutPlan
        Integer frames for each shot.

    Raises
    ------
    NoBeatError
        If there is no beat and more than one shot.
    InputError
        If a length, `fps` or `max_change` is not positive.
    """
    wishes, shortest = _checked(shot_seconds, min_seconds, fps, max_change)
    if not beats.has_beat:
        if wishes.size > 1:
            raise NoBeatError(
                "The music has no steady beat to cut on.", hint="Choose a track with a beat."
            )
        n_frames = tuple(max(int(m), _frame(w, fps)) for w, m in zip(wishes, shortest, strict=True))
        return _measured(n_frames, fps, np.zeros(0), np.zeros(0), 0.0, None)
    period = 60.0 / beats.tempo_bpm if beats.tempo_bpm else 0.5
    track_seconds = track_seconds or float(beats.beat_times[-1] + period)
    needed = float(np.maximum(wishes, shortest / float(fps)).sum()) * 1.25 + 60 * period + max_start_seconds
    loop = find_loop(beats, track_seconds)
    grid = looped_beats(beats, loop, track_seconds=track_seconds, needed_seconds=needed + track_seconds)
    best: tuple[float, tuple[int, ...], float] | None = None
    for start, start_cost in _starts(beats, max_start_seconds, track_seconds - float(wishes.sum())):
        cost, n_frames = _plan(wishes, shortest, _Candidates(grid, start, fps), fps, max_change, scene_starts)
        if best is None or cost + start_cost < best[0] - 1e-9:
            best = (cost + start_cost, n_frames, start)
    assert best is not None
    _, n_frames, start = best
    is_looped = start + float(sum(n_frames) / fps) > track_seconds
    return _measured(
        n_frames, fps, grid.beat_times, grid.downbeat_times, start, loop if is_looped else None
    )


def _checked(
    shot_seconds: Sequence[float], min_seconds: float | Sequence[float], fps: Fraction, max_change: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    wishes = np.asarray(shot_seconds, dtype=np.float64).reshape(-1)
    if fps <= 0 or max_change <= 0:
        raise InputError(f"{fps} frames a second and a change of {max_change} must both be above 0.")
    for number, wish in enumerate(wishes, start=1):
        if not (np.isfinite(wish) and wish > 0):
            raise InputError(f"Shot {number} lasts {wish:g} s; give a length above 0.", field="seconds")
    if not np.isscalar(min_seconds) and np.size(min_seconds) != wishes.size:
        raise InputError(
            f"{np.size(min_seconds)} shortest lengths were given for {wishes.size} shots; give one for each."
        )
    least = np.broadcast_to(np.asarray(min_seconds, dtype=np.float64), wishes.shape)
    shortest = [max(1, -int(-Fraction(float(s)) * fps // 1)) for s in np.round(least, 9)]
    return wishes, np.asarray(shortest, dtype=np.int64)


def _frame(seconds: float, fps: Fraction) -> int:
    """Round to the nearest frame, exactly."""
    return int((Fraction(float(seconds)) * fps + Fraction(1, 2)) // 1)


def _starts(beats: BeatGrid, max_start: float, spare: float) -> list[tuple[float, float]]:
    """List where the music may begin, with costs: at 0 or at an early downbeat."""
    bars = beats.downbeat_times[(beats.downbeat_times >= 0) & (beats.downbeat_times <= max_start)]
    on_bar = [(float(t), LATE_START_COST * float(t) / max(max_start, 1e-9)) for t in bars]
    # Beyond what the track can spare, a late start forces a loop.
    costed = [(t, cost + (2.0 if 0 <= spare < t else 0.0)) for t, cost in on_bar]
    near_zero = [t for t, _ in costed if t < 0.03]
    return costed if near_zero else [(0.0, LATE_START_COST), *costed]


class _Candidates:
    """Frames on which a cut may fall, counted from the start of the picture."""

    def __init__(self, grid: BeatGrid, start: float, fps: Fraction) -> None:
        times = grid.beat_times[grid.beat_times > start + 0.5 / float(fps)] - start
        bars = grid.downbeat_times - start
        middles = (times[:-1] + times[1:]) / 2
        on_beat = np.array([_frame(t, fps) for t in times], dtype=np.int64)
        off_beat = np.setdiff1d([_frame(t, fps) for t in middles], on_beat)
        frames = np.concatenate([[0], on_beat, off_beat]).astype(np.int64)
        distance = np.abs(bars[None, :] - times[:, None]).min(axis=1) if bars.size else np.ones(times.size)
        is_bar = distance < 0.02
        since_bar = np.arange(times.size) - np.maximum.accumulate(np.where(is_bar, np.arange(times.size), -1))
        is_middle = ~is_bar & (grid.beats_per_bar == 4) & (since_bar == 2)
        cost = np.where(is_bar, 0.0, np.where(is_middle, MID_BAR_COST, OFF_BAR_COST))
        order = np.argsort(frames, kind="stable")
        n_off = off_beat.size
        self.frames = frames[order]
        self.cost = np.concatenate([[0.0], cost, np.full(n_off, OFF_BEAT_COST)])[order]
        self.scene_cost = np.concatenate(
            [[0.0], np.where(is_bar, 0.0, SCENE_OFF_BAR_COST), np.full(n_off, OFF_BEAT_COST)]
        )[order]


def _plan(
    wishes: NDArray[np.float64],
    shortest: NDArray[np.int64],
    candidates: _Candidates,
    fps: Fraction,
    max_change: float,
    scene_starts: Collection[int],
) -> tuple[float, tuple[int, ...]]:
    """Return the least cost and the frames of each shot, music starting at a given second."""
    frames, rate = candidates.frames, float(fps)
    wanted = wishes * rate
    positions = np.cumsum(np.maximum(wanted, shortest))
    total = np.full(frames.size, np.inf)
    total[0] = 0.0
    origins: list[NDArray[np.int64]] = []
    for shot in range(wishes.size - 1):
        landing = candidates.scene_cost if shot + 1 in scene_starts else candidates.cost
        total, origin = _advance(total, frames, wanted[shot], int(shortest[shot]), max_change)
        drift = (frames - positions[shot]) / max(positions[shot], 1.0)
        total = total + landing + DRIFT_WEIGHT * (drift / 0.1) ** 2
        origins.append(origin)
    if not wishes.size:
        return 0.0, ()
    cost, last, end = _finish(total, candidates, wanted[-1], int(shortest[-1]), max_change, positions[-1])
    path = [last]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    cuts = [int(frames[node]) for node in reversed(path)] + [end]
    return cost, tuple(int(n) for n in np.diff(cuts))


def _change_cost(lengths: NDArray[np.float64], wanted: float, max_change: float) -> NDArray[np.float64]:
    change = np.abs(lengths - wanted) / wanted / max_change
    return change**2 + EXCESS_WEIGHT * np.maximum(change - 1.0, 0.0) ** 2


def _advance(
    total: NDArray[np.float64], frames: NDArray[np.int64], wanted: float, shortest: int, max_change: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Add one shot to the plans that end on each candidate."""
    best = np.full(frames.size, np.inf)
    origin = np.zeros(frames.size, dtype=np.int64)
    widest = float(np.max(np.diff(frames))) if frames.size > 1 else 1.0
    longest = max(wanted * MAX_STRETCH, shortest + 2 * widest, 3 * widest)
    for step in range(1, frames.size):
        lengths = (frames[step:] - frames[:-step]).astype(np.float64)
        if lengths.min() > longest:
            break
        costs = total[:-step] + _change_cost(lengths, wanted, max_change)
        costs[lengths < shortest] = np.inf
        better = np.flatnonzero(costs < best[step:])
        best[step:][better] = costs[better]
        origin[step:][better] = better
    return best, origin


def _finish(
    total: NDArray[np.float64],
    candidates: _Candidates,
    wanted: float,
    shortest: int,
    max_change: float,
    wished_end: float,
) -> tuple[float, int, int]:
    """Choose the end of the last shot: on a beat, or after exactly the wished length."""
    frames = candidates.frames
    closed, origin = _advance(total, frames, wanted, shortest, max_change)
    closed = closed + candidates.cost
    exact = max(shortest, round(wanted))
    opened = total + OPEN_END_COST + _change_cost(np.array([float(exact)]), wanted, max_change)
    tolerance = 0.02 * wished_end + 1.0

    def with_total(costs: NDArray[np.float64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        return costs + DRIFT_WEIGHT * ((ends - wished_end) / tolerance) ** 2

    closed, opened = with_total(closed, frames), with_total(opened, frames + exact)
    on_beat, off_beat = int(np.argmin(closed)), int(np.argmin(opened))
    if closed[on_beat] <= opened[off_beat]:
        return float(closed[on_beat]), int(origin[on_beat]), int(frames[on_beat])
    return float(opened[off_beat]), off_beat, int(frames[off_beat] + exact)


def _measured(
    n_frames: tuple[int, ...],
    fps: Fraction,
    beat_times: NDArray[np.float64],
    bar_times: NDArray[np.float64],
    start: float,
    loop: Loop | None,
) -> CutPlan:
    cuts = np.cumsum(n_frames)[:-1] / float(fps) if n_frames else np.zeros(0)
    seconds = float(sum(n_frames) / fps)
    in_picture = beat_times - start
    nearest = _nearest(cuts, in_picture) if cuts.size else np.zeros(0)
    offsets = cuts - nearest
    frame = 1.0 / float(fps)

    def under_picture(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return times[(times > -0.5 * frame) & (times < seconds + 0.5 * frame)]

    return CutPlan(
        fps=Fraction(fps),
        n_frames=n_frames,
        cut_times=cuts,
        beat_times=nearest,
        grid_times=under_picture(in_picture),
        bar_times=under_picture(bar_times - start),
        music_start_seconds=start,
        loop=loop,
        hit_rate=_share_within(offsets, frame),
        hit_rate_40ms=_share_within(offsets, 0.04),
        bias_seconds=float(offsets.mean()) if offsets.size else 0.0,
        chance_hit_rate=_chance(cuts, in_picture, frame),
    )


def _nearest(times: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    right = np.clip(np.searchsorted(beats, times), 1, beats.size - 1)
    left_is_nearer = times - beats[right - 1] <= beats[right] - times
    return np.where(left_is_nearer, beats[right - 1], beats[right])


def _share_within(offsets: NDArray[np.float64], tolerance: float) -> float:
    return float(np.mean(np.abs(offsets) <= tolerance + 1e-9)) if offsets.size else 1.0


def _chance(cuts: NDArray[np.float64], beats: NDArray[np.float64], tolerance: float) -> float:
    """Average the hit rate over offsets spread evenly over two bars' worth of beats."""
    if not cuts.size:
        return 1.0
    span = 8 * float(np.median(np.diff(beats)))
    offsets = np.linspace(0.0, span, N_CHANCE_OFFSETS, endpoint=False)
    shifted = (cuts[None, :] + offsets[:, None]).ravel()
    return _share_within(shifted - _nearest(shifted, beats), tolerance)
