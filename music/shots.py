"""Finding the shots of a finished picture: hard cuts, fades and dissolves."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .frame_features import FrameSeries, between_shared_bars, read_series, series_of_frames
from .picture_motion import PictureMotion, measure_motion
from .picture_planes import Progress
from .soft_transitions import find_soft_transitions, is_uniform, likeness, picture_distance

# A cut changes the picture at least this much: share of full scale, summed over luma and chroma.
MIN_STEP = 0.035
# ... and at least this many times as much as what moves around it. Animation on twos and threes
# steps in every second or third frame, so the surroundings are judged by their larger steps.
MIN_RATIO = 2.6
SURROUNDINGS_SECONDS = 0.5
SURROUNDINGS_QUANTILE = 0.8
# Colours stay when figures move, so a smaller change of colours tells as much.
MIN_COLORS, MIN_COLOR_RATIO = 0.12, 3.0
MIN_BOTH_RATIO = 1.3
# Correlation of the pictures before and after: a figure that jumps leaves the background in place.
MAX_LIKENESS, MAX_RECOLORED_LIKENESS = 0.6, 0.85
# Speed lines, subtitles and figures come and go over a picture that stays: a cut leaves few parts of it
# as they were. A part is unchanged below this sum of differences of luma and chroma, of 765.
MAX_UNCHANGED, SAME_CELL = 0.45, 18
# Between the two, what is drawn over a picture shows in both measures, but in neither clearly.
OVERLAY_LIKENESS, OVERLAY_UNCHANGED, OVERLAY_COLORS, OVERLAY_STEP = 0.25, 0.08, 0.22, 0.26
# A whip pan starts as suddenly as a cut, but its next frame differs as much, in the same colours.
MIN_PEAK = 1.6
# Beside bursts and speed lines a cut stands out less; then the two pictures must have nothing in common.
STRONG_COLORS, STRONG_RATIO, STRONG_LIKENESS = 0.25, 1.7, 0.35
# A change of most colours at once is a cut even among others, as in fast montage.
MONTAGE_COLORS, MONTAGE_RATIO = 0.45, 0.8
# Flashes last 1-4 frames at 24 fps.
FLASH_SECONDS = 4.0 / 24.0
# A flash that dims slowly is recognised for longer, as long as some of it is one plain colour.
DIMMING_SECONDS = 0.8
# After a flash the picture is the same again when this much of the jump is gone.
SAME_SHARE, MIN_BACK = 0.5, 0.25
# A pause of one colour, up to this long, belongs to the cut.
PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Transition:
    """A change from one shot to the next.

    Parameters
    ----------
    time : float
        Seconds: of the first frame of the new shot; of a fade or dissolve, its middle.
    frame : int
        The same as a frame number.
    kind : str
        ``cut``, ``fade`` or ``dissolve``.
    """

    time: float
    frame: int
    kind: str


@dataclass(frozen=True, slots=True)
class PictureAnalysis:
    """Where a video's shots change, and how it moves.

    Parameters
    ----------
    fps : Fraction
        Frames per second.
    n_frames : int
        Frames decoded.
    transitions : tuple of Transition
        Ascending.
    motion : PictureMotion
        Energy and tempo of what moves.
    times : ndarray of float64, shape (n_frames,), or None
        Seconds at which the frames are shown, of a video whose rate varies.
    """

    fps: Fraction
    n_frames: int
    transitions: tuple[Transition, ...]
    motion: PictureMotion = field(default_factory=PictureMotion)
    times: NDArray[np.float64] | None = None

    @property
    def duration_seconds(self) -> float:
        """Length of the picture; the last frame of a variable rate stays for the median time."""
        if self.times is None or self.n_frames < 2:
            return float(self.n_frames / self.fps)
        return float(self.times[-1] + np.median(np.diff(self.times)))

    @property
    def cuts_per_minute(self) -> float:
        """Pace of cutting: 60 s over the mean length of a shot; 0 for a single shot."""
        if not self.transitions:
            return 0.0
        return 60.0 * (len(self.transitions) + 1) / self.duration_seconds

    @property
    def shot_ranges(self) -> list[tuple[int, int]]:
        """First frame and end (exclusive) of each shot."""
        edges = [0, *(transition.frame for transition in self.transitions), self.n_frames]
        return list(itertools.pairwise(edges))

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on; the caller adds ``file``."""
        return {
            "fps": round(float(self.fps), 6),
            "n_frames": self.n_frames,
            "duration_seconds": self.duration_seconds,
            "transitions": [
                {"time": round(t.time, 6), "frame": t.frame, "kind": t.kind} for t in self.transitions
            ],
            "cuts_per_minute": self.cuts_per_minute,
            "motion": self.motion.as_json(),
        }


