"""An adapter put into a copy of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...consistency.injection.attention import EMBEDS_SCALING
from ...consistency.injection.combining import COMBINATIONS
from ...consistency.injection.curve import parse_curve
from ...consistency.injection.sites import Site, pair_layers
from ...consistency.injection.weights import WEIGHT_TYPES, site_weights
from ...errors import InputError
from .clock import Clock
from .files import Adapter
from .injection import Injection, Schedule, Tokens
from .patch import CrossAttentionPatch, Place, separate_copies
from .sites import unet_sites

SCALINGS = tuple(EMBEDS_SCALING)
_KEY = "tower_adapter"
__all__ = ["COMBINATIONS", "SCALINGS", "WEIGHT_TYPES", "AdapterSettings", "Placed", "place_adapter"]


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """How an adapter acts.

    Parameters
    ----------
    weight, weight_composition : float, float or None
        Overall weight, and that of the composition blocks in the types that have two.
    weight_type : str
        A key of `WEIGHT_TYPES`.
    block_weights, curve : str
        Factors of blocks and over sampling; see `site_weights` and `parse_curve`.
    start, end : float
        Part of sampling, as fractions from 0 to 1.
    scaling : str
        A key of `EMBEDS_SCALING`.
    combine : str
        How several pictures become one identity; one of `COMBINATIONS`.
    shortcut_scale : float or None
        Weight of the picture branch in FaceID-plus v2; twice `weight` if None.
    lora_strength : float
        Strength of the LoRA inside a FaceID file.
    compatible : bool
        Whether to do as older packs do: the middle block left out, masks of guessed size, and their average.
    """

    weight: float = 1.0
    weight_type: str = "linear"
    weight_composition: float | None = None
    block_weights: str = ""
    curve: str = ""
    start: float = 0.0
    end: float = 1.0
    scaling: str = "V only"
    combine: str = "concat"
    shortcut_scale: float | None = None
    lora_strength: float = 0.6
    compatible: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A copy of a model that carries an adapter, and in how many cross-attentions it acts."""

    model: Any
    n_acting: int
    n_sites: int


def place_adapter(
    model: Any,
    adapter: Adapter,
    tokens: Tokens,
    settings: AdapterSettings,
    mask: Tensor | None = None,
) -> Placed:
    """Return a copy of a model whose cross-attentions also attend to a picture's tokens.

    Parameters
    ----------
    model : ModelPatcher
        SD 1.5 or SDXL family; it is not changed, nor is anything upstream of it.
    adapter : Adapter
        Whose layers are shared by all copies.
    tokens : Tokens
        Of the character.
    settings : AdapterSettings
        How it acts.
    mask : Tensor, shape (n, height, width), optional
        Where; 1 acts, 0 does exactly nothing.

    Raises
    ------
    InputError
        If adapter and model do not fit, or a setting is out of range.
    """
    sites = unet_sites(model)
    pairs = _pairs(adapter, sites)
    weights = site_weights(
        sites,
        settings.weight,
        settings.weight_type,
        weight_composition=settings.weight_composition,
        block_weights=settings.block_weights,
    )
    acting = {site: at for site, at in weights.items() if at.weight != 0 and _is_patched(site, settings)}
    curve = parse_curve(settings.curve)
    _check(settings)
    if settings.start == settings.end or (mask is not None and not bool(torch.any(mask))):
        acting = {}
    if not acting:
        return Placed(model.clone(), 0, len(sites))
    schedule = Schedule(
        {site.place: at for site, at in acting.items()},
        settings.start,
        settings.end,
        curve,
        settings.scaling,
    )
    injection = Injection(
        adapter.layers,
        {site.place: pairs[site] for site in acting},
        tokens,
        schedule,
        Clock(model.get_model_object("model_sampling")),
        mask=mask,
        is_mask_guessed=settings.compatible,
    )
    depths = Counter(site.place[:2] for site in sites)
    return Placed(_patched(model, injection, list(acting), depths), len(acting), len(sites))


def _pairs(adapter: Adapter, sites: list[Site]) -> dict[Site, int]:
    try:
        return pair_layers(adapter.file.layers, sites)
    except InputError as error:
        raise InputError(
            f"{adapter.name} does not fit: {error.message}", field="adapter", hint=error.hint
        ) from error


def _is_patched(site: Site, settings: AdapterSettings) -> bool:
    return not (settings.compatible and site.block == "middle")


def _check(settings: AdapterSettings) -> None:
    if not 0 <= settings.start <= settings.end <= 1:
        raise InputError(
            f"The span {settings.start} to {settings.end} is no part of sampling.",
            field="start",
            hint="Give 0 ≤ start ≤ end ≤ 1.",
        )
    if settings.scaling not in EMBEDS_SCALING:
        raise InputError(
            f"There is no scaling {settings.scaling!r}.",
            field="scaling",
            hint=f"Choose one of {', '.join(EMBEDS_SCALING)}.",
        )


def _patched(model: Any, injection: Injection, sites: list[Site], depths: Mapping[Any, int]) -> Any:
    from comfy.patcher_extension import CallbacksMP, WrappersMP

    patched = model.clone()
    existing = (
        patched.model_options.get("transformer_options", {}).get("patches_replace", {}).get("attn2", {})
    )
    # What stands there is looked up before anything is set: our own must not wrap itself.
    earlier = {site.place: existing.get(site.place, existing.get(site.place[:2])) for site in sites}
    for site in sites:
        patch = CrossAttentionPatch(site.place, injection, earlier[site.place])
        _set(patched, patch, site.place)
        if depths[site.place[:2]] == 1:
            # Some packs look a block up without its depth; they must find what they would shadow.
            _set(patched, patch, site.place[:2])
    if not patched.get_callbacks(CallbacksMP.ON_CLONE, _KEY):
        patched.add_callback_with_key(CallbacksMP.ON_CLONE, _KEY, separate_copies)
    patched.add_callback_with_key(CallbacksMP.ON_PRE_RUN, _KEY, injection.begin)
    patched.add_callback_with_key(CallbacksMP.ON_CLEANUP, _KEY, injection.forget)
    patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, _KEY, injection.outer_sample)
    return patched


def _set(model: Any, patch: CrossAttentionPatch, place: Place | tuple[str, int]) -> None:
    model.set_model_attn2_replace(patch, *place)
