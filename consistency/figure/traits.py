"""What somebody looks like: colours of hair, eyes and clothes, the style of the hair, and ornaments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab, to_linear
from .heads import HAIR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .anatomy import Anatomy
    from .regions import Box

# Bins of lightness and of the two opponent colours of OKLab, which are kept within ±_REACH.
COLOUR_BINS = (6, 12, 12)
_FINE_BINS = (8, 14, 14)
_REACH = 0.28
_COLOUR_BLUR = (0.8, 1.1, 1.1)

# The portrait: its side in pixels, and how far it reaches from the centre of the face in head radii.
_SIDE, _PORTRAIT_REACH = 48, 2.0

# Distance from the colour of the skin, in OKLab relative to it, at which a pixel of the face begins to be
# something else, and over which it becomes so.
_SKIN_SPREAD, _SKIN_EDGE = 0.05, 0.06
# Weight of the eyes' pixels, out of about 10, below which nothing is known of them: where look-alikes are
# told apart best on all five hands (benchmarks/drawn, seed 101).
_MIN_EYES = 2.5
# Share of its commonest colour below which a colour is rare in a part.
_RARE = 0.08


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
        pitch = 2 * _PORTRAIT_REACH / _SIDE
        self.down = ((np.arange(_SIDE) + 0.5) * pitch - _PORTRAIT_REACH)[:, None]
        self.across = self.down.T
        self.neutral = oklab(np.minimum(self.linear / figure.grey, 1.5))

    def within(self, x: float, y: float, wide: float, tall: float) -> NDArray[np.bool_]:
        """Return which pixels are in an ellipse given in head radii, and in the picture."""
        inside = ((self.across - x) / wide) ** 2 + ((self.down - y) / tall) ** 2 < 1
        return inside & self.seen

    def unlike_skin(self) -> NDArray[np.float32]:
        """Return how much each pixel differs from the commonest colour of the face, in [0, 1]."""
        core = self.within(0, 0.35, 0.6, 0.45)
        face = self.linear[core] if core.sum() > 20 else self.linear.reshape(-1, 3)
        skin = np.median(face, axis=0)
        near = np.abs(np.log((face + 0.02) / (skin + 0.02))).max(axis=1) < 0.5
        if near.any():
            skin = np.median(face[near], axis=0)
        level = np.float32(0.6)
        relative = oklab(np.minimum(self.linear / np.maximum(skin, 0.02) * level, 1.6))
        away = (relative - oklab(np.full(3, level))) * np.array([0.6, 1.0, 1.0], np.float32)
        gap = np.linalg.norm(away, axis=-1)
        return np.clip((gap - _SKIN_SPREAD) / _SKIN_EDGE, 0, 1)


def _cut(image: NDArray[np.uint8], figure: Anatomy) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the head scaled to the portrait, and which of its pixels are in the picture at all."""
    from PIL import Image

    height, width = image.shape[:2]
    reach = _PORTRAIT_REACH * figure.head.radius / figure.scale
    x, y = figure.head.x / figure.scale, figure.head.y / figure.scale
    left, top, right, bottom = (
        int(np.floor(x - reach)), int(np.floor(y - reach)), int(np.ceil(x + reach)), int(np.ceil(y + reach)),
    )  # fmt: skip
    rows, columns = slice(max(top, 0), max(bottom, 1)), slice(max(left, 0), max(right, 1))
    step = max(int((right - left) / (2.5 * _SIDE)), 1)
    part = Image.fromarray(np.ascontiguousarray(image[rows, columns][::step, ::step]))
    pitch = (right - left) / _SIDE
    # Where the part that is in the picture comes to lie in the portrait.
    place = [
        round((max(left, 0) - left) / pitch), round((max(top, 0) - top) / pitch),
        round((min(right, width) - left) / pitch), round((min(bottom, height) - top) / pitch),
    ]  # fmt: skip
    place = [int(np.clip(side, 0, _SIDE)) for side in place]
    size = (max(place[2] - place[0], 1), max(place[3] - place[1], 1))
    place = [min(place[0], _SIDE - 1), min(place[1], _SIDE - 1)]
    codes = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    seen = np.zeros((_SIDE, _SIDE), bool)
    inside = slice(place[1], place[1] + size[1]), slice(place[0], place[0] + size[0])
    codes[inside] = np.asarray(part.resize(size, Image.Resampling.BOX))[
        : _SIDE - place[1], : _SIDE - place[0]
    ]
    seen[inside] = True
    return codes, seen


