"""The tokens that an adapter makes of pictures and faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...consistency.injection.attention import spread
from ...consistency.injection.combining import combine, flipped_norm_average, side_by_side
from ...errors import InputError
from .apply import AdapterSettings
from .files import Adapter
from .injection import Tokens

_OLDER_NORM = "norm average"


@dataclass(frozen=True, slots=True)
class Seen:
    """What encoders say of a character's pictures, one row each.

    Parameters
    ----------
    clip : Tensor or None
        Image embeddings (n, width) or hidden states (n, n_positions, width), as the adapter wants.
    clip_unconditional : Tensor or None
        The same of what stands for nothing, or of a negative reference; one row, or one for each.
    face : Tensor, shape (n, 512), or None
        Face embeddings.
    weights : tuple of float
        How much each picture counts in a weighted average.
    """

    clip: Tensor | None = None
    clip_unconditional: Tensor | None = None
    face: Tensor | None = None
    weights: tuple[float, ...] = ()


def make_tokens(adapter: Adapter, seen: Seen, settings: AdapterSettings, model: Any) -> Tokens:
    """Project what was seen to the tokens that cross-attentions attend to.

    Parameters
    ----------
    adapter : Adapter
        Whose projection is used; the host loads it onto its device.
    seen : Seen
        What encoders say of the pictures.
    settings : AdapterSettings
        How pictures are combined.
    model : ModelPatcher
        The model, through whose own projection the tokens of some adapters go.

    Raises
    ------
    InputError
        If pictures are combined in an unknown way, nothing was seen, or the model lacks that projection.
    """
    import comfy.model_management as memory

    clip, face = (_combined(rows, settings, seen.weights) for rows in (seen.clip, seen.face))
    rows = face if clip is None else clip
    if rows is None:
        raise InputError("The adapter was given no picture.", field="references", hint="Connect references.")
    unconditional = seen.clip_unconditional
    if unconditional is None and clip is not None:
        unconditional = torch.zeros_like(clip[:1])
    if settings.compatible and clip is not None and unconditional is not None:
        # Older packs repeat the last negative reference, or cut, until there are as many as references.
        unconditional = spread(unconditional, clip.shape[0])
    memory.load_models_gpu([adapter.projection])
    scale = 2 * settings.weight if settings.shortcut_scale is None else settings.shortcut_scale
    made = [
        _projected(adapter, clip, face, scale),
        _projected(adapter, unconditional, None if face is None else torch.zeros_like(face[:1]), scale),
    ]
    if adapter.kind.through_encoder_hid_proj:
        made = [_through_model(model, tokens) for tokens in made]
    conditional, unconditional = (side_by_side(tokens, settings.combine) for tokens in made)
    return Tokens(conditional, unconditional, made[0].shape[1])


def _through_model(model: Any, tokens: Tensor) -> Tensor:
    import comfy.model_management as memory

    projection = getattr(model.model.diffusion_model, "encoder_hid_proj", None)
    if projection is None:
        raise InputError(
            "This model has no projection of the text encoder's states, which Kolors' FaceID adapter needs.",
            field="model",
            hint="Load Kolors with a loader that keeps encoder_hid_proj, or choose another adapter.",
        )
    memory.load_models_gpu([model])
    weight = projection.weight
    with torch.no_grad():
        return projection(tokens.to(weight.device, weight.dtype)).float().cpu()


def _combined(rows: Tensor | None, settings: AdapterSettings, weights: tuple[float, ...]) -> Tensor | None:
    if rows is None:
        return None
    if settings.compatible and settings.combine == _OLDER_NORM and rows.shape[0] > 1:
        return flipped_norm_average(rows)
    return combine(rows, settings.combine, weights or None)


def _projected(adapter: Adapter, clip: Tensor | None, face: Tensor | None, scale: float) -> Tensor:
    """Project row by row, so that many pictures cost no more memory than one."""
    projection = adapter.projection.model
    weight = next(projection.parameters())
    device, dtype = adapter.projection.load_device, weight.dtype
    n_rows = max(rows.shape[0] for rows in (clip, face) if rows is not None)
    with torch.no_grad():
        made = [
            projection(
                clip=_row(clip, number, device, dtype),
                face=_row(face, number, device, dtype),
                shortcut_scale=scale,
            ).cpu()
            for number in range(n_rows)
        ]
    return torch.cat(made).float()


def _row(rows: Tensor | None, number: int, device: Any, dtype: torch.dtype) -> Tensor | None:
    if rows is None:
        return None
    at = min(number, rows.shape[0] - 1)
    return rows[at : at + 1].to(device, dtype)
