"""Colour spaces and the CIEDE2000 difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Linear sRGB to XYZ (D65), IEC 61966-2-1.
_RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_D65 = _RGB_TO_XYZ.sum(axis=1)

# Linear sRGB to the cone responses of OKLab, and their cube roots to L, a, b (Ottosson 2020).
_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_OKLAB_TO_LMS = np.linalg.inv(_LMS_TO_OKLAB)
_LMS_TO_RGB = np.linalg.inv(_RGB_TO_LMS)

_CODES = np.arange(256) / 255.0
_LINEAR_OF_CODE = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4)


def to_linear(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Undo the sRGB transfer curve.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (..., 3)
        sRGB codes.

    Returns
    -------
    ndarray of float32, shape (..., 3)
        Light, linear, in [0, 1].
    """
    return _LINEAR_OF_CODE.astype(np.float32)[rgb]


def to_codes(linear: ArrayLike) -> NDArray[np.float64]:
    """Apply the sRGB transfer curve: linear light in [0, 1] to codes in [0, 1], clipped."""
    light = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def oklab(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert linear light to OKLab.

    Parameters
    ----------
    linear : ndarray of float32, shape (..., 3)
        Linear sRGB, at least 0; values above 1 are allowed.

    Returns
    -------
    ndarray of float32, shape (..., 3)
        L in [0, 1] for displayable colours, a and b about [-0.4, 0.4].

    References
    ----------
    .. [1] B. Ottosson, "A perceptual color space for image processing", 2020.
    """
    lms = np.maximum(linear, 0.0) @ _RGB_TO_LMS.T.astype(np.float32)
    return np.cbrt(lms) @ _LMS_TO_OKLAB.T.astype(np.float32)


def oklab_to_linear(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo `oklab`.

    Parameters
    ----------
    lab : ndarray of float32, shape (..., 3)
        OKLab colours.

    Returns
    -------
    ndarray of float32, shape (..., 3)
        Linear sRGB; outside [0, 1] where no display shows the colour.
    """
    lms = lab @ _OKLAB_TO_LMS.T.astype(np.float32)
    return np.asarray(lms**3 @ _LMS_TO_RGB.T.astype(np.float32), dtype=np.float32)


def cielab(linear: ArrayLike) -> NDArray[np.float64]:
    """Convert linear light to CIELAB under D65.

    Parameters
    ----------
    linear : array_like of float, shape (..., 3)
        Linear sRGB, at least 0.

    Returns
    -------
    ndarray of float64, shape (..., 3)
        L* in [0, 100] for displayable colours, a* and b* about [-128, 128].
    """
    relative = np.maximum(np.asarray(linear, dtype=np.float64), 0.0) @ _RGB_TO_XYZ.T / _D65
    knee = (6 / 29) ** 3
    f = np.where(relative > knee, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e_2000(lab1: ArrayLike, lab2: ArrayLike, *, lightness_weight: float = 1.0) -> NDArray[np.float64]:
    """Measure the CIEDE2000 colour difference.

    Parameters
    ----------
    lab1, lab2 : array_like of float, shape (..., 3)
        CIELAB colours; the shapes are broadcast.
    lightness_weight : float, optional
        Factor on the lightness term, in [0, 1]; below 1 forgives a change of exposure.

    Returns
    -------
    ndarray of float64, shape (...)
        The difference; 0 is equal, 1 is just noticeable, above 10 is another colour.

    References
    ----------
    .. [1] G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula:
       implementation notes, supplementary test data, and mathematical observations",
       Color Research & Application 30(1), 2005.
    """
    l1, a1, b1 = np.moveaxis(np.asarray(lab1, dtype=np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(lab2, dtype=np.float64), -1, 0)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = _hue(stretch * a1, b1), _hue(stretch * a2, b2)
    both = c1 * c2 > 0
    turn = np.where(both, (h2 - h1 + 180) % 360 - 180, 0.0)
    # The published code takes +180 for opposite hues, whichever comes first.
    turn = np.where(both & (np.abs(h2 - h1) == 180), h2 - h1, turn)
    mean_hue = _mean_hue(h1, h2, both)
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * _hue_weight(mean_hue)
    tilt = -_rotation(mean_hue, mean_c)
    l_term, c_term, h_term = lightness_weight * d_l / s_l, d_c / s_c, d_h / s_h
    return np.sqrt(np.maximum(l_term**2 + c_term**2 + h_term**2 + tilt * c_term * h_term, 0.0))


def _hue(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.degrees(np.arctan2(b, a)) % 360


def _mean_hue(
    h1: NDArray[np.float64], h2: NDArray[np.float64], both: NDArray[np.bool_]
) -> NDArray[np.float64]:
    total = h1 + h2
    apart = np.abs(h1 - h2) > 180
    mean = np.where(apart, np.where(total < 360, total + 360, total - 360), total) / 2
    return np.where(both, mean, total)


def _hue_weight(hue: NDArray[np.float64]) -> NDArray[np.float64]:
    angle = np.radians(hue)
    return (
        1
        - 0.17 * np.cos(angle - np.radians(30))
        + 0.24 * np.cos(2 * angle)
        + 0.32 * np.cos(3 * angle + np.radians(6))
        - 0.20 * np.cos(4 * angle - np.radians(63))
    )


def _rotation(hue: NDArray[np.float64], chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    bump = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    return np.sin(np.radians(2 * bump)) * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
