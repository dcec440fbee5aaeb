"""Models that turn a look at the references into tokens beside the prompt: Redux, and USO's projector.

References
----------
.. [1] Black Forest Labs, "FLUX.1 Redux", 2024: SigLIP features, projected and appended to the text.
.. [2] S. Wu et al., "USO: Unified Style and Subject-Driven Generation via Disentangled and Reward
   Learning", 2025: SigLIP features of three depths, projected and put before the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from ...errors import InputError
from ..injection_order import Generation, InjectionOrder, ReferenceModels, Step
from .checks import require_clip_vision, require_references, require_way
from .host_nodes import run_host_node
from .pictures import squared

STRENGTH_TYPES = ("attn_bias", "multiply")

# USO reads the 20th layer from the end, among others.
_USO_DEPTH = 20
_USO_CLASS = "SigLIPMultiFeatProjModel"


def style_model_steps(order: InjectionOrder) -> Iterator[Step]:
    """Yield the step that appends a style model's tokens to the positive conditioning."""
    models = order.models
    if models and models.style_model is not None and models.style_strength * order.strength > 0:
        yield Step("style model", partial(_apply_style_model, order, models))


def style_patch_steps(order: InjectionOrder) -> Iterator[Step]:
    """Yield the step that patches USO's style tokens into the model."""
    models = order.models
    if models and models.style_patch is not None:
        yield Step("USO style", partial(_apply_style_patch, order, models))


def _apply_style_model(
    order: InjectionOrder, models: ReferenceModels, generation: Generation
) -> tuple[Generation, str]:
    require_way(generation.model, "style_model")
    pictures = require_references(order, "a style model")
    seen = require_clip_vision(models, "A style model").encode_image(squared(pictures))
    strength = models.style_strength * order.strength
    _check_widths(models.style_model.model, seen, generation.positive)
    [positive] = run_host_node(
        "StyleModelApply",
        conditioning=generation.positive,
        style_model=models.style_model,
        clip_vision_output=seen,
        strength=strength,
        strength_type=models.style_strength_type,
    )
    n_tokens = positive[0][0].shape[1] - generation.positive[0][0].shape[1]
    detail = f"{n_tokens} tokens of {len(pictures)} references at {strength:g} on the positive conditioning"
    return replace(generation, positive=positive), detail


def _apply_style_patch(
    order: InjectionOrder, models: ReferenceModels, generation: Generation
) -> tuple[Generation, str]:
    require_way(generation.model, "style_patch")
    pictures = require_references(order, "a style patch")
    clip_vision = require_clip_vision(models, "A style patch")
    _check_projector(models.style_patch)
    model = generation.model
    # One at a time: the projector's tokens of a batch would not fit the batch that is sampled.
    for picture in squared(pictures):
        seen = clip_vision.encode_image(picture[None])
        _check_depth(seen)
        [model] = run_host_node(
            "USOStyleReference", model=model, model_patch=models.style_patch, clip_vision_output=seen
        )
    return replace(generation, model=model), f"style tokens of {len(pictures)} references before the prompt's"


def _check_widths(style_model: Any, seen: Any, conditioning: list[Any]) -> None:
    """Refuse a look of the wrong width now, not as a failed matrix product without a name."""
    taken, given = _widths(style_model)
    if seen.last_hidden_state.shape[-1] != taken:
        raise InputError(
            f"The style model takes features {taken} wide, this CLIP vision model gives "
            f"{seen.last_hidden_state.shape[-1]}.",
            field="clip_vision",
            hint="Flux Redux takes sigclip_vision_patch14_384; the style adapter of SD 1.5 takes CLIP ViT-L.",
        )
    width = conditioning[0][0].shape[-1]
    if width != given:
        raise InputError(
            f"The style model's tokens are {given} wide, the conditioning's {width}.",
            field="style_model",
            hint="It was made for another model family.",
        )


def _widths(style_model: Any) -> tuple[int, int]:
    if hasattr(style_model, "redux_up"):
        return style_model.redux_up.weight.shape[1], style_model.redux_down.weight.shape[0]
    return tuple(style_model.proj.shape)


def _check_projector(style_patch: Any) -> None:
    found = type(style_patch.model).__name__
    if found != _USO_CLASS:
        raise InputError(
            f"The model patch is a {found}, not USO's style projector.",
            field="style_patch",
            hint="Load uso-flux1-projector-v1 with ComfyUI's Load Model Patch.",
        )


def _check_depth(seen: Any) -> None:
    every_layer = getattr(seen, "all_hidden_states", None)
    if every_layer is None or every_layer.shape[1] < _USO_DEPTH:
        raise InputError(
            "This CLIP vision model does not show the layers that USO reads.",
            field="clip_vision",
            hint="Load sigclip_vision_patch14_384.",
        )
