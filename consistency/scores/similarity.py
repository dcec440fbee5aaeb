"""Cosine similarity of figures to references, view by view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def view_similarities(
    embeddings: NDArray[np.float32],
    references: NDArray[np.float32],
    n_views: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Average the cosine similarity over the references, for each view.

    The mean, because a renormalised prototype or the best reference, held against a threshold for
    pairs, lets strangers pass.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, n_views * view_dimension)
        Figures.
    references : ndarray of float32, shape (n_references, n_views * view_dimension)
        The character's references, from the same encoder.
    n_views : int
        Views in an embedding.
    weights : ndarray of float64, shape (n_references,), optional
        How much each reference counts, 0 or more; equal when omitted.

    Returns
    -------
    ndarray of float64, shape (n, n_views)
        In [-1, 1]; NaN where the figure, or every reference, does not show that view.
    """
    return similarities_to(split_views(embeddings, n_views), mean_views(references, n_views, weights))


def mean_views(
    references: NDArray[np.float32], n_views: int, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Average references, each of length 1, for each view; not renormalised.

    The product of a figure with that mean is the mean of its cosines to the references.

    Returns
    -------
    ndarray of float64, shape (n_views, view_dimension)
        NaN for a view that no reference shows.
    """
    known = split_views(references, n_views)
    counts = np.ones(len(known)) if weights is None else np.asarray(weights, np.float64)
    shares = known.any(axis=2) * counts[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (known * shares[..., None]).sum(axis=0) / shares.sum(axis=0)[:, None]


def similarities_to(figures: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean cosine of figures to a character, view by view.

    Parameters
    ----------
    figures : ndarray of float64, shape (n, n_views, view_dimension)
        By `split_views`.
    means : ndarray of float64, shape (n_views, view_dimension)
        By `mean_views`.

    Returns
    -------
    ndarray of float64, shape (n, n_views)
        In [-1, 1]; NaN where the figure or the character does not show that view.
    """
    similarities = (figures * means).sum(axis=2)
    similarities[~figures.any(axis=2)] = np.nan
    return np.clip(similarities, -1.0, 1.0)


def leave_one_out(
    references: NDArray[np.float32], n_views: int, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Measure how well each reference matches the others, for each view.

    Returns
    -------
    ndarray of float64, shape (n_references, n_views)
        Mean cosine similarity to the others, in [-1, 1]; NaN where there is none to compare.
    """
    counts = np.ones(len(references)) if weights is None else np.asarray(weights, np.float64)
    rows = []
    for index in range(len(references)):
        others = np.arange(len(references)) != index
        rows.append(
            view_similarities(references[index : index + 1], references[others], n_views, counts[others])
        )
    return np.concatenate(rows) if rows else np.zeros((0, n_views))


def split_views(embeddings: NDArray[np.float32], n_views: int) -> NDArray[np.float64]:
    """Return the views of embeddings, each of length 1, or 0 where it was not seen.

    Returns
    -------
    ndarray of float64, shape (n, n_views, view_dimension)
    """
    rows = np.asarray(embeddings, np.float64)
    blocks = rows.reshape(len(rows), n_views, rows.shape[1] // n_views)
    lengths = np.linalg.norm(blocks, axis=2, keepdims=True)
    return blocks / np.where(lengths > 0, lengths, 1.0)


def over_views(similarities: NDArray[np.float64], emphasis: float = 1.0) -> NDArray[np.float64]:
    """Combine the similarities of a figure's views into one.

    One minus the power mean of the distances, ``1 - mean((1 - s) ** p) ** (1 / p)``: with ``p = 1`` the
    mean of the similarities; the larger it is, the more the view that differs most decides, which is how
    people who differ in one thing are told apart.

    Parameters
    ----------
    similarities : ndarray of float64, shape (..., n_views)
        In [-1, 1]; NaN where a view is not seen.
    emphasis : float
        The exponent ``p``, at least 1.

    Returns
    -------
    ndarray of float64, shape (...)
        In [-1, 1]; NaN where no view is seen.
    """
    if similarities.ndim == 1:
        # Of one figure: for a handful of numbers, Python's own arithmetic is five times as fast.
        known = [max(1.0 - value, 0.0) ** emphasis for value in similarities.tolist() if math.isfinite(value)]
        mean = sum(known) / len(known) if known else math.nan
        return np.float64(1.0 - mean ** (1.0 / emphasis))  # type: ignore[return-value]
    seen = np.isfinite(similarities)
    distances = np.where(seen, np.maximum(1.0 - np.where(seen, similarities, 1.0), 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        mean = (distances**emphasis).sum(axis=-1) / seen.sum(axis=-1)
    return 1.0 - mean ** (1.0 / emphasis)


def mean_of_seen(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the last axis what is not NaN; NaN where all of it is."""
    seen = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(seen, values, 0.0).sum(axis=-1) / seen.sum(axis=-1)
