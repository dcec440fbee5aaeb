"""The colours of a figure, by name, and how far they are from the references'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .colour import cielab, delta_e_2000
from .silhouette import find_silhouette

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Palette", "PaletteGap", "compare_palettes", "delta_e_2000", "read_palette"]

LIMIT = 22.0


@dataclass(frozen=True, slots=True)
class Palette:
    """Named colours of a figure, linear light."""

    swatches: dict[str, tuple[float, float, float]]

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {"swatches": {name: list(colour) for name, colour in self.swatches.items()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Palette:
        """Read what `as_json` wrote."""
        return cls({name: (c[0], c[1], c[2]) for name, c in data["swatches"].items()})


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

    @property
    def score(self) -> float:
        """Agreement in [0, 1]; 0.5 at the limit."""
        ratio = self.delta_e / self.limit
        return 1 - 0.5 * ratio if ratio <= 1 else 0.5 / ratio


def read_palette(image: NDArray[np.uint8]) -> Palette | None:
    """Read the named colours of the figure in a picture; None where there is no figure."""
    seen = find_silhouette(image)
    mask = seen.figure > 0.5
    if mask.mean() < 0.02:
        return None
    ys = np.nonzero(mask)[0]
    top = mask & (np.arange(mask.shape[0])[:, None] < ys.min() + 0.12 * (ys.max() - ys.min() + 1))
    colour = np.median(seen.linear[top], axis=0)
    return Palette({"hair": (float(colour[0]), float(colour[1]), float(colour[2]))})


def compare_palettes(palette: Palette, references: Sequence[Palette]) -> PaletteGap | None:
    """Find the swatch that is furthest from the references."""
    gaps = []
    for name, colour in palette.swatches.items():
        known = [reference.swatches[name] for reference in references if name in reference.swatches]
        if known:
            distances = delta_e_2000(cielab(colour), cielab(known))
            gaps.append(PaletteGap(name, float(np.median(distances)), LIMIT))
    return max(gaps, key=lambda gap: gap.delta_e / gap.limit, default=None)
