"""The keys and values of an adapter as weights that ComfyUI loads, moves and counts with the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


def managed(module: nn.Module) -> Any:
    """Wrap a module so that ComfyUI loads it onto its device and takes it off as it does its own models."""
    import comfy.model_management as memory
    from comfy import model_patcher

    patcher_class = getattr(model_patcher, "CoreModelPatcher", model_patcher.ModelPatcher)
    return patcher_class(
        module, load_device=memory.get_torch_device(), offload_device=memory.unet_offload_device()
    )


class AdapterLayers(nn.Module):
    """The projections of an adapter's tokens to keys and values, one pair for each of its layers.

    Parameters
    ----------
    weights : mapping of str to Tensor
        ``{n}.to_k_ip.weight`` and ``{n}.to_v_ip.weight``, each of the shape (width, context); other names are
        passed over.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.pairs = nn.ModuleDict()
        for name, weight in weights.items():
            number, _, rest = name.partition(".")
            if rest in ("to_k_ip.weight", "to_v_ip.weight"):
                self.pairs[f"{number}_{rest[3]}"] = _linear(weight)

    def keys_and_values(self, number: int, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (n, n_tokens, width), on the device and of the dtype of `tokens`."""
        return self.pairs[f"{number}_k"](tokens), self.pairs[f"{number}_v"](tokens)


def _linear(weight: Tensor) -> nn.Module:
    # The host's own layer: it works while its weights are still, or again, elsewhere than the tokens.
    import comfy.ops

    layer = comfy.ops.manual_cast.Linear(
        weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype, device="meta"
    )
    layer.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
    return layer


def compute_dtype() -> torch.dtype:
    """Return the dtype in which projections are computed: float32 on a CPU, else what the host uses there."""
    import comfy.model_management as memory

    device = memory.get_torch_device()
    if device.type == "cpu" or not memory.should_use_fp16(device):
        return torch.float32
    return torch.float16
