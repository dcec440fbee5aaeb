"""Jobs, and all that is known of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...production.job import Job, JobEvent, JobStatus
from .redaction import redacted
from .registrar import Registrar
from .schemas import JobDebug, JobError, JobPage, JobPath, JobQuery, JobShown, LogLine, next_cursor

if TYPE_CHECKING:
    from ...services import Services


def add_job_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of jobs."""

    @api.read("/anime/jobs")
    async def list_jobs(query: JobQuery) -> JobPage:
        """List the jobs, newest first."""
        found = await services.database.run(
            services.jobs.list,
            status=query.status,
            project_id=query.project_id,
            limit=query.limit + 1,
            before_id=query.cursor,
        )
        items = [_shown(job) for job in found[: query.limit]]
        return JobPage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.read("/anime/jobs/{job_id}", errors=(404,))
    async def get_job(path: JobPath) -> JobShown:
        """Show a job."""
        return _shown(await services.database.run(services.jobs.get, path.job_id))

    @api.read("/anime/jobs/{job_id}/debug", errors=(404,))
    async def debug_job(path: JobPath) -> JobDebug:
        """Show everything about a job: its log, its graph, its errors and its timings."""
        job = await services.database.run(services.jobs.get, path.job_id)
        events = await services.database.run(services.jobs.events, path.job_id)
        # Graphs can be megabytes: too much to search for secrets on the loop.
        return await asyncio.to_thread(_debug, job, events)


def _shown(job: Job) -> JobShown:
    shown = JobShown.model_validate(job)
    return shown.model_copy(update={"error": redacted(shown.error)})


def _debug(job: Job, events: Sequence[JobEvent]) -> JobDebug:
    params = job.workflow_params
    # The API form of the graph; an animatic has an episode spec instead.
    workflow = params.get("prompt", params or None)
    return JobDebug(
        job=_shown(job),
        logs=[
            LogLine.model_validate(event).model_copy(update={"details": redacted(event.details)})
            for event in events
        ],
        workflow=redacted(workflow),
        errors=_errors(job, events),
        performance=_performance(job),
    )


def _errors(job: Job, events: Sequence[JobEvent]) -> list[JobError]:
    found = [_error(event) for event in events if "error" in event.kind or "traceback" in event.details]
    if not found and job.error_log:
        lines = job.error_log.strip().splitlines()
        found = [JobError(message=lines[-1], traceback=job.error_log if len(lines) > 1 else "")]
    return [error.model_copy(update=redacted(error.model_dump())) for error in found]


def _error(event: JobEvent) -> JobError:
    details = event.details
    kind, message = (
        details.get("exception_type", ""),
        details.get("exception_message", details.get("message", "")),
    )
    trace = details.get("traceback", "")
    return JobError(
        message=": ".join(str(part).strip() for part in (kind, message) if part) or event.kind,
        node_id=event.node_id,
        traceback="".join(map(str, trace)) if isinstance(trace, list) else str(trace),
    )


def _performance(job: Job) -> dict[str, Any]:
    measured: dict[str, Any] = {
        "waited_seconds": _seconds(job.created_at, job.started_at),
        "ran_seconds": _seconds(job.started_at, job.completed_at),
        "is_final": JobStatus(job.status).is_final,
    }
    return {**measured, **job.performance_metrics}


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return round((end - start).total_seconds(), 3) if start and end else None
