"""Characters, their reference pictures, and scores against those."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ...consistency.character import Character, CharacterLora, Reference
from .files import file_below, send_file
from .pool import CpuPool
from .registrar import Registrar
from .schemas import (
    CharacterCreate,
    CharacterFields,
    CharacterPage,
    CharacterPatch,
    CharacterPath,
    CharacterQuery,
    CharacterShown,
    Lora,
    PictureCheck,
    ReferencePath,
    ReferencesAdded,
    ReferenceShown,
    ScoreQuery,
    ScoreShown,
    VersionShown,
    next_cursor,
)
from .uploads import PictureUpload

if TYPE_CHECKING:
    from ...services import Services


def add_character_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of characters."""

    @api.read("/anime/characters")
    async def list_characters(query: CharacterQuery) -> CharacterPage:
        """List the characters, oldest first."""
        found = await services.database.run(
            services.characters.list,
            project_id=query.project_id,
            limit=query.limit + 1,
            after_id=query.cursor or 0,
        )
        items = [character_shown(character) for character in found[: query.limit]]
        return CharacterPage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.write("POST", "/anime/characters", status=201, errors=(404, 409, 429))
    async def create_character(body: CharacterCreate) -> CharacterShown:
        """Create a character, with a picture of ComfyUI's input folder; others follow by multipart."""
        columns = _columns(body)
        if not columns.pop("reference_image", ""):
            return character_shown(await services.database.run(services.characters.create, **columns))
        picture = await asyncio.to_thread(file_below, services.settings.input, body.reference_image)
        return character_shown(await pool.run(services.characters.begin, files=[picture], **columns))

    @api.read("/anime/characters/{character_id}", errors=(404,))
    async def get_character(path: CharacterPath) -> CharacterShown:
        """Show a character in its current version."""
        return character_shown(await services.database.run(services.characters.get, path.character_id))

    @api.write("PATCH", "/anime/characters/{character_id}", errors=(404, 409))
    async def change_character(path: CharacterPath, body: CharacterPatch) -> CharacterShown:
        """Change a character; what is left out stays."""
        return character_shown(
            await services.database.run(services.characters.update, path.character_id, **_columns(body))
        )

    @api.write("DELETE", "/anime/characters/{character_id}", status=204, errors=(404, 409))
    async def delete_character(path: CharacterPath) -> None:
        """Delete a character; its pictures stay on disk."""
        await services.database.run(services.characters.delete, path.character_id)


def add_picture_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes that take or give pictures of characters."""

    @api.upload("/anime/characters/{character_id}/references", status=201, errors=(404,))
    async def add_references(path: CharacterPath, upload: PictureUpload) -> ReferencesAdded:
        """Add 1 to 20 reference pictures; one that is refused refuses them all."""
        await services.database.run(services.characters.get, path.character_id)
        async with upload.pictures() as pictures:
            character, checks = await pool.run(
                services.characters.add_references, path.character_id, pictures.paths, names=pictures.names
            )
            found = [
                PictureCheck(image=name, warnings=list(check.warnings))
                for name, check in zip(pictures.names, checks, strict=True)
            ]
        return ReferencesAdded(character=character_shown(character), checks=found)

    @api.read("/anime/characters/{character_id}/references/{reference_id}/file", errors=(404,))
    async def get_reference_file(path: ReferencePath) -> web.FileResponse:
        """Send a reference picture of any version."""
        reference = await services.database.run(
            services.characters.reference, path.character_id, path.reference_id
        )
        return await send_file(reference.path, [services.settings.references])

    @api.upload("/anime/characters/{character_id}/score", errors=(404,))
    async def score_pictures(
        path: CharacterPath, query: ScoreQuery, upload: PictureUpload
    ) -> list[ScoreShown]:
        """Score 1 to 20 pictures against a character; nothing is stored of them."""
        character = await services.database.run(services.characters.get, path.character_id)
        async with upload.pictures() as pictures:
            rows = await pool.run(
                services.identity.score_files,
                character,
                pictures.paths,
                encoder=query.encoder,
                threshold=query.threshold,
                mapping=query.mapping,
            )
        return [
            ScoreShown.model_validate(
                {**row.as_json(), "image": name, "reason": pictures.named(row.verdict.reason)}
            )
            for name, row in zip(pictures.names, rows, strict=True)
        ]


def _columns(body: CharacterFields) -> dict[str, Any]:
    columns = body.given()
    if "loras" in columns:
        columns["loras"] = [CharacterLora(**lora.model_dump()) for lora in body.loras]
    return columns


def character_shown(character: Character) -> CharacterShown:
    """Return a character as an answer shows it."""
    return CharacterShown(
        id=character.id,
        name=character.name,
        label=character.label,
        project_id=character.project_id,
        project_name=character.project_name,
        description=character.description,
        prompt=character.prompt,
        negative_prompt=character.negative_prompt,
        loras=[Lora.model_validate(lora) for lora in character.loras],
        consistency_threshold=character.consistency_threshold,
        bible=character.bible,
        version=VersionShown.model_validate(character.version),
        current_version=character.current_version,
        references=references_shown(character.id, character.references),
        created_at=character.created_at,
        updated_at=character.updated_at,
    )


def references_shown(character_id: int, references: Sequence[Reference]) -> list[ReferenceShown]:
    """Return references as an answer shows them, each with the address of its file."""
    return [
        ReferenceShown(
            id=reference.id or 0,
            url=f"/anime/characters/{character_id}/references/{reference.id}/file",
            sha256=reference.sha256,
            width=reference.width,
            height=reference.height,
            warnings=list(reference.warnings),
            weight=reference.weight,
            box=reference.box,
            report=reference.report,
        )
        for reference in references
    ]
