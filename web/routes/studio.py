"""The Character Studio."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web
from pydantic import Field

from ...errors import InputError
from ...production.studio_run import StudioRun
from .characters import character_shown
from .fields import UrlId
from .files import send_file
from .pool import CpuPool
from .registrar import Registrar
from .schemas import CharacterPath, CharacterShown, Parameters, Shown
from .uploads import PictureForm, PictureUpload
from .versions import Nothing

if TYPE_CHECKING:
    from ...services import Services

MAX_PICTURES = 8
_TEXTS = ("name", "personality", "visual_traits", "bible", "prompt", "negative_prompt", "project_id")
STUDIO_FORM = {
    "type": "object",
    "required": ["name", "reference_images"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 200},
        "personality": {"type": "string", "description": "A sentence, or a JSON object of the bible's form."},
        "visual_traits": {"type": "string", "description": 'A JSON object: {"hair": "teal"}.'},
        "bible": {"type": "string", "description": "A JSON object with further fields of the bible."},
        "prompt": {"type": "string"},
        "negative_prompt": {"type": "string"},
        "project_id": {"type": "string", "pattern": "^[0-9]+$"},
        "reference_images": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_PICTURES,
            "items": {"type": "string", "format": "binary"},
            "description": "PNG, JPEG or WebP, one frame, at most 20 MiB and 50 megapixels each.",
        },
    },
}


class RunPath(Parameters):
    """A run of the studio."""

    run_id: UrlId


class StagePath(RunPath):
    """One stage of a run."""

    stage: Literal["references", "bible", "embeddings", "poses", "report"]


class StageShown(Shown):
    """Where one stage is, and what it found."""

    state: Literal["pending", "running", "done", "failed", "skipped"]
    error: str = Field(description="Why it failed or was skipped.")
    started_at: str | None
    finished_at: str | None
    result: dict[str, Any]


class RunShown(Shown):
    """A run of the studio."""

    id: int
    character_id: int | None = Field(description="Null when the character was deleted since.")
    name: str
    project_id: int | None
    is_complete: bool
    stages: dict[str, StageShown]
    created_at: datetime | None
    updated_at: datetime | None


class StudioShown(Shown):
    """A character that the studio made."""

    character: CharacterShown
    run: RunShown
    report: dict[str, Any] = Field(description="How consistent the references are; empty if that failed.")


class PanelShown(Shown):
    """One part of a reference sheet, and where it comes from."""

    kind: Literal["reference", "pose", "head", "swatch"]
    box: tuple[int, int, int, int]
    reference_id: int | None = None
    sha256: str = ""
    name: str = ""
    hex: str = ""
    file: str = Field(default="", description="Of a test pose.")


def add_studio_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of the studio."""

    @api.upload("/anime/characters/studio/create", status=201, errors=(404, 409), form=STUDIO_FORM)
    async def create_in_studio(upload: PictureUpload) -> StudioShown:
        """Make a character of pictures and traits; a bad picture refuses it whole, and says of each why."""
        from ...services.studio import StudioOrder

        form = PictureForm("reference_images", most=MAX_PICTURES, texts=_TEXTS)
        async with upload.pictures(form) as pictures:
            texts = upload.texts
            order = StudioOrder(
                name=texts.get("name", ""),
                files=pictures.paths,
                names=pictures.names,
                bible=_bible(texts),
                project_id=_number(texts.get("project_id")),
                prompt=texts.get("prompt", ""),
                negative_prompt=texts.get("negative_prompt", ""),
            )
            character, run = await pool.run(services.studio.create, order)
        report = run.stages["report"].result
        return StudioShown(character=character_shown(character), run=_shown(run), report=report)

    @api.read("/anime/characters/studio/{run_id}", errors=(404,))
    async def get_studio_run(path: RunPath) -> RunShown:
        """Show where each stage of a run is."""
        return _shown(await services.database.run(services.studio.run, path.run_id))

    @api.write("POST", "/anime/characters/studio/{run_id}/stages/{stage}", errors=(404, 409))
    async def rerun_studio_stage(path: StagePath, body: Nothing) -> RunShown:
        """Run one stage again; the others stay as they are."""
        return _shown(await pool.run(services.studio.rerun, path.run_id, path.stage))

    @api.read("/anime/characters/{character_id}/studio", errors=(404,))
    async def list_studio_runs(path: CharacterPath) -> list[RunShown]:
        """List the newest runs of a character, the last one first."""
        runs = await services.database.run(services.studio.runs, path.character_id)
        return [_shown(run) for run in runs]

    @api.write("POST", "/anime/characters/{character_id}/studio", status=201, errors=(404,))
    async def begin_studio_run(path: CharacterPath, body: Nothing) -> RunShown:
        """Take a stored character through all stages."""
        return _shown(await pool.run(services.studio.begin, path.character_id))

    @api.read("/anime/characters/{character_id}/sheet", errors=(404,))
    async def get_reference_sheet(path: CharacterPath) -> web.FileResponse:
        """Send the newest reference sheet of a character."""
        sheet, _ = await services.database.run(services.studio.sheet, path.character_id)
        return await send_file(sheet, [services.studio.sheets])

    @api.read("/anime/characters/{character_id}/sheet/panels", errors=(404,))
    async def list_sheet_panels(path: CharacterPath) -> list[PanelShown]:
        """List the panels of the newest reference sheet, each with the reference it shows."""
        _, panels = await services.database.run(services.studio.sheet, path.character_id)
        return [PanelShown.model_validate(panel) for panel in panels]


def _shown(run: StudioRun) -> RunShown:
    return RunShown.model_validate(run.as_json())


def _bible(texts: dict[str, str]) -> dict[str, Any]:
    bible = _object(texts.get("bible"), "bible")
    if "visual_traits" in texts:
        bible["visual_traits"] = _object(texts["visual_traits"], "visual_traits")
    personality = texts.get("personality", "").strip()
    if personality.startswith("{"):
        bible["personality"] = _object(personality, "personality")
    elif personality:
        bible["personality"] = {"summary": personality}
    return bible


def _object(text: str | None, field: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{field} is not valid JSON.", field=field, hint=str(error)[:120]) from error
    if not isinstance(value, dict):
        raise InputError(f"{field} is not a JSON object.", field=field)
    return value


def _number(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise InputError(f"project_id = {text[:40]!r} is not a number.", field="project_id")
    return int(text)
