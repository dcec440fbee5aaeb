"""The cross-attentions of a model that is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...consistency.injection.sites import Site
from ...errors import InputError
from ..conditioning import model_family


def unet_sites(model: Any) -> list[Site]:
    """Return the cross-attentions of a model's UNet, in the order in which they run.

    Raises
    ------
    InputError
        If the model has no UNet, or none of its blocks attends to text.
    """
    unet = model.model.diffusion_model
    if not hasattr(unet, "input_blocks") or not hasattr(unet, "output_blocks"):
        raise InputError(
            f"A {model_family(model)} model has no UNet, so no IP-Adapter fits it.",
            field="model",
            hint="Use a model of the SD 1.5 or SDXL family, or leave the adapter out.",
        )
    sites = [
        Site(block, number, depth, transformer, width, context, path)
        for transformer, (block, number, path) in enumerate(_transformers(unet))
        for depth, width, context, path in _attentions(unet, path)
    ]
    if not sites:
        raise InputError(
            f"The UNet of this {model_family(model)} model attends to no text.",
            field="model",
            hint="Use a model of the SD 1.5 or SDXL family.",
        )
    return sites


def _transformers(unet: Any) -> Iterator[tuple[str, int, str]]:
    """Yield block, number and module path of each spatial transformer, as the forward pass meets them."""
    named = [("input", number, f"input_blocks.{number}") for number in range(len(unet.input_blocks))]
    # All of the middle runs as one block, which the host numbers 0.
    named.append(("middle", 0, "middle_block"))
    named += [("output", number, f"output_blocks.{number}") for number in range(len(unet.output_blocks))]
    for block, number, path in named:
        for index, part in enumerate(unet.get_submodule(path) if _has(unet, path) else ()):
            if hasattr(part, "transformer_blocks"):
                yield block, number, f"{path}.{index}"


def _has(unet: Any, path: str) -> bool:
    # Refiners and distilled models may come without a middle.
    return getattr(unet, path.partition(".")[0], None) is not None


def _attentions(unet: Any, path: str) -> Iterator[tuple[int, int, int, str]]:
    for depth, block in enumerate(unet.get_submodule(path).transformer_blocks):
        if getattr(block, "attn2", None) is not None:
            # Read where the shape always is: quantised weights keep theirs elsewhere.
            keys = block.attn2.to_k
            yield depth, int(keys.out_features), int(keys.in_features), f"{path}.transformer_blocks.{depth}"
