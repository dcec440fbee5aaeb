"""LoRA files of the host: found, read, and counted for what really fits the model."""

from __future__ import annotations

import logging
import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingModelError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoraOrder:
    """One LoRA to load.

    Parameters
    ----------
    name : str
        File name as ComfyUI's ``loras`` folder lists it.
    strength_model, strength_clip : float
        Strengths; 1 is as trained.
    """

    name: str
    strength_model: float = 1.0
    strength_clip: float = 1.0


@dataclass(frozen=True, slots=True)
class LoadedLora:
    """Clones that carry the LoRA, and how many of its weights found a place."""

    model: Any
    clip: Any
    n_model_keys: int
    n_clip_keys: int


def lora_names() -> list[str]:
    """Return the files of the ``loras`` folder, from ComfyUI's cache."""
    import folder_paths

    return folder_paths.get_filename_list("loras")


def load_lora(model: Any, clip: Any, order: LoraOrder) -> LoadedLora:
    """Load a LoRA onto clones of the model and of the text encoder.

    Raises
    ------
    MissingModelError
        If the file is not in ComfyUI's ``loras`` folder.
    InputError
        If it cannot be read, or none of its weights fits the model or the text encoder.
    """
    weights = _read(order.name)
    patched_model, n_model = _patched(model, weights, order.strength_model, _model_keys)
    patched_clip, n_clip = _patched(clip, weights, order.strength_clip, _clip_keys)
    if n_model + n_clip == 0:
        raise InputError(
            f"None of the {len(weights)} weights of LoRA {order.name!r} fits this model.",
            field="loras",
            hint="It was trained for another model family; choose a LoRA of this model's family.",
        )
    return LoadedLora(patched_model, patched_clip, n_model, n_clip)


def _read(name: str) -> dict[str, Any]:
    import folder_paths
    from comfy.lora_convert import convert_lora
    from comfy.utils import load_torch_file
    from safetensors import SafetensorError

    path = folder_paths.get_full_path("loras", name)
    if path is None:
        raise MissingModelError(
            f"LoRA {name!r} is not in ComfyUI's loras folder.",
            field="loras",
            hint="Put the file there and press R, or correct the character.",
        )
    try:
        return convert_lora(load_torch_file(path, safe_load=True))
    except (OSError, ValueError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"LoRA {Path(path).name} cannot be read: {reason}.",
            field="loras",
            hint="Download it again; a web page saved under its name is a common cause.",
        ) from error


def _model_keys(model: Any) -> tuple[dict[Any, Any], Any]:
    from comfy.lora import model_lora_keys_unet

    return model_lora_keys_unet(model.model, {}), model.model


def _clip_keys(clip: Any) -> tuple[dict[Any, Any], Any]:
    from comfy.lora import model_lora_keys_clip

    return model_lora_keys_clip(clip.cond_stage_model, {}), clip.cond_stage_model


def _patched(target: Any, weights: dict[str, Any], strength: float, keys: Any) -> tuple[Any, int]:
    """Return a patched clone and the number of weights it took; the target itself when none did."""
    from comfy.lora import load_lora as match

    if target is None or strength == 0:
        return target, 0
    names, module = keys(target)
    # Names can match while shapes do not; ComfyUI would only notice while sampling, and go on without.
    shapes = {key: tensor for key, tensor in module.state_dict().items() if tensor.is_floating_point()}
    fitting = {
        key: patch
        for key, patch in match(weights, names, log_missing=False).items()
        if _fits(patch, shapes.get(key) if isinstance(key, str) else None)
    }
    if not fitting:
        return target, 0
    clone = target.clone()
    return clone, len(clone.add_patches(fitting, strength))


def _fits(patch: Any, weight: Any) -> bool:
    """Return whether a patch has the size of its weight; true where that cannot be told."""
    if weight is None:
        return True
    if isinstance(patch, tuple):
        return patch[0] != "diff" or tuple(patch[1][0].shape) == tuple(weight.shape)
    if getattr(patch, "name", None) != "lora":
        return True
    up, down, _alpha, middle, _dora, reshape = patch.weights
    if middle is not None or reshape is not None:
        return True
    return up.shape[0] * math.prod(down.shape[1:]) == weight.numel()
