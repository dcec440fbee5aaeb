"""The named colours of a figure, read off a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab, to_linear
from ..figure.anatomy import Anatomy, read_anatomy
from ..figure.heads import FACE as FACE_PART
from ..figure.heads import HAIR as HAIR_PART
from ..figure.heads import LOWER, UPPER
from .colour_clusters import Paint, find_paints, pieces_of
from .swatches import ACCENT, EYES, HAIR, OUTFIT, SKIN, Swatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Parts that are at least this likely are read; fewer pixels than that, at working size, say nothing.
_SURE, _MIN_PIXELS = 0.6, 20
# Pixels from which on a swatch is as sure as it gets.
_MANY_PIXELS = 120
# OKLab distances: the same paint in another shade, and clearly another colour.
_NEAR, _APART = 0.08, 0.13
# An accent is small and colourful.
_ACCENT_SHARES, _ACCENT_CHROMA = (0.004, 0.2), 0.07
# The band of the eyes around the centre of the face, in head radii, and the width it is read at.
_BAND_SIDE, _BAND_TOP, _BAND_BOTTOM, _BAND_WIDTH = 0.8, 0.4, 0.45, 72
_MIN_RADIUS_PIXELS, _MIN_EYE_PIXELS = 7.0, 10
# Thinner than this share of the band is a lash or a lid.
_MIN_IRIS = 0.03
# How far from the middle, in widths of the band, hair at the sides has its own middle.
_NEAR_SIDE = 0.39
# Height of an open eye in widths; lids and lashes are flatter.
_UPRIGHT = 0.7
# With less skin than this around, it is not the eyes that the band shows.
_MIN_SKIN = 0.25


@dataclass(frozen=True, slots=True)
class EyeBand:
    """The part of a picture that shows the eyes.

    Parameters
    ----------
    box : tuple of int
        Left, top, right, bottom in pixels of the picture.
    lab : ndarray of float32, shape (height, width, 3)
        Its OKLab, scaled to a width of at most 72 pixels.
    iris : ndarray of bool, shape (height, width)
        Where the colour of the eyes is.
    swatch : Swatch
        That colour.
    """

    box: tuple[int, int, int, int]
    lab: NDArray[np.float32]
    iris: NDArray[np.bool_]
    swatch: Swatch


def read_swatches(image: NDArray[np.uint8], figure: Anatomy | None = None) -> tuple[Swatch, ...]:
    """Read hair, eyes, skin, outfit and accent of a figure.

    The figure is told from its background first. Hair and skin are the largest paint of their part;
    the outfit is the largest paint of the clothes; the eyes are what is neither skin nor hair nor white
    in their band of the face; the accent is a small colourful paint unlike all of them.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    figure : Anatomy, optional
        The figure to read; the dominant one of the picture when omitted.

    Returns
    -------
    tuple of Swatch
        Those that could be read, in that order, then further clothes as ``outfit 2`` and so on. A
        swatch with too few pixels is absent; nobody in the picture gives an empty tuple.
    """
    if figure is None:
        figures = read_anatomy(image)
        if not figures:
            return ()
        figure = figures[0]
    lab = oklab(figure.linear).reshape(-1, 3).astype(np.float64)
    parts = figure.parts.reshape(5, -1)
    area = max(float(figure.figure.sum()), 1.0)
    hair = _dominant(HAIR, lab, parts[HAIR_PART], area)
    skin = _dominant(SKIN, lab, parts[FACE_PART], area)
    found = [swatch for swatch in (hair, skin) if swatch is not None]
    band = read_eyes(image, figure, skin, hair) if skin is not None else None
    if band is not None:
        found.insert(1 if hair is not None else 0, band.swatch)
    clothes = _clothes(lab, parts[UPPER] + parts[LOWER], area, skin)
    found += clothes[:1]
    accent = _accent(lab, 1 - parts[0], area, found)
    return tuple(found + ([accent] if accent is not None else []) + clothes[1:3])


def _dominant(name: str, lab: NDArray[np.float64], part: NDArray[np.floating], area: float) -> Swatch | None:
    sure = part > _SURE
    if int(sure.sum()) < _MIN_PIXELS:
        return None
    return _swatch(name, find_paints(lab[sure], part[sure])[0], float(part[sure].sum()), area)


def _swatch(name: str, paint: Paint, total: float, area: float) -> Swatch:
    purity = paint.weight / max(total, 1e-9)
    confidence = min(1.0, paint.weight / _MANY_PIXELS) * min(1.0, 0.4 + purity)
    return Swatch(name, _triple(paint.lab), min(paint.weight / area, 1.0), min(confidence, 1.0))


def _triple(lab: NDArray[np.floating]) -> tuple[float, float, float]:
    return (float(lab[0]), float(lab[1]), float(lab[2]))


def _clothes(
    lab: NDArray[np.float64], part: NDArray[np.floating], area: float, skin: Swatch | None
) -> list[Swatch]:
    """Return the paints of the clothes, the largest first, without bare skin."""
    sure = part > _SURE
    if skin is not None:
        sure &= np.linalg.norm(lab - skin.lab, axis=1) > _NEAR
    if int(sure.sum()) < _MIN_PIXELS:
        return []
    total = float(part[sure].sum())
    paints = [p for p in find_paints(lab[sure], part[sure], 7) if p.weight >= max(0.08 * total, 8)]
    return [
        _swatch(OUTFIT if number == 1 else f"{OUTFIT} {number}", paint, total, area)
        for number, paint in enumerate(paints, 1)
    ]


def _accent(
    lab: NDArray[np.float64], figure: NDArray[np.floating], area: float, others: list[Swatch]
) -> Swatch | None:
    sure = figure > _SURE
    for other in others:
        sure &= np.linalg.norm(lab - other.lab, axis=1) > _APART
    sure &= np.hypot(lab[:, 1], lab[:, 2]) > _ACCENT_CHROMA
    low, high = (share * area for share in _ACCENT_SHARES)
    paints = [
        paint
        for paint in find_paints(lab[sure], figure[sure], 6)
        if max(low, 14) <= paint.weight <= high and paint.chroma > _ACCENT_CHROMA
    ]
    best = max(paints, key=lambda paint: paint.chroma * np.sqrt(paint.weight), default=None)
    if best is None:
        return None
    return Swatch(ACCENT, _triple(best.lab), best.weight / area, min(1.0, best.weight / 40) * 0.6)


def read_eyes(image: NDArray[np.uint8], figure: Anatomy, skin: Swatch, hair: Swatch | None) -> EyeBand | None:
    """Find the colour of the eyes in their band of the face.

    What is neither skin, nor white, nor hair that hangs in from above, is eye; its largest colourful
    paint is the iris, and where nothing is colourful its largest dark one.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB, at full size: at working size eyes are a few pixels.
    figure : Anatomy
        The figure.
    skin, hair : Swatch
        Its skin, and its hair where that was found.

    Returns
    -------
    EyeBand or None
        None where the face is too small or no eye is open.
    """
    radius = figure.head.radius / figure.scale
    box = _band_box(image.shape[:2], figure, radius)
    lab = _read_band(image, box) if radius >= _MIN_RADIUS_PIXELS else None
    if lab is None:
        return None
    is_skin = _is_skin(lab, skin)
    candidates = _not_face(lab, is_skin, skin, hair)
    paint = _iris(lab[candidates].astype(np.float64)) if is_skin.mean() >= _MIN_SKIN else None
    if paint is None:
        return None
    iris = np.zeros(candidates.shape, dtype=np.bool_)
    iris[candidates] = paint.members
    if _thickness(iris) < _MIN_IRIS * lab.shape[1] or not _is_open(candidates, iris):
        return None
    confidence = min(1.0, paint.weight / 60) * _symmetry(iris)
    share = paint.weight * ((box[2] - box[0]) / lab.shape[1] * figure.scale) ** 2
    share /= max(float(figure.figure.sum()), 1.0)
    return EyeBand(box, lab, iris, Swatch(EYES, _triple(paint.lab), share, confidence))


def _band_box(shape: tuple[int, ...], figure: Anatomy, radius: float) -> tuple[int, int, int, int]:
    x, y = figure.head.x / figure.scale, figure.head.y / figure.scale
    right, bottom = int(np.ceil(x + _BAND_SIDE * radius)), int(np.ceil(y + _BAND_BOTTOM * radius))
    return (
        max(int(x - _BAND_SIDE * radius), 0),
        max(int(y - _BAND_TOP * radius), 0),
        min(right, shape[1]),
        min(bottom, shape[0]),
    )


def _read_band(image: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.float32] | None:
    from PIL import Image

    left, top, right, bottom = box
    if right - left < 8 or bottom - top < 5:
        return None
    crop = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
    if crop.width > _BAND_WIDTH:
        size = (_BAND_WIDTH, max(round(crop.height * _BAND_WIDTH / crop.width), 1))
        crop = crop.resize(size, Image.Resampling.BOX)
    return oklab(to_linear(np.asarray(crop)))


def _is_skin(lab: NDArray[np.float32], skin: Swatch) -> NDArray[np.bool_]:
    # Shadow scales all three coordinates of a colour, so shades of skin lie on one ray.
    shade = lab[..., :1] / max(skin.lab[0], 1e-3)
    near = np.linalg.norm(lab[..., 1:] - shade * np.array(skin.lab[1:]), axis=-1) < 0.05
    return near & (shade[..., 0] > 0.55)


def _not_face(
    lab: NDArray[np.float32], is_skin: NDArray[np.bool_], skin: Swatch, hair: Swatch | None
) -> NDArray[np.bool_]:
    """Return what is neither skin in any shade, nor white, nor hair or background from the border."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    is_white = (lab[..., 0] > 0.92 * skin.lab[0]) & (chroma < 0.05)
    left = ~is_skin & ~is_white
    near = np.zeros_like(left)
    if hair is not None:
        near = left & (np.linalg.norm((lab - hair.lab) * (0.5, 1, 1), axis=-1) < _NEAR)
    labels = pieces_of(near)
    edge = np.unique(np.concatenate([labels[0], labels[:, 0], labels[:, -1]]))
    left &= ~np.isin(labels, edge[edge > 0])
    inner = left & ~_at_the_sides(left)
    return inner if int(inner.sum()) >= _MIN_EYE_PIXELS else left


