"""How strongly an adapter acts in each block: the field's weight types, and weights of one's own.

References
----------
.. [1] H. Wang et al., "InstantStyle: Free Lunch towards Style-Preserving in Text-to-Image Generation", 2024:
   one block of SDXL carries the style, another the composition.
.. [2] The "precise" types also push the other aspect away, by giving it to the unconditional side alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import InputError
from .sites import Site

_WEAK = 0.2
_LEAST = 0.05  # What the eased types leave at their weak end.
_FAINT = 0.1
# The first of the two composition blocks of SD 1.5 acts too early to be given in full.
_EARLY = 0.25


@dataclass(frozen=True, slots=True)
class SiteWeight:
    """What an adapter does at one cross-attention.

    Parameters
    ----------
    weight : float
        Factor on what it adds; negative pushes away.
    is_reversed : bool
        Whether the reference acts on the unconditional side only, so that guidance leads away from it.
    """

    weight: float
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class BlockRoles:
    """Which blocks of a family carry style and which composition, with the share each is given."""

    style: frozenset[str]
    composition: dict[str, float]


SDXL_ROLES = BlockRoles(frozenset({"out1"}), {"in8": 1.0})
SD15_ROLES = BlockRoles(
    frozenset({"in1", "in2", "in4", "in5", *(f"out{n}" for n in range(5, 12))}), {"in7": _EARLY, "in8": 1.0}
)


@dataclass(frozen=True, slots=True)
class _Ask:
    site: Site
    weight: float
    composition: float
    roles: BlockRoles
    n_transformers: int

    @property
    def progress(self) -> float:
        """How far along the model the block lies, from 0."""
        return self.site.transformer / self.n_transformers

    @property
    def is_composition(self) -> bool:
        return self.site.block_name in self.roles.composition

    @property
    def is_style(self) -> bool:
        return self.site.block_name in self.roles.style

    @property
    def shared_composition(self) -> float:
        return self.composition * self.roles.composition[self.site.block_name]


def _eased(ask: _Ask, share: float) -> SiteWeight:
    return SiteWeight(ask.weight * (_LEAST + (1 - _LEAST) * share))


def _from_middle(ask: _Ask) -> float:
    return abs(2 * ask.progress - 1)


def _weak(*blocks: str) -> Callable[[_Ask], SiteWeight]:
    return lambda ask: SiteWeight(ask.weight * (_WEAK if ask.site.block in blocks else 1.0))


def _style(ask: _Ask) -> SiteWeight:
    return SiteWeight(ask.weight if ask.is_style else 0.0)


def _composition(ask: _Ask) -> SiteWeight:
    return SiteWeight(ask.weight * ask.roles.composition.get(ask.site.block_name, 0.0))


def _strong_style(ask: _Ask) -> SiteWeight:
    return SiteWeight(0.0 if ask.is_composition else ask.weight)


def _style_and_composition(ask: _Ask) -> SiteWeight:
    return SiteWeight(ask.shared_composition) if ask.is_composition else _style(ask)


def _strong_style_and_composition(ask: _Ask) -> SiteWeight:
    return SiteWeight(ask.composition if ask.is_composition else ask.weight)


def _precise_style(ask: _Ask) -> SiteWeight:
    return SiteWeight(ask.shared_composition, True) if ask.is_composition else _style(ask)


def _precise_composition(ask: _Ask) -> SiteWeight:
    if ask.is_composition:
        return SiteWeight(ask.shared_composition)
    return SiteWeight(ask.weight * (1.0 if ask.is_style else _FAINT), True)


WEIGHT_TYPES: dict[str, Callable[[_Ask], SiteWeight]] = {
    "linear": lambda ask: SiteWeight(ask.weight),
    "ease in": lambda ask: _eased(ask, 1 - ask.progress),
    "ease out": lambda ask: _eased(ask, ask.progress),
    "ease in-out": lambda ask: _eased(ask, 1 - _from_middle(ask)),
    "reverse in-out": lambda ask: _eased(ask, _from_middle(ask)),
    "weak input": _weak("input"),
    "weak middle": _weak("middle"),
    "weak output": _weak("output"),
    "strong middle": _weak("input", "output"),
    "style transfer": _style,
    "composition": _composition,
    "strong style transfer": _strong_style,
    "style and composition": _style_and_composition,
    "strong style and composition": _strong_style_and_composition,
    "style transfer precise": _precise_style,
    "composition precise": _precise_composition,
}


def site_weights(
    sites: Sequence[Site],
    weight: float,
    weight_type: str = "linear",
    *,
    weight_composition: float | None = None,
    block_weights: str = "",
) -> dict[Site, SiteWeight]:
    """Return what an adapter does at each cross-attention of a model.

    Parameters
    ----------
    sites : sequence of Site
        All cross-attentions of the model.
    weight : float
        Overall weight; on the composition blocks `weight_composition` takes its place in the types that
        have two. 1 is as trained.
    weight_type : str
        A key of `WEIGHT_TYPES`.
    weight_composition : float, optional
        Weight on the blocks of composition; `weight` if not given.
    block_weights : str
        Factors of one's own, ``out1: 1, in8: 0.4`` or by number of the spatial transformer, ``6: 1, 3: 0.4``.
        Blocks that are not named get none. Takes the place of the type's weights; the precise types keep
        their reversed blocks.

    Raises
    ------
    InputError
        If the type is unknown, a block is named that the model has not, or a number is not finite.
    """
    make = WEIGHT_TYPES.get(weight_type)
    if make is None:
        raise InputError(
            f"There is no weight type {weight_type!r}.",
            field="weight_type",
            hint=f"Choose one of {', '.join(WEIGHT_TYPES)}.",
        )
    composition = weight if weight_composition is None else weight_composition
    _check_finite(weight=weight, weight_composition=composition)
    n_transformers = 1 + max((site.transformer for site in sites), default=0)
    roles = SDXL_ROLES if sites and sites[0].context == 2048 else SD15_ROLES
    own = _parsed(block_weights, sites)
    made = {site: make(_Ask(site, weight, composition, roles, n_transformers)) for site in sites}
    if own is None:
        return made
    return {
        site: SiteWeight(weight * own.get(site.transformer, 0.0), found.is_reversed)
        for site, found in made.items()
    }


def _check_finite(**numbers: float) -> None:
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise InputError(
                f"The weight {number} is not a number.", field=name, hint="Give a finite weight."
            )


def _parsed(text: str, sites: Sequence[Site]) -> dict[int, float] | None:
    """Return the factor of each spatial transformer that is named, or None for an empty text."""
    if not text.strip():
        return None
    numbers = {site.block_name: site.transformer for site in sites}
    numbers |= {str(site.transformer): site.transformer for site in sites}
    found: dict[int, float] = {}
    for part in filter(None, re.split(r"[,;\n]+", text.strip())):
        name, _, value = part.partition(":")
        number = numbers.get(name.strip().lower())
        if number is None:
            raise InputError(
                f"This model has no attention block {name.strip()!r}.",
                field="block_weights",
                hint=f"Name some of {', '.join(dict.fromkeys(site.block_name for site in sites))}.",
            )
        try:
            found[number] = float(value)
        except ValueError:
            raise InputError(
                f"{part.strip()!r} gives block {name.strip()} no weight.",
                field="block_weights",
                hint="Write it as block: weight, such as out1: 0.8.",
            ) from None
        _check_finite(block_weights=found[number])
    return found
