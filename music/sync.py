"""Cuts on beats: how many frames each shot gets so that every cut lands on a beat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, NoBeatError
from .cutting import Wishes, best_cuts, find_candidates
from .landing import Landing, best_offset, measure_landing, nearest
from .loop import Loop, find_loop, looped_beats
from .track import BeatGrid

LATE_START_COST = 0.3
FORCED_LOOP_COST = 2.0
# Downbeats beyond the first few add nothing but work.
MAX_STARTS = 5
# Steps to either side in which the start is moved to be rid of its bias: all of a frame.
N_SHIFTS = 100
# Biases up to this are alike.
EVEN_SECONDS = 0.001


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
    landing : Landing
        Hit rates, bias, chance and ceiling.
    stretch : float
        How much longer the music is made, its pitch kept; 1 leaves it as it is.
    """

    fps: Fraction
    n_frames: tuple[int, ...]
    cut_times: NDArray[np.float64]
    beat_times: NDArray[np.float64]
    grid_times: NDArray[np.float64]
    bar_times: NDArray[np.float64]
    music_start_seconds: float
    loop: Loop | None
    landing: Landing
    stretch: float = 1.0

    @property
    def hit_rate(self) -> float:
        """Share of cuts within one frame of a beat."""
        return self.landing.hit_rate

    @property
    def hit_rate_40ms(self) -> float:
        """Share of cuts within 40 ms of a beat."""
        return self.landing.hit_rate_40ms

    @property
    def bias_seconds(self) -> float:
        """Mean of cut minus beat over the cuts that hit; positive is late."""
        return self.landing.bias_seconds

    @property
    def chance_hit_rate(self) -> float:
        """What the hit rate would be on average had the music started anywhere."""
        return self.landing.chance_hit_rate

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
    loop: Loop | None = None,
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
    loop : Loop, optional
        Where the music goes round when it is too short, from `seam.measured_loop`; whole phrases of the
        track without.

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
    wishes = _checked(shot_seconds, min_seconds, fps, max_change, scene_starts)
    if not beats.has_beat:
        if wishes.frames.size > 1:
            raise NoBeatError("The music has no steady beat to cut on.", hint="Choose a track with a beat.")
        n_frames = tuple(round(float(n)) for n in wishes.ends)
        return measured_plan(n_frames, fps, np.zeros(0), np.zeros(0), start=0.0, loop=None)
    music = _Music(beats, track_seconds, loop)
    seconds = float(wishes.ends[-1]) / float(fps) if wishes.frames.size else 0.0
    plans = []
    for start, cost in _starts(beats, max_start_seconds, music.track_seconds - seconds):
        plans.append(_plan_from(start, cost, wishes, music, fps))
    _, n_frames, grid, start, loop = min(plans, key=lambda plan: plan[0])
    _, ceiling = best_offset(
        wishes.ends[:-1] / float(fps),
        grid.beat_times,
        1.0 / float(fps),
        lowest=0.0,
        highest=float(grid.beat_times[-1]),
    )
    return measured_plan(
        n_frames, fps, grid.beat_times, grid.downbeat_times, start=start, loop=loop, ceiling=ceiling
    )


class _Music:
    """The beats of a track, as they are and as they go on through its loop."""

    def __init__(self, beats: BeatGrid, track_seconds: float | None, loop: Loop | None = None) -> None:
        self.beats = beats
        self.period = float(np.median(np.diff(beats.beat_times)))
        self.track_seconds = track_seconds or float(beats.beat_times[-1] + self.period)
        self.loop = loop or find_loop(beats, self.track_seconds)

    def lasts(self, seconds: float) -> bool:
        """Return whether the track is long enough without a loop."""
        return not self.loop.repetitions(self.track_seconds, seconds)

    def grid(self, seconds: float, *, looped: bool) -> BeatGrid:
        """Return beats up to some second: those of the loop, or evenly on beyond the end of the track."""
        if looped:
            return looped_beats(
                self.beats, self.loop, track_seconds=self.track_seconds, needed_seconds=seconds
            )
        last = self.beats.beat_times[-1]
        more = np.arange(1, max(int((seconds - last) / self.period), 0) + 1)
        return replace(self.beats, beat_times=np.append(self.beats.beat_times, last + self.period * more))


