"""Verdicts: whether a picture shows a character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .calibration import consistency_score
from .palette import PaletteGap, compare_palettes
from .similarity import mean_of_seen, view_similarities
from .verdict import Status, Verdict, ViewScore

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .encoders.base import IdentityEncoder, Sighting
    from .identity import Identity


def score_image(
    encoder: IdentityEncoder,
    identity: Identity,
    image: NDArray[np.uint8],
    *,
    n_figures: int | None = None,
) -> Verdict:
    """Decide whether a picture shows the character; see `judge`."""
    return score_images(encoder, identity, [image], n_figures=n_figures)[0]


def score_images(
    encoder: IdentityEncoder,
    identity: Identity,
    images: Sequence[NDArray[np.uint8]],
    *,
    n_figures: int | None = None,
) -> list[Verdict]:
    """Decide for each picture whether it shows the character.

    Where several people are in a picture, the one who matches best is judged.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder that made the identity.
    identity : Identity
        The character.
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB pictures.
    n_figures : int, optional
        How many people a picture should show, for encoders that cannot tell by themselves.

    Returns
    -------
    list of Verdict
        Unknown where no figure was found, or in no reference.

    Raises
    ------
    InputError
        If the identity was made by another encoder or version.
    """
    require_same_encoder(encoder, identity)
    return [
        best_verdict(encoder, identity, sightings) for sightings in encoder.sight(images, n_figures=n_figures)
    ]


def best_verdict(encoder: IdentityEncoder, identity: Identity, sightings: Sequence[Sighting]) -> Verdict:
    """Judge every figure of one picture and return the verdict on the one who matches best."""
    verdicts = judge(encoder, identity, sightings)
    if not verdicts:
        return unknown_verdict(encoder, "No figure was found in the picture.")
    return max(verdicts, key=lambda verdict: (_of(verdict.score), _of(verdict.similarity)))


def _of(value: float | None) -> float:
    return -2.0 if value is None else value


def judge(encoder: IdentityEncoder, identity: Identity, sightings: Sequence[Sighting]) -> list[Verdict]:
    """Decide for each figure whether it is the character.

    The similarity is the mean, over the views that both the figure and a reference show, of the mean
    cosine to the references; the threshold is the mean of those views' thresholds. The figure passes
    if the one reaches the other and no swatch of its palette contradicts the references.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder that made the identity and the sightings.
    identity : Identity
        The character.
    sightings : sequence of Sighting
        Figures of one picture.
    """
    if not identity.is_usable:
        reason = "No figure was found in any reference picture, so there is nothing to compare."
        return [unknown_verdict(encoder, reason) for _ in sightings]
    if not sightings:
        return []
    similarities = view_similarities(
        np.stack([sighting.embedding for sighting in sightings]),
        identity.embeddings,
        len(encoder.views),
        identity.weights,
    )
    return [
        _judge(encoder, identity, sighting, row)
        for sighting, row in zip(sightings, similarities, strict=True)
    ]


def require_same_encoder(encoder: IdentityEncoder, identity: Identity) -> None:
    """Refuse to compare what two encoders made.

    Raises
    ------
    InputError
        If the identity was made by another encoder or version.
    """
    if (encoder.name, encoder.version) != (identity.encoder, identity.encoder_version):
        raise InputError(
            f"The references were encoded by {identity.encoder} {identity.encoder_version}, "
            f"which cannot be compared with {encoder.name} {encoder.version}.",
            hint="Encode the references again.",
        )


def unknown_verdict(encoder: IdentityEncoder, reason: str) -> Verdict:
    """Return the verdict on what could not be measured."""
    return Verdict(Status.UNKNOWN, reason, encoder=encoder.name, encoder_version=encoder.version)


def _judge(
    encoder: IdentityEncoder, identity: Identity, sighting: Sighting, similarities: NDArray[np.float64]
) -> Verdict:
    seen = np.isfinite(similarities)
    if not seen.any():
        views = " and ".join(encoder.views)
        return unknown_verdict(encoder, f"The figure and the references have no view in common ({views}).")
    thresholds = np.array(identity.thresholds)
    similarity = float(mean_of_seen(similarities))
    threshold = float(thresholds[seen].mean())
    gap = None if sighting.palette is None else compare_palettes(sighting.palette, identity.palettes)
    score = consistency_score(similarity, threshold)
    if gap is not None and not identity.is_own_threshold:
        score = min(score, gap.score)
    return Verdict(
        status=Status.PASS if score >= 0.5 else Status.FAIL,
        reason=_reason(similarity, threshold, gap, is_vetoed=score < 0.5 and similarity >= threshold),
        score=score,
        similarity=similarity,
        threshold=threshold,
        encoder=encoder.name,
        encoder_version=encoder.version,
        calibration=identity.calibration,
        palette_delta_e=None if gap is None else gap.delta_e,
        box=sighting.box,
        views=_view_scores(encoder.views, similarities, thresholds),
    )


def _view_scores(
    views: tuple[str, ...], similarities: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> tuple[ViewScore, ...]:
    return tuple(
        ViewScore(view, float(similarity), float(threshold), consistency_score(similarity, threshold))
        for view, similarity, threshold in zip(views, similarities, thresholds, strict=True)
        if np.isfinite(similarity)
    )


def _reason(similarity: float, threshold: float, gap: PaletteGap | None, *, is_vetoed: bool) -> str:
    measured = f"similarity {similarity:.2f}, threshold {threshold:.2f}"
    colour = (
        f"{gap.name} is far from the references (ΔE {gap.delta_e:.0f})" if gap and gap.contradicts else ""
    )
    if is_vetoed and colour:
        return f"{colour[0].upper()}{colour[1:]}, although the rest matches ({measured})."
    if similarity >= threshold:
        return f"Matches the references ({measured}){f', though {colour}' if colour else ''}."
    return f"Does not match the references ({measured}){f', and {colour}' if colour else ''}."
