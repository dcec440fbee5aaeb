"""Scaling pictures to the frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .camera import Box

Pixels = NDArray[np.uint8]


def fit(picture: Image.Image, size: tuple[int, int], box: Box) -> Pixels:
    """Scale a part of a picture, given in fractions of pixels, to the frame."""
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC, box=box))


def cover(pixels: Pixels, size: tuple[int, int], *, pixel_aspect: float = 1.0) -> Pixels:
    """Scale pixels so that they cover the frame, and cut off what sticks out on both sides.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    size : tuple of int
        Width and height of the frame.
    pixel_aspect : float
        Width of a stored pixel in units of its height.

    Returns
    -------
    ndarray of uint8, shape (size[1], size[0], 3)
    """
    height, width = pixels.shape[:2]
    if (width, height) == size and pixel_aspect == 1.0:
        return pixels
    part_width = min(float(width), height * size[0] / size[1] / pixel_aspect)
    part_height = min(float(height), width * pixel_aspect * size[1] / size[0])
    left, top = (width - part_width) / 2, (height - part_height) / 2
    return fit(Image.fromarray(pixels), size, (left, top, left + part_width, top + part_height))
