"""Verdicts: whether a picture shows a character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..palettes.palette import PaletteGap, compare_palettes
from ..verdict import Status, Verdict, ViewScore
from .calibration import (
    CALIBRATED,
    LEGACY,
    LEGACY_LIMIT,
    MAPPINGS,
    band_of,
    check_mapping,
    consistency_score,
    legacy_score,
)
from .rivals import Rivals, margins
from .similarity import over_views, similarities_to, split_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoders.base import IdentityEncoder, Sighting
    from .identity import Identity

# How much more a figure has to look like somebody else before it is taken away. Of look-alikes drawn
# with one feature changed 34 % pass alone, 9 % with a slack of 0.04, 2 % with this one and none without; of
# the characters themselves 91 %, 91 %, 91 % and 83 % (benchmarks/rivals.py 8 cel painted, 64 pictures each).
_CLEAR = 0.02
# One more than expected is looked at as a rule, so only three figures are worth a word.
_CROWD = 3
NO_NUMBERS = "The picture holds values that are not numbers (NaN), so nothing can be measured."


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides whether figures are a character.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder that made the identity, and will make the sightings.
    identity : Identity
        The character.
    rivals : Rivals, optional
        Other characters that a figure may turn out to be.
    mapping : str
        ``calibrated``: 0.5 is the threshold fitted to the character, and the rivals count. ``legacy``:
        the bands of the first design, on similarity alone; it passes at 0.5, so above 0.70, or at the
        threshold that a person set.

    Raises
    ------
    InputError
        If the identity was made by another encoder or version, or the mapping is not known.
    """

    encoder: IdentityEncoder
    identity: Identity
    rivals: Rivals | None = None
    mapping: str = CALIBRATED

    def __post_init__(self) -> None:
        check_mapping(self.mapping)
        require_same_encoder(self.encoder, self.identity)

    def of_each(self, sightings: Sequence[Sighting]) -> list[Verdict]:
        """Decide for each figure of a picture whether it is the character.

        The similarity is that of `over_views`, of the mean cosines to the references in the views that
        both the figure and a reference show; the threshold is the same of those views' thresholds. The
        figure passes if the one reaches the other, and it is not more like another character who would
        pass as well.
        """
        if not self.identity.is_usable:
            reason = "No figure was found in any reference picture, so there is nothing to compare."
            return [unknown_verdict(self.encoder, reason) for _ in sightings]
        if not sightings:
            return []
        embeddings = np.stack([sighting.embedding for sighting in sightings])
        figures = split_views(embeddings, len(self.encoder.views))
        similarities = similarities_to(figures, self.identity.means)
        verdicts = [self._alone(*pair) for pair in zip(sightings, similarities, strict=True)]
        if self.rivals is None:
            return verdicts
        theirs = self.rivals.similarities(figures)
        gaps, reached = margins(similarities, theirs, self.identity.emphasis), self.rivals.reached(theirs)
        return [self._among_rivals(*row) for row in zip(verdicts, sightings, gaps, reached, strict=True)]

    def of_best(self, sightings: Sequence[Sighting] | None) -> Verdict:
        """Judge every figure of one picture and return the verdict on the one who matches best.

        None stands for a picture that holds no numbers; nothing can be said of it.
        """
        if sightings is None:
            return unknown_verdict(self.encoder, NO_NUMBERS)
        verdicts = self.of_each(sightings)
        if not verdicts:
            return unknown_verdict(self.encoder, "No figure was found in the picture.")
        best = max(verdicts, key=rank)
        if len(verdicts) < _CROWD:
            return best
        return replace(best, reason=f"{best.reason[:-1]}; the best of {len(verdicts)} figures.")

    def _alone(self, sighting: Sighting, similarities: NDArray[np.float64]) -> Verdict:
        seen = np.isfinite(similarities)
        if not seen.any():
            views = " and ".join(self.encoder.views)
            return unknown_verdict(
                self.encoder, f"The figure and the references have no view in common ({views})."
            )
        thresholds = np.array(self.identity.thresholds)
        emphasis = self.identity.emphasis
        similarity = float(over_views(similarities, emphasis))
        limit = float(over_views(np.where(seen, thresholds, np.nan), emphasis))
        gap = None if sighting.palette is None else compare_palettes(sighting.palette, self.identity.palettes)
        threshold, score, is_pass = self._decide(similarity, limit)
        return Verdict(
            status=Status.PASS if is_pass else Status.FAIL,
            reason=_reason(similarity, threshold, gap, _weakest(self.encoder.views, similarities)),
            score=score,
            similarity=similarity,
            threshold=threshold,
            encoder=self.encoder.name,
            encoder_version=self.encoder.version,
            calibration=self.identity.calibration,
            palette_delta_e=None if gap is None else gap.delta_e,
            box=sighting.box,
            views=_view_scores(self.encoder.views, similarities, thresholds),
            mapping=MAPPINGS[self.mapping],
            band=band_of(score, similarity, self.mapping),
        )

    def _decide(self, similarity: float, threshold: float) -> tuple[float, float, bool]:
        """Return the threshold that counts, the score, and whether it passes."""
        if self.mapping == LEGACY:
            score = legacy_score(similarity)
            if self.identity.is_own_threshold:
                return threshold, score, score >= threshold
            return LEGACY_LIMIT, score, score >= 0.5
        score = consistency_score(similarity, threshold)
        return threshold, score, score >= 0.5

    def _among_rivals(
        self,
        verdict: Verdict,
        sighting: Sighting,
        gaps: NDArray[np.float64],
        reached: NDArray[np.bool_],
    ) -> Verdict:
        """Note the most similar other character, and fail a figure who rather is that one."""
        if self.rivals is None or verdict.score is None or not np.isfinite(gaps).any():
            return verdict
        nearest = int(np.nanargmin(gaps))
        verdict = replace(verdict, margin=float(gaps[nearest]), rival=self.rivals.labels[nearest])
        never_fails = self.identity.is_own_threshold or self.mapping == LEGACY
        takers = np.flatnonzero(reached & (gaps < 0))
        for index in takers[np.argsort(gaps[takers])]:
            if not self._contradicts(sighting, self.rivals.identities[index]):
                gap = float(gaps[index])
                fails = gap < -_CLEAR and not never_fails
                return _nearer_to(verdict, self.rivals.labels[index], gap, fails=fails)
        return verdict

    def _contradicts(self, sighting: Sighting, rival: Identity) -> bool:
        """Whether the figure's colours keep it from being the rival."""
        if sighting.palette is None or rival.is_own_threshold:
            return False
        gap = compare_palettes(sighting.palette, rival.palettes)
        return gap is not None and gap.contradicts


