"""Square pictures for encoders that take squares, with nothing distorted unless that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Square = tuple[int, int, int]

LETTERBOX, CENTRE, SQUASH = "letterbox", "centre", "squash"
FITS = (LETTERBOX, CENTRE, SQUASH)
# The mean of CLIP's training pictures (Radford et al. 2021): nought once it is normalised.
_NEUTRAL = (122, 117, 104)


def square_around(box: tuple[float, float, float, float], margin: float = 0.0) -> Square:
    """Return the smallest square around a box with the same centre.

    Parameters
    ----------
    box : tuple of float
        Left, top, right, bottom.
    margin : float
        What is added at each side, as a share of the box's longer side.

    Returns
    -------
    tuple of int
        Left, top and side; it may reach beyond the picture.
    """
    left, top, right, bottom = box
    longer = max(right - left, bottom - top)
    side = max(1, round(longer * (1 + 2 * margin)))
    return round((left + right - side) / 2), round((top + bottom - side) / 2), side


def cut_square(image: NDArray[np.uint8], square: Square) -> NDArray[np.uint8]:
    """Cut a square out of a picture, whose edges go on where the square reaches beyond them.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    square : tuple of int
        Left, top and side.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
    """
    left, top, side = square
    rows = np.clip(np.arange(top, top + side), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, image.shape[1] - 1)
    return np.ascontiguousarray(image[rows[:, None], columns])


def fitted(image: NDArray[np.uint8], fit: str = LETTERBOX) -> NDArray[np.uint8]:
    """Make a picture fit for an encoder that stretches what it gets to a square.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    fit : str
        ``letterbox`` puts it on a square of the colour that says nothing to CLIP, so that all of it is seen;
        ``centre`` cuts the middle out, as CLIP was trained; ``squash`` leaves it, to be stretched.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
        Of the longer or shorter side; for ``squash`` the picture itself.

    Raises
    ------
    InputError
        If `fit` is none of these.
    """
    height, width = image.shape[:2]
    if fit not in FITS:
        raise InputError(
            f"No way to fit a picture is called {fit!r}.", field="fit", hint=f"Known: {', '.join(FITS)}."
        )
    if fit == SQUASH or height == width:
        return image
    if fit == CENTRE:
        side = min(height, width)
        return cut_square(image, ((width - side) // 2, (height - side) // 2, side))
    side = max(height, width)
    canvas = np.empty((side, side, 3), np.uint8)
    canvas[...] = _NEUTRAL
    left, top = (side - width) // 2, (side - height) // 2
    canvas[top : top + height, left : left + width] = image
    return canvas
