"""Versions of a character: an age, a mood and the pictures of it, kept as they are once a job used them."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..consistency.character import Character, CharacterVersion, Reference
from ..errors import ConflictError, InputError, NotFoundError
from .character_rows import (
    add_version,
    characters_of,
    reference_of,
    references_of,
    set_current,
    version_of,
    with_current_version,
    with_version,
)
from .columns import now
from .database import Database
from .names import clean_name
from .statements import MAX_ID, check_fields, require, upsert
from .tables import CharacterReferenceRow, CharacterRow, CharacterVersionRow, JobCharacterRow, JobRow

_FIELDS = ("age_state", "emotional_state", "prompt")
_MAX_STATE_LENGTH = 50
_SHOWN_JOBS = 3


class VersionRepository:
    """Stores the versions of characters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, character_id: int, version: int | None = None) -> Character:
        """Return a character by its id, in its current version or in the one of that number.

        Raises
        ------
        NotFoundError
            If there is no such character or version.
        """
        with self._database.session(read_only=True) as session:
            require(session, CharacterRow, character_id, "character")
            return _in_version(session, character_id, version)

    def in_version(self, character: Character, spec: str) -> Character:
        """Return a character in the version that is named by number, or by age and emotion.

        Parameters
        ----------
        spec : str
            ``2``, ``child/sad``, ``child/`` without an emotion or ``/sad`` without an age; a word alone
            is an age. Of several versions in one state it is the newest.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        with self._database.session(read_only=True) as session:
            rows = _rows(session, character.id)
            found = [row for row in rows if _answers_to(row, spec.strip())]
            if found:
                return _in_version(session, character.id, found[-1].version_number)
            raise _unknown(character.name, spec, rows)

    def versions(self, character_id: int) -> list[CharacterVersion]:
        """Return the versions of a character, oldest first.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        with self._database.session(read_only=True) as session:
            require(session, CharacterRow, character_id, "character")
            rows = _rows(session, character_id)
            references = references_of(session, [row.id for row in rows])
            return [version_of(row, references[row.id]) for row in rows]

    def add_version(
        self,
        character_id: int,
        *,
        age_state: str | None = None,
        emotional_state: str | None = None,
        prompt: str | None = None,
        references: Sequence[Reference] | None = None,
        make_current: bool = False,
    ) -> Character:
        """Make a version from the current one; what is left out is as it is there.

        Parameters
        ----------
        age_state, emotional_state : str, optional
            Such as ``teen`` and ``angry``; at most 50 characters each, without ``/`` and ``@``.
        prompt : str, optional
            Prompt fragment of this version.
        references : sequence of Reference, optional
            Its own pictures.
        make_current : bool
            Whether it is the one that is used where none is named.

        Returns
        -------
        Character
            In the new version.

        Raises
        ------
        NotFoundError, InputError
            If there is no such character, or a state is not possible.
        """
        given = {"age_state": age_state, "emotional_state": emotional_state, "prompt": prompt}
        with self._database.session() as session:
            row = require(session, CharacterRow, character_id, "character", locked=True)
            current = _in_version(session, character_id, None).version
            fields = {
                name: _checked(name, getattr(current, name) if value is None else value)
                for name, value in given.items()
            }
            pictures = current.references if references is None else references
            number = _rows(session, character_id)[-1].version_number + 1
            add_version(session, row, number, pictures, make_current=make_current, **fields)
            return _in_version(session, character_id, number)

    def update_version(self, character_id: int, number: int, **fields: Any) -> Character:
        """Change age, emotion or prompt of a version that no job used.

        Raises
        ------
        NotFoundError, InputError
            If there is no such version, or a field or value is not possible.
        ConflictError
            If a job used it; it names the job.
        """
        check_fields(fields, _FIELDS)
        with self._database.session() as session:
            row, version = _locked(session, character_id, number)
            _refuse_used(session, row, version, "changed", "Make a new version from it instead.")
            for name, value in fields.items():
                setattr(version, name, _checked(name, value))
            row.updated_at = now()
            session.flush()
            return _in_version(session, character_id, number)

    def delete_version(self, character_id: int, number: int) -> None:
        """Delete a version that no job used and that is not the current one; its pictures stay on disk.

        Raises
        ------
        NotFoundError
            If there is no such version.
        ConflictError
            If it is the current one, or a job used it.
        """
        with self._database.session() as session:
            row, version = _locked(session, character_id, number)
            if row.current_version == number:
                raise ConflictError(
                    f"version {number} of {row.name!r} is the current one.",
                    field="number",
                    hint="Make another one current first, or delete the character.",
                )
            _refuse_used(session, row, version, "deleted", "Leave it, or delete the job first.")
            session.delete(version)
            row.updated_at = now()

    def use_version(self, character_id: int, number: int) -> Character:
        """Make a version the current one: it is used where none is named.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        with self._database.session() as session:
            row, version = _locked(session, character_id, number)
            set_current(row, version, references_of(session, [version.id])[version.id])
            row.updated_at = now()
            session.flush()
            return _in_version(session, character_id, None)

    def reference(self, character_id: int, reference_id: int) -> Reference:
        """Return a reference picture of any version of a character.

        Raises
        ------
        NotFoundError
            If no version has it.
        """
        wanted = (
            select(CharacterReferenceRow)
            .join(CharacterVersionRow, CharacterVersionRow.id == CharacterReferenceRow.character_version_id)
            .where(
                CharacterVersionRow.character_id == min(character_id, MAX_ID),
                CharacterReferenceRow.id == min(reference_id, MAX_ID),
            )
        )
        with self._database.session(read_only=True) as session:
            row = session.scalars(wanted).first()
            if row is None:
                raise NotFoundError(
                    f"character {character_id} has no reference {reference_id}.",
                    field="reference_id",
                    hint="List its versions.",
                )
            return reference_of(row)

    def note_use(self, job_id: int, version_id: int) -> bool:
        """Note that a job used a version, which keeps it from being changed or deleted on its own.

        Returns
        -------
        bool
            Whether both are still stored; noting a use twice is noting it once.
        """
        with self._database.session() as session:
            job = session.get(JobRow, min(job_id, MAX_ID))
            # Locked, so that it is not changed between here and the end of the transaction.
            version = session.get(CharacterVersionRow, min(version_id, MAX_ID), with_for_update=True)
            if job is None or version is None:
                return False
            use = {"job_id": job.id, "character_version_id": version.id, "created_at": now()}
            upsert(session, JobCharacterRow, [use], ("job_id", "character_version_id"))
            return True

    def uses(self, character_id: int) -> dict[int, builtins.list[int]]:
        """Return the jobs that used each version of a character, by its number, oldest first."""
        statement = (
            select(CharacterVersionRow.version_number, JobCharacterRow.job_id)
            .join(JobCharacterRow, JobCharacterRow.character_version_id == CharacterVersionRow.id)
            .where(CharacterVersionRow.character_id == min(character_id, MAX_ID))
            .order_by(JobCharacterRow.job_id)
        )
        jobs: dict[int, list[int]] = defaultdict(list)
        with self._database.session(read_only=True) as session:
            for number, job_id in session.execute(statement):
                jobs[number].append(job_id)
        return dict(jobs)


def _in_version(session: Session, character_id: int, number: int | None) -> Character:
    query = with_current_version() if number is None else with_version(min(number, MAX_ID))
    found = characters_of(session, query.where(CharacterRow.id == character_id))
    if not found:
        rows = _rows(session, character_id)
        raise _unknown(session.get_one(CharacterRow, character_id).name, str(number), rows)
    return found[0]


def _rows(session: Session, character_id: int) -> Sequence[CharacterVersionRow]:
    in_order = select(CharacterVersionRow).where(CharacterVersionRow.character_id == character_id)
    return session.scalars(in_order.order_by(CharacterVersionRow.version_number)).all()


def _locked(session: Session, character_id: int, number: int) -> tuple[CharacterRow, CharacterVersionRow]:
    row = require(session, CharacterRow, character_id, "character", locked=True)
    rows = _rows(session, character_id)
    for version in rows:
        if version.version_number == number:
            session.refresh(version, with_for_update=True)
            return row, version
    raise _unknown(row.name, str(number), rows)


def _answers_to(row: CharacterVersionRow, spec: str) -> bool:
    if spec.isascii() and spec.isdigit():
        return row.version_number == int(spec)
    age, _, emotion = spec.partition("/")
    return (row.age_state.casefold(), row.emotional_state.casefold()) == (
        age.strip().casefold(),
        emotion.strip().casefold(),
    )


def _unknown(name: str, spec: str, rows: Sequence[CharacterVersionRow]) -> NotFoundError:
    known = [
        f"{row.version_number} ({row.age_state}/{row.emotional_state})"
        if row.age_state or row.emotional_state
        else str(row.version_number)
        for row in rows
    ]
    return NotFoundError(
        f"{name!r} has no version {spec[:80]!r}.", field="version", hint=f"Known: {', '.join(known[-20:])}."
    )


def _checked(field: str, value: str) -> str:
    return value if field == "prompt" else clean_state(value, field)


def clean_state(value: str, field: str) -> str:
    """Return an age or an emotion as it is stored; empty for none.

    Raises
    ------
    InputError
        If it has more than 50 characters, invisible ones, or ``/`` or ``@``, which separate them in lists.
    """
    if isinstance(value, str) and not value.strip():
        return ""
    cleaned = clean_name(value, field=field)
    if len(cleaned) > _MAX_STATE_LENGTH or "/" in cleaned or "@" in cleaned:
        raise InputError(
            f"the {field} {cleaned[:60]!r} is not possible.",
            field=field,
            hint=f"At most {_MAX_STATE_LENGTH} characters, without / and @.",
        )
    return cleaned


def _refuse_used(
    session: Session, row: CharacterRow, version: CharacterVersionRow, what: str, hint: str
) -> None:
    jobs = session.scalars(
        select(JobCharacterRow.job_id)
        .where(JobCharacterRow.character_version_id == version.id)
        .order_by(JobCharacterRow.job_id)
    ).all()
    if jobs:
        shown = ", ".join(str(job_id) for job_id in jobs[:_SHOWN_JOBS])
        more = f" and {len(jobs) - _SHOWN_JOBS} more" if len(jobs) > _SHOWN_JOBS else ""
        raise ConflictError(
            f"version {version.version_number} of {row.name!r} was used by job {shown}{more}, "
            f"so it cannot be {what}.",
            field="number",
            hint=hint,
        )
