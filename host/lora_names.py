"""What a LoRA file says it changes, and where that is in the model at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

# What follows the name of a weight in files of kohya's scripts, of diffusers and PEFT, and of LyCORIS.
_PARTS = re.compile(
    r"(?:\.lora_(?:up|down|mid)\.weight|_lora\.(?:up|down)\.weight|\.lora\.(?:up|down)\.weight"
    r"|\.lora_[AB](?:\.default)?(?:\.weight|\.bias)?|\.lora_linear_layer\.(?:up|down)\.weight"
    r"|\.hada_[wt][12](?:_[ab])?|\.lokr_[wt][12](?:_[ab])?|\.oft_blocks|\.[ab][12]\.weight"
    r"|\.[wb]_norm|\.diff(?:_b)?|\.set_weight)$"
)
_TEXT = re.compile(
    r"(?:lora_te|lora_prior_te|te\d?[._]|text_encoder|text_model|clip_[lgh]\.|cond|base_model\.model\.text_)"
)
# PEFT's names of a UNet's weights, which ComfyUI knows under kohya's.
_PEFT = re.compile(r"(?:unet\.|base_model\.model\.)+")


def changed_weights(file_names: Iterable[str]) -> list[str]:
    """Return the names of the weights that a file changes, each once, as the file calls them."""
    found = dict.fromkeys(name[: part.start()] for name in file_names if (part := _PARTS.search(name)))
    return list(found)


def is_text(weight: str) -> bool:
    """Whether a weight that no model at hand has is a text encoder's, by its name."""
    return _TEXT.match(weight) is not None


def unet_keys(model: Any, weights: Iterable[str]) -> dict[str, Any]:
    """Return the model's keys by the names under which files change them.

    Parameters
    ----------
    model : MODEL
        A model patcher of the host.
    weights : iterable of str
        Names in the file; those of PEFT are looked up too.
    """
    from comfy.lora import model_lora_keys_unet

    keys: dict[str, Any] = model_lora_keys_unet(model.model, {})
    for weight in weights:
        plain = "lora_unet_" + _PEFT.sub("", weight, count=1).replace(".", "_")
        if weight not in keys and _PEFT.match(weight) and plain in keys:
            keys[weight] = keys[plain]
    return keys


def text_keys(clip: Any) -> dict[str, Any]:
    """Return the text encoder's keys by the names under which files change them."""
    from comfy.lora import model_lora_keys_clip

    return model_lora_keys_clip(clip.cond_stage_model, {})
