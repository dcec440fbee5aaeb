"""The characters of a picture, and which part of it each one has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...consistency.injection.masks import REGIONS, Box, box_mask, checked_mask
from .apply import AdapterSettings

BOX = "box"
REGION_NAMES = tuple(REGIONS)
PARTS = (*REGIONS, BOX)


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A character of a cast: where it is, and what shows it.

    Parameters
    ----------
    character : Character
        Who it is.
    strength : float
        Factor on everything of it.
    mask : Tensor, shape (n, height, width), optional
        Where it is; everywhere if not given.
    references : Tensor, shape (n, height, width, channels), optional
        Pictures in place of the stored ones.
    settings : AdapterSettings, optional
        How the adapter acts on it; as on the others if not given.
    """

    character: Any
    strength: float = 1.0
    mask: Tensor | None = None
    references: Tensor | None = None
    settings: AdapterSettings | None = None


def part_of_picture(
    region: str, mask: Tensor | None = None, box: tuple[float, float, float, float] | None = None
) -> Tensor | None:
    """Return a part of the picture as a mask.

    Parameters
    ----------
    region : str
        One of `PARTS`.
    mask : Tensor, optional
        Narrows the region.
    box : tuple of float, optional
        Left, top, right and bottom as fractions, where the region is ``box``.

    Returns
    -------
    Tensor, shape (n, height, width), or None for the whole picture
    """
    part = Box(*box) if region == BOX and box is not None else REGIONS[region]
    if mask is None:
        return None if part == Box() else box_mask(part)
    painted = checked_mask(mask)
    if part == Box():
        return painted
    size = tuple(painted.shape[-2:])
    inside = torch.nn.functional.interpolate(box_mask(part)[None], size=size, mode="area")[0]
    return painted * inside


def everywhere() -> Tensor:
    """Return the mask of the whole picture."""
    return box_mask(Box())
