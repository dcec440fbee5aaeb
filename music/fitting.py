"""Music fitted to finished picture: its section, its offset, its tempo, and small changes of shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, NoBeatError
from .landing import SMALL_BIAS_SECONDS, best_offset, nearest
from .loop import Loop, find_loop, looped_beats
from .retiming import MISS_COST, beat_frames, retimed
from .sync import CutPlan, measured_plan, unbiased_start
from .track import BeatGrid

# Most that can be asked for: beyond, stretched sound and re-timed movement are noticed.
MAX_STRETCH, MAX_RETIME = 0.15, 0.25
# Stretching by all that is allowed costs as much as a quarter of a cut off the beat, and more in long films.
STRETCH_COST, STRETCH_COST_PER_CUT = 1.0, 0.02
# Tempi and phases of the beat that are tried before the best are refined; fewer when there are many shots.
N_TEMPI, N_PHASES = 17, 12
MOST_WORK, FEWEST_TEMPI, FEWEST_PHASES = 6000, 5, 4
N_FINE_TEMPI = 241
# What a section of the music is chosen by once the cuts fit: each in units of a cut off the beat.
BAR_HIT_WEIGHT, PHRASE_END_WEIGHT, LATE_WEIGHT = 0.15, 0.3, 0.05
BARS_PER_PHRASE = 4
# A bias of a frame costs as much as this share of a cut off the beat; so many of the best fits are compared.
BIAS_WEIGHT, N_COMPARED = 2.0, 24


@dataclass(frozen=True)
class FitLimits:
    """What may be done to make music fit.

    Parameters
    ----------
    max_stretch : float
        Share by which the music may be slowed down or sped up, 0 to 0.15.
    max_retime : float
        Share of its length by which a shot may change, 0 to 0.25.
    """

    max_stretch: float = 0.0
    max_retime: float = 0.0

    @property
    def tempo_range(self) -> tuple[float, float]:
        """Least and most stretch."""
        return 1.0 - self.max_stretch, 1.0 + self.max_stretch


@dataclass(frozen=True)
class _Candidate:
    cost: float
    n_frames: tuple[int, ...]
    stretch: float
    start: float


def fit_music(
    shot_frames: Sequence[int],
    beats: BeatGrid,
    fps: Fraction,
    *,
    track_seconds: float,
    limits: FitLimits | None = None,
    loop: Loop | None = None,
) -> CutPlan:
    """Fit music to a picture whose cuts are what they are.

    The section and the offset of the music are always chosen; its tempo and the lengths of shots change
    within `limits`. The picture keeps its length to the frame. Music that is too short goes on in its
    loop; of music that is long enough, a section is preferred that ends on a phrase of four bars.

    Parameters
    ----------
    shot_frames : sequence of int
        Lengths of the shots as they are.
    beats : BeatGrid
        Beats of the track.
    fps : Fraction
        Frames per second.
    track_seconds : float
        Length of the track.
    limits : FitLimits, optional
        Nothing but section and offset without.
    loop : Loop, optional
        Where the music goes round when it is too short, from `seam.measured_loop`; whole phrases of the
        track without.

    Returns
    -------
    CutPlan
        New lengths of the same sum, the start and stretch of the music, and how well cuts and beats meet.

    Raises
    ------
    NoBeatError
        If the music has no beat and there is a cut.
    InputError
        If a limit is out of its range.
    """
    limits = _checked(limits or FitLimits())
    shots = tuple(int(n) for n in shot_frames)
    if not beats.has_beat:
        if len(shots) > 1:
            raise NoBeatError("The music has no steady beat to cut on.", hint="Choose a track with a beat.")
        return measured_plan(shots, fps, np.zeros(0), np.zeros(0), start=0.0, loop=None)
    search = _Search(shots, beats, fps, track_seconds, loop)
    offset, ceiling = search.best_offset(1.0)
    best = _Candidate(search.cost(shots, 1.0, offset), shots, 1.0, offset)
    if len(shots) > 1 and (limits.max_stretch or limits.max_retime):
        best = search.least_biased([best, *search.changed(limits, offset)])
    best = search.in_best_section(best)
    grid, loop = search.music(best.stretch, best.start)
    return measured_plan(
        best.n_frames,
        fps,
        grid.beat_times,
        grid.downbeat_times,
        start=best.start,
        loop=loop,
        ceiling=ceiling,
        stretch=best.stretch,
    )


def _checked(limits: FitLimits) -> FitLimits:
    for name, value, most in (
        ("max_stretch", limits.max_stretch, MAX_STRETCH),
        ("max_retime", limits.max_retime, MAX_RETIME),
    ):
        if not 0 <= value <= most:
            raise InputError(f"{name} is {value:g}.", field=name, hint=f"Give a share from 0 to {most:g}.")
    return limits


class _Search:
    """One picture and one track, and what becomes of them at any tempo and offset."""

    def __init__(
        self,
        shots: tuple[int, ...],
        beats: BeatGrid,
        fps: Fraction,
        track_seconds: float,
        loop: Loop | None = None,
    ) -> None:
        self.loop = loop or find_loop(beats, track_seconds)
        self.shots, self.beats, self.fps = shots, beats, float(fps)
        self.track_seconds = track_seconds
        self.n_frames = sum(shots)
        self.seconds = float(self.n_frames / fps)
        self.cuts = np.cumsum(shots)[:-1] / self.fps
        self.period = float(np.median(np.diff(beats.beat_times)))
        self.bar = self.period * max(beats.beats_per_bar, 1)
        self._grids: dict[tuple[float, bool], tuple[BeatGrid, Loop | None]] = {}

    def music(self, stretch: float, start: float) -> tuple[BeatGrid, Loop | None]:
        """Return the beats of the stretched music, through its loop where it would end before the picture."""
        is_short = start + self.seconds > self.track_seconds * stretch + 0.5
        key = (stretch, is_short)
        if key not in self._grids:
            grid = replace(
                self.beats,
                beat_times=self.beats.beat_times * stretch,
                downbeat_times=self.beats.downbeat_times * stretch,
            )
            loop = None
            if is_short:
                track = self.track_seconds * stretch
                loop = self.loop.stretched(stretch)
                needed = self.seconds + 2 * self.track_seconds + 4 * self.bar
                grid = looped_beats(grid, loop, track_seconds=track, needed_seconds=needed)
            self._grids[key] = grid, loop
        return self._grids[key]

    def best_offset(self, stretch: float, *, is_anywhere: bool = True) -> tuple[float, float]:
        """Return the start that puts most cuts on beats, in the whole track or within its first bars."""
        spare = max(self.track_seconds * stretch - self.seconds, 0.0) if is_anywhere else 0.0
        found = []
        for lowest, highest in ((0.0, spare), (spare, spare + 2 * self.bar * stretch)):
            grid, _ = self.music(stretch, highest)
            first = float(grid.beat_times[0])
            low = max(lowest, 0.0)
            offset, rate = best_offset(
                self.cuts, grid.beat_times, 1.0 / self.fps, lowest=low, highest=max(highest, low)
            )
            found.append((rate, -abs(offset - first), offset))
            if highest == spare and rate == 1.0:
                break
        rate, _, offset = max(found)
        return offset, rate

    def cost(self, n_frames: tuple[int, ...], stretch: float, start: float) -> float:
        """Return what the cuts cost where they fall."""
        grid, _ = self.music(stretch, start)
        rated = beat_frames(grid.beat_times - start, grid.downbeat_times - start, self.n_frames, self.fps)
        return float(rated.costs[np.cumsum(n_frames)[:-1]].sum())

    def changed(self, limits: FitLimits, offset: float) -> list[_Candidate]:
        """Return the best candidates with another tempo, other lengths, or both."""
        if not limits.max_retime:
            return self._stretched(limits)
        share = np.clip(MOST_WORK / max(len(self.shots), 1) / (N_TEMPI * N_PHASES), 0.0, 1.0)
        n_tempi = max(FEWEST_TEMPI, round(N_TEMPI * float(share) ** 0.5)) if limits.max_stretch else 1
        n_phases = max(FEWEST_PHASES, round(N_PHASES * float(share) ** 0.5))
        tempi = np.linspace(-limits.max_stretch, limits.max_stretch, n_tempi) if n_tempi > 1 else np.zeros(1)
        tried = [self._retimed(limits, 1.0, offset)]
        for change in tempi:
            stretch = 1.0 + float(change)
            first = float(self.beats.beat_times[0]) * stretch % (self.period * stretch)
            for phase in range(n_phases):
                start = first + self.period * stretch * phase / n_phases
                tried.append(self._retimed(limits, stretch, start))
        best = min(tried, key=lambda candidate: candidate.cost)
        found = list(tried)
        step = float(tempi[1] - tempi[0]) / 3 if n_tempi > 1 else 0.0
        for _ in range(2):
            around = [
                self._retimed(
                    limits,
                    float(np.clip(best.stretch + turn * step, *limits.tempo_range)),
                    max(best.start + shift * self.period / n_phases / 3, 0.0),
                )
                for turn in ((-1, 0, 1) if step else (0,))
                for shift in (-1, 0, 1)
            ]
            best = min([best, *around], key=lambda candidate: candidate.cost)
            found += around
            step /= 3
        return found

    def least_biased(self, found: Sequence[_Candidate]) -> _Candidate:
        """Return the cheapest candidate when a bias that stays costs too."""
        cheapest = sorted(found, key=lambda candidate: candidate.cost)[:N_COMPARED]
        return min(cheapest, key=lambda c: c.cost + MISS_COST * self._bias_cost(c, c.start))

    def _bias_cost(self, found: _Candidate, start: float) -> float:
        """Return what the bias costs that is left once the start is moved, in cuts off the beat."""
        if len(found.n_frames) < 2:
            return 0.0
        grid, _ = self.music(found.stretch, start)
        cuts = np.cumsum(found.n_frames)[:-1] / self.fps
        _, bias = unbiased_start(cuts, grid.beat_times, start, 1.0 / self.fps)
        return BIAS_WEIGHT * self.fps * max(abs(bias) - SMALL_BIAS_SECONDS, 0.0)

    def _stretched(self, limits: FitLimits) -> list[_Candidate]:
        found = []
        for change in np.linspace(-limits.max_stretch, limits.max_stretch, N_FINE_TEMPI):
            stretch = 1.0 + float(change)
            offset, _ = self.best_offset(stretch, is_anywhere=False)
            cost = self.cost(self.shots, stretch, offset) + self._stretch_cost(limits, stretch)
            found.append(_Candidate(cost, self.shots, stretch, offset))
        return found

    def _retimed(self, limits: FitLimits, stretch: float, start: float) -> _Candidate:
        grid, _ = self.music(stretch, start)
        rated = beat_frames(grid.beat_times - start, grid.downbeat_times - start, self.n_frames, self.fps)
        cost, n_frames = retimed(self.shots, rated, max_change=limits.max_retime, fps=self.fps)
        return _Candidate(cost + self._stretch_cost(limits, stretch), n_frames, stretch, start)

    def _stretch_cost(self, limits: FitLimits, stretch: float) -> float:
        if stretch == 1.0:
            return 0.0
        share = log(stretch) / log(1.0 + limits.max_stretch)
        return (STRETCH_COST + STRETCH_COST_PER_CUT * len(self.shots)) * share**2

    def in_best_section(self, found: _Candidate) -> _Candidate:
        """Return the same fit at the bar of the track where cuts, bars and the end of a phrase agree best."""
        spare = self.track_seconds * found.stretch - self.seconds
        starts = [found.start]
        bars = self.beats.downbeat_times * found.stretch
        if spare > 0 and bars.size > 1:
            moved = found.start + bars - nearest(np.array([found.start]), bars)[0]
            starts += [float(start) for start in moved if -0.02 <= start <= spare]
        placed = [replace(found, start=start, cost=self._section_cost(found, start)) for start in starts]
        cheapest = sorted(placed, key=lambda candidate: candidate.cost)[:N_COMPARED]
        return min(cheapest, key=lambda c: c.cost + self._bias_cost(c, c.start))

    def _section_cost(self, found: _Candidate, start: float) -> float:
        grid, loop = self.music(found.stretch, start)
        frame = 1.0 / self.fps
        cuts = np.cumsum(found.n_frames)[:-1] / self.fps + start
        is_bar = _near(cuts, grid.downbeat_times, frame)
        n_misses = float((~_near(cuts, grid.beat_times, frame)).sum())
        phrases = grid.downbeat_times[::BARS_PER_PHRASE]
        end = start + self.seconds
        away = float(np.abs(phrases - end).min(initial=self.bar)) / self.bar if loop is None else 1.0
        late = start / max(self.track_seconds * found.stretch, 1e-9)
        return (
            n_misses
            - BAR_HIT_WEIGHT * float(is_bar.sum())
            + PHRASE_END_WEIGHT * min(away, 1.0)
            + LATE_WEIGHT * late
            + found.cost / MISS_COST * 1e-6
        )


def _near(times: NDArray[np.float64], beats: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    if not beats.size:
        return np.zeros(times.shape, dtype=np.bool_)
    return np.abs(times - nearest(times, beats)) <= tolerance + 1e-9
