"""What every identity encoder offers, whatever model is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Encodings:
    """Identity embeddings of a batch of pictures.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, dimension)
        One row a picture, of Euclidean length 1; zeros where no figure was found.
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
        """Length of an embedding."""
        ...

    @property
    def published_threshold(self) -> float:
        """Cosine similarity that best separates equal from different characters at large."""
        ...

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant figure of each picture.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (height, width, 3)
            RGB pictures; sizes may differ.
        """
        ...
