"""Characters as they leave and arrive: everything stored of one, read and written in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..consistency.character import Character, CharacterVersion
from ..errors import ConflictError
from ..production.character_bible import checked_bible
from .character_rows import add_version, characters_of, references_of, set_current, version_of, with_version
from .characters import clean_character_name, lora_dicts, named_in
from .columns import now
from .database import Database
from .embeddings import StoredSighting, sound_sightings, write_sightings
from .statements import MAX_ID, require, within
from .tables import CharacterRow, CharacterVersionRow, EmbeddingRow, PoseRow, ProjectRow


@dataclass(frozen=True, slots=True)
class KeptEmbeddings:
    """What one encoder saw in pictures of a version, by `Reference.key`."""

    encoder: str
    encoder_version: str
    sightings: dict[str, StoredSighting]


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version with all that encoders saw in it."""

    version: CharacterVersion
    embeddings: tuple[KeptEmbeddings, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptCharacter:
    """Everything that is stored of a character.

    Parameters
    ----------
    character : Character
        In its current version.
    versions : tuple of KeptVersion
        All of them, oldest first.
    poses : dict of str to dict
        Key points of its poses, by name.
    """

    character: Character
    versions: tuple[KeptVersion, ...]
    poses: dict[str, dict[str, Any]] = field(default_factory=dict)


class TravelRepository:
    """Reads characters whole, and stores them whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pack(self, character_id: int) -> KeptCharacter:
        """Return everything that is stored of a character.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        with self._database.session(read_only=True) as session:
            row = require(session, CharacterRow, character_id, "character")
            current = with_version(row.current_version).where(CharacterRow.id == character_id)
            [character] = characters_of(session, current)
            poses = select(PoseRow).where(PoseRow.character_id == character_id).order_by(PoseRow.name)
            return KeptCharacter(
                character,
                tuple(_kept_versions(session, character_id)),
                {pose.name: pose.keypoints for pose in session.scalars(poses)},
            )

    def is_taken(self, name: str, project_id: int | None) -> bool:
        """Return whether a character has that name in the project, or among the shared ones."""
        with self._database.session(read_only=True) as session:
            return session.scalar(select(CharacterRow.id).where(named_in(name, project_id))) is not None

    def unpack(self, kept: KeptCharacter, *, name: str, project_id: int | None) -> Character:
        """Store a character that arrived, under a name, with all its versions.

        Raises
        ------
        NotFoundError
            If there is no such project.
        ConflictError
            If the name is taken.
        InputError
            If a value is not possible.
        """
        made = kept.character
        row = CharacterRow(
            name=clean_character_name(name),
            project_id=project_id,
            description=made.description,
            prompt=made.prompt,
            negative_prompt=made.negative_prompt,
            loras=lora_dicts(made.loras),
            consistency_threshold=within(made.consistency_threshold, -1, 1, "consistency_threshold"),
            color_palette=made.color_palette,
            style_template=made.style_template,
            bible=checked_bible(made.bible),
        )
        with self._database.session() as session:
            if project_id is not None:
                require(session, ProjectRow, project_id, "project")
            if session.scalar(select(CharacterRow.id).where(named_in(row.name, project_id))) is not None:
                raise taken(row.name)
            session.add(row)
            session.flush()
            for one in kept.versions:
                _unpack_version(session, row, one, is_current=one.version.number == made.current_version)
            _unpack_poses(session, row, kept.poses)
            session.flush()
            [character] = characters_of(
                session, with_version(made.current_version).where(CharacterRow.id == row.id)
            )
            return character


def taken(name: str) -> ConflictError:
    """Return the error of a name that somebody has already."""
    return ConflictError(
        f"a character named {name!r} exists already.",
        field="name",
        hint="Take it in under another name (--name), or into a project of its own (--project).",
    )


def _kept_versions(session: Session, character_id: int) -> list[KeptVersion]:
    rows = session.scalars(
        select(CharacterVersionRow)
        .where(CharacterVersionRow.character_id == min(character_id, MAX_ID))
        .order_by(CharacterVersionRow.version_number)
    ).all()
    references = references_of(session, [row.id for row in rows])
    return [
        KeptVersion(version_of(row, references[row.id]), tuple(_kept_embeddings(session, row.id)))
        for row in rows
    ]


def _kept_embeddings(session: Session, version_id: int) -> list[KeptEmbeddings]:
    stored = session.scalars(
        select(EmbeddingRow)
        .where(EmbeddingRow.character_version_id == version_id)
        .order_by(EmbeddingRow.encoder, EmbeddingRow.encoder_version, EmbeddingRow.sha256)
    ).all()
    groups: dict[tuple[str, str], list[EmbeddingRow]] = {}
    for row in stored:
        groups.setdefault((row.encoder, row.encoder_version), []).append(row)
    return [KeptEmbeddings(*encoder, sound_sightings(rows)) for encoder, rows in groups.items()]


def _unpack_version(session: Session, row: CharacterRow, kept: KeptVersion, *, is_current: bool) -> None:
    version = kept.version
    stored = add_version(
        session,
        row,
        version.number,
        version.references,
        age_state=version.age_state,
        emotional_state=version.emotional_state,
        prompt=version.prompt,
        make_current=is_current,
    )
    for seen in kept.embeddings:
        write_sightings(session, stored, seen.encoder, seen.encoder_version, seen.sightings)
    session.flush()
    if is_current:
        set_current(row, stored, version.references)


def _unpack_poses(session: Session, row: CharacterRow, poses: dict[str, dict[str, Any]]) -> None:
    in_project = (
        PoseRow.project_id.is_(None) if row.project_id is None else PoseRow.project_id == row.project_id
    )
    known: set[str] = set(session.scalars(select(PoseRow.name).where(in_project)))
    for name, keypoints in poses.items():
        free = _free_name(name, row.name, known)
        known.add(free)
        session.add(
            PoseRow(
                name=free,
                project_id=row.project_id,
                character_id=row.id,
                keypoints=keypoints,
                created_at=now(),
            )
        )


def _free_name(name: str, character: str, known: Collection[str]) -> str:
    """Return the pose's name, or one that says whose it is where another pose has that name."""
    candidate, number = name, 1
    while candidate in known:
        suffix = "" if number == 1 else f" {number}"
        candidate, number = f"{name[:180]} ({character[:50]}{suffix})"[:255], number + 1
    return candidate
