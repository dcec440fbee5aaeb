"""Figures by a CLIP vision model that the host has loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..figure.figures import figure_views
from .base import Encodings, Sighting, dominant, join_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

Embed = Callable[[Sequence["NDArray[np.uint8]"]], "NDArray[np.float32]"]

# Our assumption; nobody has published a threshold, and CLIP sees content and style, not who somebody is.
# Photographs of one subject reach 0.885 on average (DreamBooth, Ruiz et al. 2023, table 1). With three
# references or more half of the decision is the character's own.
THRESHOLD = 0.78
_RULES = "1"
_PROBE_SIDE = 32
# Pictures that the host is given at once.
_BATCH = 8


class ClipVisionEncoder:
    """Embeds each figure, cut out of its picture, by a CLIP vision model.

    Parameters
    ----------
    model_id : str
        Tells this model from any other, on every machine.
    embed : callable
        Takes RGB pictures, arrays of uint8 of the shape (height, width, 3), and gives one vector each.

    Raises
    ------
    InputError
        If the model gives no vectors.
    """

    views = ("figure",)
    thresholds = (THRESHOLD,)
    emphasis = 1.0

    def __init__(self, model_id: str, embed: Embed) -> None:
        self.name = f"clip_vision:{model_id}"
        self.version = _RULES
        self._embed = embed
        tried = np.asarray(embed([np.full((_PROBE_SIDE, _PROBE_SIDE, 3), 127, np.uint8)]))
        if tried.ndim != 2 or len(tried) != 1 or not np.isfinite(tried).all():
            raise InputError(
                f"This CLIP_VISION gives {tried.shape} numbers for a picture, not one vector.",
                field="clip_vision",
                hint="Load a CLIP vision model such as CLIP-ViT-H-14.",
            )
        self.dimension: int = tried.shape[1]

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode the figures of each picture; see `IdentityEncoder.sight`."""
        found: list[list[Sighting]] = []
        for start in range(0, len(images), _BATCH):
            some = [images[at] for at in range(start, min(start + _BATCH, len(images)))]
            found += self._sight_some(some, n_figures)
        return found

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant figure of each picture; see `IdentityEncoder.encode`."""
        return dominant(self.sight(images), self.dimension)

    def _sight_some(self, images: Sequence[NDArray[np.uint8]], n_figures: int | None) -> list[list[Sighting]]:
        boxes = [[view.box for view in figure_views(image, n_figures=n_figures)] for image in images]
        crops = [
            np.ascontiguousarray(image[top:bottom, left:right])
            for image, seen in zip(images, boxes, strict=True)
            for left, top, right, bottom in seen
        ]
        vectors = iter(self._embed(crops) if crops else ())
        return [
            [Sighting(join_views([next(vectors)], self.dimension), box) for box in seen] for seen in boxes
        ]
