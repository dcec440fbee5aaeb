"""The commands: each parses, calls a service, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..services.overview import character_json, overview, project_json
from .catalogue import add_catalogue_commands
from .doctor import add_doctor_command
from .looks import add_look_commands
from .models import model_app
from .music import add_music_commands
from .references import add_reference_command
from .scores import add_score_commands
from .shared import AsJson, opened_services
from .studio import add_studio_commands
from .sync import add_sync_command
from .terminal import print_json, progress_bars, stderr, stdout
from .theme import add_theme_command
from .travel import add_travel_commands
from .versions import add_version_commands
from .workflow import workflow_app

app = typer.Typer(
    help="Anime production: characters that stay themselves, cuts that land on beats.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
character_app = typer.Typer(help="Characters and their reference pictures.", no_args_is_help=True)
music_app = typer.Typer(help="Tempo, beats, key and loudness of music.", no_args_is_help=True)
video_app = typer.Typer(help="Cuts and motion of finished picture.", no_args_is_help=True)
project_app = typer.Typer(help="Projects and what they hold.", no_args_is_help=True)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
for name, group in {
    "character": character_app,
    "music": music_app,
    "video": video_app,
    "project": project_app,
    "models": model_app,
    "workflow": workflow_app,
    "db": db_app,
}.items():
    app.add_typer(group, name=name)
add_catalogue_commands(music_app)
add_music_commands(music_app)
add_theme_command(music_app)
add_doctor_command(app)
add_look_commands(app)
add_sync_command(app)
add_score_commands(character_app)
add_reference_command(character_app)
add_version_commands(character_app)
add_travel_commands(character_app)
add_studio_commands(character_app)


@app.command()
def animatic(
    spec: Annotated[Path, typer.Argument(help="The episode file (YAML).", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the results.", show_default="build/FOLDER"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Turn stills, a shot list and music into a beat-cut, identity-checked animatic."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        folder = output or Path("build") / spec.absolute().parent.name
        result = opened.animatic.run(spec, folder, progress)
    if as_json:
        print_json(result.as_json())
        return
    from .tables import animatic_summary

    stdout().print(animatic_summary(result))


@character_app.command("add")
def character_add(
    name: Annotated[str, typer.Argument(help="Name of the character.", show_default=False)],
    references: Annotated[
        list[Path], typer.Argument(help="Pictures, 512 pixels or more on the short side.", show_default=False)
    ],
    project: Annotated[str | None, typer.Option(help="Project it belongs to; shared by all without.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Fragment added to the positive prompt.")] = None,
    negative: Annotated[str | None, typer.Option(help="Fragment added to the negative prompt.")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Raw similarity that a picture must reach.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a character from reference pictures, or add pictures to one."""
    fields = {"prompt": prompt, "negative_prompt": negative, "consistency_threshold": threshold}
    with opened_services() as opened:
        project_id = opened.projects.ensure(project).id if project else None
        given = {key: value for key, value in fields.items() if value is not None}
        character, checks = opened.characters.extend(name, references, project_id=project_id, **given)
    if as_json:
        print_json({**character_json(character), "checks": [check.as_json() for check in checks]})
        return
    facts = f"{len(character.references)} reference pictures, version {character.version.number}"
    stdout().print(f"{character.label}: {facts}.", markup=False)
    for check in checks:
        for warning in check.warnings:
            stderr().print(f"note: {warning}", markup=False)


@character_app.command("list")
def character_list(as_json: AsJson = False) -> None:
    """List the characters."""
    with opened_services() as opened:
        characters = opened.characters.list()
    if as_json:
        print_json([character_json(character) for character in characters])
        return
    from .tables import character_table

    stdout().print(character_table(characters))


@video_app.command("cuts")
def video_cuts(
    file: Annotated[Path, typer.Argument(help="A video.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Find cuts, fades, dissolves and motion."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        analysis = opened.music.cuts(file, progress)
    if as_json:
        print_json({"file": str(file), **analysis.as_json()})
        return
    from .tables import cuts_table

    stdout().print(cuts_table(analysis))


@project_app.command("list")
def project_list(as_json: AsJson = False) -> None:
    """List the projects."""
    with opened_services() as opened:
        projects = opened.projects.list(limit=200)
    if as_json:
        print_json([project_json(project) for project in projects])
        return
    from .tables import project_table

    stdout().print(project_table(projects))


@project_app.command("show")
def project_show(
    name: Annotated[str, typer.Argument(help="Name of the project.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show a project with its characters, episodes, jobs and files."""
    with opened_services() as opened:
        shown = overview(opened, name)
    if as_json:
        print_json(shown.as_json())
        return
    from .tables import project_page

    stdout().print(project_page(shown))


@project_app.command("bible")
def project_bible(
    name: Annotated[str, typer.Argument(help="Name of the project.", show_default=False)],
    version: Annotated[int | None, typer.Option(min=1, help="An older version of it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the bible of a project as Markdown, or as JSON."""
    from ..production.bible_markdown import bible_markdown

    with opened_services() as opened:
        project = opened.projects.find(name)
        found = opened.projects.bible_version(project.id, version)
    if as_json:
        print_json({"version": found.number, "created_at": found.created_at, "content": found.content})
    else:
        stdout().print(bible_markdown(project.name, found.content), markup=False, end="", soft_wrap=True)


@db_app.command("upgrade")
def db_upgrade(as_json: AsJson = False) -> None:
    """Bring the database to this version's schema; data is kept."""
    with opened_services() as opened:
        before, after = opened.database.upgrade()
    if as_json:
        print_json({"before": before, "after": after, "database": opened.database.place})
        return
    change = "stays at" if before == after else f"goes from {before or 'nothing'} to"
    stdout().print(f"Schema of {opened.database.place} {change} revision {after}.", markup=False)


@db_app.command("check")
def db_check(as_json: AsJson = False) -> None:
    """Look for damage and name it."""
    with opened_services() as opened:
        findings = opened.database.check()
    is_sound = all(finding.level != "error" for finding in findings)
    if as_json:
        print_json({"ok": is_sound, "findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            sentence = f"{finding.level}: {finding.table}: {finding.message} {finding.hint}"
            stdout().print(sentence, markup=False)
        stdout().print("The database is sound." if is_sound else "The database is damaged.")
    if not is_sound:
        raise typer.Exit(1)
