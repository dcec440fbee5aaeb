"""Swatches as values: the named colours of a figure, and those that a person types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..colour import oklab, oklab_to_linear, to_codes, to_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

HAIR, EYES, SKIN, OUTFIT, ACCENT = NAMES = ("hair", "eyes", "skin", "outfit", "accent")
# What is found on the body is itself wherever it is; clothes take each other's place from shot to shot.
BODY = (HAIR, EYES, SKIN)

_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_MAX_SWATCHES = 12
_MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a figure.

    Parameters
    ----------
    name : str
        ``hair``, ``eyes``, ``skin``, ``outfit``, ``accent``, or any name that a person chose.
    lab : tuple of float
        OKLab: L in [0, 1], a and b about [-0.4, 0.4].
    share : float
        Its share of the figure's area, in [0, 1]; 0 for a colour that was typed.
    confidence : float
        How sure it is, in [0, 1]; 1 for a colour that was typed.
    """

    name: str
    lab: tuple[float, float, float]
    share: float = 0.0
    confidence: float = 1.0

    @property
    def linear(self) -> NDArray[np.float64]:
        """The colour in linear light, shape (3,), in [0, 1]."""
        return np.clip(oklab_to_linear(np.array(self.lab, dtype=np.float32)), 0.0, 1.0).astype(np.float64)

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour as sRGB codes, 0–255."""
        red, green, blue = np.rint(to_codes(self.linear) * 255).astype(int).tolist()
        return (red, green, blue)

    @property
    def hex(self) -> str:
        """The colour as ``#rrggbb``."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "name": self.name,
            "hex": self.hex,
            "oklab": [round(value, 4) for value in self.lab],
            "share": round(self.share, 4),
            "confidence": round(self.confidence, 3),
        }


def swatch_of_hex(name: str, colour: str) -> Swatch:
    """Read a colour that a person typed.

    Parameters
    ----------
    name : str
        What has the colour.
    colour : str
        ``#rrggbb`` or ``#rgb``, with or without the ``#``.

    Raises
    ------
    InputError
        If it is no such colour.
    """
    match = _HEX.fullmatch(colour.strip()) if isinstance(colour, str) else None
    if match is None:
        raise InputError(
            f"The colour {colour!r} of {name!r} is not a hex colour.",
            field="color_palette",
            hint="Write it as #rrggbb, such as #3a7bd5.",
        )
    digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
    codes = np.array([int(digits[n : n + 2], 16) for n in (0, 2, 4)], dtype=np.uint8)
    lightness, a, b = oklab(to_linear(codes)).tolist()
    return Swatch(name, (lightness, a, b))


def typed_swatches(palette: Mapping[str, Any]) -> tuple[Swatch, ...]:
    """Read the swatches that a person gave a character, such as ``{"hair": "#3a7bd5"}``.

    Raises
    ------
    InputError
        If a name is empty or too long, a colour is no hex colour, or there are more than 12.
    """
    if len(palette) > _MAX_SWATCHES:
        raise InputError(
            f"The palette has {len(palette)} swatches.",
            field="color_palette",
            hint=f"Give at most {_MAX_SWATCHES}.",
        )
    swatches = []
    for name, colour in palette.items():
        cleaned = str(name).strip().lower()
        if not cleaned or len(cleaned) > _MAX_NAME or not cleaned.isprintable():
            raise InputError(
                f"The swatch name {name!r} cannot be used.",
                field="color_palette",
                hint=f"Use {', '.join(NAMES)}, or a word of your own of at most {_MAX_NAME} letters.",
            )
        swatches.append(swatch_of_hex(cleaned, colour))
    return tuple(swatches)


def character_swatches(
    references: Sequence[Sequence[Swatch]], typed: Mapping[str, Any] | None = None
) -> tuple[Swatch, ...]:
    """Combine what was read from a character's references with what a person typed, which goes first.

    Of each named swatch the medoid counts: the reading that is nearest to all others in OKLab. One
    odd picture moves it no further than to another reading, and no mixture of two colours appears.

    Parameters
    ----------
    references : sequence of sequence of Swatch
        The swatches of each reference picture.
    typed : mapping of str to str, optional
        Hex colours by name.

    Returns
    -------
    tuple of Swatch
        In the order of `NAMES`, then what else was typed. A swatch that fewer than a third of the
        references show is left out.
    """
    chosen = {swatch.name: swatch for swatch in typed_swatches(typed or {})}
    for name in NAMES:
        found = [swatch for swatches in references for swatch in swatches if swatch.name == name]
        if name not in chosen and found and 3 * len(found) >= len(references):
            chosen[name] = _medoid(found)
    order = [*NAMES, *(name for name in chosen if name not in NAMES)]
    return tuple(chosen[name] for name in order if name in chosen)


def by_name(swatches: Iterable[Swatch]) -> dict[str, Swatch]:
    """Return the swatches under their names; of two with one name the first."""
    named: dict[str, Swatch] = {}
    for swatch in swatches:
        named.setdefault(swatch.name, swatch)
    return named


def _medoid(found: Sequence[Swatch]) -> Swatch:
    colours = np.array([swatch.lab for swatch in found])
    trust = np.array([max(swatch.confidence, 0.05) for swatch in found])
    distances = np.linalg.norm(colours[:, None] - colours, axis=-1) @ trust
    return found[int(np.argmin(distances))]
