"""The routes that say what is wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from .fields import Name, UrlId
from .pool import CpuPool
from .registrar import Registrar
from .schemas import Parameters, Shown

if TYPE_CHECKING:
    from ...services import Services


class DoctorQuery(Parameters):
    """What to look at."""

    character_id: UrlId | None = Field(default=None, description="A character, instead of the installation.")
    encoder: Name | None = Field(default=None, description="Identity encoder to judge the character by.")


class CheckShown(Shown):
    """One thing of the installation that was looked at."""

    name: str
    ok: bool
    detail: str
    hint: str


class FindingShown(Shown):
    """One reason why a character may fail."""

    level: Literal["error", "warning", "note"]
    code: str
    message: str
    remedy: str
    numbers: dict[str, Any]


class CharacterDiagnosis(Shown):
    """How a character is, the gravest finding first."""

    ok: bool
    character: str
    character_id: int
    version: int
    references: int
    encoder: str
    encoder_version: str
    findings: list[FindingShown]


class DiagnosisShown(Shown):
    """What was found: checks of the installation, or a character's findings."""

    ok: bool = Field(description="Whether nothing has to be mended.")
    checks: list[CheckShown] = Field(description="Of the installation; empty for a character.")
    character: CharacterDiagnosis | None = Field(default=None, description="Null for the installation.")


def add_doctor_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the route of the doctor."""

    @api.read("/anime/doctor", errors=(404, 429))
    async def get_diagnosis(query: DoctorQuery) -> DiagnosisShown:
        """Look at the installation, or with `character_id` at why a character fails."""
        from ...services.character_doctor import examine_character
        from ...services.doctor import examine

        if query.character_id is None:
            checks = [check.as_json() for check in await pool.run(examine, services.settings)]
            shown = [CheckShown.model_validate(check) for check in checks]
            return DiagnosisShown(ok=all(check.ok for check in shown), checks=shown)
        character = await services.database.run(services.characters.get, query.character_id)
        report = await pool.run(
            examine_character, services.identity, character, encoder=query.encoder, progress=_say_nothing
        )
        found = CharacterDiagnosis.model_validate(report.as_json())
        return DiagnosisShown(ok=report.is_well, checks=[], character=found)


def _say_nothing(_stage: str, _n_done: int, _n_all: int) -> None:
    """Report to nobody."""
