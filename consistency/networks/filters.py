"""Filters that change the size of a picture, in steps that numpy does with the processor's vector units.

It is quick on long rows of one type, slow on strides and on pairs of types. So bytes are widened all at
once, neighbours are added as rows shifted by a pixel, and colours are taken apart once, where they are few.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import PIL
from PIL import Image
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .resampling import Scaling

# 16 × 16 bytes of 255 are the most whose sum two bytes hold.
MAX_FACTOR = 16
# Bytes of a picture that are worked on at a time: with their sums they stay in the processor's cache.
_BLOCK = 1 << 19
# Pillow computes with 22 binary places.
_PLACES = 1 << 22
_PILLOW = int(PIL.__version__.split(".", maxsplit=1)[0])


def area_means(image: NDArray[np.uint8], factor: int, scaling: Scaling, out: NDArray[np.float32]) -> None:
    """Average squares of pixels, unrounded, and scale the means.

    Parameters
    ----------
    image : ndarray of uint8, shape (height * factor, width * factor, 3)
        RGB.
    factor : int
        Side of a square, 2 to `MAX_FACTOR`.
    scaling : Scaling
        Of the means.
    out : ndarray of float32, shape (3, height, width)
        Takes them, one plane for each colour.
    """
    height, width = out.shape[1:]
    length = image.shape[1] * 3
    step = max(1, min(height, _BLOCK // (factor * length)))
    wide = np.empty((step * factor, length), np.uint16)
    tall, sums = np.empty((2, step, length), np.uint16)
    for top in range(0, height, step):
        n_rows = min(step, height - top)
        rows = wide[: n_rows * factor]
        np.copyto(rows, image[top * factor : (top + n_rows) * factor].reshape(rows.shape))
        _add([rows[at::factor] for at in range(factor)], tall[:n_rows])
        # All rows as one: what is added across their ends lies between the squares and is not looked at.
        row, total = tall[:n_rows].reshape(-1), sums[:n_rows].reshape(-1)
        n_whole = row.size - 3 * (factor - 1)
        _add([row[3 * at : 3 * at + n_whole] for at in range(factor)], total[:n_whole])
        squares = sums[:n_rows].reshape(n_rows, width, 3 * factor)
        part = out[:, top : top + n_rows]
        scaling.apply(squares[:, :, :3].transpose(2, 0, 1), part, factor**2)


def _add(terms: list[NDArray[np.uint16]], out: NDArray[np.uint16]) -> None:
    np.add(terms[0], terms[1], out=out)
    for term in terms[2:]:
        np.add(out, term, out=out)


def resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Stretch a picture to a size by bilinear filtering, as Pillow does it, and take its colours apart.

    Scaling down averages over all pixels that a new one covers. A filter along one side is a product with a
    matrix that is nearly empty; where a side grows, as of most crops, that takes half of Pillow's time.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    width, height : int
        New size in pixels.

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
        One plane for each colour: the installed Pillow's bytes, but by one where a value ends on a half.
    """
    n_rows, n_columns = image.shape[:2]
    if n_rows > height and (n_columns > width or _PILLOW < 13):
        scaled = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
        return np.stack([np.asarray(colour) for colour in scaled.split()])
    # Pillow rounds to bytes in between, so the order matters. Since 13.0 it takes the smaller way round.
    if n_rows > height:
        lower = _filtered(image, height)
        return np.ascontiguousarray(_filtered(lower.transpose(1, 2, 0), width).transpose(1, 2, 0))
    wider = _filtered(image.transpose(1, 2, 0), width)
    return np.ascontiguousarray(_filtered(wider.transpose(2, 1, 0), height).transpose(1, 0, 2))


def _filtered(pixels: NDArray[np.uint8], n_new: int) -> NDArray[np.uint8]:
    """Filter along the first of three axes, and round."""
    n_old, *others = pixels.shape
    if n_old == n_new:
        return pixels
    values = pixels.astype(np.float32, order="C").reshape(n_old, -1)
    sums = _bilinear_weights(n_old, n_new) @ values
    # Cutting off what follows the point rounds, once a half is added.
    sums += np.float32(0.5)
    return sums.astype(np.uint8).reshape(n_new, *others)


@lru_cache(maxsize=256)
def _bilinear_weights(n_old: int, n_new: int) -> csr_array:
    """Return the weight of each old pixel in each new one, shape (n_new, n_old).

    A new pixel is a triangle around its middle, as wide as two old pixels, or two new ones where those are
    larger; what leaves the picture is left out.
    """
    step = n_old / n_new
    reach = max(step, 1.0)
    middles = (np.arange(n_new) + 0.5) * step
    first = np.maximum((middles - reach + 0.5).astype(np.int32), 0)
    end = np.minimum((middles + reach + 0.5).astype(np.int32), n_old)
    places = first[:, None] + np.arange(2 * math.ceil(reach) + 1, dtype=np.int32)
    weights = np.maximum(1.0 - np.abs(places + 0.5 - middles[:, None]) / reach, 0.0)
    weights[places >= end[:, None]] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    weights = np.floor(weights * _PLACES + 0.5) / _PLACES
    is_kept = weights > 0
    starts = np.concatenate([[0], np.cumsum(is_kept.sum(axis=1))]).astype(np.int32)
    return csr_array((weights[is_kept].astype(np.float32), places[is_kept], starts), shape=(n_new, n_old))
