"""The parts of a figure: hair, face, upper and lower clothes, each told from the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .colour import oklab, to_linear
from .heads import BACKGROUND, BODIES, FACE, HAIR, LOWER, UPPER, Head, find_heads, part_at
from .regions import group_colours
from .salience import find_salience

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Long side at which pictures are analysed; the head of a full figure is still about 15 pixels wide.
WORKING_SIDE = 128

_COLOURS = 14
_BINS = (12, 16, 16)
_ROUNDS = 4
_GREY_POWER, _GREY_LEVEL = 4, 0.6
# Heads that explain a picture less are patterns: flat colour reaches 2, noise and plain shapes 8, drawn
# people 8.2 to 15 (benchmarks/drawn.py, hand ``cel``, seed 1).
_SURE = 8.0
# How much the colours weigh against the build, and what stands out, when pixels are labelled.
_COLOUR_WEIGHT, _SALIENCE_WEIGHT = 1.5, 0.15


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The parts of one figure in a picture.

    Parameters
    ----------
    linear : ndarray of float32, shape (height, width, 3)
        The picture at working size, linear light.
    parts : ndarray of float32, shape (5, height, width)
        How likely each pixel is background, hair, face, upper and lower clothes; sums to 1.
    head : Head
        The head, in working pixels.
    scale : float
        Working pixels a picture pixel.
    """

    linear: NDArray[np.float32]
    parts: NDArray[np.float32]
    head: Head
    scale: float

    @property
    def figure(self) -> NDArray[np.float32]:
        """How likely each pixel belongs to the figure, in [0, 1]."""
        return 1 - self.parts[BACKGROUND]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The figure: left, top, right, bottom in pixels of the picture."""
        rows, columns = np.nonzero(self.figure > 0.5)
        if not len(rows):
            return (0, 0, 0, 0)
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        return (
            round(left / self.scale), round(top / self.scale),
            round(right / self.scale), round(bottom / self.scale),
        )  # fmt: skip

    @property
    def neutral(self) -> NDArray[np.float32]:
        """The picture under neutral light: the figure's power mean of each channel is made grey.

        References
        ----------
        .. [1] G. Finlayson, E. Trezzi, "Shades of gray and colour constancy", CIC 12, 2004.
        """
        weight = self.figure[..., None]
        mean = (self.linear**_GREY_POWER * weight).sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
        grey = mean ** (1 / _GREY_POWER) + 1e-3
        return (self.linear / grey * _GREY_LEVEL).astype(np.float32)


def shrink(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale a picture down so that its long side is at most `side` pixels; never up."""
    from PIL import Image

    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def perceptual(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a picture's exposure to its brightest light and convert it so that distances are perceived ones.

    Parameters
    ----------
    linear : ndarray of float32, shape (height, width, 3)
        Linear light.

    Returns
    -------
    ndarray of float32, shape (height, width, 3)
        OKLab times (60, 200, 200): one unit is about one just noticeable difference, and lightness,
        which shading changes within one colour, counts less than hue.
    """
    from scipy import ndimage

    brightest = float(np.quantile(linear.max(axis=-1), 0.97))
    gain = np.float32(np.clip(0.85 / max(brightest, 1e-3), 1.0, 8.0))
    lab = np.asarray(ndimage.gaussian_filter(oklab(linear * gain), (0.5, 0.5, 0)), dtype=np.float32)
    return lab * np.array([60, 200, 200], dtype=np.float32)


def read_anatomy(image: NDArray[np.uint8], *, limit: int = 1) -> list[Anatomy]:
    """Find the figures in a picture and tell their parts apart.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    limit : int
        How many figures to look for at most.

    Returns
    -------
    list of Anatomy
        The surest first; empty where nobody is seen.
    """
    small = shrink(image, WORKING_SIDE)
    linear = to_linear(small)
    colours = perceptual(linear)
    salience = find_salience(colours)
    groups, means = group_colours(colours, _COLOURS)
    heads = find_heads(groups, means, salience, limit=limit)
    scale = small.shape[0] / image.shape[0]
    return [
        Anatomy(linear, label_parts(colours, salience, head), head, scale)
        for head in heads
        if head.score >= _SURE
    ]


def label_parts(
    colours: NDArray[np.float32], salience: NDArray[np.float32], head: Head
) -> NDArray[np.float32]:
    """Label each pixel with a part, by turns learning the colours of parts and the parts of colours.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours.
    salience : ndarray of float32, shape (height, width)
        How likely each pixel belongs to a figure, in [0, 1].
    head : Head
        The head of the figure.

    Returns
    -------
    ndarray of float32, shape (5, height, width)
        How likely each pixel is each part; sums to 1.
    """
    from scipy import ndimage

    stands_out = np.clip(salience, 0.05, 0.95)
    lift = _SALIENCE_WEIGHT * np.log(stands_out / (1 - stands_out))
    evidence = np.log(_prior(colours.shape[:2], head))
    evidence[1:] += lift
    evidence[BACKGROUND] -= lift
    bins = _bins(colours)
    parts = _softmax(evidence)
    for _ in range(_ROUNDS):
        likelihood = np.stack([_log_likelihood(bins, part**1.5) for part in parts])
        parts = _softmax(ndimage.gaussian_filter(evidence + _COLOUR_WEIGHT * likelihood, (0, 0.7, 0.7)))
    return parts.astype(np.float32)


# How likely a pixel is background, hair, face, upper and lower clothes, by where it is on the template.
_ELSEWHERE = (0.93, 0.02, 0.01, 0.02, 0.02)
_BESIDE_HEAD = (0.45, 0.42, 0.04, 0.08, 0.01)
_BESIDE_CHEST = (0.40, 0.17, 0.05, 0.35, 0.03)
_BESIDE_LEGS = (0.50, 0.08, 0.04, 0.08, 0.30)
_CORES = {
    HAIR: (0.07, 0.85, 0.04, 0.03, 0.01),
    FACE: (0.02, 0.10, 0.86, 0.01, 0.01),
    UPPER: (0.05, 0.10, 0.05, 0.75, 0.05),
    LOWER: (0.12, 0.03, 0.05, 0.10, 0.70),
}
_SHOULDERS = 1.2


def _prior(shape: tuple[int, int], head: Head) -> NDArray[np.float64]:
    """Return how likely each pixel is each part, by the build of a person alone."""
    from scipy import ndimage

    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    across, down = (x - head.x) / head.radius, (y - head.y) / head.radius
    waist, _ = BODIES[head.body]
    core = part_at(across, down, head.body)
    beside = core == -1
    regions = [
        (beside & (down < _SHOULDERS), _BESIDE_HEAD),
        (beside & (down >= _SHOULDERS) & (down < waist), _BESIDE_CHEST),
        (beside & (down >= waist), _BESIDE_LEGS),
        *((core == part, shares) for part, shares in _CORES.items()),
    ]
    prior = np.empty((5, *shape))
    prior[:] = np.array(_ELSEWHERE)[:, None, None]
    for mask, shares in regions:
        prior[:, mask] = np.array(shares)[:, None]
    prior = ndimage.gaussian_filter(prior, (0, 0.2 * head.radius, 0.2 * head.radius))
    return np.maximum(prior / prior.sum(axis=0), 1e-3)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logits - logits.max(axis=0))
    return odds / odds.sum(axis=0)


def _bins(colours: NDArray[np.float32]) -> NDArray[np.int64]:
    lightness = np.clip((colours[..., 0] / 60 * _BINS[0]).astype(np.int64), 0, _BINS[0] - 1)
    a = np.clip(((colours[..., 1] / 200 + 0.3) / 0.6 * _BINS[1]).astype(np.int64), 0, _BINS[1] - 1)
    b = np.clip(((colours[..., 2] / 200 + 0.3) / 0.6 * _BINS[2]).astype(np.int64), 0, _BINS[2] - 1)
    return (lightness * _BINS[1] + a) * _BINS[2] + b


def _log_likelihood(bins: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy import ndimage

    size = _BINS[0] * _BINS[1] * _BINS[2]
    counts = np.bincount(bins.ravel(), weights.ravel(), minlength=size)
    smooth = ndimage.gaussian_filter(counts.reshape(_BINS), 0.7).ravel() + 1e-4 * counts.sum() + 1e-3
    return np.log(smooth / smooth.sum())[bins]
