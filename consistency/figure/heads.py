"""Where the heads are: the places at which the build of a person best explains the colours.

All places and sizes are tried on a coarse grid, then the best ones more finely; `head_evidence` says what
speaks for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .head_evidence import BOXES, SIZES, WHERE_BOXES, Boxes, box_sums, is_head, where_head
from .regions import corners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .regions import BoxSums

BACKGROUND, HAIR, FACE, UPPER, LOWER = range(5)

# Where the upper and the lower clothes end below the centre of the face, in head radii: tall
# figures, deformed ones, and small ones that are almost all head.
BODIES = ((4.0, 9.3), (3.1, 6.6), (2.6, 5.0))


@dataclass(frozen=True, slots=True)
class Head:
    """A head in a picture.

    Parameters
    ----------
    x, y : float
        Centre of the face in pixels.
    radius : float
        Half the width of the head without hair, in pixels.
    body : int
        Index into `BODIES`.
    score : float
        How much it resembles a head, in log odds.
    """

    x: float
    y: float
    radius: float
    body: int
    score: float


def part_at(x: NDArray[np.floating], y: NDArray[np.floating], body: int) -> NDArray[np.int64]:
    """Return the part of a person at places given in head radii from the centre of the face.

    Parameters
    ----------
    x, y : ndarray of float
        To the right and down.
    body : int
        Index into `BODIES`.

    Returns
    -------
    ndarray of int64
        A part, or -1 where arms or long hair may be.
    """
    waist, feet = BODIES[body]
    across = np.abs(x)
    part = np.zeros(np.shape(x), dtype=np.int64)
    part[(across < 1.75) & (y > -0.4) & (y < waist)] = -1
    part[(across < 1.35) & (y >= waist) & (y < feet)] = -1
    part[(x / 1.5) ** 2 + ((y + 0.2) / 1.6) ** 2 < 1] = -1
    part[(across < 0.8) & (y > 1.45) & (y < waist)] = UPPER
    part[(across < 0.7) & (across > 0.1) & (y > waist + 0.2) & (y < feet - 0.3)] = LOWER
    crown = (x / 1.08) ** 2 + ((y + 0.25) / 1.12) ** 2 < 1
    part[crown & (y < 0.1) & ((x / 0.8) ** 2 + ((y - 0.1) / 0.75) ** 2 >= 1)] = HAIR
    part[(x / 0.6) ** 2 + ((y - 0.12) / 0.62) ** 2 < 1] = FACE
    return part


# The plan of a person: its pitch and where its left top corner is, in head radii. Beyond it is nobody.
_PITCH, _PLAN_LEFT, _PLAN_TOP, _PLAN_SHAPE = 1 / 12, -2.5, -2.5, (156, 60)


def plan_rows() -> NDArray[np.float64]:
    """Return the height of each row of the plan, in head radii below the centre of the face."""
    return _PLAN_TOP + (np.arange(_PLAN_SHAPE[0], dtype=np.float64) + 0.5) * _PITCH


@cache
def plan(body: int) -> NDArray[np.int64]:
    """Return `part_at` for places a twelfth of a head radius apart, shape (156, 60)."""
    y = plan_rows()[:, None]
    x = _PLAN_LEFT + (np.arange(_PLAN_SHAPE[1])[None] + 0.5) * _PITCH
    x, y = np.broadcast_arrays(x, y)
    parts = part_at(x, y, body)
    parts.flags.writeable = False
    return parts


def on_plan(across: NDArray[np.floating], down: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the index into a raveled `plan` of each place, shape (len(down), len(across)).

    Parameters
    ----------
    across, down : ndarray of float
        Columns and rows in head radii from the centre of the face.
    """
    columns = np.clip((across - _PLAN_LEFT) / _PITCH, 0, _PLAN_SHAPE[1] - 1).astype(np.intp)
    rows = np.clip((down - _PLAN_TOP) / _PITCH, 0, _PLAN_SHAPE[0] - 1).astype(np.intp)
    return rows[:, None] * _PLAN_SHAPE[1] + columns


# How much it counts for a place that what is there is a head at all. It is 0 by the pictures that the two
# were fitted on, while the hand ``bold`` has its heads found in 94 % of the pictures instead of 89 %.
_SURE_WEIGHT = 0.3


