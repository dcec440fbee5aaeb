"""Rows of a character and its versions, and the values made from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from ..consistency.character import Character, CharacterLora, CharacterVersion, Reference
from .columns import now
from .tables import CharacterReferenceRow, CharacterRow, CharacterVersionRow, ProjectRow

if TYPE_CHECKING:
    CharacterSelect: TypeAlias = Select[CharacterRow, CharacterVersionRow, str]


def with_current_version() -> CharacterSelect:
    """Return the query for characters, each with its current version and its project's name."""
    return _joined(CharacterRow.current_version)


def with_version(number: int) -> CharacterSelect:
    """Return the query for characters in their version of that number, with their project's name."""
    return _joined(number)


def _joined(number: Any) -> CharacterSelect:
    version = CharacterVersionRow
    return (
        select(CharacterRow, version, ProjectRow.name)
        .join(version, and_(version.character_id == CharacterRow.id, version.version_number == number))
        .outerjoin(ProjectRow, ProjectRow.id == CharacterRow.project_id)
    )


def characters_of(session: Session, statement: CharacterSelect) -> list[Character]:
    """Return the characters that `statement`, made by one of the above, finds."""
    found = session.execute(statement.execution_options(populate_existing=True)).all()
    references = references_of(session, [version.id for _, version, _ in found])
    return [_character(row, version, references[version.id], project) for row, version, project in found]


def add_version(
    session: Session,
    row: CharacterRow,
    number: int,
    references: Sequence[Reference],
    *,
    age_state: str = "",
    emotional_state: str = "",
    prompt: str = "",
    make_current: bool = True,
) -> CharacterVersionRow:
    """Store a version with its references, and make it the current one unless told otherwise."""
    version = CharacterVersionRow(
        character_id=row.id,
        version_number=number,
        age_state=age_state,
        emotional_state=emotional_state,
        prompt=prompt,
    )
    session.add(version)
    session.flush()
    session.add_all(
        _reference_row(version.id, position, reference)
        for position, reference in enumerate(references, start=1)
    )
    session.flush()
    if make_current:
        set_current(row, version, references)
    row.updated_at = now()
    session.flush()
    return version


def set_current(row: CharacterRow, version: CharacterVersionRow, references: Sequence[Reference]) -> None:
    """Make a version the current one."""
    row.current_version = version.version_number
    row.reference_image_path = str(references[0].path) if references else None
    row.embedding_data = dict(version.embedding_data)


def _reference_row(version_id: int, position: int, reference: Reference) -> CharacterReferenceRow:
    return CharacterReferenceRow(
        character_version_id=version_id,
        position=position,
        path=str(reference.path),
        sha256=reference.sha256,
        width=reference.width,
        height=reference.height,
        warnings=list(reference.warnings),
        weight=reference.weight,
        box=list(reference.box or ()),
        report=reference.report,
    )


def references_of(session: Session, version_ids: Iterable[int]) -> dict[int, list[Reference]]:
    """Return the references of each version, in order."""
    references: dict[int, list[Reference]] = defaultdict(list)
    in_order = (
        select(CharacterReferenceRow)
        .where(CharacterReferenceRow.character_version_id.in_(version_ids))
        .order_by(CharacterReferenceRow.character_version_id, CharacterReferenceRow.position)
    )
    for row in session.scalars(in_order):
        references[row.character_version_id].append(reference_of(row))
    return references


def has_picture(session: Session, sha256: str) -> bool:
    """Return whether any version of any character has the picture of that digest."""
    row = CharacterReferenceRow
    return session.scalar(select(row.id).where(row.sha256 == sha256).limit(1)) is not None


def reference_of(row: CharacterReferenceRow) -> Reference:
    """Return a reference as a value."""
    return Reference(
        path=Path(row.path),
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        warnings=tuple(row.warnings),
        weight=row.weight,
        box=tuple(row.box) if len(row.box) == 4 else None,
        report=row.report,
        id=row.id,
    )


def version_of(version: CharacterVersionRow, references: Sequence[Reference]) -> CharacterVersion:
    """Return a version as a value."""
    return CharacterVersion(
        id=version.id,
        number=version.version_number,
        age_state=version.age_state,
        emotional_state=version.emotional_state,
        prompt=version.prompt,
        references=tuple(references),
        created_at=version.created_at,
    )


def _character(
    row: CharacterRow, version: CharacterVersionRow, references: list[Reference], project_name: str | None
) -> Character:
    return Character(
        id=row.id,
        name=row.name,
        version=version_of(version, references),
        project_id=row.project_id,
        project_name=project_name,
        description=row.description,
        prompt=row.prompt,
        negative_prompt=row.negative_prompt,
        loras=tuple(CharacterLora(**lora) for lora in row.loras),
        consistency_threshold=row.consistency_threshold,
        color_palette=row.color_palette,
        style_template=row.style_template,
        bible=row.bible,
        current_version=row.current_version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
