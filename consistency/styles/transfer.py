"""Style transfer on pixels: the colours and tones of one picture in those of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..colour import oklab, oklab_to_linear, to_codes, to_linear
from ..figure.anatomy import shrink
from .statistics import MEASURED_SIDE, StyleStatistics, measure_style

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Keeps the square roots of flat pictures defined: a thousandth of full lightness, squared.
_FLOOR = 1e-6
# The map may stretch no direction further: beyond, it amplifies noise and compression blocks.
_STRETCH = (0.25, 3.0)
# Slopes of the tone curve; flatter loses detail, steeper shows steps.
_SLOPES = (0.4, 2.5)
_STRIP_PIXELS = 1_000_000
_TONE_KNOTS = np.linspace(0.0, 1.0, 33)


@dataclass(frozen=True, slots=True)
class TransferredPicture:
    """A picture in another style.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The picture.
    before, after : float
        Distance of its colours to the style's, before and after; see `colour_distance`.
    """

    image: NDArray[np.uint8]
    before: float
    after: float

    @property
    def fall(self) -> float:
        """Share of the distance that is gone, at most 1."""
        return 1 - self.after / self.before if self.before > 0 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "distance_before": round(self.before, 5),
            "distance_after": round(self.after, 5),
            "fall": round(self.fall, 4),
        }


def colour_distance(first: StyleStatistics, second: StyleStatistics) -> float:
    """Measure how far the colours of two pictures are apart.

    The 2-Wasserstein distance of the two normal distributions in OKLab,
    ``|m1 - m2|² + tr(C1 + C2 - 2 (C2^½ C1 C2^½)^½)``, square-rooted: how far, in root mean square,
    each colour has to move at least. 0.02 is about one just noticeable difference.

    Returns
    -------
    float
        At least 0.
    """
    root = _power(second.covariance, 0.5)
    cross = _power(root @ first.covariance @ root, 0.5)
    spread = np.trace(first.covariance + second.covariance - 2 * cross)
    return float(np.sqrt(((first.mean - second.mean) ** 2).sum() + max(float(spread), 0.0)))


def transfer_style(
    image: NDArray[np.uint8], style: StyleStatistics, *, strength: float = 1.0
) -> TransferredPicture:
    """Give a picture the colour and tone statistics of a style.

    Lightness is moved by a monotone curve that takes its quantiles to the style's, then the colours by
    the linear map of least effort between the two normal distributions (Monge–Kantorovich). In that
    order means and covariances agree in the end; a curve behind the map would part them again, most
    of all in drawings with large flat areas, which no curve can spread. At a strength s each colour
    goes the share s of its way.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    style : StyleStatistics
        What it should have.
    strength : float
        In [0, 1]; 0 returns the picture bit for bit.

    References
    ----------
    .. [1] F. Pitié, A. Kokaram, "The linear Monge-Kantorovitch linear colour mapping for example-based
       colour transfer", CVMP 2007.
    """
    source = measure_style(image)
    before = colour_distance(source, style)
    if strength <= 0 or before == 0:
        return TransferredPicture(image, before, before)
    small = oklab(to_linear(shrink(image, MEASURED_SIDE))).reshape(-1, 3).astype(np.float64)
    curve = _tone_curve(small[:, 0], style.tones)
    small[:, 0] = curve(small[:, 0])
    toned_mean = small.mean(axis=0)
    mapping = _mapping(np.cov(small.T, bias=True), style.covariance)
    result = np.empty_like(image)
    # In strips: an 8K frame in float64 is 800 MB, several times over.
    rows = max(_STRIP_PIXELS // image.shape[1], 1)
    for top in range(0, image.shape[0], rows):
        lab = oklab(to_linear(image[top : top + rows]))
        toned = lab.astype(np.float64)
        toned[..., 0] = curve(toned[..., 0])
        moved = (toned - toned_mean) @ mapping.T + style.mean
        blended = lab + min(strength, 1.0) * (moved - lab)
        result[top : top + rows] = np.rint(to_codes(oklab_to_linear(blended.astype(np.float32))) * 255)
    return TransferredPicture(result, before, colour_distance(measure_style(result), style))


def _mapping(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    floor = _FLOOR * np.eye(3)
    root, inverse = _power(source + floor, 0.5), _power(source + floor, -0.5)
    mapping = inverse @ _power(root @ target @ root, 0.5) @ inverse
    values, vectors = np.linalg.eigh((mapping + mapping.T) / 2)
    return (vectors * np.clip(values, *_STRETCH)) @ vectors.T


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    least = 1e-12 if exponent < 0 else 0.0
    return (vectors * np.maximum(values, least) ** exponent) @ vectors.T


def _tone_curve(
    lightness: NDArray[np.float64], tones: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the monotone curve that brings the quantiles of `lightness` to `tones`."""
    knots = np.quantile(lightness, _TONE_KNOTS)
    steps, wanted = np.diff(knots), np.diff(tones)
    # Where several quantiles fall on one value there is nothing to tell apart.
    slopes = np.clip(wanted / np.maximum(steps, 1e-4), *_SLOPES)
    levels = np.concatenate([[0.0], np.cumsum(slopes * steps)])
    levels += np.mean(tones - levels)
    distinct = np.concatenate([[True], steps > 1e-7])
    if distinct.sum() < 2:
        return lambda values: values
    return lambda values: np.interp(values, knots[distinct], levels[distinct])
