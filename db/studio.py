"""Runs of the studio."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import select

from ..errors import InputError
from ..production.studio_run import STAGES, Stage, StudioRun
from .database import Database
from .statements import MAX_ID, page_size, require
from .tables import CharacterRow, StudioRunRow


class StudioRepository:
    """Stores what each run of the studio did."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, character_id: int, request: dict[str, Any], stages: dict[str, Stage] | None = None
    ) -> StudioRun:
        """Store a run of a character; stages that are not given are pending.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        given = stages or {}
        with self._database.session() as session:
            character = require(session, CharacterRow, character_id, "character")
            row = StudioRunRow(
                character_id=character.id,
                project_id=character.project_id,
                name=character.name,
                request=request,
                stages={name: given.get(name, Stage()).as_json() for name in STAGES},
            )
            session.add(row)
            session.flush()
            session.refresh(row)
            return _run(row)

    def get(self, run_id: int) -> StudioRun:
        """Return a run by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            return _run(require(session, StudioRunRow, run_id, "run"))

    def list(self, character_id: int, *, limit: int = 20) -> builtins.list[StudioRun]:
        """Return the runs of a character, newest first."""
        newest = (
            select(StudioRunRow)
            .where(StudioRunRow.character_id == min(character_id, MAX_ID))
            .order_by(StudioRunRow.id.desc())
            .limit(page_size(limit))
        )
        with self._database.session(read_only=True) as session:
            return [_run(row) for row in session.scalars(newest)]

    def set_stage(self, run_id: int, name: str, stage: Stage) -> StudioRun:
        """Store where a stage is; it is committed on return, the other stages stay as they are.

        Raises
        ------
        InputError, NotFoundError
            If there is no such stage or run.
        """
        check_stage(name)
        with self._database.session() as session:
            row = require(session, StudioRunRow, run_id, "run", locked=True)
            row.stages = {**row.stages, name: stage.as_json()}
            session.flush()
            session.refresh(row)  # as JSON has it: a tuple is a list
            return _run(row)


def check_stage(name: str) -> None:
    """Refuse a stage that no run has.

    Raises
    ------
    InputError
        If `name` is none.
    """
    if name not in STAGES:
        raise InputError(
            f"there is no stage {name[:40]!r}.", field="stage", hint=f"Known: {', '.join(STAGES)}."
        )


def _run(row: StudioRunRow) -> StudioRun:
    return StudioRun(
        id=row.id,
        character_id=row.character_id,
        name=row.name,
        stages={name: Stage.from_json(row.stages[name]) for name in STAGES},
        project_id=row.project_id,
        request=row.request,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
