"""The service that sends characters away and takes them in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...consistency.character import Character
from ...db.characters import clean_character_name
from ...db.names import folder_name
from ...db.travel import taken
from ...errors import NotFoundError, TowerError
from ..uploads import UploadFolder
from .archive import open_archive, write_archive
from .exporting import Calibrations, Packing, calibration_entry, describe
from .importing import Pictures, unseal, usable

if TYPE_CHECKING:
    from ...consistency.encoders.base import IdentityEncoder
    from ...db.travel import KeptCharacter, TravelRepository
    from ...settings import Settings
    from ..characters import CharacterStudio
    from ..identity import IdentityService

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
SUFFIX = ".tower"
# Without a version, which inside ComfyUI nobody knows: the same character gives the same bytes anywhere.
_CREATED_BY = "Tower"


def silent(stage: str, done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A character that was taken in, and what of the file could not be used as it was."""

    character: Character
    notes: tuple[str, ...]
    licences: dict[str, str]
    created_by: str


class Courier:
    """Sends characters away as files, and takes such files in.

    Parameters
    ----------
    settings : Settings
        Where pictures are stored and where files lie while they are looked at.
    """

    def __init__(
        self,
        travel: TravelRepository,
        characters: CharacterStudio,
        identity: IdentityService,
        settings: Settings,
    ) -> None:
        self._travel = travel
        self._characters = characters
        self._identity = identity
        self._settings = settings

    def export(self, character_id: int, target: Path, *, with_crops: bool = False) -> Path:
        """Write a character with all that belongs to it into one file; return its path.

        The same character gives the same bytes.

        Parameters
        ----------
        target : Path
            The file; one that is there is replaced when the new one is whole.
        with_crops : bool
            Whether the figures cut out of the references go along.

        Raises
        ------
        NotFoundError
            If there is no such character.
        ConflictError
            If a picture is gone, or was changed since it was stored.
        StorageError
            If `target` cannot be written.
        """
        kept = self._travel.pack(character_id)
        packing = Packing()
        manifest = describe(
            kept,
            packing,
            created_by=_CREATED_BY,
            calibrations=self._calibrations(kept),
            with_crops=with_crops,
        )
        write_archive(target, manifest, packing.members)
        return target

    def export_into(self, character_id: int, folder: Path, *, with_crops: bool = False) -> Path:
        """Write a character into a folder, under a name made from its own; otherwise as `export`."""
        character = self._characters.get(character_id)
        fallback = f"character-{character.id}"
        name = folder_name(character.label, fallback, lambda _: False)
        return self.export(character_id, folder / f"{name}{SUFFIX}", with_crops=with_crops)

    def take_in(
        self,
        path: Path,
        *,
        project_id: int | None = None,
        name: str | None = None,
        loras: Collection[str] | None = None,
        reuse: bool = False,
        progress: Progress = silent,
    ) -> Arrival:
        """Store the character of a file, whole or not at all.

        Parameters
        ----------
        path : Path
            The file.
        project_id : int, optional
            The project it is to belong to; shared by all without.
        name : str, optional
            What it is to be called; as in the file without.
        loras : collection of str, optional
            LoRAs that are installed here, to tell which are missing.
        reuse : bool
            Whether a stored character of that name with the same pictures is taken for this one.
        progress : callable
            Told the stage, and how much of it is done and in all.

        Raises
        ------
        InputError
            If anything in the file is not as it should be; nothing is stored then.
        ConflictError
            If the name is taken.
        NotFoundError
            If there is no such project.
        """
        folder = UploadFolder.make(self._settings.home)
        pictures = Pictures(folder.path, self._settings.references)
        try:
            progress("check", 0, 3)
            with open_archive(path) as archive:
                manifest, kept = unseal(archive, pictures)
            kept, left_out = usable(kept, self._encoders_of(kept))
            progress("check", 1, 3)
            wanted = name or kept.character.name
            known = self._stored(kept, wanted, project_id) if reuse else None
            character = known or self._store(kept, pictures, wanted, project_id)
        finally:
            folder.remove()
        progress("check", 2, 3)
        notes = [*self._encode_again(character, left_out), *_lora_notes(character, loras)]
        progress("check", 3, 3)
        return Arrival(character, tuple(notes), dict(manifest.licences), manifest.created_by)

    def _stored(self, kept: KeptCharacter, name: str, project_id: int | None) -> Character | None:
        """Return the stored character of that name, if it has the pictures of this one."""
        try:
            known = self._characters.find(name, project_id)
        except NotFoundError:
            return None
        pictures = [reference.key for reference in kept.character.references]
        return known if [reference.key for reference in known.references] == pictures else None

    def _store(self, kept: KeptCharacter, pictures: Pictures, name: str, project_id: int | None) -> Character:
        name = clean_character_name(name)
        if self._travel.is_taken(name, project_id):
            raise taken(name)
        pictures.keep()
        try:
            character = self._travel.unpack(kept, name=name, project_id=project_id)
        except TowerError:
            self._characters.discard(pictures.fresh)
            raise
        # Another call that failed with the same pictures may have taken them out meanwhile.
        pictures.keep()
        return character

    def _encoders_of(self, kept: KeptCharacter) -> dict[str, str]:
        """Return the version of each encoder that the character was seen by and that is here."""
        wanted = {seen.encoder for one in kept.versions for seen in one.embeddings}
        found = {name: self._encoder(name) for name in sorted(wanted)}
        return {name: encoder.version for name, encoder in found.items() if encoder is not None}

    def _encoder(self, name: str) -> IdentityEncoder | None:
        if name not in self._identity.encoder_names():
            return None
        try:
            return self._identity.encoder(name)
        except TowerError as error:
            logger.info("The encoder %s is not here: %s", name, error)
            return None

    def _encode_again(self, character: Character, left_out: list[tuple[str, str]]) -> list[str]:
        notes = [
            f"The embeddings of {encoder} {version} cannot be used: that encoder is not here in that version."
            for encoder, version in left_out
        ]
        if not character.references:
            return [*notes, "It has no reference picture, so nothing can be scored against it yet."]
        try:
            encoder = self._identity.encoder()
            keys = {reference.key for reference in character.references}
            known = self._characters.sightings(character.id, encoder.name, encoder.version, keys)
            self._identity.gallery.sightings(character, encoder)
        except TowerError as error:
            return [*notes, f"Its pictures could not be encoded now: {error}"]
        n_new = len(keys - known.keys())
        if n_new:
            notes.append(f"{n_new} of its pictures were encoded again with {encoder.name} {encoder.version}.")
        return notes

    def _calibrations(self, kept: KeptCharacter) -> Calibrations:
        calibrations: Calibrations = {}
        for name in sorted(self._encoders_of(kept)):
            encoder = self._encoder(name)
            if encoder is None:
                continue
            for one in kept.versions:
                seen = [
                    e for e in one.embeddings if (e.encoder, e.encoder_version) == (name, encoder.version)
                ]
                if not seen or any(r.key not in seen[0].sightings for r in one.version.references):
                    continue
                character = replace(kept.character, version=one.version)
                identity = self._identity.gallery.identity(character, encoder, None)
                calibrations.setdefault(one.version.number, []).append(calibration_entry(identity))
        return calibrations


def _lora_notes(character: Character, installed: Collection[str] | None) -> list[str]:
    wanted = [lora.name for lora in character.loras]
    if installed is not None:
        known = {name.replace("\\", "/") for name in installed}
        wanted = [name for name in wanted if name.replace("\\", "/") not in known]
    if not wanted:
        return []
    names = ", ".join(wanted)
    return [f"It uses LoRAs that do not travel with it; put them into ComfyUI's loras folder: {names}."]
