"""What is kept of each picture of a video to find its shots: a coarse grid and two differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableVideoError

if TYPE_CHECKING:
    import av
    from av.video.plane import VideoPlane

Progress = Callable[[int, int], None]

# Shake and breathing move a figure by less than one cell of this grid; a cut changes all of it.
FINE = (18, 32)
COARSE = (9, 16)
SAMPLES_ACROSS = 160
LUMA_BINS, CHROMA_BINS = 32, 16
# Formats whose planes can be read as they are; others are converted first.
PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})
# Demuxers of real media files: playlists and scripts make FFmpeg open other files or addresses.
OPTIONS = {
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,gif,h264,hevc,ivf,"
    "yuv4mpegpipe",
    "protocol_whitelist": "file",
}

# Luma up to which a row or column at the edge is a black bar, compression noise included; the share of
# the frames in which it has to be; and the rows and columns that have to stay.
BLACK_LUMA, BAR_SHARE, LEAST_CELLS = 28, 0.98, 4

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class FrameSeries:
    """A video as the shot detectors see it.

    Parameters
    ----------
    fps : Fraction
        Frames per second.
    grids : ndarray of uint8, shape (n_frames, 9, 16, 3)
        Mean luma and chroma of each picture on a coarse grid.
    steps : ndarray of float32, shape (n_frames,)
        Mean absolute difference to the frame before on a finer grid, in [0, 1]; 0 for the first.
    color_steps : ndarray of float32, shape (n_frames,)
        Share of the picture whose colour is not in the frame before, in [0, 1]; blind to movement.
    contrasts : ndarray of float32, shape (n_frames,)
        Standard deviation of luma without black bars, 0-128; two pictures that lie over each other have less.
    """

    fps: Fraction
    grids: NDArray[np.uint8]
    steps: NDArray[np.float32]
    color_steps: NDArray[np.float32]
    contrasts: NDArray[np.float32]

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.grids)

    def without_bars(self) -> FrameSeries:
        """Return the series of the picture between the black bars that all frames share.

        Bars are alike in every shot: with them, the pictures of two shots look related, a white frame is
        no plain one, and every change is smaller than it is.
        """
        is_black = np.quantile(self.grids[..., 0], BAR_SHARE, axis=0) <= BLACK_LUMA if self.n_frames else None
        if is_black is None:
            return self
        rows, columns = _between_bars(is_black)
        shown = self.grids[:, rows, columns]
        scale = np.float32(self.grids[0, ..., 0].size / max(shown[0, ..., 0].size, 1))
        if scale == 1.0:
            return self
        return replace(self, grids=shown, steps=self.steps * scale, color_steps=self.color_steps * scale)


def _between_bars(is_black: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns inside the black edges of a grid; all of it when little would stay."""
    spans = []
    for axis, n in enumerate(is_black.shape):
        shown = np.flatnonzero(~is_black.all(axis=1 - axis))
        if not shown.size or shown[-1] - shown[0] + 1 < LEAST_CELLS:
            spans.append(slice(0, n))
        else:
            spans.append(slice(int(shown[0]), int(shown[-1]) + 1))
    return spans[0], spans[1]


def between_shared_bars(old: NDArray[np.generic], new: NDArray[np.generic]) -> tuple[slice, slice]:
    """Return the rows and columns of two pictures, on the coarse grid, inside the bars that both have."""
    return _between_bars(np.maximum(old[..., 0], new[..., 0]) <= BLACK_LUMA)


