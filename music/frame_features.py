"""What is kept of each picture of a video to find its shots: a coarse grid and two differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableVideoError
from .picture_planes import Planes, Progress, planes_of_file, planes_of_rgb

# Shake and breathing move a figure by less than one cell of this grid; a cut changes all of it.
FINE = (18, 32)
COARSE = (9, 16)
LUMA_BINS, CHROMA_BINS = 32, 16
# Luma up to which a row or column at the edge is a black bar, compression noise included; the share of
# the frames in which it has to be; and the rows and columns that have to stay.
BLACK_LUMA, BAR_SHARE, LEAST_CELLS = 28, 0.98, 4


@dataclass(frozen=True, slots=True)
class FrameSeries:
    """A video as the shot detectors see it.

    Parameters
    ----------
    fps : Fraction
        Frames per second; of a variable rate, the mean.
    grids : ndarray of uint8, shape (n_frames, 9, 16, 3)
        Mean luma and chroma of each picture on a coarse grid.
    steps : ndarray of float32, shape (n_frames,)
        Mean absolute difference to the frame before on a finer grid, in [0, 1]; 0 for the first.
    color_steps : ndarray of float32, shape (n_frames,)
        Share of the picture whose colour is not in the frame before, in [0, 1]; blind to movement.
    contrasts : ndarray of float32, shape (n_frames,)
        Standard deviation of luma without black bars, 0-128; two pictures that lie over each other have less.
    times : ndarray of float64, shape (n_frames,), or None
        Seconds at which the frames are shown, of a video whose rate varies.
    """

    fps: Fraction
    grids: NDArray[np.uint8]
    steps: NDArray[np.float32]
    color_steps: NDArray[np.float32]
    contrasts: NDArray[np.float32]
    times: NDArray[np.float64] | None = None

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.grids)

    def time_of(self, frame: int) -> float:
        """Return the second at which a frame is shown."""
        return float(frame / self.fps) if self.times is None else float(self.times[frame])

    def without_bars(self) -> FrameSeries:
        """Return the series of the picture between the black bars that all frames share.

        Bars are alike in every shot: with them, the pictures of two shots look related, a white frame is
        no plain one, and every change is smaller than it is.
        """
        is_black = np.quantile(self.grids[..., 0], BAR_SHARE, axis=0) <= BLACK_LUMA if self.n_frames else None
        if is_black is None:
            return self
        rows, columns = _between_bars(is_black)
        scale = np.float32(is_black.size / is_black[rows, columns].size)
        if scale == 1.0:
            return self
        shown = self.grids[:, _without_rim(rows, is_black.shape[0]), _without_rim(columns, is_black.shape[1])]
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


def _without_rim(span: slice, n_cells: int) -> slice:
    """Leave out the cells beside a bar, which it may reach into."""
    first, end = span.start + (span.start > 0), span.stop - (span.stop < n_cells)
    return slice(first, end) if end - first >= LEAST_CELLS else span


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
    rates: list[Fraction] = []
    times: list[float | None] = []

    def planes() -> Iterator[Planes]:
        for rate, time, picture in planes_of_file(path, progress):
            rates.append(rate)
            times.append(time)
            yield picture

    series = _series(planes(), Fraction(24))
    if series.n_frames == 0:
        raise UnreadableVideoError(f"{path} has no frame that can be decoded.", hint="Give another video.")
    return replace(series, fps=rates[0], times=_uneven(times, rates[0]))


def _uneven(times: list[float | None], fps: Fraction) -> NDArray[np.float64] | None:
    """Return the seconds of the frames from the first one on; None at a steady rate."""
    known = np.array([np.nan if time is None else time for time in times], dtype=np.float64)
    known -= known[0]
    steady = np.arange(len(times)) / float(fps)
    # Containers round to milliseconds; half a frame is no rounding.
    is_steady = not np.isfinite(known).all() or bool((np.abs(known - steady) < 0.5 / float(fps)).all())
    return None if is_steady or bool((np.diff(known) <= 0).any()) else known


def series_of_frames(frames: Iterable[NDArray[np.uint8]], fps: Fraction) -> FrameSeries:
    """Keep the features of frames that are in memory.

    Parameters
    ----------
    frames : iterable of ndarray of uint8, shape (height, width, 3)
        RGB pictures of one size.
    fps : Fraction
        Frames per second.
    """
    return _series(map(planes_of_rgb, frames), fps)


def _series(frames: Iterable[Planes], fps: Fraction) -> FrameSeries:
    grids: list[NDArray[np.uint8]] = []
    steps: list[float] = []
    color_steps: list[float] = []
    contrasts: list[float] = []
    last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    for planes in frames:
        levels = [plane.astype(np.float32) for plane in planes]
        fine = np.stack([_grid(level) for level in levels])
        colors = _histogram(planes)
        steps.append(0.0 if last is None else float(np.abs(fine - last[0]).sum()) / fine[0].size / 255.0)
        color_steps.append(0.0 if last is None else float(np.abs(colors - last[1]).sum()) / 2.0)
        contrasts.append(_contrast(levels[0]))
        last = (fine, colors)
        halves = fine.reshape(3, COARSE[0], 2, COARSE[1], 2).sum(axis=(2, 4)) / 4.0
        grids.append((halves + 0.5).astype(np.uint8).transpose(1, 2, 0))
    shape = (len(grids), *COARSE, 3)
    return FrameSeries(
        fps,
        np.stack(grids) if grids else np.zeros(shape, np.uint8),
        np.asarray(steps, dtype=np.float32),
        np.asarray(color_steps, dtype=np.float32),
        np.asarray(contrasts, dtype=np.float32),
    )


def _contrast(luma: NDArray[np.float32]) -> float:
    rows, columns = (np.flatnonzero(luma.max(axis=axis) > BLACK_LUMA) for axis in (1, 0))
    shown = luma
    if rows.size and columns.size:
        shown = luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    flat = shown.ravel() - shown.mean()
    return float(np.sqrt(flat @ flat / flat.size))


def _grid(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    down, across = (_averages(n, cells) for n, cells in zip(plane.shape, FINE, strict=True))
    return np.asarray(down @ plane @ across.T, dtype=np.float32)


@lru_cache(maxsize=64)
def _averages(n: int, n_cells: int) -> NDArray[np.float32]:
    """Return the matrix, shape (n_cells, n), that averages neighbours into cells."""
    starts = np.linspace(0, n, n_cells, endpoint=False).astype(np.intp)
    ends = np.maximum(np.append(starts[1:], n), starts + 1)
    places = np.arange(n)
    inside = (places >= starts[:, None]) & (places < ends[:, None])
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def _histogram(planes: Planes) -> NDArray[np.float32]:
    """Return shares of luma and chroma values; luma weighs as much as both chroma planes."""
    bins = (LUMA_BINS, CHROMA_BINS, CHROMA_BINS)
    shares = [
        np.bincount((plane >> (8 - (n.bit_length() - 1))).ravel(), minlength=n) / (weight * plane.size)
        for plane, n, weight in zip(planes, bins, (2, 4, 4), strict=True)
    ]
    return np.concatenate(shares).astype(np.float32)
