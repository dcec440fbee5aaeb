"""Runs of gates, and so every attempt at a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gate_schemas import GatePage, GateQuery, GateShown
from .registrar import Registrar
from .schemas import JobPath, PageQuery, next_cursor

if TYPE_CHECKING:
    from ...services import Services


def add_gate_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of gates."""

    @api.read("/anime/gates")
    async def list_gates(query: GateQuery) -> GatePage:
        """List the runs of gates, newest first."""
        return await _page(services, query, job_id=query.job_id, run_key=query.run_key)

    @api.read("/anime/jobs/{job_id}/gates", errors=(404,))
    async def list_gates_of_job(path: JobPath, query: PageQuery) -> GatePage:
        """List the runs of gates of a job, newest first."""
        await services.database.run(services.jobs.get, path.job_id)
        return await _page(services, query, job_id=path.job_id)


async def _page(
    services: Services, query: PageQuery, *, job_id: int | None, run_key: str | None = None
) -> GatePage:
    found = await services.database.run(
        services.gates.list,
        job_id=job_id,
        run_key=run_key,
        limit=query.limit + 1,
        before_id=query.cursor,
    )
    items = [GateShown.model_validate(run) for run in found[: query.limit]]
    return GatePage(items=items, next_cursor=next_cursor(found, query.limit))
