"""A character as an encoder sees it, and the verdict on pictures that should show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EmptyReferenceError, InputError
from .calibration import calibrate, consistency_score
from .figures import figure_views
from .palette import Palette, PaletteGap, compare_palettes, read_palette
from .verdict import Status, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .encoders.base import IdentityEncoder
    from .figures import FigureView


@dataclass(frozen=True, slots=True)
class Identity:
    """A character as one encoder sees it.

    Parameters
    ----------
    encoder, encoder_version : str
        The encoder that made the embeddings.
    embeddings : ndarray of float32, shape (n_references, dimension)
        One row a reference, of length 1; zeros where no figure was found in it.
    threshold : float
        Raw similarity at which a picture passes, in [-1, 1].
    palettes : tuple of Palette
        Colours of the figure in each reference that has one.
    is_own_threshold : bool
        Whether a person set the threshold; then similarity alone decides.
    """

    encoder: str
    encoder_version: str
    embeddings: NDArray[np.float32]
    threshold: float
    palettes: tuple[Palette, ...] = ()
    is_own_threshold: bool = False

    @property
    def usable(self) -> NDArray[np.float32]:
        """Embeddings of the references in which a figure was found."""
        return self.embeddings[np.linalg.norm(self.embeddings, axis=1) > 0.5]


def build_identity(
    encoder: IdentityEncoder, images: Sequence[NDArray[np.uint8]], *, threshold: float | None = None
) -> Identity:
    """Encode a character's references and calibrate the threshold on them.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder that will measure.
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB reference pictures.
    threshold : float, optional
        Raw similarity that a picture must reach, in [-1, 1]; calibrated when omitted.

    Raises
    ------
    EmptyReferenceError
        If there is no picture.
    InputError
        If `threshold` is not in [-1, 1].
    """
    _require_references(len(images))
    embeddings = encoder.encode(images).embeddings
    palettes = [palette for image in images if (palette := read_palette(image)) is not None]
    return identity_from_embeddings(encoder, embeddings, palettes, threshold=threshold)


def identity_from_embeddings(
    encoder: IdentityEncoder,
    embeddings: NDArray[np.float32],
    palettes: Sequence[Palette | dict[str, Any]] = (),
    *,
    threshold: float | None = None,
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

    Raises
    ------
    EmptyReferenceError
        If there is no embedding.
    InputError
        If `threshold` is not in [-1, 1], or the embeddings are not of this encoder's dimension.
    """
    embeddings = np.asarray(embeddings, dtype=np.float32)
    _require_references(len(embeddings))
    if embeddings.ndim != 2 or embeddings.shape[1] != encoder.dimension:
        raise InputError(
            f"Stored embeddings have the shape {embeddings.shape}, but {encoder.name} {encoder.version} "
            f"makes {encoder.dimension} numbers a picture.",
            hint="Encode the references again.",
        )
    if threshold is not None and not -1.0 <= threshold <= 1.0:
        raise InputError(
            f"The threshold {threshold} is not a cosine similarity.",
            field="threshold",
            hint="Give a number from -1 to 1.",
        )
    known = tuple(p if isinstance(p, Palette) else Palette.from_json(p) for p in palettes)
    usable = embeddings[np.linalg.norm(embeddings, axis=1) > 0.5]
    limit = calibrate(usable, encoder.published_threshold) if threshold is None else threshold
    return Identity(encoder.name, encoder.version, embeddings, limit, known, threshold is not None)


