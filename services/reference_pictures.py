"""Reference pictures from wherever they come, decoded no earlier than they are looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Reference
from .files import sha256_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.references.choosing import Choice


class ReferencePicture:
    """A reference picture, decoded when it is looked at.

    Parameters
    ----------
    reference : Reference, Path or ndarray of uint8, shape (height, width, 3)
        A stored reference, a picture file, or RGB pixels.
    index : int
        Which of the references it is.
    choose : Choice
        Which face or head of it is meant, unless a figure was chosen in the stored reference.
    """

    def __init__(self, reference: Any, index: int, choose: Choice) -> None:
        self.index = index
        self.box = reference.box if isinstance(reference, Reference) else None
        # The figure chosen in a reference, whose face may be another than the picture's largest.
        self.choice: Choice = choose if self.box is None else self.box
        source = reference.path if isinstance(reference, Reference) else reference
        self._source: Path | NDArray[np.uint8] = source
        self.name = source.name if isinstance(source, Path) else f"Reference {index + 1}"
        self.digest = reference.sha256 if isinstance(reference, Reference) else _digest(source)

    def image(self) -> NDArray[np.uint8]:
        """Return the pixels, RGB; nothing is kept, as a character may have many references."""
        from ..consistency.images import read_image

        return read_image(self._source) if isinstance(self._source, Path) else self._source


class LazyPictures(Sequence[Any]):
    """Pictures that are decoded when they are looked up."""

    def __init__(self, pictures: Sequence[ReferencePicture]) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: Any) -> Any:
        return self._pictures[index].image()


def _digest(source: Path | NDArray[np.uint8]) -> str:
    if isinstance(source, Path):
        return sha256_of(source)
    return hashlib.sha256(str(source.shape).encode() + source.tobytes()).hexdigest()
