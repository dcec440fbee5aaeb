"""Conditionings: prompt fragments added to them, and reference latents attached to them."""

from __future__ import annotations

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
    if "attention_mask" in options or "attention_mask" in fields:
        masks = (
            _attention_mask(options, before),
            _attention_mask(fields, added).expand(before.shape[0], -1),
        )
        joined["attention_mask"] = torch.cat([mask.to(masks[0]) for mask in masks], dim=1)
    return [torch.cat((before, added), dim=1), joined]


def _attention_mask(fields: dict[str, Any], tokens: Tensor) -> Tensor:
    mask = fields.get("attention_mask")
    if mask is None:
        return torch.ones(tokens.shape[:2], device=tokens.device)
    return mask.reshape(-1, tokens.shape[1])


def uses_reference_latents(model: Any) -> bool:
    """Return whether the model's family reads ``reference_latents`` at all.

    Families that do, such as Flux, Qwen-Image and OmniGen 2, announce the memory that these cost.
    """
    shapes = model.model.extra_conds_shapes(reference_latents=[torch.zeros(1, 1, 1, 1)])
    return "ref_latents" in shapes or "reference_latent" in shapes


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