def colour_histogram(lab: NDArray[np.float32], weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Count OKLab colours, smoothed and square-rooted, so that a cosine is a Bhattacharyya coefficient.

    Parameters
    ----------
    lab : ndarray of float32, shape (..., 3)
        OKLab.
    weights : ndarray of float, shape (...)
        How much each pixel counts.

    Returns
    -------
    ndarray of float64, shape (864,)
        Of length 1.
    """
    from scipy import ndimage

    counts = _count(_bins_of(lab, COLOUR_BINS), weights, COLOUR_BINS)
    smooth = np.sqrt(ndimage.gaussian_filter(counts / max(counts.sum(), 1e-9), _COLOUR_BLUR) + 1e-9).ravel()
    return smooth / np.linalg.norm(smooth)


def _bins_of(lab: NDArray[np.float32], bins: tuple[int, int, int]) -> NDArray[np.int64]:
    lightness = np.clip((lab[..., 0] * bins[0]).astype(np.int64), 0, bins[0] - 1)
    a, b = (
        np.clip(
            ((lab[..., 1 + k] + _REACH) / (2 * _REACH) * bins[1 + k]).astype(np.int64), 0, bins[1 + k] - 1
        )
        for k in (0, 1)
    )
    return (lightness * bins[1] + a) * bins[2] + b


def _count(
    indices: NDArray[np.int64], weights: NDArray[np.floating], bins: tuple[int, int, int]
) -> NDArray[np.float64]:
    size = bins[0] * bins[1] * bins[2]
    return np.bincount(indices.ravel(), weights.ravel(), minlength=size).astype(np.float64).reshape(bins)


def eye_colours(portrait: Portrait) -> NDArray[np.float64] | None:
    """Return the colours of the eyes: what is unlike skin, and colourful, in their band.

    Returns
    -------
    ndarray of float64, shape (864,), or None
        Of length 1; None where the eyes are closed, or too small or pale to be read.
    """
    from scipy import ndimage

    band = ndimage.gaussian_filter(portrait.within(0, 0.15, 0.85, 0.5).astype(np.float32), 1.5)
    chroma = np.hypot(portrait.neutral[..., 1], portrait.neutral[..., 2])
    weights = portrait.unlike_skin() * band * (chroma + 0.02)
    return colour_histogram(portrait.neutral, weights) if weights.sum() >= _MIN_EYES else None


def _rare_weights(portrait: Portrait, figure: Anatomy) -> NDArray[np.float64]:
    """Weigh the pixels around a head by how rare their colours are in all its parts."""
    from scipy import ndimage

    indices = _bins_of(oklab(figure.neutral), _FINE_BINS)
    here = _bins_of(portrait.neutral, _FINE_BINS)
    counts = np.stack([_count(indices, part**2, _FINE_BINS) for part in figure.parts])
    common = ndimage.gaussian_filter(counts, (0, 0.8, 0.8, 0.8), truncate=3).reshape(len(counts), -1)
    common /= np.maximum(common.max(axis=1, keepdims=True), 1e-9)
    rarity = np.exp(-common.sum(axis=0) / _RARE)[here]
    eyes = ndimage.gaussian_filter(portrait.within(0, 0.15, 0.75, 0.45).astype(np.float32), 1.0)
    around = portrait.within(0, 0, 1.7, 1.9)
    return ndimage.gaussian_filter(rarity * around * (1 - eyes), 1.0) ** 1.5


# Where hair is or is not by its style, in head radii: left, right, top, bottom. Those at the side are looked
# at on both sides, and pictures are mirrored, so the fuller side comes first.
_SIDE_ZONES: tuple[Box, ...] = (
    (0.7, 1.5, -1.7, -0.95),  # spikes, buns
    (1.25, 1.9, -0.8, 0.2),  # tails, spikes
    (0.9, 1.3, 0.3, 1.0),  # down to the cheeks
    (1.3, 2.1, 0.6, 1.7),  # tails, waves
    (0.6, 1.25, 1.25, 2.0),  # down to the shoulders
    (0.5, 1.5, 2.2, 3.3),  # below them
)
_MIDDLE_ZONES: tuple[Box, ...] = (
    (-0.6, 0.6, -2.0, -1.45),  # a bun, spikes
    (-0.5, 0.5, -0.75, -0.3),  # the fringe
)
# What is usual there: the mean over the hands ``cel``, ``painted`` and ``bold`` (seed 101).
_USUAL = np.array([0.40, 0.23, 0.41, 0.24, 0.61, 0.46, 0.22, 0.10, 0.13, 0.06, 0.05, 0.02, 0.37, 0.59])
# How much of the usual is taken away, so that cosines tell people apart.
_CENTRING = 0.9
N_STYLE = 2 * len(_USUAL)
_SEEN_SHARE = 0.3


def hair_style(figure: Anatomy) -> NDArray[np.float64]:
    """Return where around the head hair is more, or less, than usual.

    The share of hair s in each zone is the angle πs/2, by its cosine and sine. What is outside the
    picture is as usual.

    Returns
    -------
    ndarray of float64, shape (28,)
        Of length 1.
    """
    sums = np.zeros(np.add(figure.parts[HAIR].shape, 1))
    sums[1:, 1:] = figure.parts[HAIR].cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    shares = []
    for left, right, top, bottom in _SIDE_ZONES:
        sides = [
            _share(sums, figure, box) for box in ((left, right, top, bottom), (-right, -left, top, bottom))
        ]
        seen = [side for side in sides if side is not None]
        shares += [max(seen, default=np.nan), min(seen, default=np.nan)]
    shares += [_share(sums, figure, box) for box in _MIDDLE_ZONES]
    shares = np.array(shares, dtype=np.float64)
    known = np.where(np.isfinite(shares), shares, _USUAL)
    code = _angles(known) - _CENTRING * _angles(_USUAL)
    return code / max(float(np.linalg.norm(code)), 1e-9)


def _share(sums: NDArray[np.float64], figure: Anatomy, box: Box) -> float | None:
    """Return the share of hair in a box around the head; None where it is mostly outside the picture."""
    x, y, radius = figure.head.x, figure.head.y, figure.head.radius
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    left, right = (min(max(round(x + side * radius), 0), width) for side in box[:2])
    top, bottom = (min(max(round(y + side * radius), 0), height) for side in box[2:])
    area = (right - left) * (bottom - top)
    if area < max(_SEEN_SHARE * (box[1] - box[0]) * (box[3] - box[2]) * radius**2, 1):
        return None
    return float(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]) / area


def _angles(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    turns = np.clip(shares, 0, 1) * (np.pi / 2)
    return np.concatenate([np.cos(turns), np.sin(turns)])


def rare_colours(portrait: Portrait, figure: Anatomy) -> NDArray[np.float64]:
    """Return the colours around the head that are rare in all its parts, and last how much there is nothing.

    Returns
    -------
    ndarray of float64, shape (865,)
        Of length 1.
    """
    weights = _rare_weights(portrait, figure)
    mass = float(weights.sum())
    share = mass / (mass + 1.0)
    return np.append(share**0.5 * colour_histogram(portrait.neutral, weights + 1e-5), (1 - share) ** 0.5)