def _plan_from(
    start: float, start_cost: float, wishes: Wishes, music: _Music, fps: Fraction
) -> tuple[float, tuple[int, ...], BeatGrid, float, Loop | None]:
    """Plan with the music from one second on, without a loop where the track turns out to be enough."""
    if not wishes.frames.size:
        return start_cost, (), music.beats, start, None
    gap = float(np.max(np.diff(music.beats.beat_times)))
    least = np.maximum(np.maximum(wishes.frames, wishes.shortest) / float(fps), gap)
    needed = start + 1.25 * float(least.sum()) + 60 * gap
    shortest_wish = float(wishes.frames.min()) / float(fps)

    def plan(*, looped: bool) -> tuple[float, tuple[int, ...], BeatGrid, float, Loop | None]:
        grid = music.grid(needed + music.track_seconds, looped=looped)
        cost, n_frames = best_cuts(wishes, find_candidates(grid, start, fps, shortest_wish=shortest_wish))
        return cost + start_cost, n_frames, grid, start, music.loop if looped else None

    if not music.lasts(start + float(wishes.ends[-1]) / float(fps)):
        return plan(looped=True)
    straight = plan(looped=False)
    return straight if music.lasts(start + float(sum(straight[1]) / fps)) else plan(looped=True)


def _checked(
    shot_seconds: Sequence[float],
    min_seconds: float | Sequence[float],
    fps: Fraction,
    max_change: float,
    scene_starts: Collection[int],
) -> Wishes:
    seconds = np.asarray(shot_seconds, dtype=np.float64).reshape(-1)
    if fps <= 0 or max_change <= 0:
        raise InputError(f"{fps} frames a second and a change of {max_change} must both be above 0.")
    for number, wish in enumerate(seconds, start=1):
        if not (np.isfinite(wish) and wish > 0):
            raise InputError(f"Shot {number} lasts {wish:g} s; give a length above 0.", field="seconds")
    if not np.isscalar(min_seconds) and np.size(min_seconds) != seconds.size:
        raise InputError(
            f"{np.size(min_seconds)} shortest lengths were given for {seconds.size} shots; give one for each."
        )
    least = np.broadcast_to(np.asarray(min_seconds, dtype=np.float64), seconds.shape)
    shortest = [max(1, -int(-Fraction(float(s)) * fps // 1)) for s in np.round(least, 9)]
    return Wishes(
        frames=seconds * float(fps),
        shortest=np.asarray(shortest, dtype=np.int64),
        max_change=max_change,
        scene_starts=frozenset(scene_starts),
    )


def _starts(beats: BeatGrid, max_start: float, spare: float) -> list[tuple[float, float]]:
    """List where the music may begin, with costs: at 0 or at an early downbeat."""
    early = (beats.downbeat_times >= 0) & (beats.downbeat_times <= max_start)
    # Beyond what the track can spare, a late start forces a loop.
    costed = [
        (t, LATE_START_COST * t / max(max_start, 1e-9) + (FORCED_LOOP_COST if 0 <= spare < t else 0.0))
        for t in beats.downbeat_times[early][:MAX_STARTS].tolist()
    ]
    begins_on_bar = bool(costed) and costed[0][0] < 0.03
    return costed if begins_on_bar else [(0.0, LATE_START_COST), *costed]


def measured_plan(
    n_frames: tuple[int, ...],
    fps: Fraction,
    beat_times: NDArray[np.float64],
    bar_times: NDArray[np.float64],
    *,
    start: float,
    loop: Loop | None,
    ceiling: float = 1.0,
    stretch: float = 1.0,
) -> CutPlan:
    """Return the plan of shots over music that starts at some second, with its figures.

    The start is moved by the bias of the cuts, a few milliseconds, so that none remains.

    Parameters
    ----------
    n_frames : tuple of int
        Length of each shot.
    fps : Fraction
        Frames per second.
    beat_times, bar_times : ndarray of float64
        Seconds of the (stretched, looped) music.
    start : float
        The second of the music under the first frame.
    loop : Loop or None
        How the music goes on.
    ceiling : float
        What the best single offset would have reached with the shots as they were.
    stretch : float
        How much longer the music is made.
    """
    cuts = np.cumsum(n_frames)[:-1] / float(fps) if n_frames else np.zeros(0)
    seconds = float(sum(n_frames) / fps)
    frame = 1.0 / float(fps)
    if cuts.size and beat_times.size:
        start, _ = unbiased_start(cuts, beat_times, start, frame)
    in_picture = beat_times - start
    landing = measure_landing(cuts, in_picture, frame, ceiling_hit_rate=ceiling)

    def under_picture(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return times[(times > -0.5 * frame) & (times < seconds + 0.5 * frame)]

    return CutPlan(
        fps=Fraction(fps),
        n_frames=n_frames,
        cut_times=cuts,
        beat_times=nearest(cuts, in_picture) if cuts.size and in_picture.size else np.zeros(0),
        grid_times=under_picture(in_picture),
        bar_times=under_picture(bar_times - start),
        music_start_seconds=start,
        loop=loop,
        landing=landing,
        stretch=stretch,
    )


def unbiased_start(
    cuts: NDArray[np.float64], beat_times: NDArray[np.float64], start: float, frame: float
) -> tuple[float, float]:
    """Move the start by up to a frame to where cuts miss early as much as late, and no hit is lost.

    Of all such starts, in steps of a hundredth of a frame, those with the least bias are looked at; of these
    the one with most hits is taken, and of equals the nearest.

    Parameters
    ----------
    cuts, beat_times : ndarray of float64
        Seconds of the picture, at least one, and of the music.
    start : float
        The second of the music under the first frame.
    frame : float
        Length of a frame in seconds.

    Returns
    -------
    start, bias : float
        The new start, and the mean of cut minus beat over the cuts within a frame; both in seconds.
    """
    shifts = frame * np.arange(-N_SHIFTS, N_SHIFTS + 1) / N_SHIFTS
    missed = (cuts[None, :] + shifts[:, None]).ravel()
    missed = (missed - nearest(missed, beat_times - start)).reshape(shifts.size, cuts.size)
    is_hit = np.abs(missed) <= frame + 1e-9
    n_hits, n_near = is_hit.sum(axis=1), (np.abs(missed) <= 0.04 + 1e-9).sum(axis=1)
    biases = np.where(is_hit, missed, 0.0).sum(axis=1) / np.maximum(n_hits, 1)
    is_worse = (n_hits < n_hits[N_SHIFTS]) | (n_near < n_near[N_SHIFTS])
    away = np.where(is_worse, np.inf, np.abs(biases))
    is_even = away <= max(float(away.min()), EVEN_SECONDS) + 1e-9
    best = int(np.lexsort((np.abs(shifts), away, -(n_hits + n_near), ~is_even))[0])
    # What is left within a step: moved by the mean itself, unless that loses a hit or brings other cuts in.
    exact = missed[best] - biases[best]
    within, n_exact = np.abs(exact) <= frame + 1e-9, (np.abs(exact) <= 0.04 + 1e-9).sum()
    left = float(exact[within].mean()) if within.any() else 0.0
    if within.sum() >= n_hits[best] and n_exact >= n_near[best] and abs(left) < abs(biases[best]):
        return start + float(shifts[best] - biases[best]), left
    return start + float(shifts[best]), float(biases[best])