def find_transitions(path: Path, progress: Progress | None = None) -> PictureAnalysis:
    """Find the shots of a video file.

    Flashes, camera shake, pans, and animation held on twos or threes are not cuts.

    Parameters
    ----------
    path : Path
        Any video that FFmpeg decodes; streamed, about 450 bytes are kept per frame.
    progress : callable, optional
        Told the number of frames done and in all.

    Returns
    -------
    PictureAnalysis
        Transitions, pace and motion.

    Raises
    ------
    UnreadableVideoError
        If the file is missing or no video.
    """
    return analyze_series(read_series(path, progress))


def find_transitions_in_frames(frames: Iterable[NDArray[np.uint8]], fps: Fraction) -> PictureAnalysis:
    """Find the shots of pictures that are in memory.

    Parameters
    ----------
    frames : iterable of ndarray of uint8, shape (height, width, 3)
        RGB pictures of one size.
    fps : Fraction
        Frames per second.
    """
    return analyze_series(series_of_frames(frames, fps))


def analyze_series(series: FrameSeries) -> PictureAnalysis:
    """Find the shots in the features of a video's frames."""
    series = series.without_bars()
    cuts = find_cuts(series)
    soft = find_soft_transitions(series, cuts)
    kinds = {frame: "cut" for frame in cuts if not any(part.start < frame <= part.end for part in soft)}
    kinds.update((part.middle, part.kind) for part in soft)
    frames = sorted(kinds)
    transitions = tuple(Transition(series.time_of(frame), frame, kinds[frame]) for frame in frames)
    motion = measure_motion(series, np.array(frames, dtype=np.intp))
    return PictureAnalysis(series.fps, series.n_frames, transitions, motion, series.times)


def find_cuts(series: FrameSeries) -> list[int]:
    """Return the first frame of every shot that begins with a hard cut.

    A cut is a step that is large both absolutely and against its surroundings, after which the old
    picture does not come back at once.

    Parameters
    ----------
    series : FrameSeries
        Features of the frames.

    Returns
    -------
    list of int
        Frame numbers, ascending.
    """
    jumps = _jumps(series)
    return _without_pauses(series, _without_flashes(series, jumps))


def _jumps(series: FrameSeries) -> list[int]:
    steps, colors = series.steps, series.color_steps
    reach = max(3, round(SURROUNDINGS_SECONDS * series.fps))
    ratio = steps / np.maximum(_surroundings(steps, reach), 1e-6)
    color_ratio = colors / np.maximum(_surroundings(colors, reach), MIN_COLORS / 4)
    beside = np.maximum(np.roll(steps, 1), np.roll(steps, -1))
    is_clear = (ratio >= MIN_RATIO) & ((colors >= MIN_COLORS) | (steps >= MIN_PEAK * beside))
    is_color = (colors >= MIN_COLORS) & (color_ratio >= MIN_COLOR_RATIO) & (ratio >= 1.0)
    is_both = (colors >= MIN_COLORS) & (np.minimum(ratio, color_ratio) >= MIN_BOTH_RATIO)
    is_montage = (colors >= MONTAGE_COLORS) & (ratio >= MONTAGE_RATIO) & (steps >= 1.3 * beside)
    is_likely = is_clear | is_color | is_both | is_montage
    is_strong = (colors >= STRONG_COLORS) & (ratio >= STRONG_RATIO) & ~is_likely
    found = np.flatnonzero((steps >= MIN_STEP) & (is_likely | is_strong))
    most = np.where(is_strong, STRONG_LIKENESS, 1.0)
    return [int(frame) for frame in found if _shows_another(series, int(frame), float(most[frame]))]


