"""The commands of versions and bibles of characters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..production.character_bible import bible_text
from ..services.overview import character_json, version_json
from .shared import AsJson, opened_services
from .terminal import print_json, stderr, stdout

if TYPE_CHECKING:
    from ..consistency.character import Character

version_app = typer.Typer(help="Versions of a character: ages and moods.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Its name, or 'project / name'.", show_default=False)]


def add_version_commands(character_app: typer.Typer) -> None:
    """Put the commands among those of characters."""
    character_app.add_typer(version_app, name="version")
    character_app.command("bible")(character_bible)


@version_app.command("add")
def version_add(
    name: Name,
    references: Annotated[
        list[Path] | None,
        typer.Argument(help="Its own pictures; those of the current version without.", show_default=False),
    ] = None,
    age: Annotated[str | None, typer.Option(help="Such as child or 17.")] = None,
    emotion: Annotated[str | None, typer.Option(help="Such as angry.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Prompt fragment of this version.")] = None,
    use: Annotated[bool, typer.Option("--use", help="Make it the current version.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a version from the current one; what is left out is as it is there."""
    fields = {"age_state": age, "emotional_state": emotion, "prompt": prompt, "make_current": use}
    with opened_services() as opened:
        character = opened.characters.named(name)
        made, checks = opened.characters.make_version(character.id, references or (), **fields)
    _show(made, as_json=as_json)
    for check in checks:
        for warning in check.warnings:
            stderr().print(f"note: {warning}", markup=False)


@version_app.command("list")
def version_list(name: Name, as_json: AsJson = False) -> None:
    """List the versions of a character; * is the current one."""
    with opened_services() as opened:
        character = opened.characters.named(name)
        versions = opened.characters.versions(character.id)
        uses = opened.characters.uses(character.id)
    if as_json:
        current = character.current_version
        print_json([version_json(version, current, uses.get(version.number, [])) for version in versions])
        return
    from .tables import version_table

    stdout().print(version_table(versions, character.current_version, uses))


@version_app.command("use")
def version_use(
    name: Name,
    version: Annotated[str, typer.Argument(help="Its number, or age/emotion.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make a version the current one: it is used where none is named."""
    with opened_services() as opened:
        chosen = opened.characters.in_version(opened.characters.named(name), version)
        character = opened.characters.use_version(chosen.id, chosen.version.number)
    _show(character, as_json=as_json)


@version_app.command("delete")
def version_delete(
    name: Name,
    version: Annotated[str, typer.Argument(help="Its number, or age/emotion.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Delete a version that no job used and that is not the current one."""
    with opened_services() as opened:
        chosen = opened.characters.in_version(opened.characters.named(name), version)
        opened.characters.delete_version(chosen.id, chosen.version.number)
        character = opened.characters.get(chosen.id)
    _show(character, as_json=as_json)


def character_bible(
    name: Name,
    changes: Annotated[
        str | None, typer.Option("--set", help='JSON: {"backstory": "…", "age": null}; null takes out.')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show who a character is, or change it field by field."""
    with opened_services() as opened:
        character = opened.characters.named(name)
        if changes is not None:
            character = opened.characters.change_bible(character.id, json_option(changes, "--set"))
    if as_json:
        print_json(character.bible)
    else:
        stdout().print(bible_text(character.label, character.bible), markup=False, end="")


def json_option(text: str, option: str) -> dict[str, Any]:
    """Read an option that is a JSON object.

    Raises
    ------
    InputError
        If it is not.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{option} is not JSON: {str(error)[:80]}.", field=option) from error
    if not isinstance(value, dict):
        raise InputError(f"{option} is a JSON {type(value).__name__}, not an object.", field=option)
    return value


def _show(character: Character, *, as_json: bool) -> None:
    if as_json:
        print_json(character_json(character))
        return
    version = character.version
    state = f" ({version.state})" if version.state else ""
    facts = f"version {version.number}{state}, {len(version.references)} reference pictures"
    stdout().print(f"{character.label}: {facts}; {character.current_version} is current.", markup=False)
