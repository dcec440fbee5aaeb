"""Luma and chroma of the pictures of a video, decimated: all that the shot detectors look at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableVideoError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.plane import VideoPlane
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]

SAMPLES_ACROSS, COLORS_ACROSS = 160, 80
# Formats whose planes can be read as they are; others are converted first.
PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})
FULL_RANGE = 2
# Shares of red and blue in luma: BT.709 from 720 lines on, else BT.601, as files without a tag are read.
HD_LINES, HD_SHARES, SD_SHARES = 720, (0.2126, 0.0722), (0.299, 0.114)
# Demuxers of real media files: playlists and scripts make FFmpeg open other files or addresses.
OPTIONS = {
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,gif,h264,hevc,ivf,"
    "yuv4mpegpipe",
    "protocol_whitelist": "file",
}
DEFAULT_FPS = Fraction(24)
MAX_DAMAGED_PACKETS = 1000


def planes_of_file(
    path: Path, progress: Progress | None = None
) -> Iterator[tuple[Fraction, float | None, Planes]]:
    """Decode a video and yield its pictures one by one.

    Damaged packets are passed over, in the middle and at the end; rotated pictures are turned upright.

    Yields
    ------
    tuple
        The file's mean frame rate, the second at which the picture is shown (None when the file does not
        say), and its planes.

    Raises
    ------
    UnreadableVideoError
        If the file is missing, is no video, or has no picture track.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), options=OPTIONS) as container:
            if not container.streams.video:
                raise UnreadableVideoError(f"{path} has no picture track.", hint="Give a video file.")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            fps = Fraction(stream.average_rate or stream.guessed_rate or DEFAULT_FPS)
            total = stream.frames or round((container.duration or 0) / 1e6 * fps)
            turns: int | None = None
            for index, frame in enumerate(decoded(container, stream), start=1):
                turns = round(frame.rotation / 90) % 4 if turns is None else turns
                yield fps, frame.time, _upright(_planes(frame), turns)
                if progress is not None:
                    progress(index, max(total, index))
    except FFmpegError as error:
        problem = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read as a video"
        raise UnreadableVideoError(
            f"{path} {problem}.", hint="Give a video such as MP4, MKV or WebM."
        ) from error


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


def planes_of_rgb(pixels: NDArray[np.uint8]) -> Planes:
    """Return the planes of an RGB picture, shape (height, width, 3), as video files have them."""
    red, blue = HD_SHARES if pixels.shape[0] >= HD_LINES else SD_SHARES
    luma, _, _ = _luma_and_ends(_sampled(pixels, SAMPLES_ACROSS), red, blue)
    coarse, r, b = _luma_and_ends(_sampled(pixels, COLORS_ACROSS), red, blue)
    u, v = (b - coarse) / (2 * (1 - blue)), (r - coarse) / (2 * (1 - red))
    return _limited_luma(luma), _limited_chroma(u + 128), _limited_chroma(v + 128)


def _luma_and_ends(pixels: NDArray[np.uint8], red: float, blue: float) -> tuple[NDArray[np.float32], ...]:
    """Return luma, red and blue of RGB pixels."""
    r, g, b = (pixels[..., channel].astype(np.float32) for channel in range(3))
    luma = np.float32(red) * r + np.float32(1 - red - blue) * g + np.float32(blue) * b
    return luma.astype(np.float32), r, b


def _planes(frame: av.VideoFrame) -> Planes:
    """Return decimated luma and chroma; slicing the planes costs a tenth of a scaler's conversion."""
    is_full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
    if frame.format.name not in PLANAR:
        width = min(SAMPLES_ACROSS, frame.width)
        height = max(2, round(frame.height * width / frame.width))
        frame = frame.reformat(width=max(2, width), height=height, format="yuv420p")
    across = (SAMPLES_ACROSS, COLORS_ACROSS, COLORS_ACROSS)
    luma, u, v = (_decimated(plane, n) for plane, n in zip(frame.planes, across, strict=True))
    return (_limited_luma(luma), _limited_chroma(u), _limited_chroma(v)) if is_full else (luma, u, v)


def _limited_luma(plane: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.uint8]:
    return (plane.astype(np.float32) * np.float32(219 / 255) + np.float32(16.5)).astype(np.uint8)


def _limited_chroma(plane: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bring chroma to the range 16 to 240 around 128, where grey stays."""
    return ((plane.astype(np.float32) - 128) * np.float32(224 / 255) + np.float32(128.5)).astype(np.uint8)


def _upright(planes: Planes, turns: int) -> Planes:
    if not turns:
        return planes
    luma, u, v = (np.rot90(plane, turns) for plane in planes)
    return luma, u, v


def _decimated(plane: VideoPlane, n_across: int) -> NDArray[np.uint8]:
    rows = np.frombuffer(cast(memoryview, plane), np.uint8).reshape(-1, plane.line_size)
    return _sampled(rows[: plane.height, : plane.width], n_across)


def _sampled(pixels: NDArray[np.uint8], n_across: int) -> NDArray[np.uint8]:
    step = max(1, pixels.shape[1] // n_across)
    return pixels[step // 2 :: step, step // 2 :: step]
