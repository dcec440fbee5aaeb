"""A CLIP_VISION of the host as a function from pictures to vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Embed = Callable[[Sequence["NDArray[np.uint8]"]], "NDArray[np.float32]"]

# Enough of each weight to tell two trainings of one architecture apart.
_SAMPLED_VALUES = 16
_ID_LENGTH = 12


def as_embedder(clip_vision: Any) -> tuple[str, Embed]:
    """Return an id of the model, equal wherever it is loaded, and a function that embeds pictures.

    Parameters
    ----------
    clip_vision : CLIP_VISION
        What a Load CLIP Vision node gives.

    Returns
    -------
    str
        A digest of the model's weights.
    callable
        Takes RGB pictures, arrays of uint8 of the shape (height, width, 3), and returns one vector each,
        float32 of the shape (n, dimension). Each picture is stretched to the model's square, so that nothing
        of a figure is cut away. The host loads the model onto its device when it is called.
    """
    return _fingerprint(clip_vision), lambda images: _embedded(clip_vision, images)


def _fingerprint(clip_vision: Any) -> str:
    digest = hashlib.sha256()
    for name, weight in sorted(clip_vision.model.state_dict().items()):
        sample = weight.detach().flatten()[:_SAMPLED_VALUES].float().cpu().numpy()
        digest.update(f"{name} {tuple(weight.shape)}".encode())
        digest.update(sample.tobytes())
    return digest.hexdigest()[:_ID_LENGTH]


def _embedded(clip_vision: Any, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    import torch

    rows = []
    for image in images:
        pixels = torch.from_numpy(np.ascontiguousarray(image)).float().div_(255.0)[None]
        with torch.no_grad():
            embeds = clip_vision.encode_image(pixels, crop=False)["image_embeds"]
        if embeds is None or embeds.ndim != 2:
            raise InputError(
                "This CLIP_VISION gives no single vector for a picture.",
                field="clip_vision",
                hint="Load a CLIP vision model such as CLIP-ViT-H-14.",
            )
        rows.append(embeds[0].detach().float().cpu().numpy())
    return np.stack(rows)
