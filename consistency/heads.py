"""Where the heads are: the place at which the build of a person best explains the colours.

A template divides a picture into hair, face, upper and lower clothes, and background. It is right
where knowing the part tells most about the colour, so the mutual information of part and colour
finds drawn people of any colours, in any light, without having seen one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .regions import group_colours

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKGROUND, HAIR, FACE, UPPER, LOWER = range(5)

_COLOURS = 14

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
        How well a person there explains the picture; compare within one picture only.
    """

    x: float
    y: float
    radius: float
    body: int
    score: float


@dataclass(frozen=True, slots=True)
class _Points:
    """Points of a template in head radii, the part of each (-1: may be figure), and its area."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    part: NDArray[np.int64]
    area: NDArray[np.float64]


def part_at(x: NDArray[np.float64], y: NDArray[np.float64], body: int) -> NDArray[np.int64]:
    """Return the part of a person at places given in head radii from the centre of the face.

    Parameters
    ----------
    x, y : ndarray of float64
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


@cache
def _points(body: int) -> _Points:
    waist, feet = BODIES[body]
    fine, coarse = 0.22, 0.45
    parts = []
    for top, bottom, pitch in ((-1.9, 1.4, fine), (1.4, feet, coarse)):
        y, x = np.mgrid[top + pitch / 2 : bottom : pitch, -1.75 + pitch / 2 : 1.75 : pitch]
        parts.append((x.ravel(), y.ravel(), np.full(x.size, pitch**2)))
    x, y, area = (np.concatenate(column) for column in zip(*parts, strict=True))
    part = part_at(x, y, body)
    inside = part != BACKGROUND
    return _Points(x[inside], y[inside], part[inside], area[inside])


def _placements(height: int, width: int) -> NDArray[np.float64]:
    """Return x, y, radius and body of all templates to try."""
    rows = []
    for radius in np.geomspace(0.048, 0.36, 11) * height:
        if radius < 3:
            continue
        step = 0.45 * radius
        reach = np.floor(0.42 * width / step) * step
        xs = np.arange(width / 2 - reach, width / 2 + reach + step / 2, step)
        ys = np.arange(max(radius, 0.06 * height), 0.62 * height, step)
        for body, (waist, _) in enumerate(BODIES):
            # Where the waist is outside the picture, all bodies look the same.
            seen = ys if body == 0 else ys[ys + radius * waist <= height]
            grid = np.array(np.meshgrid(xs, seen)).reshape(2, -1)
            rows.append(np.stack([*grid, np.full(grid.shape[1], radius), np.full(grid.shape[1], body)], axis=1))
    return np.concatenate(rows) if rows else np.zeros((0, 4))


def count_colours(
    groups: NDArray[np.int64], placements: NDArray[np.float64], n_colours: int
) -> NDArray[np.float64]:
    """Count the colours in each part of each template.

    Returns
    -------
    ndarray of float64, shape (n_placements, 5, n_colours)
        Areas in pixels.
    """
    height, width = groups.shape
    counts = np.zeros((len(placements), 5, n_colours))
    total = np.bincount(groups.ravel(), minlength=n_colours).astype(np.float64)
    for body in range(len(BODIES)):
        chosen = np.nonzero(placements[:, 3] == body)[0]
        if not len(chosen):
            continue
        points = _points(body)
        x, y, radius = (placements[chosen, column][:, None].astype(np.float32) for column in range(3))
        columns = np.floor(x + radius * points.x.astype(np.float32)).astype(np.int32)
        rows = np.floor(y + radius * points.y.astype(np.float32)).astype(np.int32)
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        colour = groups.ravel()[np.where(inside, rows * width + columns, 0)]
        # Slot 0 gathers what may be figure; it becomes the background below.
        slot = np.maximum(points.part, 0)
        key = (np.arange(len(chosen))[:, None] * 5 + slot) * n_colours + colour
        area = (radius**2 * points.area.astype(np.float32) * inside).ravel()
        found = np.bincount(key.ravel(), area, minlength=len(chosen) * 5 * n_colours)
        counts[chosen] = found.reshape(-1, 5, n_colours)
    counts[:, BACKGROUND] = np.maximum(total - counts.sum(axis=1), 0)
    return counts


# Weights of the evidence, fitted by conditional logistic regression over all placements on the
# ``cel`` hand of benchmarks/drawn.py (seed 1); heads of the unseen ``chibi`` hand are found as often.
_WEIGHTS = {
    "explained": 6.9,
    "informative": 4.3,
    "salient": 3.3,
    "low": -7.0,
    "face_detail": 1.3,
    "hair_face": 2.0,
    "hair_background": 2.5,
    "face_background": 0.8,
    "face_light": 8.8,
}


def evidence(
    counts: NDArray[np.float64], lightness: NDArray[np.float64], salience: NDArray[np.float64], low: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Measure how well each placement explains the picture.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_placements, 5, n_colours)
        Areas of the colours in each part.
    lightness, salience : ndarray of float64, shape (n_colours,)
        Mean lightness and salience of each colour, in [0, 1].
    low : ndarray of float64, shape (n_placements,)
        How far down the face is, as a share of the picture's height.
    """
    joint = counts + 1e-3
    sizes = joint.sum(axis=2, keepdims=True)
    total = sizes.sum(axis=1, keepdims=True)
    mixes = joint / sizes
    shares = sizes[..., 0] / total[..., 0]
    overall = (joint.sum(axis=1) / total[:, 0])[:, None]
    information = (joint / total * np.log(mixes / overall)).sum(axis=(1, 2))
    explained = information / -(shares * np.log(shares)).sum(axis=1)
    light, stands_out = mixes @ lightness, mixes @ salience
    figure = stands_out[:, 1:].mean(axis=1)
    return {
        "explained": explained,
        "informative": np.sqrt(np.maximum(explained * information, 0)),
        "salient": figure - stands_out[:, BACKGROUND],
        "low": low,
        "face_detail": -(mixes[:, FACE] * np.log(mixes[:, FACE])).sum(axis=1),
        "hair_face": _apart(mixes, HAIR, FACE),
        "hair_background": _apart(mixes, HAIR, BACKGROUND),
        "face_background": _apart(mixes, FACE, BACKGROUND),
        "face_light": light[:, FACE] - light[:, BACKGROUND],
    }


def _apart(mixes: NDArray[np.float64], first: int, second: int) -> NDArray[np.float64]:
    """One minus the Bhattacharyya coefficient: 0 for equal colours, 1 for none in common."""
    return 1 - np.sqrt(mixes[:, first] * mixes[:, second]).sum(axis=1)


def _scores(
    groups: NDArray[np.int64],
    means: NDArray[np.float32],
    salience: NDArray[np.float32],
    placements: NDArray[np.float64],
) -> NDArray[np.float64]:
    n_colours = len(means)
    counts = count_colours(groups, placements, n_colours)
    sizes = np.maximum(np.bincount(groups.ravel(), minlength=n_colours), 1)
    standing_out = np.bincount(groups.ravel(), salience.ravel(), minlength=n_colours) / sizes
    found = evidence(counts, means[:, 0] / 60.0, standing_out, placements[:, 1] / groups.shape[0])
    return sum((_WEIGHTS[name] * values for name, values in found.items()), np.zeros(len(placements)))
