"""The identity encoder that needs no model: colours and outline of hair, eyes, clothes and ornaments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab
from ..figure.anatomy import Anatomy
from ..figure.figures import figure_views
from ..figure.heads import HAIR, LOWER, UPPER
from ..figure.traits import (
    COLOUR_BINS,
    N_STYLE,
    Portrait,
    colour_histogram,
    eye_weights,
    hair_style,
    rare_colours,
)
from ..palettes.palette import palette_of
from .base import Encodings, Sighting, dominant, join_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How much each trait says about who somebody is within its view: chosen by random search for the largest AUC
# among strangers and look-alikes by ``cel``, ``plain`` and ``painted`` (benchmarks/drawn, seed 101).
_HAIR, _EYES, _RARE, _STYLE = 2.7, 3.0, 2.2, 1.1
_UPPER, _LOWER = 5.0, 0.6
# A share that all outfits have in common, so that an outfit says less than a head does.
_COMMON = 2.0

_N_COLOURS = int(np.prod(COLOUR_BINS))
_VIEW_DIMENSION = 3 * _N_COLOURS + 1 + N_STYLE
# Pixels of clothes, at working size, below which nothing is known of an outfit.
_MIN_OUTFIT = 25.0
_MAX_THREADS = 8


class AppearanceEncoder:
    """Embeds the look of a drawn figure, under neutral light.

    Colours are smoothed, square-rooted histograms, so that their cosine is a Bhattacharyya coefficient. The
    ``head`` view holds hair, eyes, what is rare about the head, and the outline of the hair; the ``outfit``
    view the upper and the lower clothes.
    """

    name = "appearance"
    version = "2"
    views = ("head", "outfit")
    dimension = len(views) * _VIEW_DIMENSION
    # Where nine in ten pictures of a character pass and next to no stranger (benchmarks/drawn, seed 101): the
    # median similarity of the same character is 0.85 and 0.93, of two characters 0.55 and 0.63.
    thresholds = (0.76, 0.78)

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode the figures of each picture; see `IdentityEncoder.sight`."""
        if len(images) < 2:
            return [_sight(image, n_figures) for image in images]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(images), os.cpu_count() or 1, _MAX_THREADS)) as pool:
            return list(pool.map(lambda image: _sight(image, n_figures), images))

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
    lab = oklab(figure.neutral)
    return join_views([_head(image, figure, lab), _outfit(figure, lab)], _VIEW_DIMENSION)


def _head(image: NDArray[np.uint8], figure: Anatomy, lab: NDArray[np.float32]) -> NDArray[np.float64]:
    portrait = Portrait(image, figure)
    return np.concatenate(
        [
            _HAIR**0.5 * colour_histogram(lab, figure.parts[HAIR] ** 2),
            _EYES**0.5 * colour_histogram(portrait.neutral, eye_weights(portrait)),
            _RARE**0.5 * rare_colours(portrait, figure),
            _STYLE**0.5 * hair_style(figure),
        ]
    )


def _outfit(figure: Anatomy, lab: NDArray[np.float32]) -> NDArray[np.float64] | None:
    upper, lower = figure.parts[UPPER] ** 2, figure.parts[LOWER] ** 2
    if upper.sum() < _MIN_OUTFIT:
        return None
    block = np.zeros(_VIEW_DIMENSION)
    block[:_N_COLOURS] = _UPPER**0.5 * colour_histogram(lab, upper)
    if lower.sum() >= _MIN_OUTFIT:
        block[_N_COLOURS : 2 * _N_COLOURS] = _LOWER**0.5 * colour_histogram(lab, lower)
    block[-1] = _COMMON**0.5
    return block
