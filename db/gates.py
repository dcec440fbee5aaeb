"""Runs of quality gates."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import select

from ..errors import InputError
from ..production.asset import GateRun
from .database import Database
from .statements import MAX_ID, page_size, require, within
from .tables import CharacterRow, GateRow, JobRow

GATE_TYPES = ("pre_gen", "post_gen", "final")


class GateRepository:
    """Stores one row for each run of a gate."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        gate_type: str,
        passed: bool | None,
        *,
        score: float | None = None,
        details: dict[str, Any] | None = None,
        job_id: int | None = None,
        character_id: int | None = None,
    ) -> GateRun:
        """Store a run of a gate; the parameters are those of `GateRun`.

        Raises
        ------
        InputError
            If the type is not known, or the score is outside 0–1.
        NotFoundError
            If there is no such job or character.
        """
        if gate_type not in GATE_TYPES:
            raise InputError(
                f"the gate type {gate_type!r} is not known.",
                field="gate_type",
                hint=f"Use {', '.join(GATE_TYPES)}.",
            )
        row = GateRow(
            gate_type=gate_type,
            passed=None if passed is None else bool(passed),
            score=within(score, 0, 1, "score"),
            details=details or {},
            job_id=job_id,
            character_id=character_id,
        )
        with self._database.session() as session:
            if job_id is not None:
                require(session, JobRow, job_id, "job")
            if character_id is not None:
                require(session, CharacterRow, character_id, "character")
            session.add(row)
            session.flush()
            return _gate_run(row)

    def list(self, *, job_id: int | None = None, limit: int = 50) -> builtins.list[GateRun]:
        """Return runs of gates, newest first."""
        page = select(GateRow).order_by(GateRow.id.desc()).limit(page_size(limit))
        if job_id is not None:
            page = page.where(GateRow.job_id == min(job_id, MAX_ID))
        with self._database.session(read_only=True) as session:
            return [_gate_run(row) for row in session.scalars(page)]


def _gate_run(row: GateRow) -> GateRun:
    return GateRun(
        id=row.id,
        gate_type=row.gate_type,
        passed=row.passed,
        score=row.score,
        details=row.details,
        job_id=row.job_id,
        character_id=row.character_id,
        timestamp=row.created_at,
    )
