"""How far the colours of a picture are from the colours that a character should have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..colour import cielab, delta_e_2000
from .swatches import BODY, OUTFIT, Swatch, by_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How much each swatch says about who somebody is; clothes change more than hair.
_WEIGHTS = {"hair": 1.0, "eyes": 0.5, "skin": 0.5, "outfit": 0.7, "accent": 0.3}
_OWN_WEIGHT = 0.3
# Clothes take each other's place from shot to shot, but a colour of the same name goes first.
_NAME_BONUS = 4.0
# Light is told from paint by what all swatches share, for which there must be some.
_MIN_FOR_LIGHT = 3
_LIGHT_RANGE = (1 / 16, 4.0)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, slots=True)
class SwatchGap:
    """One wanted swatch, what was found for it, and the difference.

    Parameters
    ----------
    wanted, found : Swatch
        The two colours.
    delta_e : float
        CIEDE2000; 1 is just noticeable, above 10 is another colour.
    target : tuple of float
        Linear light: the wanted colour in the light of the picture, where light is ignored.
    """

    wanted: Swatch
    found: Swatch
    delta_e: float
    target: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "name": self.wanted.name,
            "wanted": self.wanted.hex,
            "found": self.found.hex,
            "found_as": self.found.name,
            "delta_e": round(self.delta_e, 2),
            "confidence": round(self.found.confidence, 3),
        }


@dataclass(frozen=True, slots=True)
class SwatchReport:
    """The differences of all swatches.

    Parameters
    ----------
    gaps : tuple of SwatchGap
        The swatches that both sides have.
    missing : tuple of str
        Wanted ones that were not found: unknown, not wrong.
    light : ndarray of float64, shape (3,)
        What the light of the picture multiplies every colour with, per channel; ones where lightness
        counts, or too few swatches tell.
    """

    gaps: tuple[SwatchGap, ...]
    missing: tuple[str, ...]
    light: NDArray[np.float64]

    @property
    def mean(self) -> float | None:
        """The weighted mean CIEDE2000; None where nothing could be compared."""
        if not self.gaps:
            return None
        weights = [_weight(gap) for gap in self.gaps]
        return float(np.average([gap.delta_e for gap in self.gaps], weights=weights))

    @property
    def worst(self) -> SwatchGap | None:
        """The swatch that is furthest off; None where nothing could be compared."""
        return max(self.gaps, key=lambda gap: gap.delta_e, default=None)

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        worst = self.worst
        return {
            "mean_delta_e": None if self.mean is None else round(self.mean, 2),
            "worst": None if worst is None else worst.wanted.name,
            "worst_delta_e": None if worst is None else round(worst.delta_e, 2),
            "swatches": [gap.as_json() for gap in self.gaps],
            "unknown": list(self.missing),
        }


def compare_swatches(
    found: Sequence[Swatch], wanted: Sequence[Swatch], *, ignore_lightness: bool = False
) -> SwatchReport:
    """Pair the colours of a picture with those that are wanted and measure each difference.

    Hair, eyes and skin are paired by name. The rest, clothes and accents, take each other's place from
    shot to shot, so they are paired so that the differences are least in sum, with an advantage of 4
    for the same name.

    Parameters
    ----------
    found, wanted : sequence of Swatch
        What was read off the picture, and what the character has.
    ignore_lightness : bool
        For night and sunset: the light that all swatches share is divided out (per channel the median
        ratio, from three pairs on), then each pair is brought to one luminance and its lightness term
        is left out, so that only hue and chroma count.

    Returns
    -------
    SwatchReport
        Wanted swatches without a counterpart are `missing`.
    """
    light = _shared_light(_by_body(found, wanted)) if ignore_lightness else np.ones(3)
    pairs = _by_body(found, wanted)
    pairs += _by_assignment(
        [swatch for swatch in found if swatch.name not in BODY],
        [swatch for swatch in wanted if swatch.name not in BODY],
        light,
        ignore_lightness=ignore_lightness,
    )
    if ignore_lightness:
        light = _shared_light(pairs)
    gaps = {
        id(want): swatch_gap(seen, want, light, ignore_lightness=ignore_lightness) for seen, want in pairs
    }
    ordered = tuple(gaps[id(want)] for want in wanted if id(want) in gaps)
    missing = tuple(want.name for want in wanted if id(want) not in gaps)
    return SwatchReport(ordered, missing, light)


_Pairs = list[tuple[Swatch, Swatch]]


def _by_body(found: Sequence[Swatch], wanted: Sequence[Swatch]) -> _Pairs:
    seen = by_name(found)
    return [(seen[want.name], want) for want in wanted if want.name in BODY and want.name in seen]


def _by_assignment(
    found: Sequence[Swatch], wanted: Sequence[Swatch], light: NDArray[np.float64], *, ignore_lightness: bool
) -> _Pairs:
    if not found or not wanted:
        return []
    from scipy.optimize import linear_sum_assignment

    costs = np.array(
        [
            [
                swatch_gap(seen, want, light, ignore_lightness=ignore_lightness).delta_e
                - _NAME_BONUS * (_kind(seen.name) == want.name)
                for want in wanted
            ]
            for seen in found
        ]
    )
    return [(found[i], wanted[j]) for i, j in zip(*linear_sum_assignment(costs), strict=True)]


def _kind(name: str) -> str:
    return OUTFIT if name.startswith(f"{OUTFIT} ") else name


def _shared_light(pairs: _Pairs) -> NDArray[np.float64]:
    """Return what the light of the picture multiplies every colour with, per channel."""
    if len(pairs) < _MIN_FOR_LIGHT:
        return np.ones(3)
    ratios = np.array([(seen.linear + 0.01) / (want.linear + 0.01) for seen, want in pairs])
    return np.clip(np.exp(np.median(np.log(ratios), axis=0)), *_LIGHT_RANGE)


def swatch_gap(
    seen: Swatch, want: Swatch, light: NDArray[np.float64], *, ignore_lightness: bool = False
) -> SwatchGap:
    """Measure one difference.

    Parameters
    ----------
    seen, want : Swatch
        What is there, and what should be.
    light : ndarray of float64, shape (3,)
        What the light multiplies every colour with, per channel; used only where lightness is ignored.
    ignore_lightness : bool
        See `compare_swatches`.
    """
    if not ignore_lightness:
        difference = float(delta_e_2000(cielab(seen.linear), cielab(want.linear)))
        return SwatchGap(want, seen, difference, _triple(want.linear))
    plain = seen.linear / light
    level = float(want.linear @ _LUMINANCE) / max(float(plain @ _LUMINANCE), 1e-3)
    difference = float(delta_e_2000(cielab(plain * level), cielab(want.linear), lightness_weight=0.0))
    # Where to move it: the wanted colour in this light, as bright as what is there.
    return SwatchGap(want, seen, difference, _triple(np.clip(want.linear * light / level, 0.0, 1.0)))


def _triple(linear: NDArray[np.float64]) -> tuple[float, float, float]:
    return (float(linear[0]), float(linear[1]), float(linear[2]))


def _weight(gap: SwatchGap) -> float:
    return _WEIGHTS.get(gap.wanted.name, _OWN_WEIGHT) * max(gap.found.confidence, 0.05)
