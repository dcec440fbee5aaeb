"""Giving the shots of a finished picture new lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, UnreadableVideoError
from .assembly import Audio, Progress, VideoFormat, in_order, write_video
from .clip import (
    DEFAULT_FPS,
    ClipShape,
    VideoFacts,
    clip_shape,
    iterate_frames,
    open_clip,
    to_frame,
)
from .frames import RenderFrame
from .scaling import Pixels, cover

FrameRange = tuple[int, int]


def retime_video(
    source: Path,
    shots: Sequence[FrameRange],
    n_frames: Sequence[int],
    *,
    audio: Audio | None,
    output: Path,
    times: NDArray[np.float64] | None = None,
    progress: Progress | None = None,
) -> VideoFacts:
    """Give each shot of a video a new length and put new sound under it.

    Within a shot the nearest frame in time is shown; frames are repeated or left out evenly and
    never blended. Size and rate stay. A few frames are held in memory at a time.

    Parameters
    ----------
    source : Path
        The video.
    shots : sequence of tuple of int
        First frame and end (exclusive) of each shot, ascending and without overlap, counted as
        decoded.
    n_frames : sequence of int
        New length of each shot in frames, at least 1.
    audio : ndarray of float32, shape (2, n_samples), or None
        Sound at 48 kHz; cut off or padded with silence to the length of the picture.
    output : Path
        The MP4; it appears under this name when it is complete.
    times : ndarray of float64, shape (n_frames,), optional
        Seconds at which the frames are shown, when the rate varies; the result has the mean rate.
    progress : callable, optional
        Told the number of frames done and in all.

    Returns
    -------
    VideoFacts
        Read from the finished file.

    Raises
    ------
    InputError
        If ranges and lengths do not fit each other.
    UnreadableVideoError
        If the source cannot be decoded or ends before the last shot does.
    StorageError
        If the file cannot be written.
    """
    order = frame_order(shots, n_frames, times)
    shape = clip_shape(source)
    form = _form(source, shape)
    frames = (partial(to_frame, frame, form.size, shape) for _, frame in iterate_frames(source))
    renders = _picked(frames, order, str(source))
    return write_video(
        in_order(renders), len(order), form=form, audio=audio, output=output, progress=progress
    )


def retime_frames(
    frames: Iterable[Pixels],
    shots: Sequence[FrameRange],
    n_frames: Sequence[int],
    *,
    form: VideoFormat,
    audio: Audio | None,
    output: Path,
    progress: Progress | None = None,
) -> VideoFacts:
    """Do the same as `retime_video` with frames that are in memory already.

    Parameters
    ----------
    frames : iterable of ndarray of uint8, shape (height, width, 3)
        The picture.
    form : VideoFormat
        Size and rate of the result; frames are scaled to cover it.
    """
    order = frame_order(shots, n_frames)
    source = (partial(cover, pixels, form.size) for pixels in frames)
    renders = _picked(source, order, "the picture")
    return write_video(
        in_order(renders), len(order), form=form, audio=audio, output=output, progress=progress
    )


def frame_order(
    shots: Sequence[FrameRange], n_frames: Sequence[int], times: NDArray[np.float64] | None = None
) -> list[int]:
    """Return which source frame each new frame shows: the nearest in time within its shot.

    New frame `k` of `m` shows the source frame that holds the moment ``(k + 1/2) / m`` of the shot.

    Parameters
    ----------
    shots, n_frames
        As `retime_video`.
    times : ndarray of float64, optional
        Seconds at which the source frames are shown, when they are not evenly spread.

    Raises
    ------
    InputError
        If a shot is empty, shots overlap or go back, or the numbers differ.
    """
    if len(shots) != len(n_frames):
        raise InputError(f"{len(shots)} shots cannot be given {len(n_frames)} lengths.")
    order: list[int] = []
    end = 0
    for (start, stop), count in zip(shots, n_frames, strict=True):
        if not end <= start < stop or count < 1:
            raise InputError(f"the shot of frames {start}-{stop} cannot become {count} frames long.")
        end = stop
        if times is None:
            order.extend(start + (2 * k + 1) * (stop - start) // (2 * count) for k in range(count))
        else:
            order.extend(_shown_frames(times, start, stop, count))
    return order


def _shown_frames(times: NDArray[np.float64], start: int, stop: int, count: int) -> list[int]:
    """Return the frames of a shot that are on screen at `count` evenly spread moments of it."""
    last = times[stop - 1] + float(np.median(np.diff(times))) if stop >= times.size else times[stop]
    moments = times[start] + (np.arange(count) + 0.5) / count * (last - times[start])
    frames = np.searchsorted(times, moments, side="right") - 1
    return np.clip(frames, start, stop - 1).tolist()


def _form(source: Path, shape: ClipShape) -> VideoFormat:
    with open_clip(source) as (_, stream):
        fps = stream.average_rate or stream.guessed_rate or DEFAULT_FPS
    width, height = shape.shown_size
    return VideoFormat((max(2, width // 2 * 2), max(2, height // 2 * 2)), Fraction(fps))


def _picked(frames: Iterator[RenderFrame], order: Sequence[int], name: str) -> Iterator[RenderFrame]:
    index, shown = -1, None
    for wanted in order:
        while index < wanted or shown is None:
            shown = next(frames, None)
            index += 1
            if shown is None:
                raise UnreadableVideoError(
                    f"{name} ends after {index} frames, but its shots go on to frame {order[-1]}.",
                    hint="Find its cuts again.",
                )
        yield shown
