"""Frames that repeat a reference picture, or each other, instead of drawing a character anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..references.picture_quality import correlation, picture_look
from .similarity import over_views, split_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoders.base import Box, Sighting
    from .identity import Identity

# Structure of a figure cut out at 24 × 24: a pasted figure keeps 0.97 and more under another background
# and compression, other drawings of it stay below 0.9.
_COPIED = 0.95
# Mean difference of two frames in codes of 0–255 up to which they are the same picture: what a video
# codec leaves of a held frame.
_HELD = 0.75


@dataclass(frozen=True, slots=True)
class Copy:
    """A frame that looks copied from a reference.

    Parameters
    ----------
    frame : int
        Its index in the sequence.
    reference : int
        Index of the reference.
    similarity : float
        Of the two figures, in [-1, 1]; more than any two references have.
    correlation : float
        Of their structure, in [0.95, 1].
    is_mirrored : bool
        Whether the figure is turned round.
    """

    frame: int
    reference: int
    similarity: float
    correlation: float
    is_mirrored: bool

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return asdict(self)


class CopyWatch:
    """Compares the figures of a sequence with the references, one frame at a time.

    A frame is suspected if its figure is more similar to one reference than any two references are to
    each other, and has that reference's very structure, straight or mirrored. The idea that a copy
    betrays itself by being nearer to its source than honest pictures are is ViStoryBench's; the
    second condition, on pixels, keeps out what is merely well drawn.

    Parameters
    ----------
    identity : Identity
        The character.
    looks : sequence of ndarray or None
        For each reference its figure by `figure_look`; None where none was found.
    n_views : int
        Views in an embedding.

    References
    ----------
    "ViStoryBench: Comprehensive Benchmark Suite for Story Visualization", arXiv:2505.24862.
    """

    def __init__(self, identity: Identity, looks: Sequence[NDArray[np.float32] | None], n_views: int) -> None:
        self._looks, self._n_views = list(looks), n_views
        self._references = split_views(identity.embeddings, n_views)
        self._emphasis = identity.emphasis
        self._peak = self._highest_pair()
        self._before: NDArray[np.float32] | None = None
        self._hold = 0
        self.longest_hold = 1
        self.copies: list[Copy] = []

    def watch(self, frame: int, image: NDArray[np.uint8], sighting: Sighting | None) -> None:
        """Look at the next frame, and at its figure if there is one."""
        look = picture_look(image)
        is_held = self._before is not None and float(np.abs(look - self._before).mean()) < _HELD
        self._hold = self._hold + 1 if is_held else 1
        self.longest_hold = max(self.longest_hold, self._hold)
        self._before = look
        if sighting is not None:
            found = self._source_of(frame, image, sighting)
            self.copies += [found] if found else []

    def _source_of(self, frame: int, image: NDArray[np.uint8], sighting: Sighting) -> Copy | None:
        similarities = self._similarities(split_views(sighting.embedding[None], self._n_views)[0])
        figure: NDArray[np.float32] | None = None
        for reference in np.argsort(np.nan_to_num(similarities, nan=-2.0))[::-1]:
            known = self._looks[reference]
            if known is None or not similarities[reference] > self._peak:
                continue
            figure = figure_look(image, sighting.box) if figure is None else figure
            straight, turned = _structure(figure, known), _structure(figure[:, ::-1], known)
            if max(straight, turned) >= _COPIED:
                return Copy(
                    frame,
                    int(reference),
                    float(similarities[reference]),
                    max(straight, turned),
                    turned > straight,
                )
        return None

    def _similarities(self, figure: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the similarity of a figure to each reference, over the views that both show."""
        cosines = (self._references * figure).sum(axis=2)
        cosines[~(self._references.any(axis=2) & figure.any(axis=1))] = np.nan
        return over_views(cosines, self._emphasis)

    def _highest_pair(self) -> float:
        pairs = np.array([self._similarities(reference) for reference in self._references])
        pairs[np.eye(len(pairs), dtype=bool)] = np.nan
        return float(np.nanmax(pairs)) if np.isfinite(pairs).any() else -1.0


def figure_look(image: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """Return the figure in a box reduced to 24 × 24, shape (24, 24, 3), codes of 0–255."""
    left, top, right, bottom = box
    height, width = image.shape[:2]
    rows = slice(max(top, 0), max(min(bottom, height), max(top, 0) + 1))
    columns = slice(max(left, 0), max(min(right, width), max(left, 0) + 1))
    return picture_look(np.ascontiguousarray(image[rows, columns]))


def _structure(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return correlation(first.mean(axis=2), second.mean(axis=2))
