"""What stands out from the border of a picture: a first guess at where the figure is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Samples of the border: the sides down to where figures are cut, and the top beside the middle, where
# the hair of a close-up is.
_SIDE_SAMPLES, _TOP_SAMPLES = 16, 6
_SIDES_END, _TOP_END = 0.7, 0.33
# Perceptual units that the height of the picture is worth: a wall resembles what is beside it, not the sky.
_PLACE_WEIGHT = 12.0
# Colour distance, in perceptual units, at which a pixel is probably no background.
_SPREAD = 9.0


def find_salience(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate how likely each pixel belongs to a figure, from the colours of the border alone.

    ``1 - exp(-d² / 2σ²)``, where d is the distance, in colour and place, to the second nearest of 44
    samples of the border; one sample alone may lie on the figure.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours, see `anatomy.perceptual`.

    Returns
    -------
    ndarray of float32, shape (height, width)
        In [0, 1].
    """
    height, width = colours.shape[:2]
    border = _border(colours)
    half = colours[::2, ::2]
    y, x = np.mgrid[0 : half.shape[0], 0 : half.shape[1]].astype(np.float32) * (2 * _PLACE_WEIGHT / height)
    points = np.concatenate([half, y[..., None], x[..., None]], axis=-1).reshape(-1, 5)
    # Squared distances less what is the same for all samples of the border: the least, and the one after it.
    nearest, second = np.full((2, len(points)), np.inf, np.float32)
    # No matrix product: the threads of BLAS cost more than so small a one.
    places = np.ascontiguousarray(points.T)
    likeness = places[0] * border[:, 0, None]
    for place, values in zip(places[1:], border.T[1:], strict=True):
        likeness += place * values[:, None]
    for gaps in (border**2).sum(axis=1)[:, None] - 2 * likeness:
        np.minimum(second, np.maximum(nearest, gaps), out=second)
        np.minimum(nearest, gaps, out=nearest)
    second = np.maximum(second + (points**2).sum(axis=1), 0)
    salience = (1 - np.exp(-second / (2 * _SPREAD**2))).reshape(half.shape[:2])
    return np.repeat(np.repeat(salience, 2, axis=0), 2, axis=1)[:height, :width].astype(np.float32)


def _border(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return colour and place of samples of the border, each a mean over a short strip inwards."""
    height, width = colours.shape[:2]
    strip = min(max(width // 40, 1), 3)
    unit = _PLACE_WEIGHT / height
    rows = np.linspace(0, _SIDES_END * (height - 1), _SIDE_SAMPLES).astype(int)
    reach = np.linspace(0, _TOP_END * (width - 1), _TOP_SAMPLES).astype(int)
    columns = np.concatenate([reach, width - 1 - reach])
    sides = [
        np.column_stack([colours[rows, part].mean(axis=1), rows * unit, np.full(len(rows), place * unit)])
        for part, place in ((slice(0, strip), 0), (slice(width - strip, width), width))
    ]
    top = np.column_stack([colours[:strip, columns].mean(axis=0), np.zeros(len(columns)), columns * unit])
    return np.concatenate([*sides, top]).astype(np.float32)
