"""Reading video clips: streamed frames, upright, in the right colours, at a steady rate."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import StorageError, UnreadableVideoError
from .scaling import Pixels, cover

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Demuxers of real media files. Playlists and scripts, which make FFmpeg open other files or
# addresses, are left out.
OPTIONS = {
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,gif,h264,hevc,ivf,"
    "yuv4mpegpipe",
    "protocol_whitelist": "file",
}
logger = logging.getLogger(__name__)

MAX_DAMAGED_PACKETS = 1000
# For files that name no rate.
DEFAULT_FPS = Fraction(24)
# FFmpeg's numbers of colour matrices and ranges; both 601 tags mean one matrix, and so do both 2020 ones.
BT709, BT601 = 1, 5
MATRICES = {1: BT709, 4: 4, 5: BT601, 6: BT601, 7: 7, 9: 9, 10: 9}
LIMITED_RANGE, FULL_RANGE = 1, 2


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was read from a finished video.

    Parameters
    ----------
    width, height : int
        Pixels as shown, after rotation.
    fps : Fraction
        Frames per second.
    n_frames : int
        Frames that were counted in the file.
    duration_seconds : float
        Length of the picture.
    audio_seconds : float
        Length of the sound; 0 without.
    """

    width: int
    height: int
    fps: Fraction
    n_frames: int
    duration_seconds: float
    audio_seconds: float = 0.0

    @property
    def has_audio(self) -> bool:
        """Whether there is sound."""
        return self.audio_seconds > 0


