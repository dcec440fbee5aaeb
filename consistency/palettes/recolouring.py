"""Another colour for a region of a picture, with its structure kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab, oklab_to_linear, to_codes, to_linear
from .structure import StructureWatch, luma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .structure import Window

# How far the luma of a region may be scaled: further, and light and shadow are no longer the scene's.
_LUMA_RANGE = (0.6, 1.6)
# Shares of the luma's change, and where none is possible, of the strength.
_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_FACTORS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)
_LUMA_ROUNDS = 3
_MARGIN = 8
# Rounding to 8 bits is left some room.
_SSIM_MARGIN = 0.002


@dataclass(frozen=True, slots=True)
class Recolouring:
    """From which colour to which.

    Parameters
    ----------
    found : tuple of float
        OKLab of the region's paint.
    target : tuple of float
        Linear light that it should have.
    strength : float
        In (0, 1]; 1 is the whole way.
    keeps_luma : bool
        Leave the luma as it is, whatever the target's is.
    """

    found: tuple[float, float, float]
    target: tuple[float, float, float]
    strength: float
    keeps_luma: bool = False


@dataclass(frozen=True, slots=True)
class Recoloured:
    """A picture with one region in another colour.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The picture.
    window : tuple of slice
        Rows and columns around the region.
    strength : float
        The strength that was used.
    note : str
        What was not done in full, and why; empty otherwise.
    """

    image: NDArray[np.uint8]
    window: Window
    strength: float
    note: str


def recoloured(
    image: NDArray[np.uint8],
    region: NDArray[np.float32],
    change: Recolouring,
    watch: StructureWatch,
    *,
    min_ssim: float,
) -> Recoloured:
    """Move a region's paint towards another colour.

    In OKLab the difference of hue and chroma is added, in proportion to lightness so that shadows
    stay shadows. Then lightness is solved for a luma that is the old one times a factor: as near to
    the ratio of the two colours' lumas as the structure allows. If the structure would suffer even
    with the luma held, the strength is reduced.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    region : ndarray of float32, shape (height, width)
        How much each pixel belongs to the region, in [0, 1]; somewhere above 0.
    change : Recolouring
        The colours and the strength.
    watch : StructureWatch
        Knows the picture as it was first, and what was changed since.
    min_ssim : float
        Structural similarity that this region and those before must keep.
    """
    window, place = _window(region), region > 0
    piece, inside = image[window], region[window]

    def attempt(strength: float, share: float) -> Recoloured | None:
        moved = _moved(piece, inside, change, strength, share)
        if watch.kept(window, moved, place) < min_ssim + _SSIM_MARGIN:
            return None
        result = image.copy()
        result[window] = moved
        return Recoloured(result, window, strength, _note(change, strength, share))

    shares = (0.0,) if change.keeps_luma else _SHARES
    best = _furthest(lambda share: attempt(change.strength, share), shares)
    if best is None:
        best = _furthest(lambda factor: attempt(factor * change.strength, 0.0), _FACTORS)
    return best or Recoloured(image, window, 0.0, "Any change of it would lose structure.")


def _furthest(attempt: Callable[[float], Recoloured | None], steps: tuple[float, ...]) -> Recoloured | None:
    """Return the attempt with the largest step that succeeds, by bisection: larger ones lose more."""
    best, low, high = None, 0, len(steps)
    middle = high - 1
    while low < high:
        made = attempt(steps[middle])
        if made is None:
            high = middle
        else:
            best, low = made, middle + 1
        middle = (low + high) // 2
    return best


def _note(change: Recolouring, strength: float, share: float) -> str:
    if strength < change.strength:
        return f"Strength {strength:.2f} instead of {change.strength:.2f}, to keep the drawing's structure."
    if share < 1 and not change.keeps_luma:
        return f"{share:.0%} of the change of lightness, to keep the drawing's structure."
    return ""


def _window(region: NDArray[np.float32]) -> Window:
    rows, columns = np.nonzero(region > 0)
    return (
        slice(max(int(rows.min()) - _MARGIN, 0), int(rows.max()) + 1 + _MARGIN),
        slice(max(int(columns.min()) - _MARGIN, 0), int(columns.max()) + 1 + _MARGIN),
    )


def _moved(
    piece: NDArray[np.uint8],
    inside: NDArray[np.float32],
    change: Recolouring,
    strength: float,
    share: float,
) -> NDArray[np.uint8]:
    chosen = inside > 0
    codes, amount = piece[chosen], strength * inside[chosen]
    lab = oklab(to_linear(codes))
    found, target = np.array(change.found), oklab(np.array(change.target, dtype=np.float32))
    shade = np.clip(lab[:, 0] / max(found[0], 0.05), 0, 1.3)
    lab[:, 1:] += (amount * shade)[:, None] * (target[1:] - found[1:])
    wanted = luma(codes) * (1 + amount * share * (_luma_ratio(change) - 1))
    for _ in range(_LUMA_ROUNDS):
        shown = to_codes(oklab_to_linear(lab.astype(np.float32))).astype(np.float32) * 255
        lab[:, 0] += (wanted - luma(np.asarray(shown))) / 255
    result = piece.copy()
    result[chosen] = np.rint(to_codes(oklab_to_linear(lab.astype(np.float32))) * 255).astype(np.uint8)
    return result


def _luma_ratio(change: Recolouring) -> float:
    found = oklab_to_linear(np.array(change.found, dtype=np.float32))
    before, after = (
        float(luma(np.asarray(to_codes(colour) * 255, dtype=np.float32)))
        for colour in (found, np.array(change.target))
    )
    return float(np.clip((after + 1) / (before + 1), *_LUMA_RANGE))
