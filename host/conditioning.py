"""Conditionings: prompt fragments added to them, and reference latents attached to them."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError

# Editing models are trained at about one megapixel; larger references only cost time.
_REFERENCE_PIXELS = 1024 * 1024
_REFERENCE_MULTIPLE = 16

Conditioning = list[Any]


def add_prompt(clip: Any, conditioning: Conditioning, text: str) -> Conditioning:
    """Encode `text` and append its tokens to every entry of a conditioning.

    Nothing that was passed in is changed; pooled outputs, areas and masks stay as they are.

    Raises
    ------
    InputError
        If there is no text encoder, or its width is not that of the conditioning.
    """
    if clip is None:
        raise InputError(
            "The CLIP input is empty: this checkpoint has no text encoder.",
            field="clip",
            hint="Load a text encoder with a CLIP loader and connect it.",
        )
    tokens, fields = clip.encode_from_tokens_scheduled(clip.tokenize(text))[0]
    return append_tokens(conditioning, tokens, fields)


def append_tokens(conditioning: Conditioning, tokens: Tensor, fields: dict[str, Any]) -> Conditioning:
    """Append tokens to every entry of a conditioning.

    Parameters
    ----------
    tokens : Tensor, shape (1, n_tokens, width)
        What a text encoder gave.
    fields : dict
        What it said of them; an attention mask is joined to the entry's.

    Raises
    ------
    InputError
        If the width is not that of the conditioning.
    """
    return [_appended(entry, tokens, fields) for entry in conditioning]


def _appended(entry: Any, tokens: Tensor, fields: dict[str, Any]) -> list[Any]:
    before, options = entry
    if before.shape[-1] != tokens.shape[-1]:
        raise InputError(
            f"The conditioning is {before.shape[-1]} wide, this CLIP gives {tokens.shape[-1]}.",
            field="clip",
            hint="Connect the CLIP that the prompt was encoded with.",
        )
    added = tokens.to(before).expand(before.shape[0], -1, -1)
    joined = {**options}
    if "attention_mask_img_shape" in options:
        joined["attention_mask"] = _grown_bias(options["attention_mask"], before.shape[1], added.shape[1])
    elif "attention_mask" in options or "attention_mask" in fields:
        masks = (
            _attention_mask(options, before),
            _attention_mask(fields, added).expand(before.shape[0], -1),
        )
        joined["attention_mask"] = torch.cat([mask.to(masks[0]) for mask in masks], dim=1)
    return [torch.cat((before, added), dim=1), joined]


def _grown_bias(mask: Tensor, n_before: int, n_added: int) -> Tensor:
    """Return a mask over prompt and picture, as a style model leaves it, with room for more of the prompt.

    Parameters
    ----------
    mask : Tensor, shape (n, n_before + n_picture, n_before + n_picture)
        Of bool, or what is added to the attention before its softmax.
    n_before, n_added : int
        Tokens of the prompt so far, and those that come after them; nothing is added for these.
    """
    bias = torch.log(mask.float()).half() if mask.dtype == torch.bool else mask
    kept = [*range(n_before), *range(n_before + n_added, mask.shape[-1] + n_added)]
    size = mask.shape[-1] + n_added
    grown = torch.zeros((mask.shape[0], size, size), dtype=bias.dtype, device=bias.device)
    places = torch.tensor(kept, device=bias.device)
    grown[:, places[:, None], places] = bias
    return grown


def _attention_mask(fields: dict[str, Any], tokens: Tensor) -> Tensor:
    mask = fields.get("attention_mask")
    if mask is None:
        # Of whole numbers, as text encoders give it: models count with it, or take fractions for a bias.
        return torch.ones(tokens.shape[:2], dtype=torch.long, device=tokens.device)
    return mask.reshape(-1, tokens.shape[1])


def uses_reference_latents(model: Any) -> bool:
    """Return whether the model reads ``reference_latents`` at all.

    Families that do, such as Flux, Qwen-Image and OmniGen 2, announce the memory that these cost, and their
    networks name them. Chroma announces as Flux does, and its network passes them over.
    """
    shapes = model.model.extra_conds_shapes(reference_latents=[torch.zeros(1, 1, 1, 1)])
    return "ref_latents" in shapes and _names_reference_latents(getattr(model.model, "diffusion_model", None))


def _names_reference_latents(network: Any) -> bool:
    functions = [getattr(type(network), name, None) for name in ("_forward", "forward")]
    parameters = [inspect.signature(function).parameters for function in functions if function]
    # A network that was wrapped or compiled takes anything, by its signature; the announcement counts then.
    collecting = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [
        [name for name, parameter in one.items() if parameter.kind not in collecting] for one in parameters
    ]
    known = [names for names in named if names not in ([], ["self"])]
    return not known or any("ref_latents" in names for names in known)


def model_family(model: Any) -> str:
    """Return the name of the model's family, as ComfyUI calls it."""
    config = getattr(model.model, "model_config", None)
    return type(config if config is not None else model.model).__name__


def encode_references(vae: Any, references: Tensor) -> list[Tensor]:
    """Encode reference pictures, each scaled to at most a megapixel.

    Parameters
    ----------
    references : Tensor, shape (n, height, width, channels)
        IMAGE batch in [0, 1].

    Returns
    -------
    list of Tensor
        One latent per picture.
    """
    return [vae.encode(_scaled(picture[None, :, :, :3])) for picture in references]


def _scaled(pixels: Tensor) -> Tensor:
    from comfy.utils import common_upscale

    height, width = pixels.shape[1:3]
    scale = min(1.0, (_REFERENCE_PIXELS / (height * width)) ** 0.5)
    size = [
        max(_REFERENCE_MULTIPLE, round(side * scale / _REFERENCE_MULTIPLE) * _REFERENCE_MULTIPLE)
        for side in (width, height)
    ]
    return common_upscale(pixels.movedim(-1, 1), size[0], size[1], "area", "disabled").movedim(1, -1)


def attach_reference_latents(conditioning: Conditioning, latents: list[Tensor]) -> Conditioning:
    """Append reference latents to every entry, after those that are already there."""
    from node_helpers import conditioning_set_values

    return conditioning_set_values(conditioning, {"reference_latents": latents}, append=True)


def set_reference_latents_method(conditioning: Conditioning, method: str) -> Conditioning:
    """Say in every entry how the model is to tell its reference latents apart."""
    from node_helpers import conditioning_set_values

    return conditioning_set_values(conditioning, {"reference_latents_method": method})
