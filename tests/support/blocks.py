"""An identity encoder whose answers can be computed by hand, and the pictures that it sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tower_anime.consistency.encoders.base import Encodings, Sighting, dominant, join_views

RED, GREEN, BLUE, UNSEEN = (255, 0, 0), (0, 255, 0), (0, 0, 255), (1, 1, 1)


class BlockEncoder:
    """Sees each block on black as a figure: the colours of its upper and lower half are its views.

    The cosine of two figures is the mean, over both halves, of the cosine of their colours. A half of
    `UNSEEN` is a view that is not seen. `n_seen` counts the pictures looked at, `batches` their sizes.
    """

    name = "blocks"
    dimension = 6
    views = ("head", "person")
    thresholds = (0.9, 0.9)
    emphasis = 1.0

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.n_seen = 0
        self.batches: list[int] = []

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        self.n_seen += len(images)
        self.batches.append(len(images))
        return [_figures(image) for image in images]

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        return dominant(self.sight(images), self.dimension)


def _figures(image: NDArray[np.uint8]) -> list[Sighting]:
    is_block = image.any(axis=2)
    edges = np.flatnonzero(np.diff(is_block.any(axis=0).astype(int), prepend=0, append=0))
    found = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        rows = np.flatnonzero(is_block[:, left:right].any(axis=1))
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        halves = image[top, left], image[bottom - 1, left]
        colours = [None if tuple(half) == UNSEEN else half.astype(float) for half in halves]
        found.append(Sighting(join_views(colours, 3), (int(left), top, int(right), bottom)))
    return found


def block(*figures: tuple, size: int = 512) -> NDArray[np.uint8]:
    """Draw one block a figure, from left to right: a colour, or those of its upper and lower half."""
    picture = np.zeros((size, size, 3), np.uint8)
    pitch = size // max(len(figures), 1)
    for number, figure in enumerate(figures):
        upper, lower = figure if isinstance(figure[0], tuple) else (figure, figure)
        columns = slice(number * pitch + pitch // 4, number * pitch + 3 * pitch // 4)
        picture[size // 4 : size // 2, columns] = upper
        picture[size // 2 : 3 * size // 4, columns] = lower
    return picture


def turned(degrees: float) -> tuple[int, int, int]:
    """Return a colour that far from `RED` towards `GREEN`: its cosine to red is ``cos(degrees)``."""
    angle = np.radians(degrees)
    return (round(255 * np.cos(angle)), round(255 * np.sin(angle)), 0)
