"""What is seen about a head: the colours of the eyes and the neck, glasses, and what is worn in the hair."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .heads import BACKGROUND, FACE, HAIR
from .histograms import binned_histogram, blurred, colour_bins, count_colours
from .portrait import PIXELS_A_RADIUS, PORTRAIT_REACH, SIDE, Portrait
from .shares import share_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .anatomy import Anatomy

# Where skin ends, see `Portrait.unlike_skin`: for eyes beyond blushing cheeks, and for thin rims before.
_EYE_SKIN, _RIM_SKIN = (0.1, 0.08), (0.05, 0.06)
# Weight of the eyes' pixels, out of about 10, below which nothing is known of them: where look-alikes are
# told apart best on all five hands (benchmarks/drawn, seeds 101 and 202).
_MIN_EYES = 2.5

_FINE_BINS = (8, 14, 14)
_FINE_BLUR = (0.8, 0.8, 0.8)
# Share of its commonest colour below which a colour is rare in a part.
_RARE = 0.2
# What is rare only a little says little.
_RARE_POWER = 2.5
# Square head radii of ornaments at which there is as much of them as nothing.
_ORNAMENTS = 0.02
# How soft the borders of places are, in head radii.
_SOFT = 0.08

# The neck: centre and size of a Gaussian in head radii, and the share of it that must be in the picture.
_NECK_Y, _NECK_WIDE, _NECK_TALL, _SEEN_NECK = 1.2, 0.45, 0.25, 0.3

# Where the bridge and the inner rims of glasses are, in head radii: from and to, outwards and downwards; and
# how much each counts, by logistic regression on people who differ in glasses alone (``cel``, ``plain`` and
# ``painted``, seeds 201 and 202).
_RIMS = (
    (0.0, 0.14, -0.3, -0.15, 0.4), (0.0, 0.14, -0.15, 0.0, 1.6), (0.0, 0.14, 0.0, 0.15, 0.3),
    (0.14, 0.3, -0.3, -0.15, 0.7), (0.14, 0.3, -0.15, 0.0, 0.9), (0.14, 0.3, 0.0, 0.15, 2.5),
    (0.14, 0.3, 0.15, 0.3, 3.2),
)  # fmt: skip
_RIM_WEIGHTS = np.array([rim[4] for rim in _RIMS])


def eye_colours(portrait: Portrait) -> NDArray[np.float64] | None:
    """Return the colours of the eyes: what is unlike skin, and colourful, in their band.

    Returns
    -------
    ndarray of float64, shape (864,), or None
        Of length 1; None where the eyes are closed, or too small or pale to be read.
    """
    chroma = np.hypot(portrait.neutral[..., 1], portrait.neutral[..., 2])
    band = _band() * portrait.seen
    weights = portrait.unlike_skin(*_EYE_SKIN) * band * (chroma + 0.02)
    if weights.sum() * (12 / PIXELS_A_RADIUS) ** 2 < _MIN_EYES:
        return None
    return binned_histogram(portrait.bins, weights)


def neck_colours(portrait: Portrait) -> NDArray[np.float64] | None:
    """Return the colours at the neck, which scarves, collars and long hair change; None where it is cut off.

    Returns
    -------
    ndarray of float64, shape (864,), or None
        Of length 1.
    """
    place = _neck()
    weights = place * portrait.seen
    if weights.sum() < _SEEN_NECK * place.sum():
        return None
    return binned_histogram(portrait.bins, weights)


def rims(portrait: Portrait) -> NDArray[np.float64]:
    """Return how much is unlike skin where glasses have their bridge and inner rims, as `share_code`.

    Returns
    -------
    ndarray of float64, shape (112,)
        Of length 1.
    """
    shares = (_rim_places() * portrait.unlike_skin(*_RIM_SKIN).ravel()).sum(axis=1)
    return share_code(shares, _RIM_WEIGHTS)


def rare_colours(portrait: Portrait, figure: Anatomy, lab: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the colours in and around the hair that are rare in hair, face and background.

    Clothes do not count: what is worn in the hair often has their colour.

    Parameters
    ----------
    portrait : Portrait
        The head.
    figure : Anatomy
        The figure it belongs to.
    lab : ndarray of float32, shape (height, width, 3)
        The figure's picture at working size under neutral light, in OKLab.

    Returns
    -------
    ndarray of float64, shape (865,)
        Of length 1; the last number tells how much there is nothing.
    """
    weights = _rare_weights(portrait, figure, lab) * _hair_place()
    mass = float(weights.sum()) / PIXELS_A_RADIUS**2
    share = mass / (mass + _ORNAMENTS)
    return np.append(share**0.5 * binned_histogram(portrait.bins, weights + 1e-7), (1 - share) ** 0.5)


def _rare_weights(portrait: Portrait, figure: Anatomy, lab: NDArray[np.float32]) -> NDArray[np.float64]:
    """Weigh the pixels of a head by how rare their colours are."""
    from scipy import ndimage

    indices = colour_bins(lab, _FINE_BINS)
    counts = np.stack(
        [count_colours(indices, figure.parts[part] ** 2, _FINE_BINS) for part in (BACKGROUND, HAIR, FACE)]
    )
    common = blurred(counts, _FINE_BLUR).reshape(len(counts), -1)
    common /= np.maximum(common.max(axis=1, keepdims=True), 1e-9)
    rarity = np.exp(common.sum(axis=0) / -_RARE)[colour_bins(portrait.neutral, _FINE_BINS)]
    return ndimage.gaussian_filter(rarity * portrait.seen, 1.0, truncate=3.0) ** _RARE_POWER


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    down = ((np.arange(SIDE, dtype=np.float64) + 0.5) / PIXELS_A_RADIUS - PORTRAIT_REACH)[:, None]
    return down.T, down


def _softly(inside: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(np.clip(-inside / _SOFT, -30, 30)))


@cache
def _hair_place() -> NDArray[np.float64]:
    """Return where on a portrait hair and what is worn in it are: not the face, and not below it."""
    across, down = _grid()
    face = _softly(1 - (across / 0.8) ** 2 - ((down - 0.2) / 0.62) ** 2)
    around = (across / 1.7) ** 2 + (down / 1.9) ** 2 < 1
    return _softly(0.45 - down) * (1 - face) * around


@cache
def _band() -> NDArray[np.float64]:
    from scipy import ndimage

    across, down = _grid()
    inside = (across / 0.85) ** 2 + ((down - 0.15) / 0.5) ** 2 < 1
    return ndimage.gaussian_filter(inside.astype(np.float64), 0.125 * PIXELS_A_RADIUS)


@cache
def _neck() -> NDArray[np.float64]:
    across, down = _grid()
    return np.exp(-((across / _NECK_WIDE) ** 2) - ((down - _NECK_Y) / _NECK_TALL) ** 2)


@cache
def _rim_places() -> NDArray[np.float64]:
    """Return the share of each pixel in each of `_RIMS`, shape (n, SIDE * SIDE)."""
    across, down = _grid()
    half = 0.5 / PIXELS_A_RADIUS
    places = []
    for near, far, top, bottom, _ in _RIMS:
        wide = np.clip(
            np.minimum(np.abs(across) + half, far) - np.maximum(np.abs(across) - half, near), 0, None
        )
        tall = np.clip(np.minimum(down + half, bottom) - np.maximum(down - half, top), 0, None)
        places.append((wide * tall).ravel() / (wide * tall).sum())
    return np.array(places)
