"""What can be measured of a reference picture whoever it shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..gates.technical import clipped_share, edge_sharpness

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Short side at which a picture is measured, so that an enlarged picture is not called sharp: no
# encoder looks at more of it.
_MEASURED_SIDE = 512
_DARK, _BRIGHT = 12.0, 250.0
# Of ten photographs of people, animals and things 0 to 0.06 is flat and the grain is 1.7 to 10 codes; of
# the demo's drawings 0.18 to 0.82 is flat, and the grain is 0 to 1.4.
_BLOCK, _FLAT, _LITTLE_FLAT, _MUCH_GRAIN = 6, 0.8, 0.07, 1.6
# Side of what two pictures are compared by.
_LOOK_SIDE, _SAMPLED_SIDE = 24, 192
# Two scans, sizes or compressions of one drawing correlate above 0.99 and differ by under 3 codes; other
# drawings of one character on one ground correlate up to 0.95 (tests/consistency/test_references.py).
_SAME_CORRELATION, _SAME_COLOUR = 0.985, 8.0


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """Measurements of one picture.

    Parameters
    ----------
    width, height : int
        Pixels.
    sharpness : float
        Of its sharpest edges at 512 pixels on the short side, in [0, 1], as `edge_sharpness` has it.
    contrast : float
        Standard deviation of the luma, in codes of 0–255.
    lightness : float
        Mean luma, in codes.
    dark, bright : float
        Share of pixels with a luma under 12 and over 250, in [0, 1].
    clipped : float
        Share of pixels that are pure black or white, in [0, 1].
    flat : float
        Share of 6 × 6 blocks without any change (standard deviation under 0.8 codes), in [0, 1].
    grain : float
        Median standard deviation of those blocks, in codes.
    """

    width: int
    height: int
    sharpness: float
    contrast: float
    lightness: float
    dark: float
    bright: float
    clipped: float
    flat: float
    grain: float

    @property
    def is_photographic(self) -> bool:
        """Whether it has the grain of a photograph and no flat colour, as few drawings do."""
        return self.flat < _LITTLE_FLAT and self.grain > _MUCH_GRAIN

    @property
    def short_side(self) -> int:
        """The shorter of width and height."""
        return min(self.width, self.height)

    def as_json(self) -> dict[str, Any]:
        """Return the numbers, rounded to what they are good for."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure_picture(image: NDArray[np.uint8]) -> PictureQuality:
    """Measure sharpness, exposure and contrast.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB, of any size.
    """
    small = _reduced(image)
    luma = small.astype(np.float32) @ _LUMA
    return PictureQuality(
        width=image.shape[1],
        height=image.shape[0],
        sharpness=edge_sharpness(luma),
        contrast=float(luma.std()),
        lightness=float(luma.mean()),
        dark=float((luma < _DARK).mean()),
        bright=float((luma > _BRIGHT).mean()),
        clipped=clipped_share(small),
        **_texture(luma),
    )


def picture_look(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a picture reduced to 24 × 24, for `looks_alike`; shape (24, 24, 3), codes of 0–255."""
    from PIL import Image

    # Every pixel of a large picture would cost more than all the rest that is done with a frame.
    step = max(1, min(image.shape[:2]) // _SAMPLED_SIDE)
    sampled = Image.fromarray(np.ascontiguousarray(image[::step, ::step]))
    small = sampled.resize((_LOOK_SIDE, _LOOK_SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def looks_alike(first: NDArray[np.float32], second: NDArray[np.float32]) -> str:
    """Tell whether two pictures are copies of one, at whatever size and compression.

    Parameters
    ----------
    first, second : ndarray of float32, shape (24, 24, 3)
        By `picture_look`.

    Returns
    -------
    str
        ``same``, ``mirrored``, or empty.
    """
    for name, other in (("same", second), ("mirrored", second[:, ::-1])):
        colour = float(np.abs(first - other).mean())
        if colour < _SAME_COLOUR and correlation(first @ _LUMA, other @ _LUMA) > _SAME_CORRELATION:
            return name
    return ""


def correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return Pearson's correlation of two pictures of one shape; 1 if both are flat, 0 if one is."""
    a, b = first - first.mean(), second - second.mean()
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    flat = [length < 1e-3 * first.size for length in lengths]
    if any(flat):
        return float(all(flat))
    return float((a * b).sum() / (lengths[0] * lengths[1]))


def _texture(luma: NDArray[np.float32]) -> dict[str, float]:
    rows, columns = (side // _BLOCK for side in luma.shape)
    if not rows or not columns:
        return {"flat": 0.0, "grain": 0.0}
    whole = luma[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    blocks = whole.transpose(0, 2, 1, 3).reshape(-1, _BLOCK**2)
    means = blocks.mean(axis=1)
    # Burnt out and black places are flat in photographs too.
    changes = blocks[(means > 6) & (means < 249)].std(axis=1)
    if not changes.size:
        return {"flat": 0.0, "grain": 0.0}
    return {"flat": float((changes < _FLAT).mean()), "grain": float(np.median(changes))}


def _reduced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    scale = _MEASURED_SIDE / min(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
