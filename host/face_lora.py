"""The LoRA inside FaceID adapters, as patches of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InputError
from .lora_shapes import fits

_PREFIX, _SUFFIX = "diffusion_model.", ".weight"


class AppliedFaceLora(NamedTuple):
    """A clone that carries the LoRA, and the number of weights that it changes."""

    model: Any
    n_weights: int


def apply_face_lora(
    model: Any, weights: Mapping[str, tuple[Any, Any]], strength: float = 1.0
) -> AppliedFaceLora:
    """Patch ``W + strength · up @ down`` onto a clone of the model.

    Parameters
    ----------
    model : MODEL
        Stays as it is.
    weights : mapping of str to (Tensor, Tensor)
        ``up``, shape ``[out, rank]``, and ``down``, shape ``[rank, in]``, by the weight's name in the UNet,
        with or without ``diffusion_model.`` before it.
    strength : float
        1 is as trained; with 0 the model itself is returned.

    Raises
    ------
    InputError
        If the model lacks one of the weights, or has it in another shape: then none is applied.
    """
    if strength == 0 or not weights:
        return AppliedFaceLora(model, 0)
    from comfy.lora import load_lora as match

    pairs = {name if name.startswith(_PREFIX) else _PREFIX + name: pair for name, pair in weights.items()}
    file, keys = {}, {}
    for name, (up, down) in pairs.items():
        stem = name.removesuffix(_SUFFIX)
        file |= {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down}
        keys[stem] = name
    patches = match(file, keys, log_missing=False)
    _check(patches, {name: tuple(weight.shape) for name, weight in model.model.state_dict().items()})
    clone = model.clone()
    return AppliedFaceLora(clone, len(clone.add_patches(patches, strength)))


def _check(patches: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    wrong = [name for name, patch in patches.items() if name not in shapes or not fits(patch, shapes[name])]
    if wrong:
        raise InputError(
            f"{len(wrong)} of the {len(patches)} weights of the adapter's LoRA do not fit this model, "
            f"{wrong[0].removeprefix(_PREFIX)} among them.",
            field="adapter",
            hint="Choose the adapter of the model's own family.",
        )
