"""How thick the lines of a drawing are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A stroke is darker than what is on both sides of it by this much OKLab lightness.
_DEPTH = 0.12
# Widest stroke that is looked for, as share of the long side.
_WIDEST = 0.02
# With less of the picture in strokes, it is not a drawing with lines.
_LEAST_SHARE = 0.001


def line_weight_of(lightness: NDArray[np.float64]) -> float | None:
    """Measure the typical width of dark strokes.

    Strokes are where closing (a dilation, then an erosion by a square as wide as the widest stroke)
    brightens the picture. Half a stroke's width is the distance from its middle line to the nearest
    pixel outside it, so the median over the middle lines is taken.

    Parameters
    ----------
    lightness : ndarray of float64, shape (height, width)
        OKLab lightness in [0, 1].

    Returns
    -------
    float or None
        Width as share of the long side; None where there are too few strokes.
    """
    from scipy import ndimage

    long_side = max(lightness.shape)
    window = max(round(_WIDEST * long_side), 3) | 1
    closed = ndimage.grey_closing(lightness, (window, window))
    depth = np.asarray(closed) - lightness
    strokes = depth > _DEPTH
    if strokes.mean() < _LEAST_SHARE:
        return None
    inside = np.asarray(ndimage.distance_transform_edt(strokes))
    middle = strokes & (inside >= np.asarray(ndimage.maximum_filter(inside, 3)))
    # A stroke of n pixels has its middle n/2 + 1/2 from the pixels beside it, if n is odd, else n/2.
    radii = inside[middle]
    return float(max(2 * np.median(radii) - 0.5, 1.0)) / long_side
