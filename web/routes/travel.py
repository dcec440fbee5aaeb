"""Characters that leave and arrive as files."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from ...errors import InputError
from .characters import character_shown
from .errors import COMMON_HEADERS
from .fields import UrlFlag
from .pool import CpuPool
from .registrar import Registrar
from .schemas import CharacterPath, CharacterShown, Parameters, Shown
from .uploads import PictureUpload

if TYPE_CHECKING:
    from ...services import Services

MAX_FILE_BYTES = 512 << 20
IMPORT_FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "Made by an export, at most 512 MiB."},
        "name": {"type": "string", "description": "What it is to be called; as in the file if left out."},
        "project_id": {"type": "string", "pattern": "^[0-9]+$", "description": "Whose it is to be."},
    },
}


class ExportQuery(Parameters):
    """What goes along."""

    crops: UrlFlag = Field(default=False, description="The figures cut out of the pictures too.")


class ArrivalShown(Shown):
    """A character that was taken in, and what could not be used as it was."""

    character: CharacterShown
    notes: list[str]
    licences: dict[str, str]
    created_by: str


def add_travel_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of travelling characters."""

    @api.read("/anime/characters/{character_id}/export", errors=(404, 409))
    async def export_character(
        path: CharacterPath, query: ExportQuery, request: web.Request
    ) -> web.StreamResponse:
        """Send a character with all its versions, pictures and embeddings as one file."""
        from ...services.uploads import UploadFolder

        character = await services.database.run(services.characters.get, path.character_id)
        folder = await asyncio.to_thread(UploadFolder.make, services.settings.home)
        try:
            target = folder.path / "character.tower"
            await pool.run(services.courier.export, character.id, target, with_crops=query.crops)
            return await _sent(request, target, character.name)
        finally:
            await asyncio.to_thread(folder.remove)

    @api.upload("/anime/characters/import", status=201, errors=(404, 409), form=IMPORT_FORM)
    async def import_character(upload: PictureUpload) -> ArrivalShown:
        """Take in the character of a file, whole or not at all."""
        async with upload.file("file", most_bytes=MAX_FILE_BYTES, texts=("name", "project_id")) as path:
            project_id = _id_of(upload.texts.get("project_id"))
            name = upload.texts.get("name") or None
            arrival = await pool.run(services.courier.take_in, path, project_id=project_id, name=name)
        return ArrivalShown(
            character=character_shown(arrival.character),
            notes=list(arrival.notes),
            licences=arrival.licences,
            created_by=arrival.created_by,
        )


async def _sent(request: web.Request, path: Path, name: str) -> web.StreamResponse:
    """Send a file to its end, so that it can be removed afterwards."""
    headers = {
        **COMMON_HEADERS,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{name}.tower', safe='')}",
    }
    response = web.StreamResponse(headers=headers)
    response.content_length = (await asyncio.to_thread(path.stat)).st_size
    await response.prepare(request)
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while request.method != "HEAD" and (chunk := await asyncio.to_thread(file.read, 1 << 18)):
            await response.write(chunk)
    finally:
        await asyncio.to_thread(file.close)
    await response.write_eof()
    return response


def _id_of(text: str | None) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise InputError(f"project_id = {text[:40]!r} is not a number.", field="project_id")
    return int(text)
