"""Projects and the versions of their bibles."""

from __future__ import annotations

import builtins
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ..errors import ConflictError, InputError, NotFoundError
from ..production.project import BibleVersion, Project
from .database import Database
from .names import clean_name, folder_name
from .statements import MAX_ID, check_fields, page_size, require, unknown
from .tables import (
    AssetRow,
    BibleVersionRow,
    CharacterRow,
    EpisodeRow,
    JobRow,
    PoseRow,
    ProjectRow,
    StyleRow,
)

STATUSES = ("active", "archived")
_CONTENTS: dict[str, InstrumentedAttribute[Any]] = {
    "characters": CharacterRow.project_id,
    "episodes": EpisodeRow.project_id,
    "jobs": JobRow.project_id,
    "assets": AssetRow.project_id,
    "styles": StyleRow.project_id,
    "poses": PoseRow.project_id,
}


class ProjectRepository:
    """Stores projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, *, description: str = "", bible: dict[str, Any] | None = None) -> Project:
        """Store a new project and choose its folder.

        Raises
        ------
        InputError
            If `name` is empty, too long, or has invisible characters.
        ConflictError
            If another project has the name.
        """
        name = clean_name(name)
        with self._database.session() as session:
            _refuse_taken(session, name)
            row = ProjectRow(name=name, folder=f"new-{uuid4().hex}", description=description)
            session.add(row)
            session.flush()
            row.folder = folder_name(name, f"project-{row.id}", lambda folder: _has_folder(session, folder))
            if bible:
                _add_bible(session, row, bible)
            session.flush()
            return _project(row)

    def ensure(self, name: str) -> Project:
        """Return the project of that name; make it when there is none."""
        name = clean_name(name)
        with self._database.session(read_only=True) as session:
            row = _by_name(session, name)
            if row is not None:
                return _project(row)
        try:
            return self.create(name)
        except ConflictError:  # another process was faster
            return self.find(name)

    def get(self, project_id: int) -> Project:
        """Return a project by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            return _project(require(session, ProjectRow, project_id, "project"))

    def find(self, name: str) -> Project:
        """Return a project by its name.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        name = clean_name(name)
        with self._database.session(read_only=True) as session:
            row = _by_name(session, name)
            if row is None:
                known = session.scalars(select(ProjectRow.name).order_by(ProjectRow.name).limit(21)).all()
                raise unknown("project", name, known)
            return _project(row)

    def list(self, *, limit: int = 50, after_id: int = 0) -> builtins.list[Project]:
        """Return projects in the order they were made, from the one after `after_id`."""
        page = select(ProjectRow).where(ProjectRow.id > min(after_id, MAX_ID)).order_by(ProjectRow.id)
        with self._database.session(read_only=True) as session:
            return [_project(row) for row in session.scalars(page.limit(page_size(limit)))]

    def update(self, project_id: int, **fields: Any) -> Project:
        """Change `name`, `description`, `status` or `bible`; a bible becomes a new version of it.

        Raises
        ------
        NotFoundError, InputError, ConflictError
            If there is no such project, a field or value is not possible, or the name is taken.
        """
        check_fields(fields, ("name", "description", "status", "bible"))
        if fields.get("status", "active") not in STATUSES:
            raise InputError(
                f"the status {fields['status']!r} is not known.",
                field="status",
                hint="Use active or archived.",
            )
        with self._database.session() as session:
            row = require(session, ProjectRow, project_id, "project", locked=True)
            if "name" in fields:
                fields["name"] = clean_name(fields["name"])
                _refuse_taken(session, fields["name"], besides=project_id)
            if "bible" in fields:
                _add_bible(session, row, fields.pop("bible") or {})
            for field, value in fields.items():
                setattr(row, field, value)
            session.flush()
            return _project(row)

    def bible_versions(self, project_id: int) -> builtins.list[BibleVersion]:
        """Return the versions of a project's bible, newest first.

        Raises
        ------
        NotFoundError
            If there is no such project.
        """
        newest_first = (
            select(BibleVersionRow)
            .where(BibleVersionRow.project_id == min(project_id, MAX_ID))
            .order_by(BibleVersionRow.version_number.desc())
        )
        with self._database.session(read_only=True) as session:
            require(session, ProjectRow, project_id, "project")
            return [
                BibleVersion(row.version_number, row.content, row.created_at)
                for row in session.scalars(newest_first)
            ]

    def bible_version(self, project_id: int, number: int | None = None) -> BibleVersion:
        """Return what a project's bible said in a version; the newest one without a number.

        Raises
        ------
        NotFoundError
            If there is no such project or version.
        """
        versions = self.bible_versions(project_id)
        if number is None:
            return versions[0] if versions else BibleVersion(0)
        for version in versions:
            if version.number == number:
                return version
        known = ", ".join(str(version.number) for version in reversed(versions[:20])) or "none yet"
        raise NotFoundError(
            f"the bible of project {project_id} has no version {number}.",
            field="version",
            hint=f"Known: {known}.",
        )

    def delete(self, project_id: int, *, cascade: bool = False) -> None:
        """Delete a project; with `cascade`, with everything that is in it. Files stay on disk.

        Raises
        ------
        ConflictError
            If something is in it and `cascade` is false.
        """
        with self._database.session() as session:
            row = require(session, ProjectRow, project_id, "project", locked=True)
            contents = _contents(session, project_id)
            if contents and not cascade:
                raise ConflictError(
                    f"the project {row.name!r} still has {contents}.",
                    field="cascade",
                    hint="Delete them first, or delete with cascade.",
                )
            session.delete(row)


def _project(row: ProjectRow) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        folder=row.folder,
        description=row.description,
        status=row.status,
        bible=row.bible,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _by_name(session: Session, name: str) -> ProjectRow | None:
    return session.scalar(select(ProjectRow).where(ProjectRow.name == name))


def _refuse_taken(session: Session, name: str, *, besides: int = 0) -> None:
    row = _by_name(session, name)
    if row is not None and row.id != besides:
        raise ConflictError(
            f"a project named {name!r} exists already.", field="name", hint="Choose another name."
        )


def _has_folder(session: Session, folder: str) -> bool:
    return session.scalar(select(ProjectRow.id).where(ProjectRow.folder == folder)) is not None


def _add_bible(session: Session, row: ProjectRow, bible: dict[str, Any]) -> None:
    newest = session.scalar(
        select(func.max(BibleVersionRow.version_number)).where(BibleVersionRow.project_id == row.id)
    )
    session.add(BibleVersionRow(project_id=row.id, version_number=(newest or 0) + 1, content=bible))
    row.bible = bible


def _contents(session: Session, project_id: int) -> str:
    counts = {
        noun: session.scalar(select(func.count()).where(column == project_id)) or 0
        for noun, column in _CONTENTS.items()
    }
    return ", ".join(
        f"{count} {noun.removesuffix('s') if count == 1 else noun}" for noun, count in counts.items() if count
    )
