"""The colours of a figure, by name, and how far they are from the references'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..colour import cielab, delta_e_2000
from ..figure.anatomy import Anatomy, read_anatomy
from ..figure.heads import HAIR

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Colour difference at which a swatch is another colour: where as many right hair colours are further
# away as wrong ones are nearer, one in ten of each, for both hands of benchmarks/drawn (seed 1).
LIMIT = 18.0
# Lightness follows the light more than the character, so it counts half. There, that tells right hair
# from wrong with an AUC of 0.94 (``cel``) and 0.96 (``chibi``); counting it fully gives 0.935 and 0.956.
_LIGHTNESS_WEIGHT = 0.5
# Fewer pixels of hair than this, at working size, say nothing.
_MIN_PIXELS = 20

Colours = dict[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Palette:
    """Named colours of a figure in linear light.

    Parameters
    ----------
    raw, neutral : dict of str to tuple of float
        As they are, and under neutral light; channels from 0 on, by the same names.
    """

    raw: Colours
    neutral: Colours

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "raw": {name: list(colour) for name, colour in self.raw.items()},
            "neutral": {name: list(colour) for name, colour in self.neutral.items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Palette:
        """Read what `as_json` wrote."""
        return cls(_colours(stored["raw"]), _colours(stored["neutral"]))


@dataclass(frozen=True, slots=True)
class PaletteGap:
    """The swatch that is furthest from the references."""

    name: str
    delta_e: float
    limit: float

    @property
    def contradicts(self) -> bool:
        """Whether the swatch is another colour."""
        return self.delta_e > self.limit


def read_palette(image: NDArray[np.uint8]) -> Palette | None:
    """Read the named colours of the dominant figure in a picture; None where nobody is seen."""
    for figure in read_anatomy(image):
        return palette_of(figure)
    return None


def palette_of(figure: Anatomy) -> Palette | None:
    """Read the named colours of a figure; None where too little of it is seen."""
    raw = _swatches(figure, figure.linear)
    return Palette(raw, _swatches(figure, figure.neutral)) if raw else None


def compare_palettes(palette: Palette, references: Sequence[Palette]) -> PaletteGap | None:
    """Find the swatch that is furthest from the references.

    In another light the neutral colours agree, and where the light is not judged rightly the raw ones
    do, so the nearer of the two counts.

    Returns
    -------
    PaletteGap or None
        None where the picture and the references have no swatch in common.
    """
    gaps = []
    for name in palette.raw:
        known = [reference for reference in references if name in reference.raw]
        if known:
            raw = _distance(palette.raw[name], [reference.raw[name] for reference in known])
            neutral = _distance(palette.neutral[name], [reference.neutral[name] for reference in known])
            gaps.append(PaletteGap(name, min(raw, neutral), LIMIT))
    return max(gaps, key=lambda gap: gap.delta_e / gap.limit, default=None)


def _distance(colour: tuple[float, float, float], known: Sequence[tuple[float, float, float]]) -> float:
    differences = delta_e_2000(
        cielab(np.array(colour)), cielab(np.array(known)), lightness_weight=_LIGHTNESS_WEIGHT
    )
    return float(np.median(differences))


def _swatches(figure: Anatomy, linear: NDArray[np.float32]) -> Colours:
    sure = figure.parts[HAIR] > 0.8
    if sure.sum() < _MIN_PIXELS:
        return {}
    red, green, blue = np.median(linear[sure], axis=0).tolist()
    return {"hair": (red, green, blue)}


def _colours(stored: dict[str, list[float]]) -> Colours:
    return {name: (colour[0], colour[1], colour[2]) for name, colour in stored.items()}
