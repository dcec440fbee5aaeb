"""Characters as encoders see them, from what is stored; a picture is encoded once and never again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..consistency.character import Character, Reference
from ..db.embeddings import StoredSighting
from ..errors import NotFoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.encoders.base import IdentityEncoder, Sighting
    from ..consistency.scores.identity import Identity
    from ..consistency.scores.rivals import Rivals
    from .characters import CharacterStudio

logger = logging.getLogger(__name__)

# A margin to more characters than this costs more than it says.
MAX_RIVALS = 24
_MAX_KEPT = 128
# Pictures that are in memory together.
_AT_ONCE = 8


class Gallery:
    """Makes identities out of stored embeddings, and encodes only what no version had before.

    Stored under character version, encoder, its version, and each picture's digest with the figure
    chosen in it; when any of them changes the picture is encoded again.

    Parameters
    ----------
    characters : CharacterStudio
        Where pictures and embeddings are kept.
    """

    def __init__(self, characters: CharacterStudio) -> None:
        self._characters = characters
        self._kept: dict[Hashable, Identity] = {}
        self._lock = threading.Lock()

    def identity(self, character: Character, encoder: IdentityEncoder, threshold: float | None) -> Identity:
        """Return the character as the encoder sees it; its threshold is `threshold`, its own, or calibrated.

        Raises
        ------
        EmptyReferenceError
            If the character has no reference picture.
        """
        limit = character.consistency_threshold if threshold is None else threshold
        key = _key(character, encoder, limit)
        identity = self._kept.get(key)
        if identity is None:
            identity = _identity(character, encoder, self.sightings(character, encoder), limit)
            self._keep(key, identity)
        return identity

    def sightings(self, character: Character, encoder: IdentityEncoder) -> dict[str, StoredSighting]:
        """Return what the encoder sees in each reference, by `Reference.key`; the new ones are encoded."""
        known = self._known(character, encoder)
        missing = [reference for reference in character.references if reference.key not in known]
        if not character.references:
            self._characters.reference_images(character)  # says that there are none, and the remedy
        if missing:
            for start in range(0, len(missing), _AT_ONCE):
                batch = missing[start : start + _AT_ONCE]
                seen = encoder.sight([self._picture(reference) for reference in batch])
                for reference, figures in zip(batch, seen, strict=True):
                    known[reference.key] = _stored(encoder, reference, figures)
            self._store(character, encoder, known)
        return {reference.key: known[reference.key] for reference in character.references}

    def known_pictures(self, character: Character, encoder: IdentityEncoder) -> dict[str, list[Sighting]]:
        """Return what the encoder saw in the references, by the digest of the file.

        Only of those that are compared whole and show one figure: what is seen in them is what would be
        seen in the same file again.
        """
        from ..consistency.encoders.base import Sighting
        from ..consistency.palettes.palette import Palette

        found: dict[str, list[Sighting]] = {}
        stored = self.sightings(character, encoder)
        for reference in character.references:
            seen = stored[reference.key]
            if reference.box is None and reference.report.get("figures", 1) <= 1:
                palette = Palette.from_json(seen.palette) if seen.palette else None
                figure = Sighting(seen.embedding, seen.box or (0, 0, 0, 0), palette)
                found[reference.sha256] = [figure] if seen.embedding.any() else []
        return found

    def rivals(
        self, character: Character, encoder: IdentityEncoder, *, besides: Iterable[int] = ()
    ) -> Rivals | None:
        """Return the other characters of its project, and the shared ones, that the encoder knows already.

        Nothing is encoded for it. Who shares a reference picture with the character is taken for the
        same person.

        Parameters
        ----------
        besides : iterable of int
            Ids of further characters who are no rivals.
        """
        from ..consistency.scores.rivals import rivals_of

        left_out = set(besides)
        others: dict[str, Identity] = {}
        for other in self.others(character):
            identity = None if other.id in left_out else self._stored_identity(other, encoder)
            if identity is not None:
                others[other.label] = identity
        return rivals_of(others)

    def others(self, character: Character) -> list[Character]:
        """Return the characters of its project, and the shared ones, who are somebody else."""
        own = {reference.sha256 for reference in character.references}
        found = []
        for other in self._characters.companions(character, limit=MAX_RIVALS):
            pictures = {reference.sha256 for reference in other.references}
            if pictures and not pictures & own:
                found.append(other)
        return found

    def _stored_identity(self, character: Character, encoder: IdentityEncoder) -> Identity | None:
        key = _key(character, encoder, character.consistency_threshold)
        identity = self._kept.get(key)
        if identity is None:
            known = self._known(character, encoder)
            if any(reference.key not in known for reference in character.references):
                return None
            identity = _identity(character, encoder, known, character.consistency_threshold)
            self._keep(key, identity)
        return identity

    def _known(self, character: Character, encoder: IdentityEncoder) -> dict[str, StoredSighting]:
        keys = {reference.key for reference in character.references}
        stored = self._characters.sightings(character.id, encoder.name, encoder.version, keys)
        sound = {key: seen for key, seen in stored.items() if seen.embedding.size == encoder.dimension}
        if len(sound) < len(stored):
            logger.warning(
                "%d embeddings of %s have not the %d numbers of %s %s; they are computed again.",
                len(stored) - len(sound),
                character.label,
                encoder.dimension,
                encoder.name,
                encoder.version,
            )
        return sound

    def _store(
        self, character: Character, encoder: IdentityEncoder, sightings: Mapping[str, StoredSighting]
    ) -> None:
        try:
            self._characters.store_sightings(character.version.id, encoder.name, encoder.version, sightings)
        except NotFoundError:
            # Deleted while this run works with it: the run goes on with what it holds in memory.
            logger.warning("%s was deleted meanwhile; its embeddings are not kept.", character.label)

    def _picture(self, reference: Reference) -> NDArray[np.uint8]:
        from ..consistency.images import read_image
        from ..consistency.references.checking import chosen_part

        return chosen_part(read_image(reference.path), reference.box, reference.path.name)

    def _keep(self, key: Hashable, identity: Identity) -> None:
        # Routes score in several threads.
        with self._lock:
            while len(self._kept) >= _MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = identity


def _stored(encoder: IdentityEncoder, reference: Reference, figures: Sequence[Sighting]) -> StoredSighting:
    import numpy as np

    if not figures:
        return StoredSighting(np.zeros(encoder.dimension, np.float32))
    left, top = reference.box[:2] if reference.box else (0, 0)
    x0, y0, x1, y1 = figures[0].box
    palette = figures[0].palette
    return StoredSighting(
        figures[0].embedding,
        (x0 + left, y0 + top, x1 + left, y1 + top),
        {} if palette is None else palette.as_json(),
    )


def _identity(
    character: Character,
    encoder: IdentityEncoder,
    sightings: Mapping[str, StoredSighting],
    threshold: float | None,
) -> Identity:
    import numpy as np

    from ..consistency.scores.identity import identity_from_embeddings

    seen = [sightings[reference.key] for reference in character.references]
    return identity_from_embeddings(
        encoder,
        np.stack([sighting.embedding for sighting in seen]),
        [sighting.palette for sighting in seen if sighting.palette],
        threshold=threshold,
        weights=[reference.weight for reference in character.references],
    )


def _key(character: Character, encoder: IdentityEncoder, threshold: float | None) -> Hashable:
    pictures = tuple((reference.key, reference.weight) for reference in character.references)
    return (character.version.id, pictures, encoder.name, encoder.version, threshold)
