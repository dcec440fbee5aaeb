"""Which pixel belongs to which part of a figure: by where it is on a person, and by its colour."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .heads import BACKGROUND, BODIES, Head, on_plan, plan, plan_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Chosen, with what follows, for the overlap of hair and faces with the drawn ones on all hands of
# benchmarks/drawn (seed 201).
_BINS = (10, 24, 24)
_N_BINS = 10 * 24 * 24
# How much the colours weigh against the build.
_COLOUR_WEIGHT = np.float32(5.0)
# How far from the head, in its radii, the background is learnt, and what counts of it beyond: what is far
# away says little of what is behind the hair.
_NEAR, _FAR_WEIGHT = 2.5, 0.1
# Chance of a colour that was never seen in a part, and pixels that each colour has beforehand.
_UNSEEN_SHARE, _UNSEEN_PIXELS = 1e-4, 1e-3


class Labelling:
    """Tells the parts of figures apart in one picture.

    By turns the colours of the parts are learnt, and the parts of the colours.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours, see `anatomy.perceptual`.
    """

    def __init__(self, colours: NDArray[np.float32]) -> None:
        self._bins, self._grid = _colour_bins(colours)

    def within(self, rows: slice, columns: slice) -> Labelling:
        """Return the same for a part of the picture, which shares what is learnt of colours."""
        part = copy(self)
        part._bins = self._bins[rows, columns]
        return part

    def learnt(self, head: Head, *, rounds: int) -> NDArray[np.float32]:
        """Label each pixel, starting from the build of a person alone.

        Parameters
        ----------
        head : Head
            The head of the figure.
        rounds : int
            How often colours are learnt; more than two drift away from the build.

        Returns
        -------
        ndarray of float32, shape (5, height, width)
            How likely each pixel is each part; sums to 1.
        """
        evidence = _log_prior(self._bins.shape, head)
        parts = _softmax(evidence)
        for _ in range(rounds):
            parts = self._labelled(evidence, self.evidence_of(parts, head))
        return parts

    def evidence_of(self, parts: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
        """Return how much each colour speaks for each part, shape (5, n_colours)."""
        return _evidence_of_colours(self._bins, self._grid, parts, _nearness(self._bins.shape, head))

    def labelled(self, head: Head, of_colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Label each pixel by what was learnt already, perhaps from a part of the picture."""
        return self._labelled(_log_prior(self._bins.shape, head), of_colours)

    def _labelled(
        self, evidence: NDArray[np.float32], of_colours: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        logits = of_colours.take(self._bins, axis=1)
        logits += evidence
        return _softmax(_smooth(logits))


def _nearness(shape: tuple[int, int], head: Head) -> NDArray[np.float32]:
    """Return how much each pixel counts when the background is learnt."""
    height, width = shape
    across = (np.arange(width, dtype=np.float32) + 0.5 - head.x) / (head.radius * _NEAR)
    down = (np.arange(height, dtype=np.float32) + 0.5 - head.y) / (head.radius * _NEAR)
    return np.exp(-0.5 * down**2)[:, None] * np.exp(-0.5 * across**2)[None] + np.float32(_FAR_WEIGHT)


# How likely a pixel is background, hair, face, upper and lower clothes, by where it is on the template.
_SHARES = np.array(
    [
        (0.93, 0.02, 0.01, 0.02, 0.02),  # elsewhere
        (0.45, 0.42, 0.04, 0.08, 0.01),  # beside the head
        (0.40, 0.17, 0.05, 0.35, 0.03),  # beside the chest
        (0.50, 0.08, 0.04, 0.08, 0.30),  # beside the legs
        (0.07, 0.85, 0.04, 0.03, 0.01),  # in the middle of the hair, of the face, and of the clothes
        (0.02, 0.10, 0.86, 0.01, 0.01),
        (0.05, 0.10, 0.05, 0.75, 0.05),
        (0.12, 0.03, 0.05, 0.10, 0.70),
    ],
    np.float32,
)
_SHOULDERS = 1.2

# Blur of the plan in its pixels: a fifth of a head radius.
_PLAN_BLUR = 0.2 * 12


def _log_prior(shape: tuple[int, int], head: Head) -> NDArray[np.float32]:
    """Return the log of how likely each pixel is each part, by the build of a person alone."""
    height, width = shape
    across = (np.arange(width) + 0.5 - head.x) / head.radius
    down = (np.arange(height) + 0.5 - head.y) / head.radius
    return _log_plan(head.body).take(on_plan(across, down), axis=1)


def expected(shape: tuple[int, int], head: Head, parts: Sequence[int]) -> NDArray[np.float32]:
    """Return how likely each pixel is one of `parts` by the build of a person alone.

    Returns
    -------
    ndarray of float32, shape (n_parts, *shape)
    """
    height, width = shape
    across = (np.arange(width) + 0.5 - head.x) / head.radius
    down = (np.arange(height) + 0.5 - head.y) / head.radius
    return np.exp(_log_plan(head.body)[list(parts)]).take(on_plan(across, down), axis=1)


@cache
def _log_plan(body: int) -> NDArray[np.float32]:
    """Return the log of how likely each part is at each place of the plan of a person, shape (5, n)."""
    from scipy import ndimage

    core = plan(body)
    waist, _ = BODIES[body]
    down = plan_rows()[:, None]
    beside = core == -1
    # Index into _SHARES of each place.
    region = np.where(beside & (down < _SHOULDERS), 1, 0)
    region[beside & (down >= _SHOULDERS) & (down < waist)] = 2
    region[beside & (down >= waist)] = 3
    region[core > 0] = core[core > 0] + 3
    prior = np.moveaxis(_SHARES[region], -1, 0)
    prior = ndimage.gaussian_filter(prior, (0, _PLAN_BLUR, _PLAN_BLUR), truncate=2.5)
    logs = np.log(np.maximum(prior / prior.sum(axis=0), 1e-3)).astype(np.float32)
    return logs.reshape(len(logs), -1)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    odds = logits - logits.max(axis=0)
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=0)
    return odds


