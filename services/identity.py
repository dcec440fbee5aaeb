"""Scores of pictures against characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..consistency.verdict import Status, Verdict
from ..errors import InputError
from .files import sha256_of
from .gallery import Gallery
from .sequence import Progress, sight_all

if TYPE_CHECKING:
    from ..consistency.encoders.base import IdentityEncoder, Sighting
    from ..consistency.encoders.registry import EncoderRegistry
    from ..consistency.scores.scoring import Judge
    from ..consistency.scores.sequence import SequenceScore
    from .characters import CharacterStudio
    from .sequence import Picture

CALIBRATED = "calibrated"
# What is decoded and scored at a time: more is not faster, and a 4K frame takes 25 MB.
BATCH_SIZE = 8


def _say_nothing(_n_done: int) -> None:
    """Report to nobody."""


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
        self.gallery = Gallery(characters)
        self._encoders = encoders
        self._default = default

    def encoder_names(self) -> list[str]:
        """Return the names that `score` accepts, without loading any model."""
        return self._encoders.names()

    def encoder(self, name: str | None = None) -> IdentityEncoder:
        """Return the encoder of that name, loaded; the configured one without a name.

        Raises
        ------
        UnknownEncoderError
            If no encoder has that name.
        MissingModelError
            If its model has to be fetched first.
        """
        return self._encoders.resolve(name or self._default)

    def score(
        self,
        character: Character,
        images: Sequence[Picture],
        *,
        encoder: str | None = None,
        threshold: float | None = None,
        n_figures: int | None = None,
        mapping: str = CALIBRATED,
    ) -> list[Verdict]:
        """Score pictures against a character's current references.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (height, width, 3), or None
            RGB pictures; None for one that holds NaN, which is unknown.
        encoder : str, optional
            Name of the identity encoder; the configured one when omitted.
        threshold : float, optional
            Raw similarity to reach, in [-1, 1]; the character's own, else the calibrated one.
        n_figures : int, optional
            How many people the pictures should show; estimated when omitted.
        mapping : str
            ``calibrated`` or ``legacy``; see `Judge`.

        Raises
        ------
        EmptyReferenceError
            If the character has no reference picture.
        UnknownEncoderError
            If no encoder has that name.
        """
        judge = self._judge(character, self.encoder(encoder), threshold, mapping)
        return [judge.of_best(seen) for seen in sight_all(judge.encoder, images, n_figures)]

    def score_cast(
        self,
        characters: Sequence[Character],
        images: Sequence[Picture],
        *,
        encoder: str | None = None,
        threshold: float | None = None,
        mapping: str = CALIBRATED,
        n_figures: int | None = None,
    ) -> list[dict[str, Verdict]]:
        """Score pictures that show several characters, each on a figure of its own.

        The parameters are those of `score`; `n_figures` is the number of characters when omitted.

        Returns
        -------
        list of dict of str to Verdict
            One a picture, by `Character.label`, in the order of `characters`.

        Raises
        ------
        EmptyReferenceError
            If a character has no reference picture.
        InputError
            If there is no character, or one twice.
        """
        options = {"encoder": encoder, "threshold": threshold, "mapping": mapping, "n_figures": n_figures}
        return list(self.score_stream(characters, images, batch_size=max(len(images), 1), **options))

    def score_stream(
        self,
        characters: Sequence[Character],
        images: Iterable[Picture],
        *,
        batch_size: int = BATCH_SIZE,
        encoder: str | None = None,
        threshold: float | None = None,
        mapping: str = CALIBRATED,
        n_figures: int | None = None,
    ) -> Iterator[dict[str, Verdict]]:
        """Score pictures as they come, holding one batch of them; otherwise as `score_cast`.

        Each picture is looked at once, however many characters there are.
        """
        from ..consistency.scores.cast import judge_cast

        chosen = self.encoder(encoder)
        cast = self._cast(characters, chosen, threshold, mapping)
        expected = n_figures or len(cast)
        source = iter(images)
        while batch := list(islice(source, max(batch_size, 1))):
            for sightings in sight_all(chosen, batch, expected):
                yield judge_cast(chosen, cast, sightings)

    def score_sequence(
        self,
        character: Character,
        images: Iterable[Picture],
        *,
        batch_size: int = BATCH_SIZE,
        encoder: str | None = None,
        threshold: float | None = None,
        mapping: str = CALIBRATED,
        progress: Progress = _say_nothing,
    ) -> SequenceScore:
        """Score the frames of one sequence: mean, worst, coverage, drift, and copies of references.

        One batch of frames is held at a time.

        Parameters
        ----------
        images : iterable of ndarray of uint8, shape (height, width, 3)
            RGB frames in their order, None for one that holds NaN; a generator will do.
        progress : callable
            Told after each batch how many frames are done.
        """
        from .sequence import score_frames, watch_for_copies

        judge = self._judge(character, self.encoder(encoder), threshold, mapping)
        watch = watch_for_copies(self.gallery, character, judge.encoder, judge.identity)
        return score_frames(judge, watch, images, batch_size, progress)

    def score_files(
        self,
        character: Character,
        paths: Sequence[Path],
        *,
        encoder: str | None = None,
        threshold: float | None = None,
        mapping: str = CALIBRATED,
    ) -> list[ScoredFile]:
        """Score picture files; one that cannot be read is unknown and says why.

        The references themselves are not encoded again.
        """
        judge = self._judge(character, self.encoder(encoder), threshold, mapping)
        known = self.gallery.known_pictures(character, judge.encoder)
        return [_score_file(judge, known, path) for path in paths]

    def _cast(
        self, characters: Sequence[Character], encoder: IdentityEncoder, threshold: float | None, mapping: str
    ) -> dict[str, Judge]:
        labels = [character.label for character in characters]
        if not labels or len(set(labels)) < len(labels):
            raise InputError(
                f"The cast {', '.join(labels) or 'nobody'} cannot be scored.",
                field="characters",
                hint="Name at least one character, and each only once.",
            )
        # All identities first, so that each knows the others as rivals.
        for character in characters:
            self.gallery.identity(character, encoder, threshold)
        return {
            character.label: self._judge(character, encoder, threshold, mapping) for character in characters
        }

    def _judge(
        self, character: Character, encoder: IdentityEncoder, threshold: float | None, mapping: str
    ) -> Judge:
        from ..consistency.scores.scoring import Judge

        identity = self.gallery.identity(character, encoder, threshold)
        return Judge(encoder, identity, self.gallery.rivals(character, encoder), mapping)


def _score_file(judge: Judge, known: Mapping[str, list[Sighting]], path: Path) -> ScoredFile:
    from ..consistency.images import read_image

    try:
        image = read_image(path)
    except InputError as error:
        return ScoredFile(path, Verdict(Status.UNKNOWN, str(error)), str(error))
    sightings = known.get(sha256_of(path))
    if sightings is None:
        [sightings] = judge.encoder.sight([image])
    return ScoredFile(path, judge.of_best(sightings))
