"""Runs of quality gates."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

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
        encoder: str = "",
        encoder_version: str = "",
        run_key: str = "",
        attempt: int = 1,
    ) -> GateRun:
        """Store a run of a gate; the parameters are those of `GateRun`.

        It is committed on return. A character that was deleted meanwhile is left out of the row: what
        was measured stays true, and the run goes on.

        Raises
        ------
        InputError
            If the type is not known, the score is outside 0–1, or the attempt below 1.
        NotFoundError
            If there is no such job.
        """
        if attempt < 1:
            raise InputError(f"the attempt {attempt} is out of range.", field="attempt", hint="Count from 1.")
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
            encoder=encoder,
            encoder_version=encoder_version,
            run_key=run_key,
            attempt=attempt,
        )
        with self._database.session() as session:
            if job_id is not None:
                require(session, JobRow, job_id, "job")
            row.character_id = _existing(session, character_id)
            session.add(row)
            session.flush()
            return _gate_run(row)

    def list(
        self,
        *,
        job_id: int | None = None,
        run_key: str | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> builtins.list[GateRun]:
        """Return runs of gates, newest first, from the one before `before_id`."""
        page = select(GateRow).order_by(GateRow.id.desc()).limit(page_size(limit))
        if job_id is not None:
            page = page.where(GateRow.job_id == min(job_id, MAX_ID))
        if run_key is not None:
            page = page.where(GateRow.run_key == run_key)
        if before_id is not None:
            page = page.where(GateRow.id < min(before_id, MAX_ID))
        with self._database.session(read_only=True) as session:
            return [_gate_run(row) for row in session.scalars(page)]


def _existing(session: Session, character_id: int | None) -> int | None:
    """Return the id, if the character still exists, and keep it from going before the row is stored."""
    if character_id is None or not 0 < character_id <= MAX_ID:
        return None
    return session.scalar(select(CharacterRow.id).where(CharacterRow.id == character_id).with_for_update())


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
        encoder=row.encoder,
        encoder_version=row.encoder_version,
        run_key=row.run_key,
        attempt=row.attempt,
    )
