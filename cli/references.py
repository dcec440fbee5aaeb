"""The command that changes one reference picture of a character."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import InputError
from ..services.overview import character_json
from .shared import AsJson, opened_services
from .terminal import print_json, stderr, stdout


def add_reference_command(character_app: typer.Typer) -> None:
    """Put the command among those of characters."""
    character_app.command("reference")(character_reference)


def character_reference(
    name: Annotated[str, typer.Argument(help="Its name, or 'project / name'.", show_default=False)],
    number: Annotated[int, typer.Argument(help="Which picture, counted from 1.", show_default=False)],
    box: Annotated[
        str | None,
        typer.Option(help="The figure: LEFT,TOP,RIGHT,BOTTOM in pixels; the whole picture without."),
    ] = None,
    weight: Annotated[float | None, typer.Option(help="How much it counts in a score; 1 is usual.")] = None,
    as_json: AsJson = False,
) -> None:
    """Choose the figure in a reference picture, or its weight; makes a new version."""
    from ..services.references import change_reference, reference_at

    with opened_services() as opened:
        character = opened.characters.named(name)
        chosen = reference_at(character, number)
        changed, check = change_reference(
            opened.characters, character.id, chosen.id or 0, box=_box(box), weight=weight
        )
    if as_json:
        print_json({**character_json(changed), "checks": [check.as_json()]})
        return
    stdout().print(f"{changed.label}: version {changed.version.number}.", markup=False)
    for warning in check.warnings:
        stderr().print(f"note: {warning}", markup=False)


def _box(text: str | None) -> tuple[int, int, int, int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.isdecimal() for part in parts):
        raise InputError(
            f"The box {text!r} is not four numbers.",
            field="box",
            hint="Give LEFT,TOP,RIGHT,BOTTOM in pixels.",
        )
    left, top, right, bottom = (int(part) for part in parts)
    return (left, top, right, bottom)