def read_series(path: Path, progress: Progress | None = None) -> FrameSeries:
    """Stream a video file and keep the features of its frames, about 450 bytes each.

    Raises
    ------
    UnreadableVideoError
        If the file is missing, is no video, or has no frame that can be decoded.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), options=OPTIONS) as container:
            if not container.streams.video:
                raise UnreadableVideoError(f"{path} has no picture track.", hint="Give a video file.")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            fps = stream.average_rate or stream.guessed_rate or Fraction(24)
            total = stream.frames or round((container.duration or 0) / 1e6 * fps)
            frames = _counted(map(_planes_of, container.decode(stream)), total, progress)
            series = _series(frames, Fraction(fps))
    except FFmpegError as error:
        problem = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read as a video"
        raise UnreadableVideoError(
            f"{path} {problem}.", hint="Give a video such as MP4, MKV or WebM."
        ) from error
    if series.n_frames == 0:
        raise UnreadableVideoError(f"{path} has no frame that can be decoded.", hint="Give another video.")
    return series


def series_of_frames(frames: Iterable[NDArray[np.uint8]], fps: Fraction) -> FrameSeries:
    """Keep the features of frames that are in memory.

    Parameters
    ----------
    frames : iterable of ndarray of uint8, shape (height, width, 3)
        RGB pictures of one size.
    fps : Fraction
        Frames per second.
    """
    return _series(map(_planes_of_rgb, frames), fps)


def _counted(frames: Iterator[Planes], total: int, progress: Progress | None) -> Iterator[Planes]:
    for index, frame in enumerate(frames, start=1):
        if progress is not None:
            progress(index, max(total, index))
        yield frame


def _planes_of(frame: av.VideoFrame) -> Planes:
    """Return decimated luma and chroma; slicing the planes costs a tenth of a scaler's conversion."""
    if frame.format.name not in PLANAR:
        width = min(SAMPLES_ACROSS, frame.width)
        height = max(2, round(frame.height * width / frame.width))
        frame = frame.reformat(width=width, height=height, format="yuv420p")
    luma, u, v = (_decimated(plane, plane.width, plane.height) for plane in frame.planes)
    return luma, u, v


def _decimated(plane: VideoPlane, width: int, height: int) -> NDArray[np.uint8]:
    pixels = np.frombuffer(cast(memoryview, plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
    return _sampled(pixels)


def _sampled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = max(1, pixels.shape[1] // SAMPLES_ACROSS)
    return pixels[step // 2 :: step, step // 2 :: step]


def _planes_of_rgb(pixels: NDArray[np.uint8]) -> Planes:
    r, g, b = (_sampled(pixels[..., channel]).astype(np.float32) for channel in range(3))
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    u, v = 128 + (b - luma) / 1.8556, 128 + (r - luma) / 1.5748
    return luma.astype(np.uint8), u.astype(np.uint8), v.astype(np.uint8)


def _series(frames: Iterable[Planes], fps: Fraction) -> FrameSeries:
    grids: list[NDArray[np.uint8]] = []
    steps: list[float] = []
    color_steps: list[float] = []
    contrasts: list[float] = []
    last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    for planes in frames:
        fine = np.stack([_grid(plane) for plane in planes], axis=-1)
        colors = _histogram(planes)
        steps.append(0.0 if last is None else float(np.abs(fine - last[0]).sum(axis=-1).mean()) / 255.0)
        color_steps.append(0.0 if last is None else float(np.abs(colors - last[1]).sum()) / 2.0)
        contrasts.append(_contrast(planes[0]))
        last = (fine, colors)
        halves = fine.reshape(COARSE[0], 2, COARSE[1], 2, 3).mean(axis=(1, 3))
        grids.append(np.rint(halves).astype(np.uint8))
    shape = (len(grids), *COARSE, 3)
    return FrameSeries(
        fps,
        np.stack(grids) if grids else np.zeros(shape, np.uint8),
        np.asarray(steps, dtype=np.float32),
        np.asarray(color_steps, dtype=np.float32),
        np.asarray(contrasts, dtype=np.float32),
    )


def _contrast(luma: NDArray[np.uint8]) -> float:
    rows, columns = (np.flatnonzero(luma.max(axis=axis) > BLACK_LUMA) for axis in (1, 0))
    if not rows.size or not columns.size:
        return float(luma.std())
    return float(luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].std())


def _grid(plane: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows, columns = (
        np.linspace(0, n, cells, endpoint=False).astype(np.intp)
        for n, cells in zip(plane.shape, FINE, strict=True)
    )
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0, dtype=np.float32), columns, axis=1)
    areas = np.outer(_spans(rows, plane.shape[0]), _spans(columns, plane.shape[1]))
    return (sums / areas).astype(np.float32)


def _spans(starts: NDArray[np.intp], end: int) -> NDArray[np.intp]:
    return np.maximum(np.diff(starts, append=end), 1)


def _histogram(planes: Planes) -> NDArray[np.float32]:
    """Return shares of luma and chroma values; luma weighs as much as both chroma planes."""
    luma = np.bincount(planes[0].ravel() // (256 // LUMA_BINS), minlength=LUMA_BINS) / (2 * planes[0].size)
    chroma = [
        np.bincount(plane.ravel() // (256 // CHROMA_BINS), minlength=CHROMA_BINS) / (4 * plane.size)
        for plane in planes[1:]
    ]
    return np.concatenate([luma, *chroma]).astype(np.float32)
