"""How the parts are that Tower depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .registrar import Registrar
from .schemas import ErrorDetail, HealthDown, HealthShown, ProbeShown

if TYPE_CHECKING:
    from ...services import Services


def add_health_routes(api: Registrar, services: Services) -> None:
    """Declare the route of the health check."""

    @api.read("/anime/health")
    async def get_health() -> HealthDown | HealthShown:
        """Ask ComfyUI, the GPU, the database, the queue and the storage; 503 only without a database."""
        report = await services.health.probe()
        shown = HealthShown(
            status=report.status,
            probes={name: ProbeShown.model_validate(result) for name, result in report.probes.items()},
            warnings=list(report.warnings),
        )
        if report.status != "down":
            return shown
        reason = ErrorDetail(code="storage", message=report.probes["database"].detail)
        return HealthDown(**shown.model_dump(), error=reason)
