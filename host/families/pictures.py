"""Pictures at the sizes that a family expects, whole: scaled and bordered, never cropped."""

from __future__ import annotations

import torch
from torch import Tensor

WHITE, GREY, BLACK = 1.0, 0.5, 0.0


def letterboxed(pictures: Tensor, width: int, height: int, *, border: float = WHITE) -> Tensor:
    """Scale pictures to fit into a size, and fill the rest.

    Parameters
    ----------
    pictures : Tensor, shape (n, height, width, channels)
        IMAGE batch in [0, 1]; channels beyond three are dropped, one is repeated.
    width, height : int
        The size in pixels.
    border : float
        Value of the rest, in [0, 1].

    Returns
    -------
    Tensor, shape (n, height, width, 3)
        In [0, 1]; a batch of that size already is returned as it is.
    """
    from comfy.utils import common_upscale

    pixels = pictures.expand(-1, -1, -1, 3) if pictures.shape[-1] == 1 else pictures[..., :3]
    old_height, old_width = pixels.shape[1:3]
    if (old_height, old_width) == (height, width):
        return pixels
    scale = min(width / old_width, height / old_height)
    inner_width = min(width, max(1, round(old_width * scale)))
    inner_height = min(height, max(1, round(old_height * scale)))
    method = "area" if scale < 1 else "bilinear"
    inner = common_upscale(pixels.movedim(-1, 1), inner_width, inner_height, method, "disabled")
    canvas = torch.full((len(pixels), height, width, 3), border, dtype=pixels.dtype, device=pixels.device)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas[:, top : top + inner_height, left : left + inner_width] = inner.movedim(1, -1)
    return canvas


def squared(pictures: Tensor) -> Tensor:
    """Border pictures on white to squares, so that a square crop loses nothing of a figure."""
    side = max(pictures.shape[1:3])
    return letterboxed(pictures, side, side)


def to_multiple(pixels: int, multiple: int = 16) -> int:
    """Return the nearest multiple, at least one."""
    return max(multiple, int(pixels / multiple + 0.5) * multiple)


def to_video_length(n_frames: int) -> int:
    """Return the nearest length of the form 4n + 1, the longer of two.

    A video encoder that halves time twice and keeps the first frame by itself takes such lengths whole.
    """
    return 4 * max(0, (n_frames + 1) // 4) + 1
