"""Where the figure is: a drawn character separated from its background without a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .colour import oklab, to_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Long side at which pictures are analysed; a full figure's head is still about 30 pixels wide.
WORKING_SIDE = 192


@dataclass(frozen=True, slots=True)
class Silhouette:
    """The figure in a picture.

    Parameters
    ----------
    linear : ndarray of float32, shape (height, width, 3)
        The picture at working size, linear light.
    lab : ndarray of float32, shape (height, width, 3)
        The same in OKLab.
    figure : ndarray of float32, shape (height, width)
        How likely each pixel belongs to a figure, in [0, 1].
    scale : float
        Working pixels a picture pixel.
    """

    linear: NDArray[np.float32]
    lab: NDArray[np.float32]
    figure: NDArray[np.float32]
    scale: float


def shrink(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale a picture down so that its long side is at most `side` pixels; never up."""
    from PIL import Image

    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(small)


def find_silhouette(image: NDArray[np.uint8]) -> Silhouette:
    """Separate the figure from its background."""
    from scipy import ndimage

    small = shrink(image, WORKING_SIDE)
    linear = to_linear(small)
    lab = oklab(linear)
    height, width = lab.shape[:2]
    smooth = ndimage.gaussian_filter(lab, (0.8, 0.8, 0))
    y, x = np.mgrid[0:height, 0:width]
    prior = np.exp(-(((x - width / 2) / (0.33 * width)) ** 2) - ((y - 0.55 * height) / (0.5 * height)) ** 2)
    prior = 0.05 + 0.9 * prior
    bins = _bins(smooth)
    figure = prior.astype(np.float64)
    rim = max(2, round(0.03 * max(height, width)))
    border = np.zeros((height, width))
    border[:rim] = 1
    border[:, :rim] = 1
    border[:, -rim:] = 1
    for _ in range(5):
        inside = _histogram(bins, figure * (1 - border))
        outside = _histogram(bins, (1 - figure) ** 2 + border)
        ratio = (inside / inside.sum() + 1e-6) / (outside / outside.sum() + 1e-6)
        likelihood = np.log(ratio)[bins]
        logit = np.clip(likelihood, -4, 4) + np.log(prior / (1 - prior)) * 0.7
        figure = 1 / (1 + np.exp(-logit))
        figure = ndimage.gaussian_filter(figure, 1.5)
    return Silhouette(linear, lab, figure.astype(np.float32), small.shape[0] / image.shape[0])


_SHAPE = (12, 18, 18)


def _bins(lab: NDArray[np.float32]) -> NDArray[np.int64]:
    lightness = np.clip((lab[..., 0] * _SHAPE[0]).astype(np.int64), 0, _SHAPE[0] - 1)
    a = np.clip(((lab[..., 1] + 0.3) / 0.6 * _SHAPE[1]).astype(np.int64), 0, _SHAPE[1] - 1)
    b = np.clip(((lab[..., 2] + 0.3) / 0.6 * _SHAPE[2]).astype(np.int64), 0, _SHAPE[2] - 1)
    return (lightness * _SHAPE[1] + a) * _SHAPE[2] + b


def _histogram(bins: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy import ndimage

    counts = np.bincount(bins.ravel(), weights.ravel(), minlength=int(np.prod(_SHAPE)))
    return ndimage.gaussian_filter(counts.reshape(_SHAPE), 0.8).ravel()
