"""Which pixel belongs to which part of a figure, and where exactly its head is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .heads import BACKGROUND, BODIES, FACE, HAIR, UPPER, Head, on_plan, plan, plan_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = (12, 16, 16)
_ROUNDS = 2
# How much the colours weigh against the build, and what stands out, when pixels are labelled.
_COLOUR_WEIGHT, _SALIENCE_WEIGHT = 1.5, 0.15


def label_parts(
    colours: NDArray[np.float32], salience: NDArray[np.float32], head: Head
) -> NDArray[np.float32]:
    """Label each pixel with a part, by turns learning the colours of parts and the parts of colours.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours.
    salience : ndarray of float32, shape (height, width)
        How likely each pixel belongs to a figure, in [0, 1].
    head : Head
        The head of the figure.

    Returns
    -------
    ndarray of float32, shape (5, height, width)
        How likely each pixel is each part; sums to 1.
    """
    stands_out = np.clip(salience, 0.05, 0.95)
    lift = np.float32(_SALIENCE_WEIGHT) * np.log(stands_out / (1 - stands_out))
    evidence = _log_prior(colours.shape[:2], head)
    evidence[1:] += lift
    evidence[BACKGROUND] -= lift
    bins = _bins(colours).ravel()
    parts = _softmax(evidence)
    for _ in range(_ROUNDS):
        logits = evidence + np.float32(_COLOUR_WEIGHT) * _log_likelihoods(bins, parts)
        parts = _softmax(_smooth(logits.astype(np.float32, copy=False)))
    return parts


# Moments of face, hair and chest around a first guess of the head, and what they tell of its place: ridge
# regression on the hands ``cel``, ``plain`` and ``painted`` (seed 101). It halves the error of place and size
# on ``chibi`` and ``bold`` too. Columns: for each part the mean height, the log of the spread across and
# down, and of the mass; then a constant.
_MOVE_ACROSS = np.array([1.07, 0.087, 0.011])
_MOVE_DOWN_AND_GROW = np.array(
    [
        [0.776, -0.121, -0.114, 0.112, 0.206, 0.166, -0.245, -0.196, 0.096, -0.041, 0.087, -0.179, -0.323],
        [-0.219, 0.212, 0.063, 0.025, -0.281, -0.121, 0.135, 0.29, 0.034, 0.214, 0.017, -0.153, -0.195],
    ]
)
_REACH, _WINDOW = 2.2, 1.1


def refine_head(colours: NDArray[np.float32], salience: NDArray[np.float32], head: Head) -> Head:
    """Correct place and size of a head by where its parts turn out to be.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours.
    salience : ndarray of float32, shape (height, width)
        How likely each pixel belongs to a figure, in [0, 1].
    head : Head
        The first guess.
    """
    # What is far from the head, and every second pixel of a large one, is left out.
    step = 2 if head.radius >= _LARGE else 1
    top, bottom = max(int(head.y - 3.5 * head.radius), 0), int(head.y + 6 * head.radius) + 1
    left, right = max(int(head.x - 4 * head.radius), 0), int(head.x + 4 * head.radius) + 1
    near = slice(top, bottom, step), slice(left, right, step)
    local = replace(head, x=(head.x - left) / step, y=(head.y - top) / step, radius=head.radius / step)
    moved = _move(label_parts(colours[near], salience[near], local), local)
    return replace(head, x=moved.x * step + left, y=moved.y * step + top, radius=moved.radius * step)


# Radius in pixels from which a head is seen well enough at half the size.
_LARGE = 10.0


def _move(parts: NDArray[np.float32], head: Head) -> Head:
    _, height, width = parts.shape
    x, y, radius = head.x, head.y, head.radius
    top, bottom = max(int(y - _REACH * radius), 0), min(int(y + 2.8 * radius) + 1, height)
    left, right = max(int(x - _REACH * radius), 0), min(int(x + _REACH * radius) + 1, width)
    down = ((np.arange(top, bottom) + 0.5 - y) / radius)[:, None]
    across = ((np.arange(left, right) + 0.5 - x) / radius)[None]
    window = np.exp(-(across**2 + down**2) / (2 * _WINDOW**2))
    sideways, others = [], []
    for part in (FACE, HAIR, UPPER):
        shares = parts[part, top:bottom, left:right] * window
        mass = float(shares.sum()) + 1e-3
        mean_x, mean_y = float((shares * across).sum()) / mass, float((shares * down).sum()) / mass
        wide = np.sqrt((shares * (across - mean_x) ** 2).sum() / mass)
        tall = np.sqrt((shares * (down - mean_y) ** 2).sum() / mass)
        sideways.append(mean_x)
        others += [mean_y, np.log(wide + 0.05), np.log(tall + 0.05), np.log(mass / radius**2 + 0.02)]
    move_x = float(np.clip(_MOVE_ACROSS @ sideways, -0.8, 0.8))
    move_y, growth = np.clip(_MOVE_DOWN_AND_GROW @ [*others, 1.0], -0.8, 0.8).tolist()
    return replace(head, x=x + move_x * radius, y=y + move_y * radius, radius=float(radius * np.exp(growth)))


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
    odds = np.exp(logits - logits.max(axis=0))
    return odds / odds.sum(axis=0)


def _smooth(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur by a quarter of each neighbour, so that single pixels follow those around them."""
    blurred = logits.copy()
    blurred[:, 1:-1] = 0.25 * (logits[:, :-2] + logits[:, 2:]) + 0.5 * logits[:, 1:-1]
    smooth = blurred.copy()
    smooth[:, :, 1:-1] = 0.25 * (blurred[:, :, :-2] + blurred[:, :, 2:]) + 0.5 * blurred[:, :, 1:-1]
    return smooth


def _bins(colours: NDArray[np.float32]) -> NDArray[np.int64]:
    lightness = np.clip((colours[..., 0] / 60 * _BINS[0]).astype(np.int64), 0, _BINS[0] - 1)
    a = np.clip(((colours[..., 1] / 200 + 0.3) / 0.6 * _BINS[1]).astype(np.int64), 0, _BINS[1] - 1)
    b = np.clip(((colours[..., 2] / 200 + 0.3) / 0.6 * _BINS[2]).astype(np.int64), 0, _BINS[2] - 1)
    return (lightness * _BINS[1] + a) * _BINS[2] + b


def _log_likelihoods(bins: NDArray[np.int64], parts: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy import ndimage

    size = _BINS[0] * _BINS[1] * _BINS[2]
    flat = parts.reshape(len(parts), -1)
    weights = flat * np.sqrt(flat)
    counts = np.stack([np.bincount(bins, weight, minlength=size) for weight in weights])
    totals = counts.sum(axis=1, keepdims=True)
    smooth = ndimage.gaussian_filter(
        counts.astype(np.float32).reshape(-1, *_BINS), (0, 0.7, 0.7, 0.7), truncate=2.5
    )
    shares = smooth.reshape(len(parts), size) + 1e-4 * totals + 1e-3
    logs = np.log(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return logs.take(bins, axis=1).reshape(parts.shape)
