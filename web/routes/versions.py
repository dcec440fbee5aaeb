"""Versions and bibles of characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError

from ...consistency.character import Character, CharacterVersion
from ...errors import InputError
from ...production.character_bible import CharacterBible
from .characters import character_shown, references_shown
from .errors import from_validation
from .fields import Text, UrlId
from .pool import CpuPool
from .registrar import Registrar
from .schemas import (
    Body,
    CharacterPath,
    CharacterShown,
    PictureCheck,
    ReferencesAdded,
    ReferenceShown,
    VersionShown,
)
from .uploads import MAX_PICTURES, PictureForm, PictureUpload

if TYPE_CHECKING:
    from ...services import Services

State = Annotated[str, Field(max_length=50)]
_TEXTS = ("age_state", "emotional_state", "prompt", "make_current")
VERSION_FORM = {
    "type": "object",
    "required": ["images"],
    "additionalProperties": False,
    "properties": {
        "age_state": {"type": "string", "maxLength": 50},
        "emotional_state": {"type": "string", "maxLength": 50},
        "prompt": {"type": "string"},
        "make_current": {"enum": ["true", "false"]},
        "images": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_PICTURES,
            "items": {"type": "string", "format": "binary"},
        },
    },
}


class VersionPath(CharacterPath):
    """A version of a character."""

    number: UrlId


class VersionPatch(Body):
    """Changes of a version; what is left out stays."""

    age_state: State = Field(default="", description="Such as child or 17.")
    emotional_state: State = Field(default="", description="Such as angry.")
    prompt: Text = Field(default="", description="Added to the prompt when this version is used.")


class VersionCreate(VersionPatch):
    """A version made from the current one; what is left out is as it is there."""

    make_current: bool = Field(default=False, description="Use it where no version is named.")


class Nothing(Body):
    """An empty object: the address says it all."""


class BiblePatch(CharacterBible):
    """Changes of a bible: null takes a field out, what is left out stays."""


class VersionListed(VersionShown):
    """A version with its pictures and the jobs that used it."""

    is_current: bool
    job_ids: list[int] = Field(description="The jobs that used it, which keep it as it is.")
    references: list[ReferenceShown]


def add_version_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of versions."""

    @api.read("/anime/characters/{character_id}/versions", errors=(404,))
    async def list_versions(path: CharacterPath) -> list[VersionListed]:
        """List the versions of a character, oldest first."""
        return await services.database.run(_listed, services, path.character_id)

    @api.read("/anime/characters/{character_id}/versions/{number}", errors=(404,))
    async def get_version(path: VersionPath) -> CharacterShown:
        """Show a character in a version of it."""
        return character_shown(
            await services.database.run(services.characters.get, path.character_id, path.number)
        )

    @api.write("POST", "/anime/characters/{character_id}/versions", status=201, errors=(404,))
    async def create_version(path: CharacterPath, body: VersionCreate) -> CharacterShown:
        """Make a version from the current one, with the same pictures."""
        return character_shown(
            await services.database.run(services.characters.add_version, path.character_id, **body.given())
        )

    @api.upload(
        "/anime/characters/{character_id}/versions/pictures", status=201, errors=(404,), form=VERSION_FORM
    )
    async def create_version_of_pictures(path: CharacterPath, upload: PictureUpload) -> ReferencesAdded:
        """Make a version from the current one, with pictures of its own."""
        await services.database.run(services.characters.get, path.character_id)
        async with upload.pictures(PictureForm(texts=_TEXTS)) as pictures:
            fields = _fields(upload.texts)
            character, checks = await pool.run(
                services.characters.make_version,
                path.character_id,
                pictures.paths,
                names=pictures.names,
                **fields,
            )
            found = [
                PictureCheck(image=name, warnings=list(check.warnings))
                for name, check in zip(pictures.names, checks, strict=True)
            ]
        return ReferencesAdded(character=character_shown(character), checks=found)

    @api.write("PATCH", "/anime/characters/{character_id}/versions/{number}", errors=(404, 409))
    async def change_version(path: VersionPath, body: VersionPatch) -> CharacterShown:
        """Change a version that no job used."""
        return character_shown(
            await services.database.run(
                services.characters.update_version, path.character_id, path.number, **body.given()
            )
        )

    @api.write("DELETE", "/anime/characters/{character_id}/versions/{number}", status=204, errors=(404, 409))
    async def delete_version(path: VersionPath) -> None:
        """Delete a version that no job used and that is not the current one."""
        await services.database.run(services.characters.delete_version, path.character_id, path.number)

    @api.write("POST", "/anime/characters/{character_id}/versions/{number}/current", errors=(404,))
    async def make_version_current(path: VersionPath, body: Nothing) -> CharacterShown:
        """Make a version the one that is used where none is named."""
        return character_shown(
            await services.database.run(services.characters.use_version, path.character_id, path.number)
        )


def add_bible_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of bibles."""

    @api.read("/anime/characters/{character_id}/bible", errors=(404,))
    async def get_character_bible(path: CharacterPath) -> dict[str, Any]:
        """Show who a character is, exactly as it was given."""
        return (await services.database.run(services.characters.get, path.character_id)).bible

    @api.write("PATCH", "/anime/characters/{character_id}/bible", errors=(404,))
    async def change_character_bible(path: CharacterPath, body: BiblePatch) -> dict[str, Any]:
        """Change a bible field by field; null takes a field out."""
        changes = body.model_dump(exclude_unset=True)
        return (
            await services.database.run(services.characters.change_bible, path.character_id, changes)
        ).bible


def _listed(services: Services, character_id: int) -> list[VersionListed]:
    character: Character = services.characters.get(character_id)
    versions, uses = services.characters.versions(character_id), services.characters.uses(character_id)
    return [_version_listed(version, character, uses.get(version.number, [])) for version in versions]


def _version_listed(version: CharacterVersion, character: Character, job_ids: list[int]) -> VersionListed:
    shown = VersionShown.model_validate(version).model_dump()
    return VersionListed(
        **shown,
        is_current=version.number == character.current_version,
        job_ids=job_ids,
        references=references_shown(character.id, version.references),
    )


def _fields(texts: dict[str, str]) -> dict[str, Any]:
    make_current = texts.get("make_current", "false")
    if make_current not in ("true", "false"):
        raise InputError("make_current is neither true nor false.", field="make_current")
    states = {name: value for name, value in texts.items() if name != "make_current"}
    try:
        VersionPatch.model_validate(states)
    except ValidationError as error:
        raise from_validation(error, list(_TEXTS)) from error
    return {**states, "make_current": make_current == "true"}
