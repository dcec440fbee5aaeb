"""Styles of the library."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..consistency.styles.style import Style, StyleSettings
from ..errors import ConflictError, InputError
from .database import Database
from .names import clean_name
from .statements import MAX_ID, check_fields, page_size, require, unknown, within
from .tables import ProjectRow, StyleRow

_FIELDS = (
    "name",
    "description",
    "prompt",
    "negative_prompt",
    "settings",
    "statistics",
    "n_images",
    "reference_image_path",
)
_MAX_STEPS = 10_000


class StyleRepository:
    """Stores styles; the pictures themselves are not its business."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, *, project_id: int | None = None, **fields: Any) -> Style:
        """Store a new style.

        Parameters
        ----------
        name : str
            Unique within the project, or among the styles of no project.
        **fields
            ``description``, ``prompt``, ``negative_prompt``, ``settings``, ``statistics``, ``n_images``,
            ``reference_image_path``.

        Raises
        ------
        InputError, NotFoundError, ConflictError
            If a field or value is not possible, there is no such project, or the name is taken.
        """
        name = clean_name(name)
        check_fields(fields, _FIELDS)
        with self._database.session() as session:
            if project_id is not None:
                require(session, ProjectRow, project_id, "project")
            _refuse_taken(session, name, project_id)
            row = StyleRow(name=name, project_id=project_id)
            _assign(row, fields)
            session.add(row)
            session.flush()
            return _style(session, row)

    def get(self, style_id: int) -> Style:
        """Return a style by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            return _style(session, require(session, StyleRow, style_id, "style"))

    def find(self, name: str, project_id: int | None = None) -> Style:
        """Return a style by its name in a project, or among those of no project.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        name = clean_name(name)
        with self._database.session(read_only=True) as session:
            row = _by_name(session, name, project_id)
            if row is None:
                raise unknown("style", name, [style.label for style in self.list(limit=21)])
            return _style(session, row)

    def list(
        self, *, project_id: int | None = None, limit: int = 200, after_id: int = 0
    ) -> builtins.list[Style]:
        """Return styles in the order they were made, from the one after `after_id`."""
        page = select(StyleRow).where(StyleRow.id > min(after_id, MAX_ID)).order_by(StyleRow.id)
        if project_id is not None:
            page = page.where(StyleRow.project_id == project_id)
        with self._database.session(read_only=True) as session:
            return [_style(session, row) for row in session.scalars(page.limit(page_size(limit)))]

    def update(self, style_id: int, **fields: Any) -> Style:
        """Change fields of a style; see `create`."""
        check_fields(fields, _FIELDS)
        with self._database.session() as session:
            row = require(session, StyleRow, style_id, "style", locked=True)
            if "name" in fields:
                fields["name"] = clean_name(fields["name"])
                if fields["name"] != row.name:
                    _refuse_taken(session, fields["name"], row.project_id)
            _assign(row, fields)
            session.flush()
            return _style(session, row)

    def delete(self, style_id: int) -> None:
        """Delete a style; assets keep their row without it."""
        with self._database.session() as session:
            session.delete(require(session, StyleRow, style_id, "style"))


def _by_name(session: Session, name: str, project_id: int | None) -> StyleRow | None:
    return session.scalar(
        select(StyleRow).where(StyleRow.name == name, StyleRow.project_id.is_not_distinct_from(project_id))
    )


def _refuse_taken(session: Session, name: str, project_id: int | None) -> None:
    if _by_name(session, name, project_id) is not None:
        raise ConflictError(
            f"there is a style {name!r} already.",
            field="name",
            hint="Choose another name, or change that one.",
        )


def _assign(row: StyleRow, fields: dict[str, Any]) -> None:
    fields = dict(fields)
    parameters = dict(row.parameters or {})
    if "settings" in fields:
        parameters["settings"] = _checked(fields.pop("settings")).as_json()
    for key in ("statistics", "n_images"):
        if key in fields:
            parameters[key] = fields.pop(key)
    if "reference_image_path" in fields:
        path = fields.pop("reference_image_path")
        row.reference_image_path = None if path is None else str(path)
    row.parameters = parameters
    for key, value in fields.items():
        setattr(row, key, value)


def _checked(settings: StyleSettings) -> StyleSettings:
    within(settings.cfg, 0, 100, "cfg")
    within(settings.steps, 1, _MAX_STEPS, "steps")
    for lora in settings.loras:
        within(lora.strength_model, -20, 20, "strength_model")
        within(lora.strength_clip, -20, 20, "strength_clip")
        if not lora.name.strip():
            raise InputError("a LoRA of the style has no name.", field="loras", hint="Name its file.")
    return settings


def _style(session: Session, row: StyleRow) -> Style:
    parameters = row.parameters or {}
    project = None if row.project_id is None else session.get(ProjectRow, row.project_id)
    path = row.reference_image_path
    return Style(
        id=row.id,
        name=row.name,
        project_id=row.project_id,
        project_name=None if project is None else project.name,
        description=row.description,
        prompt=row.prompt,
        negative_prompt=row.negative_prompt,
        settings=StyleSettings.from_json(parameters.get("settings", {})),
        statistics=parameters.get("statistics", {}),
        n_images=parameters.get("n_images", 0),
        reference_image_path=None if path is None else Path(path),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