def _smooth(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur by a quarter of each neighbour, so that single pixels follow those around them."""
    blurred = logits.copy()
    inner = blurred[:, 1:-1]
    inner *= 0.5
    inner += 0.25 * (logits[:, :-2] + logits[:, 2:])
    smooth = blurred.copy()
    inner = smooth[:, :, 1:-1]
    inner *= 0.5
    inner += 0.25 * (blurred[:, :, :-2] + blurred[:, :, 2:])
    return smooth


def _colour_bins(colours: NDArray[np.float32]) -> tuple[NDArray[np.int32], tuple[int, int, int]]:
    """Return the index of each pixel's colour, and the size of the grid of the colours that there are."""
    scale = np.array([_BINS[0] / 60, _BINS[1] / 120, _BINS[2] / 120], np.float32)
    start = np.array([0, _BINS[1] / 2, _BINS[2] / 2], np.float32)
    cells = np.clip(colours * scale + start, 0, np.array(_BINS, np.float32) - 0.5).astype(np.int32)
    light, a, b = cells[..., 0], cells[..., 1], cells[..., 2]
    # One more on each side, for what is blurred over it.
    low = [int(axis.min()) - 1 for axis in (light, a, b)]
    grid = tuple(int(axis.max()) + 2 - least for axis, least in zip((light, a, b), low, strict=True))
    return ((light - low[0]) * grid[1] + (a - low[1])) * grid[2] + (b - low[2]), grid  # type: ignore[return-value]


def _evidence_of_colours(
    bins: NDArray[np.int32],
    grid: tuple[int, int, int],
    parts: NDArray[np.float32],
    near: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the weighted log likelihood of each colour in each part, shape (5, n_colours)."""
    weights = parts * parts
    weights[BACKGROUND] *= near
    flat, size = bins.ravel(), grid[0] * grid[1] * grid[2]
    counts = np.empty((len(parts), size), np.float32)
    for row, weight in zip(counts, weights, strict=True):
        row[:] = np.bincount(flat, weight.ravel(), minlength=size)
    totals = counts.sum(axis=1, keepdims=True)
    shares = _spread(counts.reshape(-1, *grid)).reshape(len(parts), size)
    shares += _UNSEEN_SHARE * totals + _UNSEEN_PIXELS
    shares /= totals * np.float32(1 + _N_BINS * _UNSEEN_SHARE) + np.float32(_N_BINS * _UNSEEN_PIXELS)
    logs = np.log(shares)
    logs *= _COLOUR_WEIGHT
    return logs


# The neighbours' share in a bin: a Gaussian of 0.7 bins, cut after one.
_NEIGHBOUR = 0.209


def _spread(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur counts over neighbouring colours, in place."""
    side = counts * np.float32(_NEIGHBOUR)
    counts -= 2 * side
    counts[:, 1:] += side[:, :-1]
    counts[:, :-1] += side[:, 1:]
    np.multiply(counts, np.float32(_NEIGHBOUR), out=side)
    counts -= 2 * side
    counts[:, :, 1:] += side[:, :, :-1]
    counts[:, :, :-1] += side[:, :, 1:]
    np.multiply(counts, np.float32(_NEIGHBOUR), out=side)
    counts -= 2 * side
    counts[..., 1:] += side[..., :-1]
    counts[..., :-1] += side[..., 1:]
    return counts