def score_image(
    encoder: IdentityEncoder,
    identity: Identity,
    image: NDArray[np.uint8],
    *,
    n_figures: int | None = None,
) -> Verdict:
    """Decide whether a picture shows the character; see `score_images`."""
    return score_images(Judge(encoder, identity), [image], n_figures=n_figures)[0]


def score_images(
    judge: Judge, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
) -> list[Verdict]:
    """Decide for each picture whether it shows the character.

    Where several people are in a picture, the one who matches best is judged.

    Parameters
    ----------
    judge : Judge
        Knows the character.
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB pictures.
    n_figures : int, optional
        How many people a picture should show, for encoders that cannot tell by themselves.

    Returns
    -------
    list of Verdict
        Unknown where no figure was found, or in no reference.
    """
    return [judge.of_best(sightings) for sightings in judge.encoder.sight(images, n_figures=n_figures)]


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


def rank(verdict: Verdict) -> tuple[float, float]:
    """Order verdicts by score, then by similarity; what was not measured comes last."""
    return (_of(verdict.score), _of(verdict.similarity))


def _of(value: float | None) -> float:
    return -2.0 if value is None else value


def _nearer_to(verdict: Verdict, rival: str, margin: float, *, fails: bool) -> Verdict:
    """Say that a figure is more like somebody else, and fail it where that decides."""
    note = f"It looks more like {rival} (by {-margin:.2f})."
    reason = f"{verdict.reason} {note}"
    if not fails or verdict.score is None or verdict.status is not Status.PASS:
        return replace(verdict, reason=reason, margin=margin, rival=rival)
    score = min(verdict.score, 0.5 * (1.0 + max(margin, -1.0)), float(np.nextafter(0.5, 0.0)))
    return replace(
        verdict,
        status=Status.FAIL,
        score=score,
        band=band_of(score, verdict.similarity or 0.0, CALIBRATED),
        reason=f"Rather shows {rival}: more similar by {-margin:.2f}, though it would pass by itself "
        f"(similarity {verdict.similarity:.2f}, threshold {verdict.threshold:.2f}).",
        margin=margin,
        rival=rival,
    )


def _view_scores(
    views: tuple[str, ...], similarities: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> tuple[ViewScore, ...]:
    return tuple(
        ViewScore(view, float(similarity), float(threshold), consistency_score(similarity, threshold))
        for view, similarity, threshold in zip(views, similarities, thresholds, strict=True)
        if np.isfinite(similarity)
    )


def _weakest(views: tuple[str, ...], similarities: NDArray[np.float64]) -> str:
    """Name the view that differs most, where an encoder has several; empty otherwise."""
    if np.isfinite(similarities).sum() < 2:
        return ""
    index = int(np.nanargmin(similarities))
    return f"{views[index]} differs most ({similarities[index]:.2f})"


def _reason(similarity: float, threshold: float, gap: PaletteGap | None, weakest: str) -> str:
    measured = f"similarity {similarity:.2f}, threshold {threshold:.2f}"
    colour = (
        f"{gap.name} is far from the references (ΔE {gap.delta_e:.0f})" if gap and gap.contradicts else ""
    )
    if similarity >= threshold:
        return f"Matches the references ({measured}){f', though {colour}' if colour else ''}."
    found = "; ".join(part for part in (weakest, colour) if part)
    return f"Does not match the references ({measured}){f': {found}' if found else ''}."
