"""Prompts that hold in a part of the picture only."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ..consistency.injection.attention import spread
from .conditioning import Conditioning, add_prompt

_MARK = "tower_region"


def add_regional_prompt(clip: Any, conditioning: Conditioning, text: str, mask: Tensor) -> Conditioning:
    """Add a prompt for a part of the picture, and leave the rest to what stands there.

    Each entry is repeated with the text appended and limited to the mask, so that within it the scene is
    described together with the character. Entries of other characters' regions are not repeated.

    Parameters
    ----------
    clip : CLIP
        The text encoder.
    conditioning : list
        Stays as it is.
    text : str
        Fragment to append.
    mask : Tensor, shape (n, height, width)
        Where it holds, in [0, 1].
    """
    scene = [entry for entry in conditioning if _MARK not in entry[1]]
    added = [
        [tokens, {**fields, "mask": _within(fields, mask), "mask_strength": 1.0, _MARK: True}]
        for tokens, fields in add_prompt(clip, scene, text)
    ]
    for _, fields in added:
        fields.setdefault("set_area_to_bounds", False)
    return [*conditioning, *added]


def _within(fields: dict[str, Any], mask: Tensor) -> Tensor:
    """Return the part of a mask that lies within the one that an entry has already."""
    before: Tensor | None = fields.get("mask")
    if before is None:
        return mask
    from torch.nn.functional import interpolate

    planes = before if before.ndim == 3 else before[None]
    fitted = interpolate(mask[:, None], size=tuple(planes.shape[-2:]), mode="bilinear")[:, 0]
    n_frames = max(len(planes), len(fitted))
    return spread(planes.to(fitted), n_frames) * spread(fitted, n_frames)