def _shows_another(series: FrameSeries, frame: int, most_alike: float) -> bool:
    """Tell whether the whole picture changed, and not only a figure in it or something drawn over it."""
    old, new = series.grids[frame - 1], series.grids[frame]
    colors = float(series.color_steps[frame])
    alike, unchanged = likeness(old, new), _unchanged_share(old, new)
    is_faint = colors < OVERLAY_COLORS and float(series.steps[frame]) < OVERLAY_STEP
    if is_faint and alike > OVERLAY_LIKENESS and unchanged > OVERLAY_UNCHANGED:
        return False
    most = MAX_RECOLORED_LIKENESS if colors >= MIN_COLORS else MAX_LIKENESS
    return alike <= min(most, most_alike) and unchanged <= MAX_UNCHANGED


def _unchanged_share(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> float:
    """Return the share of the picture, black bars aside, that two frames have in common."""
    shown = between_shared_bars(old, new)
    difference = np.abs(new[shown].astype(np.int16) - old[shown].astype(np.int16)).sum(axis=-1)
    return float((difference < SAME_CELL).mean())


def _surroundings(steps: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the level of the larger steps before or after each frame, whichever is higher.

    The two sides of a cut are two shots, each with movement of its own.
    """
    padded = np.pad(steps[1:], reach, mode="reflect") if len(steps) > reach + 1 else np.pad(steps[1:], reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach)
    levels = np.quantile(windows, SURROUNDINGS_QUANTILE, axis=1).astype(np.float32)
    before, after = levels[: len(steps) - 1], levels[reach + 1 : reach + len(steps)]
    return np.concatenate([[np.float32(np.inf)], np.maximum(before, after)])


def _without_flashes(series: FrameSeries, jumps: list[int]) -> list[int]:
    short = round(FLASH_SECONDS * series.fps)
    long = round(DIMMING_SECONDS * series.fps)
    cuts: list[int] = []
    skip_until = 0
    for frame in jumps:
        if frame <= skip_until:
            continue
        back = _return(series, frame, short, long)
        if back is None:
            cuts.append(frame)
        else:
            skip_until = back
    return cuts


def _return(series: FrameSeries, frame: int, short: int, long: int) -> int | None:
    """Return the frame at which the picture before `frame` is back, if it comes back."""
    before = series.grids[frame - 1]
    after = series.grids[frame : frame + long + 1]
    distances = picture_distance(before, after)
    same = distances <= SAME_SHARE * distances[:short].max()
    plain_so_far = np.logical_or.accumulate(is_uniform(after))
    lengths = np.arange(len(after))
    back = same & (lengths > 0) & ((lengths <= short) | plain_so_far)
    if not bool(is_uniform(before)):
        # In fast montage some later shot has about the same colours; what is back has its forms too.
        back &= np.array(
            [ok and likeness(before, picture) >= MIN_BACK for ok, picture in zip(back, after, strict=True)]
        )
    if not back.any():
        return None
    # A flash that dims is like the picture before it is quite gone.
    return frame + int(np.flatnonzero(back[: max(short + 1, int(back.argmax()) + 1)])[-1])


def _without_pauses(series: FrameSeries, cuts: list[int]) -> list[int]:
    """Keep only the end of a pause of one colour between two shots."""
    longest = round(PAUSE_SECONDS * series.fps)
    plain = is_uniform(series.grids)
    pairs = itertools.pairwise([*cuts, series.n_frames])
    return [
        frame for frame, after in pairs if not (after - frame <= longest and bool(plain[frame:after].all()))
    ]
