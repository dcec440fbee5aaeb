"""The commands that send characters away as files and take them in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..services.overview import character_json
from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stderr, stdout


def add_travel_commands(character_app: typer.Typer) -> None:
    """Put the commands among those of characters."""
    character_app.command("export")(character_export)
    character_app.command("import")(character_import)


def character_export(
    name: Annotated[str, typer.Argument(help="Its name, or 'project / name'.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file.", show_default="NAME.tower")
    ] = None,
    crops: Annotated[bool, typer.Option("--crops", help="Put the figures, cut out, into it too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a character with all its versions, pictures and embeddings into one file."""
    with opened_services() as opened:
        character = opened.characters.named(name)
        if output is None:
            target = opened.courier.export_into(character.id, Path(), with_crops=crops)
        else:
            target = opened.courier.export(character.id, output, with_crops=crops)
    size = target.stat().st_size
    if as_json:
        print_json({"file": str(target), "size_bytes": size, "character": character.label})
        return
    stdout().print(f"{character.label} is in {target} ({size / 1e6:.1f} MB).", markup=False)


def character_import(
    file: Annotated[Path, typer.Argument(help="A file made by character export.", show_default=False)],
    project: Annotated[str | None, typer.Option(help="Project it is to belong to.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is to be called.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in the character of a file, whole or not at all."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        project_id = opened.projects.ensure(project).id if project else None
        arrival = opened.courier.take_in(file, project_id=project_id, name=name, progress=progress)
    if as_json:
        print_json(
            {
                **character_json(arrival.character),
                "notes": list(arrival.notes),
                "licences": arrival.licences,
                "created_by": arrival.created_by,
            }
        )
        return
    version = arrival.character.version
    facts = f"version {version.number}, {len(version.references)} reference pictures"
    licence = arrival.licences.get("references", "not stated")
    stdout().print(f"{arrival.character.label}: {facts}. Licence: {licence}.", markup=False)
    for note in arrival.notes:
        stderr().print(f"note: {note}", markup=False, soft_wrap=True)
