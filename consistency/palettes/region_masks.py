"""Where a swatch is, at the full size of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..figure import heads
from .colour_clusters import pieces_of
from .swatch_reading import EyeBand
from .swatches import EYES, HAIR, SKIN, Swatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..figure.anatomy import Anatomy

# OKLab distances up to which a pixel is of the swatch's paint wholly, and not at all.
_INSIDE, _OUTSIDE = 0.045, 0.09
# Probabilities of a part between which a pixel comes to belong to it.
_POSSIBLE, _CERTAIN = 0.25, 0.55
# Specks smaller than this share of the largest piece are something else: a mouth in the colour of hair.
_SPECK = 0.01
# Darker than this share of the paint's own lightness is an outline, not a shadow.
_OUTLINE = (0.3, 0.5)
# Skin and clothes nearer than this cannot be told by colour, so that only the face is skin.
_LIKE_SKIN = 0.1


def region_mask(
    lab: NDArray[np.float32],
    figure: Anatomy,
    swatch: Swatch,
    others: Sequence[Swatch],
    band: EyeBand | None,
) -> NDArray[np.float32]:
    """Say how much each pixel of a picture belongs to a swatch of a figure.

    The parts of the figure, known at working size, say where it may be; at full size the colours say
    where it is: the pixels of its paint, lighter or darker, that are not nearer to another swatch.

    Parameters
    ----------
    lab : ndarray of float32, shape (height, width, 3)
        OKLab of the whole picture.
    figure : Anatomy
        The figure.
    swatch : Swatch
        As read off this picture.
    others : sequence of Swatch
        The other swatches of the same picture.
    band : EyeBand or None
        Where the eyes are; needed for the eyes.

    Returns
    -------
    ndarray of float32, shape (height, width)
        In [0, 1].
    """
    shape = (lab.shape[0], lab.shape[1])
    mask = _place(shape, figure, swatch, others, band)
    rows, columns = np.nonzero(mask > 0)
    if not len(rows):
        return mask
    window = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    mask[window] *= _likeness(lab[window], swatch, others)
    return mask if swatch.name == EYES else _without_specks(mask)


def _place(
    shape: tuple[int, int],
    figure: Anatomy,
    swatch: Swatch,
    others: Sequence[Swatch],
    band: EyeBand | None,
) -> NDArray[np.float32]:
    if swatch.name == EYES:
        return _eye_place(shape, band)
    if swatch.name == HAIR:
        part = figure.parts[heads.HAIR]
    elif swatch.name == SKIN:
        part = figure.parts[heads.FACE]
        if all(np.linalg.norm(np.subtract(swatch.lab, other.lab)) > _LIKE_SKIN for other in others):
            part = part + figure.parts[heads.UPPER] + figure.parts[heads.LOWER]
    else:
        part = figure.parts[heads.UPPER] + figure.parts[heads.LOWER] + figure.parts[heads.HAIR]
    return _upsampled(part, shape)


def _upsampled(part: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32]:
    from PIL import Image
    from scipy import ndimage

    # Strands thinner than a working pixel belong to their neighbours.
    wide = np.asarray(ndimage.maximum_filter(part, 3), dtype=np.float32)
    large = np.asarray(Image.fromarray(wide).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return np.clip((large - _POSSIBLE) / (_CERTAIN - _POSSIBLE), 0, 1).astype(np.float32)


def _without_specks(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    labels = pieces_of(mask > 0)
    if labels.max() < 2:
        return mask
    sizes = np.bincount(labels.ravel(), mask.ravel())
    kept = sizes >= _SPECK * sizes.max()
    return np.where(kept[labels], mask, np.float32(0))


def _eye_place(shape: tuple[int, int], band: EyeBand | None) -> NDArray[np.float32]:
    """Return the band and some more around it, so that both eyes are in it where one was read."""
    mask = np.zeros(shape, dtype=np.float32)
    if band is not None:
        left, top, right, bottom = band.box
        more_x, more_y = (right - left) // 4, (bottom - top) // 4
        mask[max(top - more_y, 0) : bottom + more_y, max(left - more_x, 0) : right + more_x] = 1
    return mask


def _likeness(lab: NDArray[np.float32], swatch: Swatch, others: Sequence[Swatch]) -> NDArray[np.float32]:
    distance = _paint_distance(lab, swatch)
    alike = 1 - np.clip((distance - _INSIDE) / (_OUTSIDE - _INSIDE), 0, 1)
    low, high = (share * swatch.lab[0] for share in _OUTLINE)
    alike *= np.clip((lab[..., 0] - low) / max(high - low, 1e-3), 0, 1)
    own = _plain_distance(lab, swatch)
    for other in others:
        alike[_plain_distance(lab, other) < own] = 0
    return alike.astype(np.float32)


def _paint_distance(lab: NDArray[np.float32], swatch: Swatch) -> NDArray[np.float32]:
    """Return the distance in hue and chroma to the paint, as bright as it is or in any shade of it."""
    paint = np.array(swatch.lab[1:], dtype=np.float32)
    shade = np.clip(lab[..., :1] / max(swatch.lab[0], 0.05), 0, 1.6)
    shaded = np.linalg.norm(lab[..., 1:] - shade * paint, axis=-1)
    plain = np.linalg.norm(lab[..., 1:] - paint, axis=-1)
    return np.minimum(shaded, plain)


def _plain_distance(lab: NDArray[np.float32], swatch: Swatch) -> NDArray[np.float32]:
    scale = np.array([0.5, 1, 1], dtype=np.float32)
    return np.linalg.norm((lab - np.array(swatch.lab, dtype=np.float32)) * scale, axis=-1)
