"""The commands of the Character Studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..production.studio_run import StageState
from ..services.files import copy_whole
from ..services.overview import character_json
from ..services.studio import StudioOrder
from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stdout
from .versions import json_option

if TYPE_CHECKING:
    from ..production.studio_run import StudioRun

studio_app = typer.Typer(help="Runs of the Character Studio.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Its name, or 'project / name'.", show_default=False)]
Run = Annotated[int, typer.Argument(help="Number of the run.", show_default=False)]


def add_studio_commands(character_app: typer.Typer) -> None:
    """Put the commands among those of characters."""
    character_app.command("create")(character_create)
    character_app.add_typer(studio_app, name="studio")


def character_create(
    name: Annotated[str, typer.Argument(help="Name of the character.", show_default=False)],
    references: Annotated[list[Path], typer.Argument(help="1 to 8 pictures.", show_default=False)],
    project: Annotated[str | None, typer.Option(help="Project it belongs to; shared by all without.")] = None,
    trait: Annotated[
        list[str] | None, typer.Option(help="What it looks like: hair=teal. May be given several times.")
    ] = None,
    personality: Annotated[
        str | None, typer.Option(help='What it is like: a sentence, or JSON such as {"traits": ["calm"]}.')
    ] = None,
    bible: Annotated[
        Path | None, typer.Option(help="A JSON file with further fields of the character bible.")
    ] = None,
    prompt: Annotated[str, typer.Option(help="Fragment added to the positive prompt.")] = "",
    negative: Annotated[str, typer.Option(help="Fragment added to the negative prompt.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a character in the studio: checked, with a bible, embeddings, a report and a reference sheet."""
    content = bible_of(_read_bible(bible), trait or [], personality)
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        project_id = opened.projects.ensure(project).id if project else None
        order = StudioOrder(
            name, references, bible=content, project_id=project_id, prompt=prompt, negative_prompt=negative
        )
        character, run = opened.studio.create(order, progress)
    if as_json:
        print_json({**character_json(character), "studio_run": run.as_json()})
    else:
        _print_run(run)
    _fail_if_failed(run)


@studio_app.command("run")
def studio_run(name: Name, as_json: AsJson = False) -> None:
    """Take a stored character through all stages."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        run = opened.studio.begin(opened.characters.named(name).id, progress)
    _show(run, as_json=as_json)


@studio_app.command("rerun")
def studio_rerun(
    run: Run,
    stage: Annotated[str, typer.Argument(help="references, bible, embeddings, poses or report.")],
    as_json: AsJson = False,
) -> None:
    """Run one stage again; the others stay as they are."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        done = opened.studio.rerun(run, stage, progress)
    _show(done, as_json=as_json)


@studio_app.command("show")
def studio_show(run: Run, as_json: AsJson = False) -> None:
    """Show where each stage of a run is."""
    with opened_services() as opened:
        found = opened.studio.run(run)
    if as_json:
        print_json(found.as_json())
    else:
        _print_run(found)


@studio_app.command("sheet")
def studio_sheet(
    name: Name,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Copy it there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say where the newest reference sheet of a character is, or copy it."""
    with opened_services() as opened:
        path, panels = opened.studio.sheet(opened.characters.named(name).id)
    if output is not None:
        copy_whole(path, output)
    if as_json:
        print_json({"file": str(output or path), "panels": panels})
    else:
        stdout().print(str(output or path), markup=False, soft_wrap=True)


def bible_of(content: dict[str, Any], traits: list[str], personality: str | None) -> dict[str, Any]:
    """Put traits and personality into the fields of a bible.

    Raises
    ------
    InputError
        If a trait is not ``name=value``, or the personality is JSON but no object.
    """
    found = dict(content)
    if traits:
        found["visual_traits"] = {**found.get("visual_traits", {}), **dict(_trait(trait) for trait in traits)}
    if personality is not None:
        is_json = personality.lstrip().startswith("{")
        found["personality"] = (
            json_option(personality, "--personality") if is_json else {"summary": personality}
        )
    return found


def _trait(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise InputError(
            f"the trait {text[:80]!r} is not name=value.", field="trait", hint="Such as hair=teal."
        )
    return name.strip(), value.strip()


def _read_bible(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return json_option(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", field="bible") from error


def _show(run: StudioRun, *, as_json: bool) -> None:
    if as_json:
        print_json(run.as_json())
    else:
        _print_run(run)
    _fail_if_failed(run)


def _print_run(run: StudioRun) -> None:
    from .tables import studio_table

    stdout().print(f"Studio run {run.id}: {run.name}", markup=False)
    stdout().print(studio_table(run))
    for step in run.stages["report"].result.get("next_steps", []):
        stdout().print(f"next: {step}", markup=False)


def _fail_if_failed(run: StudioRun) -> None:
    if any(stage.state is StageState.FAILED for stage in run.stages.values()):
        raise typer.Exit(1)
