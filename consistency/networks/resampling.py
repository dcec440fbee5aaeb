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

# Rows of a frame that are worked on at a time, so that they stay in the processor's cache.
_ROWS = 32
# 16 × 16 bytes of 255 are the most whose sum two bytes hold.
_MAX_FACTOR = 16


@dataclass(frozen=True, slots=True)
class Scaling:
    """How 0–255 becomes what a network takes: ``(value - mean) / deviation`` for red, green, blue."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def apply(self, planes: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write planes, shape (3, height, width), to `out` of the same shape."""
        np.multiply(planes, self.gains[:, None, None], out=out)
        if any(self.mean):
            np.add(out, self.offsets[:, None, None], out=out)

    @property
    def gains(self) -> NDArray[np.float32]:
        """What a value is multiplied by; shape (3,)."""
        return (1.0 / np.asarray(self.deviation)).astype(np.float32)

    @property
    def offsets(self) -> NDArray[np.float32]:
        """What is added to it then; shape (3,)."""
        return (-np.asarray(self.mean) / np.asarray(self.deviation)).astype(np.float32)


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
    filter for bytes does the same in about half the time; the two differ by at most one step of 255.

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
    edge = (margin * scaling.gains + scaling.offsets).astype(np.float32)
    right, bottom = left + inner[0], top + inner[1]
    for rim in (batch[0, :, :top], batch[0, :, bottom:], batch[0, :, :, :left], batch[0, :, :, right:]):
        rim[...] = edge[:, None, None]
    _shrink(image, scaling, batch[0, :, top:bottom, left:right])
    return Letterbox(batch, (inner[0] / columns, inner[1] / rows), (left, top))


def _shrink(image: NDArray[np.uint8], scaling: Scaling, out: NDArray[np.float32]) -> None:
    """Resize for a detector: by whole factors where that fits, as it does for 720p, 1080p and 4K."""
    height, width = out.shape[1:]
    factor = image.shape[0] // height
    if image.shape[:2] == (height * factor, width * factor) and 2 <= factor <= _MAX_FACTOR:
        _area_means(image, factor, scaling, out)
    elif image.shape[:2] == (height, width):
        scaling.apply(image.transpose(2, 0, 1), out)
    else:
        picture = Image.fromarray(image)
        scaled = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
        scaling.apply(np.asarray(scaled).transpose(2, 0, 1), out)


def _area_means(image: NDArray[np.uint8], factor: int, scaling: Scaling, out: NDArray[np.float32]) -> None:
    """Average squares of pixels and scale, a few rows at a time: half the time of Pillow's reduction."""
    gains, offsets = scaling.gains / np.float32(factor**2), scaling.offsets
    height, width = out.shape[1:]
    sums = np.empty((_ROWS, image.shape[1], 3), np.uint16)
    cells = np.empty((_ROWS, width), np.uint16)
    for top in range(0, height, _ROWS):
        n_rows = min(_ROWS, height - top)
        rows = image[top * factor : (top + n_rows) * factor].reshape(n_rows, factor, -1, 3)
        tall = np.add(rows[:, 0], rows[:, 1], out=sums[:n_rows], dtype=np.uint16)
        for at in range(2, factor):
            np.add(tall, rows[:, at], out=tall)
        for colour in range(3):
            cell = np.add(tall[:, 0::factor, colour], tall[:, 1::factor, colour], out=cells[:n_rows])
            for at in range(2, factor):
                np.add(cell, tall[:, at::factor, colour], out=cell)
            part = np.multiply(cell, gains[colour], out=out[colour, top : top + n_rows])
            np.add(part, offsets[colour], out=part)


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
