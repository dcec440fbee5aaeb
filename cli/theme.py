"""The command that plans music made to measure, stands in for it, and checks what came back."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..services.themes import KEY_RULES, ThemeOrder, parse_shots
from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stderr, stdout

if TYPE_CHECKING:
    from rich.table import Table

    from ..services import Services


def add_theme_command(music_app: typer.Typer) -> None:
    """Add the command to the group ``tower music``."""
    music_app.command("theme")(music_theme)


def music_theme(
    mood: Annotated[str, typer.Argument(help="What it feels like: wistful, rainy night.")] = "",
    shots: Annotated[
        str, typer.Option(help="The cut plan: 2.5 tense; 3 calm; … or the name of a text file.")
    ] = "",
    video: Annotated[Path | None, typer.Option(help="A finished picture, whose cuts are looked for.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=900, help="Length, without shots or video.")] = 30.0,
    fps: Annotated[str, typer.Option(help="Frames per second, as 24 or 24000/1001.")] = "24",
    project: Annotated[str | None, typer.Option(help="Its bible's mood counts as well.")] = None,
    character: Annotated[str | None, typer.Option(help="Their mood and nature count as well.")] = None,
    bpm: Annotated[str, typer.Option(help="Wished tempo, as 96 or 90-120.", show_default=False)] = "",
    key: Annotated[str, typer.Option(help="As 'A minor'.", show_default=False)] = "",
    after_key: Annotated[
        str, typer.Option("--after-key", help="Key of the music before.", show_default=False)
    ] = "",
    time_signature: Annotated[
        int | None, typer.Option("--time", help="Beats in a bar: 2, 3, 4 or 6.")
    ] = None,
    vocals: Annotated[bool, typer.Option("--vocals", help="Somebody sings.")] = False,
    lyrics: Annotated[Path | None, typer.Option(help="A text file with the lines of the song.")] = None,
    placeholder: Annotated[
        Path | None, typer.Option(help="Write a synthesised placeholder (FLAC or WAV).")
    ] = None,
    check: Annotated[Path | None, typer.Option(help="Music made of this plan, to be measured.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --check: the music as it fits the picture.")
    ] = None,
    max_stretch: Annotated[float, typer.Option(min=0, max=0.25, help="With --check: most stretch.")] = 0.08,
    key_rule: Annotated[str, typer.Option(help="With --check: compatible, exact or off.")] = KEY_RULES[0],
    as_json: AsJson = False,
) -> None:
    """Plan music for a picture from its mood and its cuts; write a placeholder, or check what was made."""
    limits = {
        "bpm_range": _range(bpm),
        "key": key,
        "previous_key": after_key,
        "beats_per_bar": time_signature,
        "vocals": vocals,
        "words": _text_of(lyrics) if lyrics else "",
    }
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        order = ThemeOrder(
            mood=mood,
            shots=parse_shots(_text_of(Path(shots)) if shots and _is_file(shots) else shots),
            seconds=seconds,
            fps=_rate(fps),
            video=video,
            project=opened.projects.find(project) if project else None,
            character=opened.characters.named(character) if character else None,
            limits=limits,
        )
        plan = opened.themes.plan(order, progress)
        if placeholder is not None:
            opened.themes.write_placeholder(plan, placeholder)
        checked = _checked(opened, plan, check, output, max_stretch=max_stretch, key_rule=key_rule)
    if as_json:
        print_json({**plan.as_json(), "check": None if checked is None else checked.as_json()})
    else:
        stdout().print(_table(plan))
        if placeholder is not None:
            stderr().print(f"{placeholder}: a placeholder, not for publishing.", markup=False)
        if checked is not None:
            stdout().print(checked.summary, markup=False)
    if checked is not None and checked.status != "pass":
        raise typer.Exit(2)


def _checked(opened: Services, plan: Any, check: Path | None, output: Path | None, **limits: Any) -> Any:
    if check is None:
        if output is not None:
            raise InputError("--output needs the music to fit.", field="output", hint="Name it with --check.")
        return None
    return opened.themes.check_file(plan, check, output, **limits)


def _range(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*(?:[-–]\s*(\d{1,3}(?:\.\d+)?))?\s*", text)
    if not found:
        raise InputError(f"{text[:40]!r} is no tempo.", field="bpm", hint="Give it as 96, or as 90-120.")
    low = float(found[1])
    return low, float(found[2] or low)


def _rate(text: str) -> Fraction:
    if (
        not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}|/[1-9][0-9]{0,5})?", text)
        or not 1 <= Fraction(text) <= 240
    ):
        raise InputError(f"{text[:40]!r} is no frame rate.", field="fps", hint="Give 24, or 24000/1001.")
    return Fraction(text)


def _is_file(text: str) -> bool:
    return len(text) < 1000 and "\n" not in text and Path(text).is_file()


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text.", hint="Give a UTF-8 text file.") from error


def _table(plan: Any) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, show_edge=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    parts = [f"{part.name} {part.start_seconds:.1f}–{part.end_seconds:.1f} s" for part in plan.sections]
    rows = {
        "plan": plan.summary,
        "ask for": f"{plan.bpm} BPM, {plan.key}, {plan.beats_per_bar} beats a bar, {plan.ask_seconds:.1f} s",
        "tags": plan.tags,
        "parts": ", ".join(parts),
        "lyrics": plan.lyrics,
        "why": "\n".join(plan.reasons),
    }
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table