def find_heads(
    linear: NDArray[np.float32],
    colours: NDArray[np.float32],
    groups: NDArray[np.int64],
    salience: NDArray[np.float32],
    *,
    limit: int = 1,
    apart: float = 1.3,
) -> list[Head]:
    """Find the most likely heads that do not overlap, the best first.

    Parameters
    ----------
    linear : ndarray of float32, shape (height, width, 3)
        The picture, linear light.
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours, see `anatomy.perceptual`.
    groups : ndarray of int64, shape (height, width)
        Colour group of each pixel.
    salience : ndarray of float32, shape (height, width)
        How likely each pixel belongs to a figure, in [0, 1].
    limit : int, optional
        How many to return at most. The first is always returned where the picture is large enough;
        whether it and the others are people is for the caller to judge by the score.
    apart : float, optional
        Least distance of two heads in sums of their radii.

    Returns
    -------
    list of Head
    """
    sums = box_sums(linear, colours, groups, salience)
    places, scores = score_everywhere(sums)
    if not len(places):
        return []
    near = _neighbourhood(places[_peaks(places, scores, 2 + limit, apart=0.35)])
    boxes = Boxes.at(sums, near)
    sure = is_head(boxes, near)
    found = _peaks(near, where_head(boxes, near) + _SURE_WEIGHT * sure, limit, apart=apart)
    return [
        Head(float(x), float(y), float(radius), _body_of(groups, x, y, radius), float(score))
        for (x, y, radius), score in zip(near[found], sure[found], strict=True)
    ]


def score_everywhere(sums: BoxSums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score heads at a coarse grid of places and sizes.

    Returns
    -------
    places : ndarray of float64, shape (n, 3)
        x, y and radius in pixels.
    scores : ndarray of float64, shape (n,)
    """
    places, boxes = _coarse(sums.height, sums.width)
    if not len(places):
        return places, np.zeros(0)
    found = Boxes(sums, {name: sums.over(where) for name, where in boxes.items()})
    return places, where_head(found, places)


@lru_cache(maxsize=8)
def _coarse(height: int, width: int) -> tuple[NDArray[np.float64], dict[str, NDArray[np.intp]]]:
    """Return the places to try in pictures of a size, and the corners of the boxes there."""
    places = [(x, y, radius) for xs, ys, radius in _grids(height, width) for y in ys for x in xs]
    rows = np.array(places, dtype=np.float64).reshape(-1, 3)
    rows.flags.writeable = False
    return rows, {name: corners(rows, BOXES[name], height, width) for name in WHERE_BOXES}


def _grids(height: int, width: int) -> Iterator[tuple[range, range, float]]:
    """Yield columns, rows and radius of the places to try."""
    for radius in (SIZES * height).tolist():
        step = max(round(0.6 * radius), 1)
        xs = range(round(0.08 * width), round(0.92 * width), step)
        ys = range(round(max(0.9 * radius, 0.05 * height)), round(0.68 * height), step)
        if radius >= _SMALLEST and xs and ys:
            yield xs, ys, radius


# Pixels of radius below which a face has no parts.
_SMALLEST = 2.5


def _peaks(
    places: NDArray[np.float64], scores: NDArray[np.float64], limit: int, *, apart: float
) -> list[int]:
    """Return the best places that keep `apart` times the sum of their radii from each other."""
    free = scores.copy()
    peaks: list[int] = []
    while len(peaks) < limit and np.isfinite(free).any():
        best = int(np.argmax(free))
        peaks.append(best)
        x, y, radius = places[best]
        # A person is taller than wide, so places above and below are still the same one.
        gap = np.hypot(places[:, 0] - x, 0.5 * (places[:, 1] - y))
        free[gap <= apart * (radius + places[:, 2])] = -np.inf
    return peaks


def _neighbourhood(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return finer steps of place and size around each place."""
    moves = np.array([-0.25, 0.0, 0.25])
    across, down, size = np.array(np.meshgrid(moves, moves, [0.87, 1.0, 1.15])).reshape(3, 1, -1)
    x, y, radius = (places[:, column][:, None] for column in range(3))
    near = [x + radius * across, y + radius * down, radius * size]
    return np.stack(near, axis=-1).reshape(-1, 3)


def _body_of(groups: NDArray[np.int64], x: float, y: float, radius: float) -> int:
    """Return the build whose parts tell most about the colours (mutual information)."""
    height, width = groups.shape
    n_groups = int(groups.max()) + 1
    across = (np.arange(width) + 0.5 - x) / radius
    down = (np.arange(height) + 0.5 - y) / radius
    columns, rows = np.nonzero(np.abs(across) < 1.75)[0], np.nonzero((down > 1.2) & (down < 9.5))[0]
    if not len(columns) or not len(rows):
        return 0
    inside = groups[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    places = on_plan(across[columns], down[rows])
    told = []
    for body in range(len(BODIES)):
        part = np.maximum(plan(body).ravel()[places], 0)
        joint = np.bincount((part * n_groups + inside).ravel(), minlength=5 * n_groups).reshape(5, -1) + 1e-3
        joint = joint / joint.sum()
        alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        told.append(float((joint * np.log(joint / alone)).sum()))
    return int(np.argmax(told))
