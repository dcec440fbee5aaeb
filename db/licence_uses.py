"""The licence ledger: which music a project uses, and where."""

from __future__ import annotations

import builtins

from sqlalchemy import select

from ..errors import InputError
from ..music.catalog.catalog_track import CatalogTrack
from ..music.catalog.ledger import LicenceUse
from .columns import now
from .database import Database
from .statements import require, upsert
from .tables import LicenceUseRow, ProjectRow


class LicenceUseRepository:
    """Stores uses; the same track at the same place is one row, which the newest use replaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, use: LicenceUse) -> LicenceUse:
        """Store a use.

        Raises
        ------
        InputError, NotFoundError
            If the place is not named, or there is no such project.
        """
        used_in = " ".join(use.used_in.split())
        if not used_in:
            raise InputError(
                "Where the track is used is not said.", field="used_in", hint="Name the episode."
            )
        row = {
            "project_id": use.project_id,
            "reference": use.track.reference,
            "used_in": used_in,
            "track": use.track.as_json(),
            "note": use.note,
            "is_cleared": use.is_cleared,
            "created_at": now(),
        }
        key = ("project_id", "reference", "used_in")
        with self._database.session() as session:
            require(session, ProjectRow, use.project_id, "project")
            upsert(session, LicenceUseRow, [row], key)
            session.flush()
            stored = session.scalars(
                select(LicenceUseRow).filter_by(**{name: row[name] for name in key})
            ).one()
            return _use(stored)

    def list(self, project_id: int) -> builtins.list[LicenceUse]:
        """Return the uses of a project in the order they were first made.

        Raises
        ------
        NotFoundError
            If there is no such project.
        """
        uses = select(LicenceUseRow).where(LicenceUseRow.project_id == project_id).order_by(LicenceUseRow.id)
        with self._database.session(read_only=True) as session:
            require(session, ProjectRow, project_id, "project")
            return [_use(row) for row in session.scalars(uses)]

    def clear(self, use_id: int, note: str) -> LicenceUse:
        """State that the right to a use was got by other ways; `note` says by which.

        Raises
        ------
        InputError, NotFoundError
            If the note is empty, or there is no such use.
        """
        if not note.strip():
            raise InputError("A use is cleared by saying how.", field="note", hint="Name the contract.")
        with self._database.session() as session:
            row = require(session, LicenceUseRow, use_id, "use", locked=True)
            row.note, row.is_cleared = note.strip(), True
            session.flush()
            return _use(row)

    def remove(self, use_id: int) -> None:
        """Delete a use, or raise NotFoundError."""
        with self._database.session() as session:
            session.delete(require(session, LicenceUseRow, use_id, "use"))


def _use(row: LicenceUseRow) -> LicenceUse:
    return LicenceUse(
        project_id=row.project_id,
        track=CatalogTrack.from_json(row.track),
        used_in=row.used_in,
        note=row.note,
        is_cleared=row.is_cleared,
        created_at=row.created_at,
        id=row.id,
    )
