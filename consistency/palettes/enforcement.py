"""The Palette Enforcer: moves the regions that are off towards their swatch and keeps the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..colour import oklab, to_linear
from ..figure.anatomy import Anatomy, read_anatomy
from .recolouring import Recolouring, recoloured
from .region_masks import region_mask
from .structure import StructureWatch
from .swatch_distance import SwatchGap, SwatchReport, compare_swatches, swatch_gap
from .swatch_reading import EyeBand, read_eyes, read_swatches
from .swatches import EYES, HAIR, SKIN, Swatch, by_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Structural similarity of luma that no region falls below.
MIN_SSIM = 0.95
# Differences up to this are left alone: about where two patches side by side are plainly two colours.
DEFAULT_LIMIT = 5.0
_MIN_CONFIDENCE = 0.15
_MAX_FIGURES = 4


@dataclass(frozen=True, slots=True)
class EnforcementOrder:
    """What to change, and how far.

    Parameters
    ----------
    strength : float
        In [0, 1]: 0 only reports, 1 moves the whole way.
    limit : float
        CIEDE2000 up to which a swatch is left as it is.
    names : tuple of str
        The swatches that may be changed.
    ignore_lightness : bool
        Compare and move hue and chroma only, in the light of the picture.
    """

    strength: float = 0.8
    limit: float = DEFAULT_LIMIT
    names: tuple[str, ...] = (HAIR, EYES, SKIN)
    ignore_lightness: bool = False


@dataclass(frozen=True, slots=True)
class RegionChange:
    """What became of one swatch.

    Parameters
    ----------
    name : str
        The swatch.
    before, after : float
        CIEDE2000 of its region to the wanted colour.
    ssim : float
        Mean structural similarity, over its pixels that differ, of the luma in the end to what it was
        first; 1 where nothing was changed.
    strength : float
        The strength that was used; 0 where nothing was changed.
    note : str
        Why it was left alone, or changed by less than was asked; empty otherwise.
    """

    name: str
    before: float
    after: float
    ssim: float = 1.0
    strength: float = 0.0
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "name": self.name,
            "delta_e_before": round(self.before, 2),
            "delta_e_after": round(self.after, 2),
            "ssim": round(self.ssim, 4),
            "strength": round(self.strength, 3),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class EnforcedPicture:
    """A picture after the enforcer.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The picture; where `changed` is false it is bit for bit what it was.
    changed : ndarray of bool, shape (height, width)
        The pixels that differ.
    report : SwatchReport
        The differences before anything was changed.
    changes : tuple of RegionChange
        One for each swatch that may be changed and was found.
    found : tuple of Swatch
        The colours before.
    """

    image: NDArray[np.uint8]
    changed: NDArray[np.bool_]
    report: SwatchReport
    changes: tuple[RegionChange, ...]
    found: tuple[Swatch, ...]

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            **self.report.as_json(),
            "figure_found": bool(self.found),
            "changed_pixels": int(self.changed.sum()),
            "changes": [change.as_json() for change in self.changes],
        }


def enforce_palette(
    image: NDArray[np.uint8],
    wanted: Sequence[Swatch],
    order: EnforcementOrder,
    *,
    mask: NDArray[np.floating] | None = None,
) -> EnforcedPicture:
    """Move the regions whose colour is off towards the wanted swatches.

    Hue and chroma are shifted in OKLab and shadows keep their share of it; the luma is held, or moved
    in proportion towards the wanted one as far as `MIN_SSIM` allows. A region whose structure would
    suffer more is moved by less.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    wanted : sequence of Swatch
        The character's colours.
    order : EnforcementOrder
        What to change, and how far.
    mask : ndarray of float, shape (height, width), optional
        Where pixels may change, 0–1; of several figures the one that it covers most is taken.

    Returns
    -------
    EnforcedPicture
        Unchanged where nobody is seen, or nothing is off.

    Raises
    ------
    InputError
        If `mask` has another size than the picture.
    """
    if mask is not None and mask.shape != image.shape[:2]:
        raise InputError(
            f"The mask has {mask.shape[1]}×{mask.shape[0]} pixels, the picture {image.shape[1]}×"
            f"{image.shape[0]}.",
            field="mask",
            hint="Give a mask of the picture's size.",
        )
    figure = _figure(image, mask)
    found = () if figure is None else read_swatches(image, figure)
    report = compare_swatches(found, wanted, ignore_lightness=order.ignore_lightness)
    result = EnforcedPicture(image, np.zeros(image.shape[:2], dtype=np.bool_), report, (), found)
    if figure is None:
        return result
    scene = _Scene(
        lab=oklab(to_linear(image)),
        figure=figure,
        found=found,
        band=_band(image, figure, found),
        mask=mask,
        light=report.light,
        watch=StructureWatch(image),
    )
    for gap in report.gaps:
        if gap.wanted.name in order.names:
            current, change = scene.move(result.image, gap, order)
            result = replace(result, image=current, changes=(*result.changes, change))
    kept = iter(scene.watch.of_each())
    changes = tuple(replace(one, ssim=next(kept)) if one.strength else one for one in result.changes)
    return replace(result, changed=np.any(result.image != image, axis=-1), changes=changes)


def _figure(image: NDArray[np.uint8], mask: NDArray[np.floating] | None) -> Anatomy | None:
    figures = read_anatomy(image, limit=1 if mask is None else _MAX_FIGURES)
    if mask is None or not figures:
        return figures[0] if figures else None
    from PIL import Image

    height, width = figures[0].figure.shape
    small = np.asarray(Image.fromarray(mask.astype(np.float32)).resize((width, height)))
    return max(figures, key=lambda figure: float((figure.figure * small).sum()))


def _band(image: NDArray[np.uint8], figure: Anatomy, found: Sequence[Swatch]) -> EyeBand | None:
    named = by_name(found)
    if EYES not in named:
        return None
    return read_eyes(image, figure, named[SKIN], named.get(HAIR))


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the moves of one picture share."""

    lab: NDArray[np.float32]
    figure: Anatomy
    found: Sequence[Swatch]
    band: EyeBand | None
    mask: NDArray[np.floating] | None
    light: NDArray[np.float64]
    watch: StructureWatch

    def move(
        self, image: NDArray[np.uint8], gap: SwatchGap, order: EnforcementOrder
    ) -> tuple[NDArray[np.uint8], RegionChange]:
        """Return the picture with one region moved, and what became of it."""
        name = gap.wanted.name
        unchanged = RegionChange(name, gap.delta_e, gap.delta_e)
        if gap.delta_e <= order.limit:
            return image, replace(unchanged, note=f"Within the limit of ΔE {order.limit:g}.")
        if gap.found.confidence < _MIN_CONFIDENCE:
            return image, replace(unchanged, note="Too little of it is seen to be sure of its colour.")
        if order.strength <= 0:
            return image, replace(unchanged, note="Strength 0 only reports.")
        region = self._region(gap)
        sure = region > 0.5
        if not sure.any():
            return image, replace(unchanged, note="No pixel of it may be changed.")
        before = self._difference(image, sure, gap, order)
        moved = recoloured(
            image,
            region,
            Recolouring(gap.found.lab, gap.target, order.strength, keeps_luma=order.ignore_lightness),
            self.watch,
            min_ssim=MIN_SSIM,
        )
        after = self._difference(moved.image, sure, gap, order)
        if after >= before:
            return image, replace(unchanged, note="Moving it would not bring it nearer within the limits.")
        self.watch.accept(moved.window, moved.image[moved.window], region > 0)
        return moved.image, RegionChange(name, before, after, strength=moved.strength, note=moved.note)

    def _region(self, gap: SwatchGap) -> NDArray[np.float32]:
        others = [swatch for swatch in self.found if swatch.name != gap.found.name]
        region = region_mask(self.lab, self.figure, gap.found, others, self.band)
        return region if self.mask is None else (region * np.clip(self.mask, 0, 1)).astype(np.float32)

    def _difference(
        self, image: NDArray[np.uint8], sure: NDArray[np.bool_], gap: SwatchGap, order: EnforcementOrder
    ) -> float:
        lightness, a, b = np.median(oklab(to_linear(image[sure])), axis=0).tolist()
        seen = replace(gap.found, lab=(lightness, a, b))
        return swatch_gap(seen, gap.wanted, self.light, ignore_lightness=order.ignore_lightness).delta_e
