"""Where in the picture a character acts: regions, boxes, painted masks, and what a layer sees of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import InputError


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture, as fractions of its width and height from 0 to 1."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        sides = (self.left, self.top, self.right, self.bottom)
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InputError(
                f"The box {sides} holds nothing of the picture.",
                field="box",
                hint="Give left < right and top < bottom, each from 0 to 1.",
            )


_THIRD = 1 / 3
REGIONS = {
    "whole": Box(),
    "left": Box(right=_THIRD),
    "centre": Box(left=_THIRD, right=2 * _THIRD),
    "right": Box(left=2 * _THIRD),
    "left half": Box(right=0.5),
    "right half": Box(left=0.5),
    "top half": Box(bottom=0.5),
    "bottom half": Box(top=0.5),
}
# Fine enough for the largest latents in use; layers see it smaller.
_BOX_SIDE = 1024


def box_mask(box: Box, side: int = _BOX_SIDE) -> Tensor:
    """Return a mask that is 1 in a box, shape (1, side, side); columns and rows that it cuts are shares."""
    return (_covered(box.top, box.bottom, side)[:, None] * _covered(box.left, box.right, side)[None])[None]


def _covered(start: float, end: float, side: int) -> Tensor:
    """Return how much of each of `side` cells lies between two fractions."""
    edges = torch.linspace(0, 1, side + 1, dtype=torch.float64)
    inside = (edges[1:].clamp_max(end) - edges[:-1].clamp_min(start)).clamp_min(0) * side
    return inside.round(decimals=9).float()


def checked_mask(mask: Tensor) -> Tensor:
    """Return a mask as float32 of the shape (n, height, width), in [0, 1].

    Raises
    ------
    InputError
        If it is not a mask, is empty, or holds values that are no numbers.
    """
    planes = mask[None] if mask.ndim == 2 else mask
    if planes.ndim == 4 and planes.shape[1] == 1:
        planes = planes[:, 0]
    if planes.ndim != 3 or not planes.numel():
        raise InputError(
            f"A mask of the shape {tuple(mask.shape)} is none.", field="mask", hint="Give (n, height, width)."
        )
    planes = planes.float()
    if not bool(torch.isfinite(planes).all()):
        raise InputError("The mask holds NaN or infinity.", field="mask", hint="Paint it again.")
    return planes.clamp(0, 1)


def mask_for_layer(mask: Tensor, height: int, width: int, part: Box | None = None) -> Tensor:
    """Scale a mask to the activations of a layer.

    Parameters
    ----------
    mask : Tensor, shape (n, mask_height, mask_width)
    height, width : int
        Size of the layer's activations.
    part : Box, optional
        The part of the picture that the layer sees; all of it if not given.

    Returns
    -------
    Tensor, shape (n, height * width, 1)
        Bilinear, as published. What a value of 0 surrounds stays 0.
    """
    planes = mask[:, None].float()
    if part is None:
        scaled = functional.interpolate(planes, size=(height, width), mode="bilinear")
    else:
        scaled = _seen_in(planes, height, width, part)
    return scaled[:, 0].reshape(mask.shape[0], height * width, 1)


def _seen_in(planes: Tensor, height: int, width: int, part: Box) -> Tensor:
    """Sample planes at the centres of the cells of a part of the picture."""
    places = [
        start + (end - start) * (torch.arange(n, device=planes.device) + 0.5) / n
        for start, end, n in ((part.left, part.right, width), (part.top, part.bottom, height))
    ]
    columns, rows = torch.meshgrid(*(2 * place - 1 for place in places), indexing="xy")
    grid = torch.stack((columns, rows), dim=-1).to(planes).expand(len(planes), -1, -1, -1)
    return functional.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)


def guessed_mask_for_layer(mask: Tensor, latent: Sequence[int], n_positions: int) -> Tensor:
    """Scale a mask as older packs do, who guess the layer's size from its number of positions.

    Where the guess is wrong the mask is padded or cut along the flattened positions.

    Parameters
    ----------
    mask : Tensor, shape (n, mask_height, mask_width)
    latent : sequence of two int
        Height and width of the latent.
    n_positions : int
        Positions of the layer.

    Returns
    -------
    Tensor, shape (n, n_positions, 1)
    """
    high, wide = latent
    height = int(high / math.sqrt(high * wide / n_positions))
    height += int(n_positions % height != 0)
    flat = mask_for_layer(mask, height, n_positions // height)
    missing = n_positions - flat.shape[1]
    if missing > 0:
        return functional.pad(flat, (0, 0, missing // 2, missing - missing // 2))
    start = -missing // 2
    return flat[:, start : start + n_positions]
