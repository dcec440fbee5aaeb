"""Which pictures may define a character, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EmptyReferenceError, InputError
from ..scores.similarity import leave_one_out, over_views
from .check import ReferenceCheck, ReferenceFindings
from .picture_quality import looks_alike, picture_look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoders.base import Box, IdentityEncoder, Sighting

# A reference this far below what the others reach among themselves is somebody else, or another outfit.
OUTLIER_GAP = 0.2
_ENOUGH = 3


def check_references(
    images: Sequence[NDArray[np.uint8]],
    names: Sequence[str],
    *,
    boxes: Sequence[Box | None] | None = None,
    encoder: IdentityEncoder | None = None,
) -> list[ReferenceCheck]:
    """Check pictures that are to define a character.

    Refused: a short side below 512 pixels, a blank picture, a strong blur. Warned about: softness,
    exposure, a copy of another one (also mirrored or scaled), no figure, several figures of which none
    was chosen, a small figure, and from three pictures on one that is unlike the others.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB pictures.
    names : sequence of str
        The name of each, for the sentences.
    boxes : sequence of tuple of int or None, optional
        The figure chosen in each: left, top, right, bottom in pixels; only that part counts.
    encoder : IdentityEncoder, optional
        Who looks for the figures and compares them; `appearance` when omitted.

    Raises
    ------
    EmptyReferenceError
        If there is no picture.
    InputError
        If a box is not within its picture.
    """
    if not images:
        raise EmptyReferenceError(
            "There is no reference picture.", hint="Give three to five pictures, 512 pixels or more."
        )
    chosen = [None] * len(images) if boxes is None else list(boxes)
    parts = [chosen_part(image, box, name) for image, box, name in zip(images, chosen, names, strict=True)]
    encoder = encoder or _appearance()
    sightings = encoder.sight(parts)
    similarities = reference_similarities(encoder, sightings)
    odd, copies = outliers(similarities), find_copies(parts)
    checks = []
    for index, name in enumerate(names):
        found = ReferenceFindings(name)
        found.judge_quality(images[index], parts[index])
        if not found.errors:
            found.judge_figure(parts[index], chosen[index], encoder, sightings[index])
            found.judge_likeness(float(similarities[index]), is_outlier=index in odd)
            found.judge_copy(copies.get(index), names)
        checks.append(found.check(chosen[index]))
    return checks


def chosen_part(image: NDArray[np.uint8], box: Box | None, name: str = "the picture") -> NDArray[np.uint8]:
    """Return the figure that was chosen in a picture; the whole picture without a choice.

    Raises
    ------
    InputError
        If the box is not within the picture.
    """
    if box is None:
        return image
    left, top, right, bottom = box
    height, width = image.shape[:2]
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise InputError(
            f"The box {left},{top},{right},{bottom} is not within {name}, which has {width}×{height} pixels.",
            field="box",
            hint="Give left, top, right and bottom in pixels.",
        )
    return np.ascontiguousarray(image[top:bottom, left:right])


def reference_similarities(
    encoder: IdentityEncoder, sightings: Sequence[Sequence[Sighting]]
) -> NDArray[np.float64]:
    """Measure how well each reference matches the others.

    Returns
    -------
    ndarray of float64, shape (n_references,)
        Mean cosine similarity to the others over all views, in [-1, 1]; NaN where no figure was found.
    """
    embeddings = np.zeros((len(sightings), encoder.dimension), np.float32)
    for row, seen in zip(embeddings, sightings, strict=True):
        if seen:
            row[:] = seen[0].embedding
    return over_views(leave_one_out(embeddings, len(encoder.views)), encoder.emphasis)


def outliers(similarities: NDArray[np.float64]) -> list[int]:
    """Return which references are unlike the others.

    One is, if there are three or more and its similarity to the others lies 0.2 or more below the
    median of what the rest reaches.

    Parameters
    ----------
    similarities : ndarray of float64, shape (n_references,)
        By `reference_similarities`.
    """
    seen = np.flatnonzero(np.isfinite(similarities))
    if len(seen) < _ENOUGH:
        return []
    return [
        int(index)
        for index in seen
        if similarities[index] < np.median(similarities[seen[seen != index]]) - OUTLIER_GAP
    ]


def find_copies(images: Sequence[NDArray[np.uint8]]) -> dict[int, tuple[int, str]]:
    """Find pictures that show the same as an earlier one, at whatever size.

    Returns
    -------
    dict of int to tuple of int and str
        For each copy, the first picture that it repeats, and ``same`` or ``mirrored``.
    """
    looks = [picture_look(image) for image in images]
    found: dict[int, tuple[int, str]] = {}
    for index, look in enumerate(looks):
        for earlier in range(index):
            how = looks_alike(look, looks[earlier])
            if how:
                found[index] = (earlier, how)
                break
    return found


def _appearance() -> IdentityEncoder:
    from ..encoders.appearance import AppearanceEncoder

    return AppearanceEncoder()
