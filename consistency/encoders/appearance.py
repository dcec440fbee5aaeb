"""The identity encoder that needs no model: colours and shape of hair, face and clothes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..silhouette import find_silhouette
from .base import Encodings

if TYPE_CHECKING:
    from numpy.typing import NDArray


class AppearanceEncoder:
    """Embeds the look of a drawn figure."""

    name = "appearance"
    version = "1"
    dimension = 3 * 10 * 12 * 12
    published_threshold = 0.75

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant figure of each picture; see `IdentityEncoder.encode`."""
        embeddings = np.zeros((len(images), self.dimension), np.float32)
        found = np.zeros(len(images), bool)
        boxes = np.zeros((len(images), 4), np.int32)
        for index, image in enumerate(images):
            seen = find_silhouette(image)
            mask = seen.figure > 0.5
            if mask.mean() < 0.02:
                continue
            found[index] = True
            ys, xs = np.nonzero(mask)
            boxes[index] = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) / seen.scale
            height = ys.max() - ys.min() + 1
            rows = (np.arange(mask.shape[0]) - ys.min()) / height
            parts = []
            for low, high in ((0, 0.25), (0.2, 0.6), (0.5, 1)):
                weight = seen.figure * ((rows >= low) & (rows < high))[:, None]
                parts.append(_soft_histogram(seen.lab, weight))
            vector = np.concatenate(parts)
            embeddings[index] = vector / max(np.linalg.norm(vector), 1e-9)
        return Encodings(embeddings, found, boxes)


def _soft_histogram(lab: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    from scipy import ndimage

    samples = np.stack([lab[..., 0], (lab[..., 1] + 0.25) * 2, (lab[..., 2] + 0.25) * 2], axis=-1).reshape(-1, 3)
    counts, _ = np.histogramdd(samples, (10, 12, 12), [(0, 1)] * 3, weights=weight.ravel())
    smooth = np.sqrt(ndimage.gaussian_filter(counts, 1.0))
    return (smooth / max(np.linalg.norm(smooth), 1e-9)).ravel()
