"""Music as numbers for each frame of a picture: pulse, envelope and place in the bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .track import BeatGrid

MAX_FRAMES = 1_000_000
SHAPES = ("decay", "attack", "triangle", "square")


@dataclass(frozen=True)
class BeatSchedule:
    """Curves with one value a frame; frame n is seen at n / fps.

    Parameters
    ----------
    fps : Fraction
        Frames per second.
    pulse : ndarray of float64, shape (n_frames,)
        1 on a downbeat, the accent's share of it on other beats, 0 far from all.
    envelope : ndarray of float64, shape (n_frames,)
        Level of the music, 0–1.
    bar_phase, beat_phase : ndarray of float64, shape (n_frames,)
        Rising from 0 to 1 through each bar, and through each beat; 0 without a beat.
    beat_frames, downbeat_frames : ndarray of int64
        Frames nearest to the beats.
    """

    fps: Fraction
    pulse: NDArray[np.float64]
    envelope: NDArray[np.float64]
    bar_phase: NDArray[np.float64]
    beat_phase: NDArray[np.float64]
    beat_frames: NDArray[np.int64]
    downbeat_frames: NDArray[np.int64]

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self.pulse.size)


@dataclass(frozen=True)
class PulseShape:
    """How the pulse of a beat looks.

    Parameters
    ----------
    shape : str
        ``decay`` falls from the beat on, ``attack`` rises up to it, ``triangle`` does both, ``square`` holds.
    seconds : float
        How long it takes to fall to a third (to 0 for ``triangle`` and ``square``).
    accent : float
        Height of a beat that opens no bar, 0–1.
    """

    shape: str = "decay"
    seconds: float = 0.2
    accent: float = 0.6


def schedule(
    beats: BeatGrid,
    levels: Sequence[float],
    level_seconds: float,
    *,
    fps: Fraction,
    n_frames: int,
    start_seconds: float = 0.0,
    pulse: PulseShape | None = None,
) -> BeatSchedule:
    """Sample music at the frames of a picture.

    Parameters
    ----------
    beats : BeatGrid
        Of the music.
    levels : sequence of float
        Its level, 0–1, one every `level_seconds`.
    level_seconds : float
        Distance of the levels.
    fps : Fraction
        Frames per second; no rounding adds up over a long picture.
    n_frames : int
        Length of the picture.
    start_seconds : float
        Second of the music at which the picture begins.
    pulse : PulseShape, optional
        How the pulse of a beat looks.

    Returns
    -------
    BeatSchedule

    Raises
    ------
    InputError
        If the picture is empty or longer than a million frames, or the shape is unknown.
    """
    pulse = pulse or PulseShape()
    if not 1 <= n_frames <= MAX_FRAMES:
        raise InputError(
            f"A picture of {n_frames} frames cannot be scheduled.",
            field="n_frames",
            hint=f"Give 1 to {MAX_FRAMES}.",
        )
    if pulse.shape not in SHAPES:
        raise InputError(
            f"There is no pulse shape {pulse.shape!r}.",
            field="shape",
            hint=f"Use one of {', '.join(SHAPES)}.",
        )
    times = np.arange(n_frames) * fps.denominator / fps.numerator + start_seconds
    middles = (np.arange(len(levels)) + 0.5) * level_seconds
    envelope = np.interp(times, middles, levels) if len(levels) else np.zeros(n_frames)
    nothing = np.zeros(n_frames)
    if not beats.has_beat:
        empty = np.zeros(0, np.int64)
        return BeatSchedule(fps, nothing, envelope, nothing, nothing, empty, empty)
    return BeatSchedule(
        fps,
        _pulse(times, beats, pulse, float(fps)),
        envelope,
        _phase(times, beats.downbeat_times if beats.downbeat_times.size > 1 else beats.beat_times),
        _phase(times, beats.beat_times),
        _frames(beats.beat_times, times, fps, start_seconds),
        _frames(beats.downbeat_times, times, fps, start_seconds),
    )


def _pulse(times: NDArray[np.float64], beats: BeatGrid, pulse: PulseShape, fps: float) -> NDArray[np.float64]:
    is_downbeat = np.zeros(beats.beat_times.size, dtype=bool)
    if beats.downbeat_times.size:
        nearest = np.abs(beats.beat_times[:, None] - beats.downbeat_times[None, :]).argmin(axis=0)
        is_downbeat[nearest] = True
    heights = np.where(is_downbeat, 1.0, pulse.accent)
    # The frame that shows the beat is the one nearest to it: it gets the whole height.
    shown = np.round(beats.beat_times * fps) / fps
    place = np.searchsorted(shown, times + 1e-6, side="right") - 1
    values = np.zeros(times.size)
    if pulse.shape != "attack":
        past = place >= 0
        since = times[past] - shown[place[past]]
        values[past] = heights[place[past]] * _shape(since, pulse)
    if pulse.shape in ("attack", "triangle"):
        coming = np.minimum(place + 1, shown.size - 1)
        until = np.where(place >= 0, np.abs(times - shown[np.maximum(place, 0)]), np.inf)
        ahead = shown[coming] - times
        on_beat = until < 1e-6
        rising = np.where(ahead >= 0, heights[coming] * _shape(np.abs(ahead), pulse), 0.0)
        rising[on_beat] = heights[place[on_beat]]
        values = np.maximum(values, rising)
    return values


def _shape(seconds: NDArray[np.float64], pulse: PulseShape) -> NDArray[np.float64]:
    length = max(pulse.seconds, 1e-3)
    if pulse.shape == "square":
        return (seconds < length).astype(np.float64)
    if pulse.shape == "triangle":
        return np.maximum(1.0 - seconds / length, 0.0)
    return np.exp(-seconds / length)


def _phase(times: NDArray[np.float64], marks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each time is on the way from one mark to the next; beyond them the last way goes on."""
    first, last = marks[1] - marks[0], marks[-1] - marks[-2]
    before = np.arange(marks[0] - first, times[0] - first, -first)[::-1]
    after = np.arange(marks[-1] + last, times[-1] + 2 * last, last)
    marks = np.concatenate([before, marks, after])
    return np.interp(times, marks, np.arange(marks.size)) % 1.0


