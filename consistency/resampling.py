"""Pictures at the size and in the numbers that a network takes."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scaling:
    """How 0–255 becomes what a network takes: ``(value - mean) / deviation`` for red, green, blue."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def apply(self, planes: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write planes, shape (3, height, width), to `out` of the same shape."""
        gains = (1.0 / np.asarray(self.deviation)).astype(np.float32)
        offsets = (-np.asarray(self.mean) / np.asarray(self.deviation)).astype(np.float32)
        np.multiply(planes, gains[:, None, None], out=out)
        if offsets.any():
            np.add(out, offsets[:, None, None], out=out)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A picture laid into a frame of another shape, and the way back.

    Parameters
    ----------
    batch : ndarray of float32, shape (1, 3, height, width)
        What the network takes.
    scale : tuple of float
        Pixels of the frame to one of the picture, horizontally and vertically.
    offset : tuple of int
        Where the picture's left upper corner is in the frame.
    """

    batch: NDArray[np.float32]
    scale: tuple[float, float]
    offset: tuple[int, int]

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points, shape (..., 2) as x and y, from the frame to the picture."""
        return (np.asarray(points, np.float64) - self.offset) / self.scale


def resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Stretch a picture to a size by bilinear filtering, as Pillow does it.

    Scaling down averages over all pixels that a new one covers. Where torch is loaded already, its
    filter for bytes does the same in a third of the time; the two differ by at most one step of 255.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    width, height : int
        New size in pixels.

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
        One plane for each colour.
    """
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "from_numpy"):
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        scaled = torch.nn.functional.interpolate(pixels, (height, width), mode="bilinear", antialias=True)
        return scaled[0].numpy()
    scaled = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled).transpose(2, 0, 1)


def stretched(image: NDArray[np.uint8], width: int, height: int, scaling: Scaling) -> NDArray[np.float32]:
    """Stretch a picture to a size and scale its numbers.

    Returns
    -------
    ndarray of float32, shape (1, 3, height, width)
    """
    batch = np.empty((1, 3, height, width), np.float32)
    scaling.apply(resized(image, width, height), batch[0])
    return batch


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
    edge = ((margin - np.asarray(scaling.mean)) / np.asarray(scaling.deviation)).astype(np.float32)
    right, bottom = left + inner[0], top + inner[1]
    for rim in (batch[0, :, :top], batch[0, :, bottom:], batch[0, :, :, :left], batch[0, :, :, right:]):
        rim[...] = edge[:, None, None]
    scaling.apply(_shrunk(image, inner), batch[0, :, top:bottom, left:right])
    return Letterbox(batch, (inner[0] / columns, inner[1] / rows), (left, top))


def _shrunk(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize for a detector: first by a whole factor, which costs a fifth of the filter."""
    if (image.shape[1], image.shape[0]) == size:
        return image.transpose(2, 0, 1)
    scaled = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)
    return np.asarray(scaled).transpose(2, 0, 1)


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
