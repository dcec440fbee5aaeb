"""Rows of a character and its versions, and the values made from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from ..consistency.character import Character, CharacterLora, CharacterVersion, Reference
from .columns import now
from .tables import CharacterReferenceRow, CharacterRow, CharacterVersionRow, ProjectRow

if TYPE_CHECKING:
    CharacterSelect = Select[CharacterRow, CharacterVersionRow, str]


def with_current_version() -> CharacterSelect:
    """Return the query for characters, each with its current version and its project's name."""
    version = CharacterVersionRow
    return (
        select(CharacterRow, version, ProjectRow.name)
        .join(
            version,
            and_(
                version.character_id == CharacterRow.id,
                version.version_number == CharacterRow.current_version,
            ),
        )
        .outerjoin(ProjectRow, ProjectRow.id == CharacterRow.project_id)
    )


def characters_of(session: Session, statement: CharacterSelect) -> list[Character]:
    """Return the characters that `statement`, made by `with_current_version`, finds."""
    found = session.execute(statement).all()
    references = _references(session, [version.id for _, version, _ in found])
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
) -> None:
    """Store a version with its references and make it the current one."""
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
    row.current_version = number
    row.reference_image_path = str(references[0].path) if references else None
    row.embedding_data = {}
    row.updated_at = now()
    session.flush()


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


def _references(session: Session, version_ids: Iterable[int]) -> dict[int, list[Reference]]:
    references: dict[int, list[Reference]] = defaultdict(list)
    in_order = (
        select(CharacterReferenceRow)
        .where(CharacterReferenceRow.character_version_id.in_(version_ids))
        .order_by(CharacterReferenceRow.character_version_id, CharacterReferenceRow.position)
    )
    for row in session.scalars(in_order):
        references[row.character_version_id].append(
            Reference(
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
        )
    return references


def _character(
    row: CharacterRow, version: CharacterVersionRow, references: list[Reference], project_name: str | None
) -> Character:
    return Character(
        id=row.id,
        name=row.name,
        version=CharacterVersion(
            id=version.id,
            number=version.version_number,
            age_state=version.age_state,
            emotional_state=version.emotional_state,
            prompt=version.prompt,
            references=tuple(references),
            created_at=version.created_at,
        ),
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
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