def score_image(
    encoder: IdentityEncoder,
    identity: Identity,
    image: NDArray[np.uint8],
    *,
    n_figures: int | None = None,
) -> Verdict:
    """Decide whether a picture shows the character.

    The similarity is the mean cosine to the references, and the palette distance the largest
    CIEDE2000 difference among the swatches that both have. A picture passes if its similarity
    reaches the threshold and no swatch contradicts the references. Where several people are in
    the picture, the one who matches best is judged.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder that made the identity.
    identity : Identity
        The character.
    image : ndarray of uint8, shape (height, width, 3)
        RGB picture.
    n_figures : int, optional
        How many people the picture should show; estimated when omitted.

    Returns
    -------
    Verdict
        Unknown where no figure was found, or in no reference.

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
    if not len(identity.usable):
        return _unknown(
            encoder, "No figure was found in any reference picture, so there is nothing to compare."
        )
    views = figure_views(image, n_figures=n_figures)
    if not views:
        return _unknown(encoder, "No figure was found in the picture.")
    verdicts = _judge_views(encoder, identity, views)
    if not verdicts:
        return _unknown(encoder, "No figure was found in the picture.")
    return max(verdicts, key=lambda verdict: (verdict.score or 0.0, verdict.similarity or 0.0))


def score_images(
    encoder: IdentityEncoder,
    identity: Identity,
    images: Sequence[NDArray[np.uint8]],
    *,
    n_figures: int | None = None,
) -> list[Verdict]:
    """Decide for each picture whether it shows the character; see `score_image`."""
    return [score_image(encoder, identity, image, n_figures=n_figures) for image in images]


def mean_similarity(embeddings: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the cosine similarity over the references.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, dimension)
        Need not be normalised.
    references : ndarray of float32, shape (n_references, dimension)
        Need not be normalised.

    Returns
    -------
    ndarray of float32, shape (n,)
        In [-1, 1].

    Raises
    ------
    EmptyReferenceError
        If there is no reference.
    """
    _require_references(len(references))
    cosines = _unit(embeddings) @ _unit(references).T
    return np.clip(cosines.mean(axis=1), -1.0, 1.0)


def _judge_views(encoder: IdentityEncoder, identity: Identity, views: Sequence[FigureView]) -> list[Verdict]:
    encodings = encoder.encode([view.image for view in views])
    similarities = mean_similarity(encodings.embeddings, identity.usable)
    return [
        _judge(encoder, identity, view, float(similarity))
        for view, similarity, found in zip(views, similarities, encodings.found, strict=True)
        if found
    ]


def _judge(encoder: IdentityEncoder, identity: Identity, view: FigureView, similarity: float) -> Verdict:
    palette = read_palette(view.image)
    gap = compare_palettes(palette, identity.palettes) if palette is not None else None
    score = consistency_score(similarity, identity.threshold)
    if gap is not None and not identity.is_own_threshold:
        score = min(score, gap.score)
    return Verdict(
        status=Status.PASS if score >= 0.5 else Status.FAIL,
        reason=_reason(similarity, identity, gap),
        score=score,
        similarity=similarity,
        threshold=identity.threshold,
        encoder=encoder.name,
        encoder_version=encoder.version,
        palette_delta_e=None if gap is None else gap.delta_e,
        box=view.box,
    )


def _reason(similarity: float, identity: Identity, gap: PaletteGap | None) -> str:
    reached = similarity >= identity.threshold
    measured = f"similarity {similarity:.2f}, threshold {identity.threshold:.2f}"
    colour = (
        f"{gap.name} is far from the references (ΔE {gap.delta_e:.0f})" if gap and gap.contradicts else ""
    )
    if reached and colour and not identity.is_own_threshold:
        return f"{colour[0].upper()}{colour[1:]}, although the rest matches ({measured})."
    if reached:
        return f"Matches the references ({measured}){f', though {colour}' if colour else ''}."
    return f"Does not match the references ({measured}){f', and {colour}' if colour else ''}."


def _unknown(encoder: IdentityEncoder, reason: str) -> Verdict:
    return Verdict(Status.UNKNOWN, reason, encoder=encoder.name, encoder_version=encoder.version)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    wide = np.asarray(rows, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def _require_references(count: int) -> None:
    if not count:
        raise EmptyReferenceError(
            "The character has no reference picture.", hint="Add three to five pictures, 512 pixels or more."
        )
