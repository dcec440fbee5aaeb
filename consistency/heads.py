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
    _, feet = BODIES[body]
    fine, coarse = 0.22, 0.6
    parts = []
    for top, bottom, pitch in ((-1.9, 1.4, fine), (1.4, feet, coarse)):
        n_half = int(1.75 / pitch)
        across = (np.arange(-n_half, n_half) + 0.5) * pitch
        y, x = np.meshgrid(np.arange(top + pitch / 2, bottom, pitch), across, indexing="ij")
        parts.append((x.ravel(), y.ravel(), np.full(x.size, pitch**2)))
    x, y, area = (np.concatenate(column) for column in zip(*parts, strict=True))
    part = part_at(x, y, body)
    inside = part != BACKGROUND
    return _Points(x[inside], y[inside], part[inside], area[inside])


def _placements(height: int, width: int) -> NDArray[np.float64]:
    """Return x, y, radius and body of all templates to try."""
    rows = []
    for radius in np.geomspace(0.05, 0.36, 9) * height:
        if radius < 3:
            continue
        step = 0.6 * radius
        reach = np.floor(0.42 * width / step) * step
        xs = np.arange(width / 2 - reach, width / 2 + reach + step / 2, step)
        ys = np.arange(max(radius, 0.06 * height), 0.62 * height, step)
        for body, (waist, _) in enumerate(BODIES):
            # Where the waist is outside the picture, all bodies look the same.
            seen = ys if body == 0 else ys[ys + radius * waist <= height]
            grid = np.array(np.meshgrid(xs, seen)).reshape(2, -1)
            rows.append(
                np.stack([*grid, np.full(grid.shape[1], radius), np.full(grid.shape[1], body)], axis=1)
            )
    return np.concatenate(rows) if rows else np.zeros((0, 4))


def count_colours(
    groups: NDArray[np.int64], placements: NDArray[np.float64], n_colours: int
) -> NDArray[np.float64]:
    """Count the colours in each part of each template.

    Parameters
    ----------
    groups : ndarray of int64, shape (height, width)
        Colour group of each pixel.
    placements : ndarray of float64, shape (n_placements, 4)
        Centre x and y, radius in pixels, and body of each template.
    n_colours : int
        Number of groups.

    Returns
    -------
    ndarray of float64, shape (n_placements, 5, n_colours)
        Areas in pixels.
    """
    counts = np.zeros((len(placements), 5, n_colours))
    total = np.bincount(groups.ravel(), minlength=n_colours).astype(np.float64)
    for body in range(len(BODIES)):
        chosen = np.nonzero(placements[:, 3] == body)[0]
        if len(chosen):
            counts[chosen] = _count_body(groups, placements[chosen], _points(body), n_colours)
    # So far this part held what may be figure and may be not.
    counts[:, BACKGROUND] = np.maximum(total - counts.sum(axis=1), 0)
    return counts


def _count_body(
    groups: NDArray[np.int64], placements: NDArray[np.float64], points: _Points, n_colours: int
) -> NDArray[np.float64]:
    height, width = groups.shape
    count = len(placements)
    x, y, radius = (placements[:, column][:, None].astype(np.float32) for column in range(3))
    columns = np.floor(x + radius * points.x.astype(np.float32)).astype(np.int32)
    rows = np.floor(y + radius * points.y.astype(np.float32)).astype(np.int32)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    colour = groups.ravel()[np.where(inside, rows * width + columns, 0)]
    area = radius**2 * points.area.astype(np.float32) * inside
    slot = np.arange(count)[:, None] * 5 + np.maximum(points.part, 0)
    found = np.bincount((slot * n_colours + colour).ravel(), area.ravel(), minlength=count * 5 * n_colours)
    return found.astype(np.float64).reshape(-1, 5, n_colours)


# Weights of the evidence, fitted by conditional logistic regression over all placements on the
# ``cel`` hand of benchmarks/drawn.py (seed 1); heads of the unseen ``chibi`` hand are found as often.
_WEIGHTS = {
    "informative": 6.0,
    "hair_salient": 2.5,
    "upper_salient": 1.3,
    "hair_face": 2.4,
    "face_background": 2.1,
    "face_light": 6.1,
    "hair_light": -3.4,
    "face_disorder": 1.1,
    "face_skin": 3.4,
}