@dataclass(frozen=True, slots=True)
class ClipShape:
    """How the frames of a clip are to be shown.

    Parameters
    ----------
    width, height : int
        Pixels as stored.
    pixel_aspect : float
        Width of a stored pixel in units of its height.
    quarter_turns : int
        How often a stored frame is turned left by 90 degrees to stand upright.
    """

    width: int
    height: int
    pixel_aspect: float = 1.0
    quarter_turns: int = 0

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height upright, with square pixels."""
        width, height = round(self.width * self.pixel_aspect), self.height
        return (height, width) if self.quarter_turns % 2 else (width, height)


@contextmanager
def open_clip(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video file and its first picture track.

    Raises
    ------
    UnreadableVideoError
        If the file is missing, is no video, has no picture track, or breaks off while being read.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), options=OPTIONS) as container:
            if not container.streams.video:
                raise UnreadableVideoError(
                    f"{path} has no picture track.", hint="Give a PNG, JPEG or WebP still, or a video clip."
                )
            yield container, container.streams.video[0]
    except FFmpegError as error:
        if isinstance(error, FileNotFoundError):
            raise UnreadableVideoError(f"{path} does not exist.", hint="Correct the path.") from error
        raise UnreadableVideoError(
            f"{path} cannot be read as a video ({error.strerror}).",
            hint="Give a PNG, JPEG or WebP still, or a clip such as MP4, MKV or WebM.",
        ) from error


def iterate_frames(path: Path) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Decode a clip frame by frame, in order of display.

    Yields
    ------
    tuple of Fraction and VideoFrame
        Seconds since the first frame, and the frame as decoded.
    """
    with open_clip(path) as (container, stream):
        stream.thread_type = "AUTO"
        rate = stream.average_rate or stream.guessed_rate or DEFAULT_FPS
        first: Fraction | None = None
        for index, frame in enumerate(decoded(container, stream)):
            seconds = (
                frame.pts * frame.time_base if frame.pts is not None and frame.time_base else index / rate
            )
            first = seconds if first is None else first
            yield Fraction(seconds - first), frame


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Decode a stream and pass over packets that are damaged.

    Raises
    ------
    FFmpegError
        If more than a thousand packets are damaged.
    """
    from av.error import FFmpegError

    n_damaged = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                break
            yield from cast("list[av.VideoFrame]", packet.decode())
        except FFmpegError:
            n_damaged += 1
            if n_damaged > MAX_DAMAGED_PACKETS:
                raise
    if n_damaged:
        logger.warning("%d damaged packets were passed over in %s", n_damaged, Path(container.name).name)


def steady_frames(path: Path, fps: Fraction) -> Iterator[av.VideoFrame]:
    """Resample a clip to `fps` by showing, at each moment, the frame that it would show.

    Parameters
    ----------
    path : Path
        The clip; a variable rate is allowed.
    fps : Fraction
        Wanted frames per second.

    Yields
    ------
    VideoFrame
        One per output frame; frames of the clip are repeated or left out, never blended.
    """
    count = itertools.count()
    wanted = next(count)
    shown: av.VideoFrame | None = None
    # A rounded time stamp may come a little late; 1/8 of a frame is below what anyone sees.
    slack = Fraction(1, 8) / fps
    for seconds, frame in iterate_frames(path):
        while shown is not None and wanted / fps + slack < seconds:
            yield shown
            wanted = next(count)
        shown = frame
    if shown is not None:
        yield shown


def clip_shape(path: Path) -> ClipShape:
    """Read from the first frame of a clip how its frames are to be shown.

    Later frames need not say it again.

    Raises
    ------
    UnreadableVideoError
        If the clip has no frame that can be decoded.
    """
    with open_clip(path) as (container, stream):
        for frame in decoded(container, stream):
            aspect = stream.codec_context.sample_aspect_ratio
            return ClipShape(
                frame.width, frame.height, float(aspect) if aspect else 1.0, round(frame.rotation / 90) % 4
            )
    raise _no_frame(path)


def _no_frame(path: Path) -> UnreadableVideoError:
    return UnreadableVideoError(
        f"{path} has no frame that can be decoded.",
        hint="Give a PNG, JPEG or WebP still, or a video clip.",
    )


def to_rgb(frame: av.VideoFrame, quarter_turns: int = 0) -> Pixels:
    """Convert a decoded frame to RGB.

    Untagged HD material is taken as BT.709 and untagged SD as BT.601, as players do.

    Parameters
    ----------
    frame : VideoFrame
        As decoded.
    quarter_turns : int
        How often to turn it left by 90 degrees.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Pixels as wide as they are stored, see `ClipShape.pixel_aspect`.
    """
    untagged = BT709 if frame.height >= 720 else BT601
    is_full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
    # Both ranges are named because PyAV 14 ignores the matrix otherwise.
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace=MATRICES.get(int(frame.colorspace), untagged),
        src_color_range=FULL_RANGE if is_full or _is_rgb(frame) else LIMITED_RANGE,
        dst_color_range=FULL_RANGE,
    )
    return np.ascontiguousarray(np.rot90(rgb.to_ndarray(), quarter_turns), dtype=np.uint8)


def to_frame(frame: av.VideoFrame, size: tuple[int, int], shape: ClipShape) -> Pixels:
    """Convert a decoded frame to upright RGB that covers a frame of the given size."""
    aspect = 1.0 / shape.pixel_aspect if shape.quarter_turns % 2 else shape.pixel_aspect
    return cover(to_rgb(frame, shape.quarter_turns), size, pixel_aspect=aspect)


def _is_rgb(frame: av.VideoFrame) -> bool:
    return frame.format.name.startswith(("rgb", "bgr", "gbr", "pal8", "argb", "abgr", "0rgb", "0bgr", "gray"))


def probe(path: Path) -> VideoFacts:
    """Read the facts of a finished video from the file itself.

    Packets are counted, so a file that was cut off does not pass for whole.

    Raises
    ------
    UnreadableVideoError
        If it is no video.
    """
    with open_clip(path) as (container, stream):
        fps = stream.average_rate or stream.guessed_rate or DEFAULT_FPS
        audio = container.streams.audio[0] if container.streams.audio else None
        width, height = stream.width, stream.height
        audio_seconds = float((audio.duration or 0) * (audio.time_base or 0)) if audio else 0.0
        n_frames = sum(1 for packet in container.demux(stream) if packet.size)
    return VideoFacts(width, height, Fraction(fps), n_frames, float(n_frames / fps), audio_seconds)


def has_sound(path: Path) -> bool:
    """Tell whether a video has an audio track."""
    with open_clip(path) as (container, _):
        return bool(container.streams.audio)


def picture_start(path: Path) -> float:
    """Return the second of a file, counted from where its first track begins, at which the picture begins."""
    with open_clip(path) as (container, stream):
        origin = max(container.start_time or 0, 0) / 1_000_000
        first = next(decoded(container, stream), None)
    return 0.0 if first is None or first.time is None else max(first.time - origin, 0.0)


@dataclass(frozen=True)
class FrameTimes:
    """When the frames of a clip are shown.

    Parameters
    ----------
    fps : Fraction
        Mean frames per second, as the file says.
    seconds : ndarray of float64, shape (n_frames,)
        From the first frame that can be decoded.
    """

    fps: Fraction
    seconds: NDArray[np.float64]

    @property
    def uneven(self) -> NDArray[np.float64] | None:
        """The seconds, where they are not those of a steady rate; None where they are, or make no sense."""
        steady = np.arange(self.seconds.size) / float(self.fps)
        is_steady = bool((np.abs(self.seconds - steady) < 0.5 / float(self.fps)).all())
        return None if is_steady or bool((np.diff(self.seconds) <= 0).any()) else self.seconds

    @property
    def n_steady(self) -> int:
        """Frames of a clip as long at the mean rate; the last frame stays for the median time."""
        uneven = self.uneven
        if uneven is None:
            return int(self.seconds.size)
        return max(1, round((uneven[-1] + float(np.median(np.diff(uneven)))) * self.fps))


def frame_times(path: Path) -> FrameTimes:
    """Decode a clip and read when its frames are shown; damaged ones do not count.

    Raises
    ------
    UnreadableVideoError
        If it has no frame that can be decoded.
    """
    with open_clip(path) as (_, stream):
        fps = Fraction(stream.average_rate or stream.guessed_rate or DEFAULT_FPS)
    seconds = np.array([float(second) for second, _ in iterate_frames(path)], dtype=np.float64)
    if not seconds.size:
        raise _no_frame(path)
    return FrameTimes(fps, seconds)


def check_video(path: Path, n_frames: int, audio_seconds: float) -> VideoFacts:
    """Probe a video that was just written and compare it with what it should be.

    Raises
    ------
    StorageError
        If the file does not hold what was written to it.
    """
    facts = probe(path)
    if facts.n_frames != n_frames or abs(facts.audio_seconds - audio_seconds) > 0.05:
        raise StorageError(
            f"{path.name} was written with {facts.n_frames} frames and {facts.audio_seconds:.2f} s of sound "
            f"instead of {n_frames} and {audio_seconds:.2f} s.",
            hint="Check the disk and run again.",
        )
    return facts
