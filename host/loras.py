"""LoRA files of the host: found, read, and counted for what really fits the model."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingModelError
from .lora_names import changed_weights, is_text, text_keys, unet_keys
from .lora_shapes import fits, patched_shape

# A LoRA of another architecture fits in part: of the attention weights of one for SDXL, 40 of 700 have name
# and shape of one in SD 1.5, and of one for SD 1.5, 40 of 160 in SDXL. One for a relative of a model, pruned
# or with more blocks, fits in most.
MIN_SHARE = 0.5


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
    """Clones that carry the LoRA, and how many of its weights found a place.

    Parameters
    ----------
    model, clip : MODEL and CLIP
        The given ones where nothing was applied to them.
    n_model_keys, n_clip_keys : int
        Weights that were patched.
    n_weights, n_fitting : int
        Weights that the file changes, and those of them that the model or the text encoder has in that
        shape; both 0 where nothing was asked for.
    """

    model: Any
    clip: Any
    n_model_keys: int
    n_clip_keys: int
    n_weights: int = 0
    n_fitting: int = 0

    @property
    def note(self) -> str:
        """What did not fit, as a sentence; empty where all did."""
        if self.n_fitting == self.n_weights:
            return ""
        return f"{self.n_fitting} of its {self.n_weights} weights fit."


def lora_names() -> list[str]:
    """Return the files of the ``loras`` folder, from ComfyUI's cache."""
    import folder_paths

    return folder_paths.get_filename_list("loras")


def without_doubles(orders: Sequence[LoraOrder]) -> tuple[list[LoraOrder], list[str]]:
    """Keep the first order of each file, and return the names of files that are ordered more than once.

    Loaded twice, a LoRA would act at the sum of both strengths.
    """
    kept: dict[str, LoraOrder] = {}
    doubled = []
    for order in orders:
        if order.name in kept:
            doubled.append(order.name)
        kept.setdefault(order.name, order)
    return list(kept.values()), list(dict.fromkeys(doubled))


def load_lora(model: Any, clip: Any, order: LoraOrder) -> LoadedLora:
    """Load a LoRA onto clones of the model and of the text encoder.

    Whether it belongs to the model is judged by its weights for the diffusion model, by names and shapes:
    less than half of them is another architecture's. Those for the text encoder are judged alone only where
    a file has no others, as SD 1.5 and SDXL have one text encoder in common. With both strengths 0 the file
    is not even looked for.

    Raises
    ------
    MissingModelError
        If the file is not in ComfyUI's ``loras`` folder.
    InputError
        If it cannot be read, is damaged, or is another architecture's.
    """
    if order.strength_model == order.strength_clip == 0:
        return LoadedLora(model, clip, 0, 0)
    file = _read(order.name)
    names = changed_weights(file)
    on_model = _matched(order.name, file, unet_keys(model, names), model.model)
    on_clip = _Match({}, frozenset(), frozenset())
    if clip is not None:
        on_clip = _matched(order.name, file, text_keys(clip), clip.cond_stage_model)
    _judge(order.name, names, on_model, on_clip)
    patched_model, n_model = _patched(model, on_model, order.strength_model)
    patched_clip, n_clip = _patched(clip, on_clip, order.strength_clip)
    n_fitting = len(on_model.fitting | on_clip.fitting)
    return LoadedLora(patched_model, patched_clip, n_model, n_clip, len(names), n_fitting)


@dataclass(frozen=True, slots=True)
class _Match:
    """Patches that fit, and the names in the file of weights that are here, and that fit too."""

    patches: dict[Any, Any]
    present: frozenset[str]
    fitting: frozenset[str]


def _read(name: str) -> dict[str, Any]:
    import folder_paths
    import torch
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
        file = convert_lora(load_torch_file(path, safe_load=True))
    except (OSError, ValueError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"LoRA {Path(path).name} cannot be read: {reason}.",
            field="loras",
            hint="Download it again; a web page saved under its name is a common cause.",
        ) from error
    for tensor_name, tensor in file.items():
        if isinstance(tensor, torch.Tensor) and not bool(torch.isfinite(tensor.float().sum())):
            raise InputError(
                f"LoRA {name!r} holds values that are no numbers, in {tensor_name}.",
                field="loras",
                hint="Its training failed, or the file is damaged: choose another.",
            )
    return file


def _matched(name: str, file: dict[str, Any], keys: Mapping[str, Any], module: Any) -> _Match:
    from comfy.lora import load_lora as match

    try:
        patches = match(file, keys, log_missing=False)
    except (KeyError, RuntimeError, ValueError) as error:
        raise InputError(
            f"LoRA {name!r} is not whole: {str(error).strip()}.",
            field="loras",
            hint="A part of it is missing or has an odd shape: download it again.",
        ) from error
    # Quantised weights, which are no floating point numbers, do not have the shape of what they stand for.
    shapes = {key: tuple(one.shape) for key, one in module.state_dict().items() if one.is_floating_point()}
    fitting = {key: patch for key, patch in patches.items() if fits(patch, patched_shape(key, shapes))}
    present = frozenset(weight for weight in changed_weights(file) if weight in keys)
    return _Match(fitting, present, frozenset(weight for weight in present if keys[weight] in fitting))


def _judge(name: str, names: Sequence[str], on_model: _Match, on_clip: _Match) -> None:
    """Refuse a LoRA of which too little fits."""
    fitting, present = on_model.fitting | on_clip.fitting, on_model.present | on_clip.present
    if not fitting:
        misshapen = f", though {len(present)} have names of it" if present else ""
        raise InputError(
            f"None of the {len(names)} weights of LoRA {name!r} fits this model{misshapen}.",
            field="loras",
            hint="It was trained for another model family; choose a LoRA of this model's family.",
        )
    text = {
        weight
        for weight in names
        if weight not in on_model.present and (weight in on_clip.present or is_text(weight))
    }
    judged = [weight for weight in names if weight not in text] or names
    n_fitting = sum(weight in fitting for weight in judged)
    if n_fitting < MIN_SHARE * len(judged):
        raise InputError(
            f"Only {n_fitting} of the {len(judged)} weights of LoRA {name!r} fit this model.",
            field="loras",
            hint="It was trained for another model family; choose a LoRA of this model's family.",
        )


def _patched(target: Any, match: _Match, strength: float) -> tuple[Any, int]:
    """Return a patched clone and the number of weights it took; the target itself where none is to be."""
    if target is None or strength == 0 or not match.patches:
        return target, 0
    clone = target.clone()
    return clone, len(clone.add_patches(match.patches, strength))
