"""What every identity encoder offers, whatever model is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..palettes.palette import Palette

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One figure that an encoder saw in a picture.

    Parameters
    ----------
    embedding : ndarray of float32, shape (dimension,)
        Of Euclidean length 1: one block of equal size a view, in the order of the encoder's `views`,
        each seen block of equal length and each unseen one zero. So the cosine of two figures seen in
        the same views is the mean of the views' cosines.
    box : tuple of int
        The figure: left, top, right, bottom in pixels of the picture.
    palette : Palette or None
        Its colours, from an encoder that knows the parts of a figure.
    """

    embedding: NDArray[np.float32]
    box: Box
    palette: Palette | None = None


@dataclass(frozen=True, slots=True)
class Encodings:
    """Identity embeddings of a batch of pictures.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, dimension)
        One row a picture, as in `Sighting`; zeros where no figure was found.
    found : ndarray of bool, shape (n,)
        Whether the encoder found a figure.
    boxes : ndarray of int32, shape (n, 4)
        The figure that was encoded: left, top, right, bottom in pixels of the picture given;
        zeros where none was found.
    """

    embeddings: NDArray[np.float32]
    found: NDArray[np.bool_]
    boxes: NDArray[np.int32]


class IdentityEncoder(Protocol):
    """Turns pictures of characters into embeddings whose cosine tells the characters apart.

    An encoder is deterministic: equal pictures give embeddings that are equal bit for bit.
    """

    @property
    def name(self) -> str:
        """Short id under which the registry knows it."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever an equal picture may give another embedding."""
        ...

    @property
    def dimension(self) -> int:
        """Length of an embedding: all views together."""
        ...

    @property
    def views(self) -> tuple[str, ...]:
        """What of a figure is encoded on its own, such as ``head`` and ``person``."""
        ...

    @property
    def thresholds(self) -> tuple[float, ...]:
        """For each view, the cosine that best separates equal from different characters at large."""
        ...

    @property
    def emphasis(self) -> float:
        """How much the view that differs most decides: the exponent of `over_views`, 1 for their mean."""
        ...

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode every figure that is seen in each picture, the surest first.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (height, width, 3)
            RGB pictures; sizes may differ.
        n_figures : int, optional
            How many people a picture should show, for encoders that cannot tell by themselves.
        """
        ...

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant figure of each picture.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (height, width, 3)
            RGB pictures; sizes may differ.
        """
        ...


def dominant(sightings: Sequence[Sequence[Sighting]], dimension: int) -> Encodings:
    """Keep the first sighting of each picture."""
    embeddings = np.zeros((len(sightings), dimension), np.float32)
    found = np.zeros(len(sightings), bool)
    boxes = np.zeros((len(sightings), 4), np.int32)
    for index, seen in enumerate(sightings):
        if seen:
            found[index], boxes[index], embeddings[index] = True, seen[0].box, seen[0].embedding
    return Encodings(embeddings, found, boxes)


def join_views(blocks: Sequence[NDArray[np.floating] | None], view_dimension: int) -> NDArray[np.float32]:
    """Join the features of the views of one figure into an embedding.

    Parameters
    ----------
    blocks : sequence of ndarray of float, shape (view_dimension,), or None
        One a view, of any length but zero; None where the view was not seen.
    view_dimension : int
        Numbers a view.

    Returns
    -------
    ndarray of float32, shape (len(blocks) * view_dimension,)
        Of length 1; zeros where no view was seen.
    """
    joined = np.zeros((len(blocks), view_dimension), np.float64)
    for row, block in zip(joined, blocks, strict=True):
        if block is not None:
            row[:] = block / max(float(np.linalg.norm(block)), 1e-12)
    length = float(np.linalg.norm(joined))
    return (joined / (length or 1.0)).astype(np.float32).ravel()
