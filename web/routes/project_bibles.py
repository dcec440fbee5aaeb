"""Bibles of projects: each version of them, as JSON and as Markdown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ...production.bible_markdown import bible_markdown
from .fields import UrlId
from .registrar import Registrar
from .schemas import Parameters, ProjectPath, Shown

if TYPE_CHECKING:
    from ...services import Services


class BibleQuery(Parameters):
    """Which version of a bible."""

    version: UrlId | None = Field(default=None, description="The newest one if left out.")


class BibleListed(Shown):
    """A version of a bible."""

    number: int
    created_at: datetime | None


class BibleShown(BibleListed):
    """What a bible said in one version."""

    content: dict[str, Any]
    markdown: str = Field(description="The same for people.")


def add_project_bible_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of project bibles."""

    @api.read("/anime/projects/{project_id}/bible", errors=(404,))
    async def get_project_bible(path: ProjectPath, query: BibleQuery) -> BibleShown:
        """Show what the bible of a project says, or said in a version."""
        return await services.database.run(_shown, services, path.project_id, query.version)

    @api.read("/anime/projects/{project_id}/bible/versions", errors=(404,))
    async def list_project_bibles(path: ProjectPath) -> list[BibleListed]:
        """List the versions of a project's bible, newest first."""
        versions = await services.database.run(services.projects.bible_versions, path.project_id)
        return [BibleListed.model_validate(version) for version in versions]


def _shown(services: Services, project_id: int, number: int | None) -> BibleShown:
    project = services.projects.get(project_id)
    version = services.projects.bible_version(project_id, number)
    return BibleShown(
        number=version.number,
        created_at=version.created_at,
        content=version.content,
        markdown=bible_markdown(project.name, version.content),
    )
