"""The LoRA inside FaceID files, under the names of the UNet's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import ModelFileError

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter_file import AdapterFile

_WEIGHTS = {"q": "to_q", "k": "to_k", "v": "to_v", "out": "to_out.0"}


def face_lora(file: AdapterFile, places: Sequence[str]) -> dict[str, tuple[Tensor, Tensor]]:
    """Map a FaceID file's LoRA to the weights that it changes: ``W + up @ down``.

    The files number a UNet's attention processors in the order *down, up, mid*, self-attention (``attn1``) on
    even and cross-attention (``attn2``) on odd numbers. They have no alpha; the scale is 1.

    Parameters
    ----------
    file : AdapterFile
        A file as read.
    places : sequence of str
        The transformer blocks of the model in the file's order, for example
        ``"input_blocks.1.1.transformer_blocks.0"``.

    Returns
    -------
    dict of str to (Tensor, Tensor)
        ``up`` of shape ``[out, rank]`` and ``down`` of shape ``[rank, in]``, by weight, for example
        ``"input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"``. Empty where the file has no LoRA.

    Raises
    ------
    ModelFileError
        If the file's processors and `places` do not match in number, or parts are missing or misshapen.
    """
    numbers = {name.split(".")[0] for name in file.layers if "_lora." in name}
    if not numbers:
        return {}
    wanted = {str(number) for number in range(2 * len(places))}
    if numbers != wanted:
        raise ModelFileError(
            f"{file.path.name} has a LoRA for {len(numbers)} attentions, and the model has {len(wanted)}.",
            field="adapter",
            hint="Choose the FaceID adapter of the model's own family.",
        )
    patches = {}
    for number in range(2 * len(places)):
        attention = f"{places[number // 2]}.attn{number % 2 + 1}"
        for part, weight in _WEIGHTS.items():
            patches[f"{attention}.{weight}.weight"] = _pair(file, f"{number}.to_{part}_lora")
    return patches


def _pair(file: AdapterFile, name: str) -> tuple[Tensor, Tensor]:
    up, down = file.layers.get(f"{name}.up.weight"), file.layers.get(f"{name}.down.weight")
    if up is None or down is None:
        raise ModelFileError(f"{file.path.name} lacks half of {name}.", field="adapter", hint=_PUBLISHED)
    if up.ndim != 2 or down.ndim != 2 or up.shape[1] != down.shape[0]:
        found = f"{list(up.shape)} and {list(down.shape)}"
        raise ModelFileError(
            f"{file.path.name}: up and down of {name} are {found} and have no rank in common.",
            field="adapter",
            hint=_PUBLISHED,
        )
    return up, down


_PUBLISHED = "Download the adapter as it was published."
