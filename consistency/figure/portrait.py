"""A head cut from the picture at full resolution."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab, to_linear
from .histograms import COLOUR_BINS, colour_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .anatomy import Anatomy

# The side of a portrait in pixels, and how far it reaches from the centre of the face in head radii.
SIDE, PORTRAIT_REACH = 48, 2.0
PIXELS_A_RADIUS = SIDE / (2 * PORTRAIT_REACH)

_SKIN_LEVEL = np.float32(0.6)


class Portrait:
    """The head at a size of its own, cut from the picture at full resolution.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    figure : Anatomy
        The figure, found in that picture.
    """

    def __init__(self, image: NDArray[np.uint8], figure: Anatomy) -> None:
        codes, self.seen = _cut(image, figure)
        self.linear = to_linear(codes)
        pitch = 1 / PIXELS_A_RADIUS
        self.down = ((np.arange(SIDE) + 0.5) * pitch - PORTRAIT_REACH)[:, None]
        self.across = self.down.T
        self.neutral = oklab(np.minimum(self.linear / figure.grey, 1.5))

    def within(self, x: float, y: float, wide: float, tall: float) -> NDArray[np.bool_]:
        """Return which pixels are in an ellipse given in head radii, and in the picture."""
        inside = ((self.across - x) / wide) ** 2 + ((self.down - y) / tall) ** 2 < 1
        return inside & self.seen

    def unlike_skin(self, begins: float, over: float) -> NDArray[np.float32]:
        """Return how much each pixel is something else than skin, in [0, 1].

        Parameters
        ----------
        begins, over : float
            Distance from the commonest colour of the face, in OKLab relative to it, at which a pixel begins
            to be something else, and over which it becomes so.
        """
        return np.clip((self._skin_distance - begins) / over, 0, 1)

    @cached_property
    def bins(self) -> NDArray[np.int32]:
        """The bin of each pixel's colour under neutral light; see `binned_histogram`."""
        return colour_bins(self.neutral, COLOUR_BINS)

    @cached_property
    def _skin_distance(self) -> NDArray[np.float32]:
        core = self.within(0, 0.35, 0.6, 0.45)
        face = self.linear[core] if core.sum() > 20 else self.linear.reshape(-1, 3)
        skin = np.median(face, axis=0)
        near = np.abs(np.log((face + 0.02) / (skin + 0.02))).max(axis=1) < 0.5
        if near.any():
            skin = np.median(face[near], axis=0)
        relative = oklab(np.minimum(self.linear / np.maximum(skin, 0.02) * _SKIN_LEVEL, 1.6))
        away = (relative - oklab(np.full(3, _SKIN_LEVEL))) * np.array([0.6, 1.0, 1.0], np.float32)
        return np.sqrt(np.einsum("yxc,yxc->yx", away, away))


def _cut(image: NDArray[np.uint8], figure: Anatomy) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the head scaled to the portrait, and which of its pixels are in the picture at all."""
    from PIL import Image

    height, width = image.shape[:2]
    reach = PORTRAIT_REACH * figure.head.radius / figure.scale
    x, y = figure.head.x / figure.scale, figure.head.y / figure.scale
    left, top, right, bottom = (
        int(np.floor(x - reach)), int(np.floor(y - reach)), int(np.ceil(x + reach)), int(np.ceil(y + reach)),
    )  # fmt: skip
    rows, columns = slice(max(top, 0), max(bottom, 1)), slice(max(left, 0), max(right, 1))
    step = max(int((right - left) / (2.5 * SIDE)), 1)
    part = Image.fromarray(np.ascontiguousarray(image[rows, columns][::step, ::step]))
    pitch = (right - left) / SIDE
    # Where the part that is in the picture comes to lie in the portrait.
    place = [
        round((max(left, 0) - left) / pitch), round((max(top, 0) - top) / pitch),
        round((min(right, width) - left) / pitch), round((min(bottom, height) - top) / pitch),
    ]  # fmt: skip
    place = [min(max(side, 0), SIDE) for side in place]
    size = (max(place[2] - place[0], 1), max(place[3] - place[1], 1))
    place = [min(place[0], SIDE - 1), min(place[1], SIDE - 1)]
    codes = np.zeros((SIDE, SIDE, 3), np.uint8)
    seen = np.zeros((SIDE, SIDE), bool)
    inside = slice(place[1], place[1] + size[1]), slice(place[0], place[0] + size[0])
    codes[inside] = np.asarray(part.resize(size, Image.Resampling.BOX))[: SIDE - place[1], : SIDE - place[0]]
    seen[inside] = True
    return codes, seen
