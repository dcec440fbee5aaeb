"""Thresholds fitted to a character's own references, and scores on which 0.5 is the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from .similarity import leave_one_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below three references their spread cannot be told.
MIN_REFERENCES = 3


# How a similarity becomes a score; what is stored is the name and the version of the rule.
CALIBRATED, LEGACY = "calibrated", "legacy"
MAPPINGS = {CALIBRATED: "calibrated/1", LEGACY: "legacy/1"}
MATCH, BORDERLINE, OTHER = "match", "borderline", "other"
# The bands of the first design.
LEGACY_MATCH, LEGACY_LIMIT = 0.85, 0.70
_BORDER = 0.1

# How a threshold came about, as it is stored with each score; the number is the rule's version.
PUBLISHED, BLEND, OWN = "published/1", "blend/1", "own/1"


def calibrate(
    references: NDArray[np.float32],
    published: Sequence[float],
    weights: NDArray[np.float64] | None = None,
) -> tuple[float, ...]:
    """Fit the decision threshold of each view to a character.

    Where fewer than three references show a view it is the published one; from three on
    ``0.5 * published + 0.5 * (mean - 2 * sd)``, where mean and standard deviation (of the sample,
    ``n - 1``) are those of the leave-one-out similarities. Halving shrinks an estimate from few
    pictures; unshrunk it decides worse than the published threshold.

    Parameters
    ----------
    references : ndarray of float32, shape (n_references, n_views * view_dimension)
        Embeddings; zeros where no figure was found.
    published : sequence of float
        The encoder's own threshold for each view, in [-1, 1].
    weights : ndarray of float64, shape (n_references,), optional
        How much each reference counts; equal when omitted.

    Returns
    -------
    tuple of float
        For each view, the raw similarity at which a picture passes.
    """
    own = leave_one_out(references, len(published), weights)
    return tuple(_blend(float(prior), own[:, view]) for view, prior in enumerate(published))


def _blend(published: float, own: NDArray[np.float64]) -> float:
    measured = own[np.isfinite(own)]
    if len(measured) < MIN_REFERENCES:
        return published
    return float(0.5 * published + 0.5 * (measured.mean() - 2.0 * measured.std(ddof=1)))


def consistency_score(similarity: float, threshold: float) -> float:
    """Map a raw similarity to a score on which 0.5 is the threshold.

    Straight from (0, 0) to (threshold, 0.5) and on to (1, 1); where the threshold is not positive
    the first stretch starts at -1. Below its start the score is 0. It never falls when the
    similarity rises, and is at least 0.5 if and only if the similarity reaches the threshold.

    Parameters
    ----------
    similarity, threshold : float
        Cosine similarities in [-1, 1].

    Returns
    -------
    float
        In [0, 1].
    """
    if similarity >= threshold:
        room = 1.0 - threshold
        return 0.5 if room <= 0 else min(0.5 + 0.5 * (similarity - threshold) / room, 1.0)
    start = 0.0 if threshold > 0 else -1.0
    share = (similarity - start) / (threshold - start)
    # A similarity just below the threshold may not round up to a pass.
    return float(min(max(0.5 * share, 0.0), np.nextafter(0.5, 0.0)))


def legacy_score(similarity: float) -> float:
    """Map a similarity by the bands of the first design: above 0.85 → 1, above 0.70 → itself, else 0.

    Kept for comparison: it jumps at both bounds and ranks nothing above 0.85.
    """
    if similarity > LEGACY_MATCH:
        return 1.0
    return similarity if similarity > LEGACY_LIMIT else 0.0


def band_of(score: float, similarity: float, mapping: str) -> str:
    """Name how clear a score is.

    Parameters
    ----------
    score : float
        In [0, 1].
    similarity : float
        Raw cosine similarity in [-1, 1].
    mapping : str
        ``calibrated`` or ``legacy``.

    Returns
    -------
    str
        ``match``, ``borderline`` or ``other``. Calibrated: `borderline` is within 0.1 of the threshold,
        on either side. Legacy: above 0.85, above 0.70, the rest.
    """
    if mapping == LEGACY:
        return MATCH if similarity > LEGACY_MATCH else BORDERLINE if similarity > LEGACY_LIMIT else OTHER
    if abs(score - 0.5) < _BORDER:
        return BORDERLINE
    return MATCH if score > 0.5 else OTHER


def check_mapping(mapping: str) -> str:
    """Return a mapping's name if it is one.

    Raises
    ------
    InputError
        If it is not.
    """
    if mapping not in MAPPINGS:
        raise InputError(
            f"No score mapping is called {mapping!r}.", field="mapping", hint=f"Known: {', '.join(MAPPINGS)}."
        )
    return mapping
