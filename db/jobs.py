"""Jobs: their states, their signs of life, and what happened to them."""

from __future__ import annotations

import builtins
import hashlib
import json
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from ..errors import ConflictError, InputError
from ..production.job import Job, JobEvent, JobStatus, check_move
from .columns import json_text, now
from .database import Database
from .statements import MAX_ID, check_fields, page_size, require, within
from .tables import JobEventRow, JobRow, ProjectRow

UNFINISHED = tuple(status.value for status in JobStatus if not status.is_final)
_FIELDS = (
    "project_id",
    "progress",
    "quality_score",
    "performance_metrics",
    "workflow_params",
    "error_log",
    "attempt",
)


class JobRepository:
    """Stores jobs; every move between states is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        prompt_id: str,
        job_type: str,
        *,
        project_id: int | None = None,
        workflow_params: dict[str, Any] | None = None,
        parent_id: int | None = None,
        attempt: int = 1,
    ) -> Job:
        """Store a new job, queued.

        Parameters
        ----------
        parent_id : int, optional
            The job that this one tries again; one that is gone meanwhile is left out.
        attempt : int
            1 for the first.

        Raises
        ------
        ConflictError
            If the prompt has a job already.
        NotFoundError
            If there is no such project.
        """
        params = workflow_params or {}
        with self._database.session() as session:
            if project_id is not None:
                require(session, ProjectRow, project_id, "project")
            if _by_prompt(session, prompt_id) is not None:
                raise ConflictError(f"the prompt {prompt_id} has a job already.", field="prompt_id")
            row = JobRow(
                prompt_id=prompt_id,
                job_type=job_type,
                project_id=project_id,
                workflow_params=params,
                params_hash=_digest(params),
                parent_id=_existing(session, parent_id),
                attempt=attempt,
            )
            session.add(row)
            session.flush()
            return _job(row)

    def get(self, job_id: int) -> Job:
        """Return a job by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            return _job(require(session, JobRow, job_id, "job"))

    def by_prompt(self, prompt_id: str) -> Job | None:
        """Return the job of a prompt; None when it has none."""
        with self._database.session(read_only=True) as session:
            row = _by_prompt(session, prompt_id)
            return None if row is None else _job(row)

    def list(
        self,
        *,
        status: JobStatus | None = None,
        project_id: int | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> builtins.list[Job]:
        """Return jobs, newest first, from the one before `before_id`."""
        page = select(JobRow).order_by(JobRow.id.desc()).limit(page_size(limit))
        if status is not None:
            page = page.where(JobRow.status == JobStatus(status).value)
        if project_id is not None:
            page = page.where(JobRow.project_id == min(project_id, MAX_ID))
        if before_id is not None:
            page = page.where(JobRow.id < min(before_id, MAX_ID))
        with self._database.session(read_only=True) as session:
            return [_job(row) for row in session.scalars(page)]

    def move(self, job_id: int, target: JobStatus, **fields: Any) -> Job:
        """Move a job to another state, and change `fields` with it.

        The row is locked from reading its state to the end of the transaction, so of two moves at
        once the second sees the state that the first one left.

        Raises
        ------
        IllegalTransitionError
            If the life cycle does not know the move.
        NotFoundError, InputError
            If there is no such job, or a field or value is not possible.
        """
        with self._database.session() as session:
            row = require(session, JobRow, job_id, "job", locked=True)
            check_move(JobStatus(row.status), target)
            _change(session, row, fields)
            _enter(row, target)
            session.flush()
            return _job(row)

    def touch(self, job_id: int, *, progress: int | None = None) -> None:
        """Record a sign of life; a late one of a finished job is ignored.

        Parameters
        ----------
        progress : int, optional
            Percent; a lower one than before is ignored.

        Raises
        ------
        NotFoundError, InputError
            If there is no such job, or `progress` is outside 0–100.
        """
        values: dict[str, Any] = {"heartbeat_at": now()}
        if progress is not None:
            percent = _percent(progress)
            values["progress"] = case((JobRow.progress < percent, percent), else_=JobRow.progress)
        alive = (JobRow.id == min(job_id, MAX_ID), JobRow.status.in_(UNFINISHED))
        with self._database.session() as session:
            touched = session.scalar(update(JobRow).where(*alive).values(values).returning(JobRow.id))
            if touched is None:
                require(session, JobRow, job_id, "job")

    def update(self, job_id: int, **fields: Any) -> Job:
        """Change fields of a job, but for its state; progress never falls.

        Raises
        ------
        NotFoundError, InputError
            If there is no such job, or a field or value is not possible.
        """
        with self._database.session() as session:
            row = require(session, JobRow, job_id, "job", locked=True)
            _change(session, row, fields)
            session.flush()
            return _job(row)

    def add_event(
        self, job_id: int, kind: str, *, node_id: str = "", details: dict[str, Any] | None = None
    ) -> JobEvent:
        """Append to what happened to a job, or raise NotFoundError."""
        with self._database.session() as session:
            require(session, JobRow, job_id, "job")
            return _event(_append(session, job_id, kind, node_id, details or {}))

    def events(self, job_id: int) -> builtins.list[JobEvent]:
        """Return what happened to a job, in order, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            require(session, JobRow, job_id, "job")
            in_order = select(JobEventRow).where(JobEventRow.job_id == job_id).order_by(JobEventRow.id)
            return [_event(row) for row in session.scalars(in_order)]

    def interrupt_unfinished(self, job_type: str, *, silent_seconds: float = 0.0) -> builtins.list[Job]:
        """Mark unfinished jobs of a type interrupted: the process that ran them is gone.

        Parameters
        ----------
        silent_seconds : float
            Only those whose last sign of life is older; 0 marks all of them.
        """
        last_sign = func.coalesce(JobRow.heartbeat_at, JobRow.created_at)
        unfinished = (
            select(JobRow)
            .where(JobRow.job_type == job_type, JobRow.status.in_(UNFINISHED))
            .where(last_sign <= now() - timedelta(seconds=silent_seconds))
            .order_by(JobRow.id)
            .with_for_update()
        )
        with self._database.session() as session:
            rows = session.scalars(unfinished).all()
            for row in rows:
                was = row.status
                _enter(row, JobStatus.INTERRUPTED)
                row.error_log = row.error_log or f"The server stopped while the job was {was}."
                _append(session, row.id, "interrupted", "", {"was": was, "progress": row.progress})
            session.flush()
            return [_job(row) for row in rows]


def _existing(session: Session, job_id: int | None) -> int | None:
    return (
        None if job_id is None else session.scalar(select(JobRow.id).where(JobRow.id == min(job_id, MAX_ID)))
    )


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        prompt_id=row.prompt_id,
        job_type=row.job_type,
        status=JobStatus(row.status),
        project_id=row.project_id,
        progress=row.progress,
        quality_score=row.quality_score,
        performance_metrics=row.performance_metrics,
        workflow_params=row.workflow_params,
        error_log=row.error_log,
        attempt=row.attempt,
        parent_id=row.parent_id,
        created_at=row.created_at,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        completed_at=row.completed_at,
    )


def _event(row: JobEventRow) -> JobEvent:
    return JobEvent(row.id, row.job_id, row.kind, row.node_id, row.details, row.created_at)


def _by_prompt(session: Session, prompt_id: str) -> JobRow | None:
    return session.scalar(select(JobRow).where(JobRow.prompt_id == prompt_id))


def _append(session: Session, job_id: int, kind: str, node_id: str, details: dict[str, Any]) -> JobEventRow:
    row = JobEventRow(job_id=job_id, kind=kind, node_id=node_id, details=details)
    session.add(row)
    session.flush()
    return row


def _enter(row: JobRow, target: JobStatus) -> None:
    moment = now()
    row.status = target.value
    if target is JobStatus.RUNNING:
        row.started_at = row.started_at or moment
        row.heartbeat_at = moment
    if target is JobStatus.DONE:
        row.progress = 100
    if target.is_final:
        row.completed_at = moment


def _change(session: Session, row: JobRow, fields: dict[str, Any]) -> None:
    check_fields(fields, _FIELDS)
    for field, value in fields.items():
        setattr(row, field, _checked(session, row, field, value))
    if "workflow_params" in fields:
        row.params_hash = _digest(row.workflow_params)


def _checked(session: Session, row: JobRow, field: str, value: Any) -> Any:
    if field == "progress":
        return max(row.progress, _percent(value))
    if field == "quality_score":
        return within(value, 0, 1, field)
    if field == "project_id" and value is not None:
        require(session, ProjectRow, value, "project")
    return value


def _percent(progress: int) -> int:
    if not 0 <= progress <= 100:
        raise InputError(f"the progress {progress} is out of range.", field="progress", hint="Use 0 to 100.")
    return int(progress)


def _digest(params: dict[str, Any]) -> str:
    canonical = json.dumps(json.loads(json_text(params)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
