"""A picture of a prompt, with the models that a node was given. Imported only inside the host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from .sampling import Sampling, decode, sample


@dataclass(frozen=True, slots=True)
class PaintBox:
    """The models and the settings that pictures are painted with.

    Parameters
    ----------
    side : int
        Width and height in pixels, a multiple of 8.
    """

    model: Any
    clip: Any
    vae: Any
    side: int
    seed: int
    steps: int
    cfg: float


def paint(box: PaintBox, prompt: str, negative: str, number: int, on_step: Callable[[], None]) -> Tensor:
    """Sample one picture from noise and decode it; an IMAGE of one picture.

    Parameters
    ----------
    number : int
        Added to the seed, so that one call differs from the next.
    on_step : callable
        Called after each step; what it raises ends the sampling.

    Raises
    ------
    InputError
        If the checkpoint has no text encoder.
    """
    if box.clip is None or box.vae is None:
        raise InputError(
            "Test poses need a model, a CLIP and a VAE.",
            field="clip",
            hint="Wire all three, from one checkpoint loader, or none.",
        )
    encode = box.clip
    sampling = Sampling(
        model=box.model,
        positive=encode.encode_from_tokens_scheduled(encode.tokenize(prompt)),
        negative=encode.encode_from_tokens_scheduled(encode.tokenize(negative)),
        latent={"samples": torch.zeros((1, 4, box.side // 8, box.side // 8))},
        steps=box.steps,
        cfg=box.cfg,
        sampler_name="euler",
        scheduler="normal",
        denoise=1.0,
    )
    seed = (box.seed + number) % 2**64
    return decode(box.vae, sample(sampling, seed, lambda _done, _total, _latent: on_step()))
