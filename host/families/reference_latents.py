"""Reference latents: pictures that an editing model reads beside the one that it draws.

Flux Kontext, Flux with USO, Flux 2, Qwen-Image-Edit, OmniGen 2 and their like. A plain Flux or Qwen-Image
has the same shapes and reads them too, but was not trained to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ...errors import InputError
from ..conditioning import (
    attach_reference_latents,
    encode_references,
    set_reference_latents_method,
)
from ..injection_order import Generation, InjectionOrder, NotApplicableError, Step
from .checks import require_way
from .family import family_of
from .host_nodes import choices_of

AUTO = "auto"
LATENTS_METHODS = (AUTO, "offset", "index", "uxo", "index_timestep_zero")

# What is told apart by a method, and which node of the host lists the methods it knows.
_FAMILIES_WITH_METHODS = ("flux", "flux2", "longcat_image", "qwen_image")
_METHOD_NODE, _METHOD_INPUT = "FluxKontextMultiReferenceLatentMethod", "reference_latents_method"


def reference_latent_steps(order: InjectionOrder) -> Iterator[Step]:
    """Yield the step that attaches references to both conditionings, where any or a VAE came in."""
    if order.vae is not None or order.references is not None:
        yield Step("reference latents", partial(_apply, order))


def _apply(order: InjectionOrder, generation: Generation) -> tuple[Generation, str]:
    if order.vae is None or order.references is None:
        absent, present = ("VAE", "references") if order.vae is None else ("references", "a VAE")
        raise NotApplicableError(f"{present} came in without {absent}; connect both.")
    require_way(generation.model, "reference_latents")
    method = order.models.latents_method if order.models else AUTO
    _check_method(generation, method)
    latents = encode_references(order.vae, order.references)
    changed = replace(
        generation,
        positive=attach_reference_latents(generation.positive, latents),
        negative=attach_reference_latents(generation.negative, latents),
    )
    detail = f"{len(latents)} reference latents on both conditionings"
    if method == AUTO:
        return changed, detail
    changed = replace(
        changed,
        positive=set_reference_latents_method(changed.positive, method),
        negative=set_reference_latents_method(changed.negative, method),
    )
    return changed, f"{detail}, told apart by {method}"


def _check_method(generation: Generation, method: str) -> None:
    if method == AUTO:
        return
    family = family_of(generation.model)
    if family.family.name not in _FAMILIES_WITH_METHODS:
        raise InputError(
            f"{family.label} knows no method to tell reference latents apart, {method!r} was asked for.",
            field="latents_method",
            hint="Choose auto.",
        )
    # The host lists "uxo" together with an older name of it.
    known = [name.partition("/")[0] for name in choices_of(_METHOD_NODE, _METHOD_INPUT)]
    if method not in known:
        raise InputError(
            f"This ComfyUI tells reference latents apart by {', '.join(known)}, not by {method!r}.",
            field="latents_method",
            hint="Update ComfyUI, or choose auto.",
        )