def _frames(
    marks: NDArray[np.float64], times: NDArray[np.float64], fps: Fraction, start_seconds: float
) -> NDArray[np.int64]:
    frames = np.round((marks - start_seconds) * float(fps)).astype(np.int64)
    return frames[(frames >= 0) & (frames < times.size)]


def mapped(curve: NDArray[np.float64], low: float, high: float) -> list[float]:
    """Return a curve of 0 to 1 as a list from `low` to `high`, for inputs that take one value a frame."""
    return [round(float(value), 6) for value in low + (high - low) * curve]


def keyframes(curve: Sequence[float], tolerance: float = 0.01) -> str:
    """Write a curve as keyframes, ``0:(1.0), 12:(0.25)``, with straight lines between them.

    Parameters
    ----------
    curve : sequence of float
        One value a frame.
    tolerance : float
        No frame is off by more than this.

    Returns
    -------
    str
        As prompt travel and schedules take it.

    References
    ----------
    .. [1] U. Ramer, "An iterative procedure for the polygonal approximation of plane curves", Computer
       Graphics and Image Processing 1(3), 1972.
    """
    values = np.asarray(curve, dtype=np.float64)
    if values.size == 0:
        return ""
    kept, waiting = {0, values.size - 1}, [(0, values.size - 1)]
    while waiting:
        start, end = waiting.pop()
        if end - start < 2:
            continue
        line = np.interp(np.arange(start, end + 1), [start, end], [values[start], values[end]])
        away = np.abs(values[start : end + 1] - line)
        worst = int(away.argmax())
        if away[worst] > tolerance:
            kept.add(start + worst)
            waiting += [(start, start + worst), (start + worst, end)]
    return ", ".join(f"{frame}:({values[frame]:.4g})" for frame in sorted(kept))
