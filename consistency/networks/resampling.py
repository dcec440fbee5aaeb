"""Pictures at the size and in the numbers that a network takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from .filters import MAX_FACTOR, area_means, resized

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scaling:
    """How 0–255 becomes what a network takes: ``(value - mean) / deviation`` for red, green, blue."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def apply(self, planes: NDArray[np.unsignedinteger], out: NDArray[np.float32], count: int = 1) -> None:
        """Write planes to `out`, scaled.

        Parameters
        ----------
        planes : ndarray of unsigned int, shape (3, height, width)
            Sums of `count` values from 0 to 255, of which the mean is taken.
        out : ndarray of float32, of the same shape
        count : int
            Values in a sum.
        """
        # Widened first: an operation of two types at once takes twice as long.
        for plane, target, mean, deviation in zip(planes, out, self.mean, self.deviation, strict=True):
            np.copyto(target, plane)
            np.multiply(target, 1.0 / (count * deviation), out=target)
            if mean:
                np.subtract(target, mean / deviation, out=target)

    def of(self, value: float) -> NDArray[np.float32]:
        """Return what one value becomes, shape (3,)."""
        return ((value - np.asarray(self.mean)) / self.deviation).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture lies in a frame of another shape.

    Parameters
    ----------
    size : tuple of int
        Width and height of the frame in pixels.
    scale : tuple of float
        Pixels of the frame to one of the picture, horizontally and vertically.
    offset : tuple of int
        Where the picture's left upper corner is in the frame.
    """

    size: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[int, int]

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points, shape (..., 2) as x and y, from the frame to the picture."""
        return (np.asarray(points, np.float64) - self.offset) / self.scale


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A picture laid into a frame of another shape, and the way back.

    Parameters
    ----------
    batch : ndarray of float32, shape (1, 3, height, width)
        What the network takes.
    placement : Placement
    """

    batch: NDArray[np.float32]
    placement: Placement


def letterboxed(
    image: NDArray[np.uint8],
    width: int,
    height: int,
    scaling: Scaling,
    *,
    margin: float,
    is_centred: bool,
) -> Letterbox:
    """Fit a picture into a frame with its proportions kept, and scale its numbers.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    width, height : int
        The frame in pixels.
    scaling : Scaling
        Of picture and margin.
    margin : float
        What fills the rest, in [0, 255].
    is_centred : bool
        Whether the picture is put in the middle, else in the left upper corner.
    """
    rows, columns = image.shape[:2]
    ratio = min(width / columns, height / rows)
    inner = max(1, round(columns * ratio)), max(1, round(rows * ratio))
    left, top = ((width - inner[0]) // 2, (height - inner[1]) // 2) if is_centred else (0, 0)
    batch = np.empty((1, 3, height, width), np.float32)
    edge = scaling.of(margin)
    right, bottom = left + inner[0], top + inner[1]
    for rim in (batch[0, :, :top], batch[0, :, bottom:], batch[0, :, :, :left], batch[0, :, :, right:]):
        rim[...] = edge[:, None, None]
    _shrink(image, scaling, batch[0, :, top:bottom, left:right])
    return Letterbox(batch, Placement((width, height), (inner[0] / columns, inner[1] / rows), (left, top)))


def _shrink(image: NDArray[np.uint8], scaling: Scaling, out: NDArray[np.float32]) -> None:
    """Resize for a detector: by whole factors where that fits, as it does for 720p, 1080p and 4K."""
    height, width = out.shape[1:]
    factor = image.shape[0] // height
    if image.shape[:2] == (height * factor, width * factor) and 2 <= factor <= MAX_FACTOR:
        area_means(image, factor, scaling, out)
    elif factor < 2:
        scaling.apply(resized(image, width, height), out)
    else:
        picture = Image.fromarray(image)
        scaled = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
        scaling.apply(np.asarray(scaled).transpose(2, 0, 1), out)


def frame_size(image: NDArray[np.uint8], longest: int, multiple: int) -> tuple[int, int]:
    """Return width and height of the smallest frame for a picture at most `longest` on its longer side.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    longest : int
        Longest side in pixels; a smaller picture is not enlarged.
    multiple : int
        What both sides are divisible by.
    """
    rows, columns = image.shape[:2]
    ratio = min(1.0, longest / max(rows, columns))
    return tuple(max(1, math.ceil(round(side * ratio) / multiple)) * multiple for side in (columns, rows))  # type: ignore[return-value]
