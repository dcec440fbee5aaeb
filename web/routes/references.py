"""The route that changes one reference picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .characters import character_shown
from .pool import CpuPool
from .registrar import Registrar
from .schemas import Body, PictureCheck, ReferencePath, ReferencesAdded

if TYPE_CHECKING:
    from ...services import Services

Side = Annotated[int, Field(ge=0, le=100_000)]


class ReferencePatch(Body):
    """The figure chosen in a reference, and how much it counts."""

    box: Annotated[list[Side], Field(min_length=4, max_length=4)] | None = Field(
        default=None, description="Left, top, right, bottom in pixels; null for the whole picture."
    )
    weight: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="1 is usual; as before if left out."
    )


def add_reference_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the route of single references."""

    @api.write("PATCH", "/anime/characters/{character_id}/references/{reference_id}", errors=(404, 429))
    async def change_reference(path: ReferencePath, body: ReferencePatch) -> ReferencesAdded:
        """Choose the figure in a reference of the current version, and its weight; makes a new version."""
        from ...services.references import change_reference as change

        left, top, right, bottom = body.box or (0, 0, 0, 0)
        character, check = await pool.run(
            change,
            services.characters,
            path.character_id,
            path.reference_id,
            box=(left, top, right, bottom) if body.box else None,
            weight=body.weight,
        )
        shown = PictureCheck(image=check.name, warnings=list(check.warnings))
        return ReferencesAdded(character=character_shown(character), checks=[shown])
