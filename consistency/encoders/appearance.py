"""The identity encoder that needs no model: colours and outline of hair, eyes, clothes and ornaments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab
from ..figure.anatomy import Anatomy
from ..figure.figures import figure_views
from ..figure.hair_style import N_STYLE, hair_style
from ..figure.heads import HAIR, LOWER, UPPER
from ..figure.histograms import COLOUR_BINS, binned_histogram, colour_bins
from ..figure.labels import expected
from ..figure.portrait import Portrait
from ..figure.traits import eye_colours, neck_colours, rare_colours, rims
from ..networks.network import in_order, n_workers
from ..palettes.palette import palette_of
from .base import Encodings, Sighting, dominant, join_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How much of a view's distance counts: glasses are read less surely than the colour of a top. Chosen with
# `emphasis`, by random search, for the largest AUC among strangers, people of one hair colour and look-alikes
# by all five hands (benchmarks/drawn, seeds 201 and 203). The rest of a view is a share that everybody has.
_VIEWS = {
    "hair": 0.75, "eyes": 0.95, "ornaments": 0.68, "neck": 0.8, "glasses": 0.3, "outline": 0.88, "top": 1.0,
    "bottom": 0.08,
}  # fmt: skip

_COLOURED = [HAIR, UPPER, LOWER]
_N_COLOURS = int(np.prod(COLOUR_BINS))
_VIEW_DIMENSION = max(_N_COLOURS + 1, N_STYLE) + 1
# Pixels of clothes, at working size, below which nothing is known of an outfit.
_MIN_OUTFIT = 25.0
_MAX_THREADS = 2
# Shorter traits were not seen.
_UNSEEN = 1e-4


class AppearanceEncoder:
    """Embeds the look of a drawn figure, under neutral light.

    Colours are smoothed, square-rooted histograms, so that their cosine is a Bhattacharyya coefficient. The
    views are the colours of hair, eyes, neck, upper and lower clothes, what is rare in the hair, whether
    there are glasses, and the outline of the hair. Most of them agree between look-alikes, so the one that
    differs counts most.
    """

    name = "appearance"
    version = "4"
    views = tuple(_VIEWS)
    dimension = len(views) * _VIEW_DIMENSION
    emphasis = 6.0
    # Where nine in ten pictures of a character pass and one stranger in a hundred (drawn, seeds 14 and 201).
    thresholds = (0.78,) * len(_VIEWS)

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode the figures of each picture; see `IdentityEncoder.sight`."""
        # More than two threads gain nothing: they wait for the interpreter in between.
        return list(in_order(lambda image: _sight(image, n_figures), images, min(n_workers(), _MAX_THREADS)))

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant figure of each picture; see `IdentityEncoder.encode`."""
        return dominant(self.sight(images), self.dimension)


def _sight(image: NDArray[np.uint8], n_figures: int | None) -> list[Sighting]:
    return [
        Sighting(embed(view.image, view.anatomy), view.box, palette_of(view.anatomy))
        for view in figure_views(image, n_figures=n_figures)
    ]


def embed(image: NDArray[np.uint8], figure: Anatomy) -> NDArray[np.float32]:
    """Return the embedding of a figure; see `Sighting`.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    figure : Anatomy
        The figure, found in that picture.
    """
    lab, portrait = oklab(figure.neutral), Portrait(image, figure)
    bins = colour_bins(lab, COLOUR_BINS)
    # Where a part is expected it counts more, so that a wall in the colour of the hair is no hair.
    hair, upper, lower = figure.parts[_COLOURED] * expected(lab.shape[:2], figure.head, _COLOURED)
    traits = {
        "hair": binned_histogram(bins, hair),
        "eyes": eye_colours(portrait),
        "ornaments": rare_colours(portrait, figure, lab),
        "neck": neck_colours(portrait),
        "glasses": rims(portrait),
        "outline": hair_style(figure),
        "top": _clothes(bins, upper),
        "bottom": _clothes(bins, lower),
    }
    return join_views([_view(traits[name], share) for name, share in _VIEWS.items()], _VIEW_DIMENSION)


def _clothes(bins: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float64] | None:
    return binned_histogram(bins, weights) if weights.sum() >= _MIN_OUTFIT else None


def _view(trait: NDArray[np.float64] | None, share: float) -> NDArray[np.float64] | None:
    """Return a view in which the distance between two people is `share` of that between their traits."""
    length = 0.0 if trait is None else float(np.linalg.norm(trait))
    if trait is None or length < _UNSEEN:
        return None
    block = np.zeros(_VIEW_DIMENSION)
    block[: len(trait)] = share**0.5 * trait / length
    block[-1] = (1 - share) ** 0.5
    return block