def find_heads(
    groups: NDArray[np.int64],
    means: NDArray[np.float32],
    salience: NDArray[np.float32],
    *,
    limit: int = 4,
    apart: float = 1.3,
) -> list[Head]:
    """Find the most likely heads that do not overlap, the best first.

    Parameters
    ----------
    groups : ndarray of int64, shape (height, width)
        Colour group of each pixel.
    means : ndarray of float32, shape (n_colours, 3)
        Perceptual colour of each group.
    salience : ndarray of float32, shape (height, width)
        How likely each pixel belongs to a figure, in [0, 1].
    limit : int, optional
        How many to return at most. The first is always returned where the picture is large enough;
        whether the others are people is for the caller to judge.

    Returns
    -------
    list of Head
    """
    placements = _placements(*groups.shape)
    if not len(placements):
        return []
    coarse = _scores(groups, means, salience, placements)
    chosen = placements[_peaks(placements, coarse, 4 + 2 * limit, apart=0.35)]
    near = _neighbourhood(chosen)
    fine = _scores(groups, means, salience, near)
    best = _peaks(near, fine, limit, apart=apart)
    return [
        Head(float(x), float(y), float(radius), int(body), float(score))
        for (x, y, radius, body), score in zip(near[best], fine[best], strict=True)
    ]


def _peaks(
    placements: NDArray[np.float64], scores: NDArray[np.float64], limit: int, *, apart: float
) -> list[int]:
    """Return the best placements that keep `apart` times the sum of their radii from each other."""
    free = scores.copy()
    peaks: list[int] = []
    while len(peaks) < limit and np.isfinite(free).any():
        best = int(np.argmax(free))
        peaks.append(best)
        x, y, radius, _ = placements[best]
        # A person is taller than wide, so places above and below are still the same one.
        gap = np.hypot(placements[:, 0] - x, 0.5 * (placements[:, 1] - y))
        free[gap <= apart * (radius + placements[:, 2])] = -np.inf
    return peaks


def _neighbourhood(placements: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return finer steps of place and size around each placement, with every body."""
    moves = np.array([-0.3, 0.0, 0.3])
    grid = np.array(np.meshgrid(moves, moves, [0.85, 1.0, 1.16], np.arange(len(BODIES)))).reshape(4, 1, -1)
    x, y, radius = (placements[:, column][:, None] for column in range(3))
    near = [
        x + radius * grid[0],
        y + radius * grid[1],
        radius * grid[2],
        np.broadcast_to(grid[3], (len(x), grid.shape[2])),
    ]
    return np.stack(near, axis=-1).reshape(-1, 4)


def evidence(
    counts: NDArray[np.float64], means: NDArray[np.float32], salience: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Measure how well each placement explains the picture.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_placements, 5, n_colours)
        Areas of the colours in each part.
    means : ndarray of float32, shape (n_colours, 3)
        Perceptual colour of each group.
    salience : ndarray of float64, shape (n_colours,)
        Mean salience of each group, in [0, 1].
    """
    joint = counts + 1e-3
    sizes = joint.sum(axis=2, keepdims=True)
    total = sizes.sum(axis=1, keepdims=True)
    mixes = joint / sizes
    shares = sizes[..., 0] / total[..., 0]
    overall = (joint.sum(axis=1) / total[:, 0])[:, None]
    information = (joint / total * np.log(mixes / overall)).sum(axis=(1, 2))
    explained = information / -(shares * np.log(shares)).sum(axis=1)
    light, stands_out = mixes @ (means[:, 0] / 60.0), mixes @ salience
    face = mixes[:, FACE]
    return {
        "informative": np.sqrt(np.maximum(explained * information, 0)),
        "hair_salient": stands_out[:, HAIR] - stands_out[:, BACKGROUND],
        "upper_salient": stands_out[:, UPPER] - stands_out[:, BACKGROUND],
        "hair_face": _apart(mixes, HAIR, FACE),
        "face_background": _apart(mixes, FACE, BACKGROUND),
        "face_light": light[:, FACE] - light[:, BACKGROUND],
        "hair_light": light[:, HAIR] - light[:, BACKGROUND],
        "face_disorder": -(face * np.log(face)).sum(axis=1),
        "face_skin": face @ _skin_likeness(means),
    }


def _skin_likeness(means):
    lab = means / np.array([60.0, 200.0, 200.0])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    return np.exp(
        -(((hue - 55) / 35) ** 2)
        - ((chroma - 0.06) / 0.045) ** 2
        - np.maximum(0.6 - lab[:, 0], 0) ** 2 / 0.04
    )


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
    found = evidence(counts, means, standing_out)
    return sum((_WEIGHTS[name] * values for name, values in found.items()), np.zeros(len(placements)))
