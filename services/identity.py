"""Scores of pictures against characters, with embeddings kept in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..consistency.verdict import Status, Verdict
from ..errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.encoders.base import IdentityEncoder
    from ..consistency.encoders.registry import EncoderRegistry
    from ..consistency.identity import Identity
    from .characters import CharacterStudio


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """The verdict on one picture file; `error` says why there is none."""

    image: Path
    verdict: Verdict
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row that automation relies on."""
        return {"image": str(self.image), **self.verdict.as_json()}


class IdentityService:
    """Scores pictures, and remembers what the references look like to each encoder."""

    def __init__(self, characters: CharacterStudio, encoders: EncoderRegistry, default: str) -> None:
        self._characters = characters
        self._encoders = encoders
        self._default = default
        self._identities: dict[tuple[object, ...], Identity] = {}

    def encoder_names(self) -> list[str]:
        """Return the names that `score` accepts, without loading any model."""
        return self._encoders.names()

    def score(
        self,
        character: Character,
        images: Sequence[NDArray[np.uint8]],
        *,
        encoder: str | None = None,
        threshold: float | None = None,
        n_figures: int | None = None,
    ) -> list[Verdict]:
        """Score pictures against a character's current references.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (height, width, 3)
            RGB pictures.
        encoder : str, optional
            Name of the identity encoder; the configured one when omitted.
        threshold : float, optional
            Raw similarity to reach, in [-1, 1]; the character's own, else the calibrated one.
        n_figures : int, optional
            How many people the pictures should show; estimated when omitted.

        Raises
        ------
        EmptyReferenceError
            If the character has no reference picture.
        UnknownEncoderError
            If no encoder has that name.
        """
        from ..consistency.scoring import score_images

        chosen = self._encoders.resolve(encoder or self._default)
        identity = self._identity(character, chosen, threshold)
        return score_images(chosen, identity, images, n_figures=n_figures)

    def score_files(
        self,
        character: Character,
        paths: Sequence[Path],
        *,
        encoder: str | None = None,
        threshold: float | None = None,
    ) -> list[ScoredFile]:
        """Score picture files; one that cannot be read is unknown and says why."""
        from ..consistency.images import read_image

        rows = []
        for path in paths:
            try:
                image = read_image(path)
            except InputError as error:
                rows.append(ScoredFile(path, Verdict(Status.UNKNOWN, str(error)), str(error)))
                continue
            [verdict] = self.score(character, [image], encoder=encoder, threshold=threshold)
            rows.append(ScoredFile(path, verdict))
        return rows

    def _identity(self, character: Character, encoder: IdentityEncoder, threshold: float | None) -> Identity:
        limit = character.consistency_threshold if threshold is None else threshold
        key = (character.version.id, encoder.name, encoder.version, limit)
        if key not in self._identities:
            self._identities[key] = self._build(character, encoder, limit)
        return self._identities[key]

    def _build(self, character: Character, encoder: IdentityEncoder, limit: float | None) -> Identity:
        from ..consistency.identity import build_identity

        images = self._characters.reference_images(character)
        keys = [reference.sha256 for reference in character.references]
        known = self._characters.embeddings(character.version.id, encoder.name, encoder.version)
        identity = build_identity(encoder, images, threshold=limit)
        fresh = dict(zip(keys, identity.embeddings, strict=True))
        if fresh.keys() != known.keys():
            self._characters.store_embeddings(character.version.id, encoder.name, encoder.version, fresh)
        return identity
