"""Characters, their versions and references, and what encoders saw in those."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ..consistency.character import VERSION_MARK, Character, CharacterLora, Reference, split_version
from ..errors import ConflictError, InputError, NotFoundError
from ..production.character_bible import checked_bible, merged_bible
from .character_rows import add_version, characters_of, with_current_version
from .embeddings import StoredSighting, find_sightings, read_vectors, write_sightings
from .names import clean_name
from .statements import MAX_ID, check_fields, page_size, require, unknown, within
from .tables import CharacterRow, CharacterVersionRow, ProjectRow
from .versions import VersionRepository, clean_state

_FIELDS = (
    "name",
    "description",
    "prompt",
    "negative_prompt",
    "loras",
    "consistency_threshold",
    "color_palette",
    "style_template",
    "bible",
)
_SEPARATOR = " / "


class CharacterRepository(VersionRepository):
    """Stores characters."""

    def create(
        self,
        name: str,
        *,
        project_id: int | None = None,
        description: str = "",
        prompt: str = "",
        negative_prompt: str = "",
        loras: Sequence[CharacterLora] = (),
        consistency_threshold: float | None = None,
        bible: Mapping[str, Any] | None = None,
        references: Sequence[Reference] = (),
    ) -> Character:
        """Store a new character with its first version; the parameters are those of `Character`.

        Raises
        ------
        InputError
            If the name or the threshold is not possible.
        NotFoundError
            If there is no such project.
        ConflictError
            If the name is taken in the project, or among the shared characters.
        """
        row = CharacterRow(
            name=clean_character_name(name),
            project_id=project_id,
            description=description,
            prompt=prompt,
            negative_prompt=negative_prompt,
            loras=lora_dicts(loras),
            consistency_threshold=_threshold(consistency_threshold),
            bible=checked_bible(bible or {}),
        )
        with self._database.session() as session:
            if project_id is not None:
                require(session, ProjectRow, project_id, "project")
            _refuse_taken(session, row.name, project_id)
            session.add(row)
            session.flush()
            add_version(session, row, 1, references)
            return _one(session, row.id)

    def find(self, name: str, project_id: int | None = None) -> Character:
        """Return a character by its name in a project, or among the shared ones.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        name = clean_name(name)
        with self._database.session(read_only=True) as session:
            found = characters_of(session, with_current_version().where(named_in(name, project_id)))
            if not found:
                known = select(CharacterRow.name).where(_is_in(project_id)).order_by(CharacterRow.name)
                raise unknown("character", name, session.scalars(known.limit(21)).all())
            return found[0]

    def require_free(self, name: str, project_id: int | None = None) -> None:
        """Refuse a name that a character has already, in the project or among the shared ones.

        Raises
        ------
        InputError, ConflictError
            If the name is not possible, or taken.
        """
        cleaned = clean_character_name(name)
        with self._database.session(read_only=True) as session:
            _refuse_taken(session, cleaned, project_id)

    def labels(self) -> builtins.list[str]:
        """Return the label of every character, sorted."""
        with self._database.session(read_only=True) as session:
            return _labels(session)

    def by_label(self, label: str) -> Character:
        """Return the character with that `Character.label`; ``label @ 2`` in that version of it.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        label, version = split_version(label)
        # A character's name never contains the separator, a project's may.
        project, separator, name = label.rpartition(_SEPARATOR)
        owner = ProjectRow.name == project if separator else CharacterRow.project_id.is_(None)
        with self._database.session(read_only=True) as session:
            found = characters_of(session, with_current_version().where(CharacterRow.name == name, owner))
            if not found:
                raise unknown("character", label, _labels(session))
            return found[0] if version is None else self.in_version(found[0], version)

    def update(self, character_id: int, **fields: Any) -> Character:
        """Change fields of a character; its versions never change.

        Raises
        ------
        NotFoundError, InputError, ConflictError
            If there is no such character, a field or value is not possible, or the name is taken.
        """
        check_fields(fields, _FIELDS)
        with self._database.session() as session:
            row = require(session, CharacterRow, character_id, "character", locked=True)
            if "name" in fields:
                fields["name"] = clean_character_name(fields["name"])
                _refuse_taken(session, fields["name"], row.project_id, besides=character_id)
            if "loras" in fields:
                fields["loras"] = lora_dicts(fields["loras"])
            if "consistency_threshold" in fields:
                fields["consistency_threshold"] = _threshold(fields["consistency_threshold"])
            if "bible" in fields:
                fields["bible"] = checked_bible(fields["bible"])
            for field, value in fields.items():
                setattr(row, field, value)
            session.flush()
            return _one(session, character_id)

    def change_bible(self, character_id: int, changes: Mapping[str, Any]) -> Character:
        """Change fields of a character's bible; None takes a field out, what is left out stays.

        Raises
        ------
        NotFoundError, InputError
            If there is no such character, or the outcome has not the form of a bible.
        """
        with self._database.session() as session:
            row = require(session, CharacterRow, character_id, "character", locked=True)
            row.bible = merged_bible(row.bible, changes)
            session.flush()
            return _one(session, character_id)

    def delete(self, character_id: int) -> None:
        """Delete a character with its versions and embeddings; pictures stay on disk.

        Jobs that used it stay as they are, with their files and verdicts; that they used it is forgotten.
        """
        with self._database.session() as session:
            session.delete(require(session, CharacterRow, character_id, "character", locked=True))

    def set_references(
        self,
        character_id: int,
        references: Sequence[Reference],
        *,
        age_state: str = "",
        emotional_state: str = "",
        prompt: str = "",
    ) -> Character:
        """Add a version with these references, which becomes the current one.

        Parameters
        ----------
        age_state, emotional_state : str
            Such as ``teen`` and ``angry``; at most 50 characters each.
        prompt : str
            Prompt fragment of this version.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        with self._database.session() as session:
            row = require(session, CharacterRow, character_id, "character", locked=True)
            newest = session.scalars(
                select(CharacterVersionRow.version_number)
                .where(CharacterVersionRow.character_id == character_id)
                .order_by(CharacterVersionRow.version_number.desc())
            ).first()
            state: dict[str, Any] = {
                "age_state": clean_state(age_state, "age_state"),
                "emotional_state": clean_state(emotional_state, "emotional_state"),
                "prompt": prompt,
            }
            add_version(session, row, (newest or 0) + 1, references, **state)
            return _one(session, character_id)

    def renew_references(self, character_id: int, references: Sequence[Reference]) -> Character:
        """Add a version with these pictures, in the state of the current one; nothing if it has them already.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        with self._database.session() as session:
            require(session, CharacterRow, character_id, "character", locked=True)
            character = self.get(character_id)
            if [r.key for r in references] == [r.key for r in character.references]:
                return character
            state = character.version
            return self.set_references(
                character_id,
                references,
                age_state=state.age_state,
                emotional_state=state.emotional_state,
                prompt=state.prompt,
            )

    def append_references(self, character_id: int, references: Sequence[Reference]) -> Character:
        """Add a version that has the current pictures and those of `references` that are new to it.

        Two callers at once both get their pictures in: the character is locked between reading and writing.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        with self._database.session() as session:
            require(session, CharacterRow, character_id, "character", locked=True)
            character = self.get(character_id)
            pictures = {reference.sha256: reference for reference in character.references}
            for reference in references:
                pictures.setdefault(reference.sha256, reference)
            if len(pictures) == len(character.references):
                return character
            state = character.version
            return self.set_references(
                character_id,
                list(pictures.values()),
                age_state=state.age_state,
                emotional_state=state.emotional_state,
                prompt=state.prompt,
            )

    def replace_reference(self, character_id: int, reference_id: int, reference: Reference) -> Character:
        """Add a version in which a reference of the current one stands in place of another.

        Raises
        ------
        NotFoundError
            If there is no such character, or its current version has no such reference.
        """
        with self._database.session() as session:
            require(session, CharacterRow, character_id, "character", locked=True)
            character = self.get(character_id)
            if all(known.id != reference_id for known in character.references):
                raise NotFoundError(
                    f"There is no reference {reference_id} in the current version of {character.name!r}.",
                    field="reference_id",
                )
            state = character.version
            return self.set_references(
                character_id,
                [reference if known.id == reference_id else known for known in character.references],
                age_state=state.age_state,
                emotional_state=state.emotional_state,
                prompt=state.prompt,
            )

    def embeddings(
        self, version_id: int, encoder: str, encoder_version: str
    ) -> dict[str, NDArray[np.float32]]:
        """Return what an encoder saw in the references of a version.

        Returns
        -------
        dict of str to ndarray of float32, shape (dimension,)
            By the digest of the picture; damaged vectors are left out, to be computed again.
        """
        with self._database.session(read_only=True) as session:
            return read_vectors(session, version_id, encoder, encoder_version)

    def store_embeddings(
        self, version_id: int, encoder: str, encoder_version: str, vectors: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Keep what an encoder saw, in place of what it saw in the same pictures before.

        Parameters
        ----------
        vectors : mapping of str to ndarray of float32, shape (dimension,)
            By the digest of the picture; finite values.

        Raises
        ------
        InputError
            If a vector is empty, not flat, or not finite.
        NotFoundError
            If there is no such version.
        """
        sightings = {key: StoredSighting(vector) for key, vector in vectors.items()}
        self.store_sightings(version_id, encoder, encoder_version, sightings)

    def sightings(
        self, character_id: int, encoder: str, encoder_version: str, keys: Collection[str]
    ) -> dict[str, StoredSighting]:
        """Return what an encoder saw in references, by `Reference.key`; those it has not seen are left out.

        A picture that several versions of the character share is found for all of them.
        """
        with self._database.session(read_only=True) as session:
            return find_sightings(session, min(character_id, MAX_ID), encoder, encoder_version, keys)

    def store_sightings(
        self, version_id: int, encoder: str, encoder_version: str, sightings: Mapping[str, StoredSighting]
    ) -> None:
        """Keep what an encoder saw in the references of a version, by `Reference.key`.

        Raises
        ------
        InputError
            If an embedding is empty, not flat, or not finite.
        NotFoundError
            If there is no such version.
        """
        with self._database.session() as session:
            version = require(session, CharacterVersionRow, version_id, "character version", locked=True)
            write_sightings(session, version, encoder, encoder_version, sightings)

    def companions(self, character: Character, *, limit: int) -> builtins.list[Character]:
        """Return the other characters of its project and the shared ones, in the order they were made."""
        others = with_current_version().where(
            CharacterRow.id != min(character.id, MAX_ID),
            or_(_is_in(character.project_id), CharacterRow.project_id.is_(None)),
        )
        with self._database.session(read_only=True) as session:
            return characters_of(session, others.order_by(CharacterRow.id).limit(limit))

    def list(
        self, *, project_id: int | None = None, limit: int = 200, after_id: int = 0
    ) -> builtins.list[Character]:
        """Return characters in the order they were made, of one project or all of them."""
        page = with_current_version().where(CharacterRow.id > min(after_id, MAX_ID))
        if project_id is not None:
            page = page.where(CharacterRow.project_id == min(project_id, MAX_ID))
        with self._database.session(read_only=True) as session:
            return characters_of(session, page.order_by(CharacterRow.id).limit(page_size(limit)))


def _one(session: Session, character_id: int) -> Character:
    return characters_of(session, with_current_version().where(CharacterRow.id == character_id))[0]


def _is_in(project_id: int | None) -> Any:
    if project_id is None:
        return CharacterRow.project_id.is_(None)
    return CharacterRow.project_id == min(project_id, MAX_ID)


def named_in(name: str, project_id: int | None) -> Any:
    """Return the condition of that name in a project, or among the shared characters."""
    return and_(CharacterRow.name == name, _is_in(project_id))


def _labels(session: Session) -> list[str]:
    names = select(CharacterRow.name, ProjectRow.name).outerjoin(
        ProjectRow, ProjectRow.id == CharacterRow.project_id
    )
    return sorted(
        f"{project}{_SEPARATOR}{name}" if project else name for name, project in session.execute(names)
    )


def _refuse_taken(session: Session, name: str, project_id: int | None, *, besides: int = 0) -> None:
    taken = session.scalar(select(CharacterRow.id).where(named_in(name, project_id)))
    if taken is not None and taken != besides:
        where = "among the shared characters" if project_id is None else "in the project"
        raise ConflictError(
            f"a character named {name!r} exists already {where}.", field="name", hint="Choose another name."
        )


def clean_character_name(name: str) -> str:
    """Return a character's name as it is stored, or raise InputError."""
    cleaned = clean_name(name)
    for mark, where in (
        (_SEPARATOR, "a project and a character"),
        (VERSION_MARK, "a character and a version"),
    ):
        if mark in cleaned:
            raise InputError(
                f"the name {cleaned!r} contains {mark!r}.",
                field="name",
                hint=f"Lists put that between {where}; leave it out.",
            )
    return cleaned


def _threshold(value: float | None) -> float | None:
    return within(value, -1, 1, "consistency_threshold")


def lora_dicts(loras: Iterable[CharacterLora]) -> list[dict[str, Any]]:
    """Return LoRAs as they are stored."""
    return [asdict(lora) for lora in loras]
