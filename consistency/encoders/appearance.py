"""The identity encoder that needs no model: the colours of hair, face and clothes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..anatomy import Anatomy, read_anatomy
from ..colour import oklab
from ..figures import figure_views
from ..palette import palette_of
from .base import Encodings, Sighting, dominant

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How much hair, face, upper and lower clothes say about who somebody is: hair most, and the face,
# whose skin many share, least.
_WEIGHTS = (1.0, 0.25, 0.8, 0.4)
# Lightness, and the two opponent colours of OKLab, which are kept within ±_REACH.
_BINS = (8, 14, 14)
_REACH = 0.28
# Parts of fewer pixels, at working size, are too small to be sure of and count less.
_SMALL_PART = 12.0


class AppearanceEncoder:
    """Embeds the look of a drawn figure, under neutral light.

    The embedding is one histogram a part, of OKLab colours, smoothed and square-rooted, so that its
    cosine is a Bhattacharyya coefficient.
    """

    name = "appearance"
    version = "1"
    dimension = len(_WEIGHTS) * int(np.prod(_BINS))
    views = ("figure",)
    # Between the mean similarity of one character's drawings, 0.80, and of two characters', 0.41
    # (benchmarks/identity.py, hand ``cel``, seed 1), where strangers pass in 1-3 % of the cases.
    thresholds = (0.72,)

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode the figures of each picture; see `IdentityEncoder.sight`."""
        return [_sight(image, n_figures) for image in images]

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant figure of each picture; see `IdentityEncoder.encode`."""
        return dominant(self.sight(images), self.dimension)


def _sight(image: NDArray[np.uint8], n_figures: int | None) -> list[Sighting]:
    sightings = []
    for view in figure_views(image, n_figures=n_figures):
        for anatomy in read_anatomy(view.image, limit=1):
            embedding = _embedding(anatomy).astype(np.float32)
            sightings.append(Sighting(embedding, view.box, palette_of(anatomy)))
    return sightings


def _embedding(anatomy: Anatomy) -> NDArray[np.float64]:
    lab = oklab(anatomy.neutral)
    sure = [part**2 for part in anatomy.parts[1:]]
    shares = [
        weight * min(1.0, float(part.sum()) / _SMALL_PART) * _histogram(lab, part)
        for weight, part in zip(_WEIGHTS, sure, strict=True)
    ]
    vector = np.concatenate(shares)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _histogram(lab: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    from scipy import ndimage

    opponents = (lab[..., 1:] + _REACH) / (2 * _REACH)
    samples = np.clip(np.concatenate([lab[..., :1], opponents], axis=-1).reshape(-1, 3), 0, 0.9999)
    counts, _ = np.histogramdd(samples, _BINS, [(0, 1)] * 3, weights=weights.ravel())
    smooth = np.sqrt(ndimage.gaussian_filter(counts / max(counts.sum(), 1e-9), (0.8, 1, 1))).ravel()
    return smooth / max(float(np.linalg.norm(smooth)), 1e-9)