def _at_the_sides(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pieces that reach a side and have their middle near it: hair, or what is behind the head."""
    labels = pieces_of(mask)
    touching = np.unique(np.concatenate([labels[:, 0], labels[:, -1]]))
    dropped = [
        piece
        for piece in touching[touching > 0].tolist()
        if abs(np.nonzero(labels == piece)[1].mean() / mask.shape[1] - 0.5) > _NEAR_SIDE
    ]
    return np.isin(labels, dropped)


def _iris(colours: NDArray[np.float64]) -> Paint | None:
    paints = find_paints(colours, np.ones(len(colours)), 5)
    colourful = [p for p in paints if p.chroma > 0.06 and p.lab[0] > 0.22 and p.weight >= 0.12 * len(colours)]
    if colourful:
        # An iris goes from dark to bright: its most colourful part is the one people would name.
        return max(colourful, key=lambda paint: paint.chroma * np.sqrt(paint.weight))
    return next((paint for paint in paints if paint.weight >= _MIN_EYE_PIXELS), None)


def _thickness(mask: NDArray[np.bool_]) -> float:
    """Return the radius in pixels of the largest disc that fits in."""
    from scipy import ndimage

    return float(np.asarray(ndimage.distance_transform_edt(np.pad(mask, 1))).max())


def _is_open(eyes: NDArray[np.bool_], iris: NDArray[np.bool_]) -> bool:
    """Whether an eye, or its iris alone, is not much wider than high, as the line of a closed one is."""
    return any(_height_in_widths(mask, iris) >= _UPRIGHT for mask in (iris, eyes))


def _height_in_widths(mask: NDArray[np.bool_], iris: NDArray[np.bool_]) -> float:
    """Measure the piece of `mask` that holds most of the iris."""
    labels = pieces_of(mask)
    rows, columns = np.nonzero(labels == np.bincount(labels[iris]).argmax())
    return float((np.ptp(rows) + 1) / (np.ptp(columns) + 1))


def _symmetry(iris: NDArray[np.bool_]) -> float:
    """Return 1 for as much on the left as on the right of the face; 0.4 where one side has all of it."""
    middle = iris.shape[1] // 2
    sides = sorted((float(iris[:, :middle].sum()), float(iris[:, middle:].sum())))
    return 0.4 + 0.6 * sides[0] / max(sides[1], 1.0)
