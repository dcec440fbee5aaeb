"""The command that looks for what is wrong: with the installation, or with a character."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.text import Text

from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stdout

if TYPE_CHECKING:
    from ..services.character_doctor import CharacterReport

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def add_doctor_command(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command("doctor")(doctor)


def doctor(
    character: Annotated[
        str | None, typer.Option("--character", "-c", help="Look at this character instead, by its name.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="The same.", show_default=False)] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Identity encoder to judge a character by; the best one without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check this installation, or a character: what is wrong, and what to do about it."""
    asked = character or name
    is_well = _examine(asked, encoder, as_json=as_json) if asked else _installation(as_json=as_json)
    if not is_well:
        raise typer.Exit(1)


def _installation(*, as_json: bool) -> bool:
    from ..services.doctor import examine
    from ..settings import load_settings

    checks = examine(load_settings())
    is_well = all(check.is_ok for check in checks)
    if as_json:
        print_json({"ok": is_well, "checks": [check.as_json() for check in checks]})
    else:
        from .tables import doctor_table

        stdout().print(doctor_table(checks))
    return is_well


def _examine(name: str, encoder: str | None, *, as_json: bool) -> bool:
    from ..services.character_doctor import examine_character

    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        character = opened.characters.named(name)
        report = examine_character(opened.identity, character, encoder=encoder, progress=progress)
    if as_json:
        print_json(report.as_json())
    else:
        stdout().print(_page(report))
    return report.is_well


def _page(report: CharacterReport) -> Group:
    """Return the findings for people."""
    character = report.character
    lines = [
        Text(
            f"{character.label}, version {character.version.number}: {len(character.references)} references, "
            f"judged by {report.encoder} {report.encoder_version}"
        )
    ]
    for finding in report.findings:
        mark = (f"{finding.level}: ", _COLOURS[finding.level])
        lines.append(Text.assemble(mark, f"{finding.message} {finding.remedy}".strip()))
    if not report.findings:
        lines.append(Text("Nothing is wrong with it.", style="green"))
    return Group(*lines)
