"""A character as an encoder sees it: embeddings of its references, and thresholds fitted to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import EmptyReferenceError, InputError
from ..palettes.palette import Palette
from .calibration import BLEND, OWN, PUBLISHED, calibrate
from .similarity import mean_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoders.base import IdentityEncoder, Sighting


@dataclass(frozen=True, slots=True)
class Identity:
    """A character as one encoder sees it.

    Parameters
    ----------
    encoder, encoder_version : str
        The encoder that made the embeddings.
    embeddings : ndarray of float32, shape (n_references, dimension)
        One row a reference, as `Sighting` says; zeros where no figure was found in it.
    weights : ndarray of float64, shape (n_references,)
        How much each reference counts.
    thresholds : tuple of float
        For each view, the raw similarity at which a picture passes, in [-1, 1].
    calibration : str
        How the thresholds came about: ``published/1``, ``blend/1`` or ``own/1``.
    palettes : tuple of Palette
        Colours of the figure in each reference that has one.
    emphasis : float
        How the encoder combines views; see `over_views`.
    means : ndarray of float64, shape (n_views, view_dimension)
        Mean of the references by view, made of them once; see `mean_views`.
    """

    encoder: str
    encoder_version: str
    embeddings: NDArray[np.float32]
    weights: NDArray[np.float64]
    thresholds: tuple[float, ...]
    calibration: str
    palettes: tuple[Palette, ...] = ()
    emphasis: float = 1.0
    means: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "means", mean_views(self.embeddings, len(self.thresholds), self.weights))

    @property
    def is_usable(self) -> bool:
        """Whether a figure was found in any reference."""
        return bool(np.isfinite(self.means).any())

    @property
    def is_own_threshold(self) -> bool:
        """Whether a person set the threshold; then similarity alone decides."""
        return self.calibration == OWN


def build_identity(
    encoder: IdentityEncoder,
    images: Sequence[NDArray[np.uint8]],
    *,
    threshold: float | None = None,
    weights: Sequence[float] | None = None,
) -> Identity:
    """Encode a character's references and calibrate the thresholds on them.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder that will measure.
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB reference pictures.
    threshold : float, optional
        Raw similarity that a picture must reach, in [-1, 1]; calibrated when omitted.
    weights : sequence of float, optional
        How much each reference counts, above 0; equal when omitted.

    Raises
    ------
    EmptyReferenceError
        If there is no picture.
    InputError
        If the threshold is not in [-1, 1], or a weight not positive.
    """
    _require_references(len(images))
    sighted = encoder.sight(images)
    embeddings, palettes = reference_rows(sighted, encoder.dimension)
    return identity_from_embeddings(encoder, embeddings, palettes, threshold=threshold, weights=weights)


def reference_rows(
    sighted: Sequence[Sequence[Sighting]], dimension: int
) -> tuple[NDArray[np.float32], list[Palette]]:
    """Return the embedding of the dominant figure of each reference, and the palettes of those that have one.

    Returns
    -------
    embeddings : ndarray of float32, shape (n_references, dimension)
        Zeros where no figure was found.
    palettes : list of Palette
    """
    embeddings = np.zeros((len(sighted), dimension), np.float32)
    for row, seen in zip(embeddings, sighted, strict=True):
        if seen:
            row[:] = seen[0].embedding
    return embeddings, [seen[0].palette for seen in sighted if seen and seen[0].palette is not None]


def identity_from_embeddings(
    encoder: IdentityEncoder,
    embeddings: NDArray[np.float32],
    palettes: Sequence[Palette | dict[str, Any]] = (),
    *,
    threshold: float | None = None,
    weights: Sequence[float] | None = None,
) -> Identity:
    """Make an identity of stored embeddings and palettes, without encoding.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder, of the version that made the embeddings.
    embeddings : ndarray of float32, shape (n_references, dimension)
        One row a reference; zeros where no figure was found.
    palettes : sequence of Palette or dict
        Palettes of the references, or their `Palette.as_json`.
    threshold : float, optional
        Raw similarity that a picture must reach, in [-1, 1]; calibrated when omitted.
    weights : sequence of float, optional
        How much each reference counts, above 0; equal when omitted.

    Raises
    ------
    EmptyReferenceError
        If there is no embedding.
    InputError
        If the threshold is not in [-1, 1], a weight not positive, or the embeddings are not of this
        encoder's dimension.
    """
    embeddings = np.asarray(embeddings, dtype=np.float32)
    _require_references(len(embeddings))
    if embeddings.ndim != 2 or embeddings.shape[1] != encoder.dimension:
        raise InputError(
            f"Stored embeddings have the shape {embeddings.shape}, but {encoder.name} {encoder.version} "
            f"makes {encoder.dimension} numbers a picture.",
            hint="Encode the references again.",
        )
    known = tuple(p if isinstance(p, Palette) else Palette.from_json(p) for p in palettes)
    counts = _weights(weights, len(embeddings))
    if threshold is not None:
        limits, calibration = (_own(threshold),) * len(encoder.views), OWN
    else:
        limits = calibrate(embeddings, encoder.thresholds, counts)
        calibration = PUBLISHED if limits == tuple(encoder.thresholds) else BLEND
    return Identity(
        encoder.name, encoder.version, embeddings, counts, limits, calibration, known, encoder.emphasis
    )


def _own(threshold: float) -> float:
    if not -1.0 <= threshold <= 1.0:
        raise InputError(
            f"The threshold {threshold} is not a cosine similarity.",
            field="threshold",
            hint="Give a number from -1 to 1.",
        )
    return float(threshold)


def _weights(weights: Sequence[float] | None, count: int) -> NDArray[np.float64]:
    counts = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    if counts.shape != (count,) or not np.isfinite(counts).all() or (counts <= 0).any():
        raise InputError(
            f"The weights {counts.tolist()} do not suit {count} references.",
            field="weights",
            hint="Give one number above 0 for each reference.",
        )
    return counts


def _require_references(count: int) -> None:
    if not count:
        raise EmptyReferenceError(
            "The character has no reference picture.", hint="Add three to five pictures, 512 pixels or more."
        )
