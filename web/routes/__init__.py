"""The HTTP routes under ``/anime``; ComfyUI serves each of them under ``/api/anime`` too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from .access import AccessRules
from .assets import add_asset_routes
from .catalogues import add_catalogue_routes
from .characters import add_character_routes, add_picture_routes
from .doctor import add_doctor_routes
from .gates import add_gate_routes
from .generation import add_generation_routes
from .health import add_health_routes
from .jobs import add_job_routes
from .looks import add_palette_routes, add_pose_routes, add_style_routes
from .models import add_model_routes
from .music import add_music_routes
from .openapi import add_openapi_routes
from .pool import CpuPool
from .project_bibles import add_project_bible_routes
from .projects import add_project_routes
from .references import add_reference_routes
from .registrar import Registrar
from .sequences import add_sequence_routes
from .studio import add_studio_routes
from .sync import add_sync_routes
from .themes import add_theme_routes
from .travel import add_travel_routes
from .uploads import PictureUpload
from .versions import add_bible_routes, add_version_routes
from .workflows import add_workflow_routes

if TYPE_CHECKING:
    from ...services import Services

__all__ = ["add_routes"]


def add_routes(
    routes: web.RouteTableDef, services: Services, *, listen: Sequence[str] = ("127.0.0.1",)
) -> None:
    """Declare all routes in the host's table.

    Parameters
    ----------
    routes : aiohttp.web.RouteTableDef
        ``PromptServer.instance.routes``.
    services : Services
        What the handlers call. Nothing of it is looked at before the first request, so that a
        stand-in will do until the server starts.
    listen : sequence of str
        Addresses that the host listens on; with one beyond loopback all routes only read.
    """
    pool = CpuPool()
    api = Registrar(
        routes,
        AccessRules(listen=tuple(listen)),
        lambda request: PictureUpload(request, services.settings.home, pool),
    )
    add_health_routes(api, services)
    add_doctor_routes(api, services, pool)
    add_project_routes(api, services)
    add_project_bible_routes(api, services)
    add_character_routes(api, services, pool)
    add_picture_routes(api, services, pool)
    add_reference_routes(api, services, pool)
    add_sequence_routes(api, services, pool)
    add_version_routes(api, services, pool)
    add_bible_routes(api, services)
    add_travel_routes(api, services, pool)
    add_studio_routes(api, services, pool)
    add_job_routes(api, services)
    add_gate_routes(api, services)
    add_generation_routes(api, services, pool)
    add_asset_routes(api, services)
    add_model_routes(api, services)
    add_palette_routes(api, services, pool)
    add_style_routes(api, services, pool)
    add_pose_routes(api, services, pool)
    add_catalogue_routes(api, services)
    add_music_routes(api, services, pool)
    add_sync_routes(api, services)
    add_theme_routes(api, services, pool)
    add_workflow_routes(api, services, pool)
    add_openapi_routes(api)
