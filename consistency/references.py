"""Which pictures may define a character, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EmptyReferenceError
from .anatomy import read_anatomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below this the eyes of a full figure are smaller than what any encoder resolves.
MIN_SHORT_SIDE = 512


@dataclass(frozen=True, slots=True)
class ReferenceCheck:
    """What was found in one reference picture.

    Parameters
    ----------
    name : str
        The file's name.
    accepted : bool
        Whether it may define the character.
    errors, warnings : tuple of str
        Sentences: why it was refused; what makes it a poor reference.
    """

    name: str
    accepted: bool
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return {
            "name": self.name,
            "accepted": self.accepted,
            "errors": list(self.errors),
            "warnings": list(self.warnings),
        }


def check_references(images: Sequence[NDArray[np.uint8]], names: Sequence[str]) -> list[ReferenceCheck]:
    """Check pictures that are to define a character.

    A short side below 512 pixels is refused. Blur, exposure, a duplicate, no figure and several
    figures are warnings.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB pictures.
    names : sequence of str
        The name of each, for the sentences.

    Raises
    ------
    EmptyReferenceError
        If there is no picture.
    """
    if not images:
        raise EmptyReferenceError(
            "There is no reference picture.", hint="Give three to five pictures, 512 pixels or more."
        )
    thumbnails = [_thumbnail(image) for image in images]
    checks = []
    for index, (image, name) in enumerate(zip(images, names, strict=True)):
        errors = _errors(image, name)
        warnings = () if errors else (*_quality(image, name), *_duplicate(thumbnails, names, index))
        checks.append(ReferenceCheck(name, not errors, errors, warnings))
    return checks


def _errors(image: NDArray[np.uint8], name: str) -> tuple[str, ...]:
    height, width = image.shape[:2]
    if min(height, width) >= MIN_SHORT_SIDE:
        return ()
    return (
        f"{name} is {width}×{height} pixels; a reference needs {MIN_SHORT_SIDE} or more on its short side. "
        "Give a larger picture.",
    )


def _quality(image: NDArray[np.uint8], name: str) -> list[str]:
    grey = image.mean(axis=2)
    found = []
    if _sharpness(grey) < 2.0:
        found.append(f"{name} is blurred; give a sharper picture.")
    dark, bright = float((grey < 12).mean()), float((grey > 250).mean())
    if dark > 0.6 or float(grey.mean()) < 25:
        found.append(f"{name} is very dark; colours cannot be read well.")
    if grey.std() < 3:
        found.append(f"{name} is blank.")
    elif bright > 0.95:
        found.append(f"{name} is almost entirely white.")
    if not read_anatomy(image):
        found.append(f"No figure was found in {name}; it will not be used for comparison.")
    return found


def _sharpness(grey: NDArray[np.float64]) -> float:
    """Contrast of the strongest thousandth of edges, over two pixels, in grey levels."""
    steps = np.abs(grey[:, 2:] - grey[:, :-2])
    return float(np.quantile(steps, 0.999)) / 10.0


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows = np.linspace(0, image.shape[0] - 1, 33).astype(int)
    columns = np.linspace(0, image.shape[1] - 1, 33).astype(int)
    return image[np.ix_(rows, columns)].astype(np.float64)


def _duplicate(thumbnails: Sequence[NDArray[np.float64]], names: Sequence[str], index: int) -> list[str]:
    for earlier in range(index):
        if np.abs(thumbnails[index] - thumbnails[earlier]).mean() < 2.0:
            return [f"{names[index]} shows the same picture as {names[earlier]}."]
    return []
