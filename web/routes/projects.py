"""Projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .registrar import Registrar
from .schemas import (
    PageQuery,
    ProjectCreate,
    ProjectDeletion,
    ProjectListed,
    ProjectPage,
    ProjectPatch,
    ProjectPath,
    ProjectShown,
    next_cursor,
)

if TYPE_CHECKING:
    from ...services import Services


def add_project_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of projects."""

    @api.read("/anime/projects")
    async def list_projects(query: PageQuery) -> ProjectPage:
        """List the projects, oldest first."""
        found = await services.database.run(
            services.projects.list, limit=query.limit + 1, after_id=query.cursor or 0
        )
        items = [ProjectListed.model_validate(project) for project in found[: query.limit]]
        return ProjectPage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.write("POST", "/anime/projects", status=201, errors=(409,))
    async def create_project(body: ProjectCreate) -> ProjectShown:
        """Create a project."""
        project = await services.database.run(
            services.projects.create, body.name, description=body.description, bible=body.bible
        )
        return ProjectShown.model_validate(project)

    @api.read("/anime/projects/{project_id}", errors=(404,))
    async def get_project(path: ProjectPath) -> ProjectShown:
        """Show a project."""
        return ProjectShown.model_validate(
            await services.database.run(services.projects.get, path.project_id)
        )

    @api.write("PATCH", "/anime/projects/{project_id}", errors=(404, 409))
    async def change_project(path: ProjectPath, body: ProjectPatch) -> ProjectShown:
        """Change a project; what is left out stays."""
        return ProjectShown.model_validate(
            await services.database.run(services.projects.update, path.project_id, **body.given())
        )

    @api.write("DELETE", "/anime/projects/{project_id}", status=204, errors=(404, 409))
    async def delete_project(path: ProjectPath, query: ProjectDeletion) -> None:
        """Delete a project; its files stay on disk."""
        await services.database.run(services.projects.delete, path.project_id, cascade=query.cascade)
