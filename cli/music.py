"""The commands that listen to music and choose it."""

from __future__ import annotations

from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import InputError
from .shared import MEDIA, AsJson, fail_on_errors, opened_services
from .terminal import print_json, progress_bars, stderr, stdout

if TYPE_CHECKING:
    from ..services import Services
    from ..services.track_library import LibraryMatch

Backend = Annotated[
    Literal["tower", "librosa", "beat_this"],
    typer.Option(help="Who finds the beats; the other two have to be installed."),
]


def add_music_commands(music_app: typer.Typer) -> None:
    """Add the commands to the group ``tower music``."""
    music_app.command("analyze")(music_analyze)
    music_app.command("match")(music_match)


def music_analyze(
    files: Annotated[list[Path], MEDIA],
    bpm: Annotated[
        str, typer.Option(help="What is known of the tempo: 128, or a range as 80-110.", show_default=False)
    ] = "",
    beats_per_bar: Annotated[int, typer.Option(min=0, max=16, help="Beats to a bar, when known.")] = 0,
    backend: Backend = "tower",
    waveform: Annotated[
        Path | None, typer.Option(help="A PNG with waveform, beats and sections; or a folder for several.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find tempo, beats, key, sections, energy, loudness and mood; folders are searched for music."""
    from ..services.track_library import music_files

    low, high = _tempo(bpm)
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        known = low == high and low is not None
        wishes = opened.music.wishes(*((low, None, None) if known else (None, low, high)), beats_per_bar)
        found = [file for given in files for file in (music_files([given]) if given.is_dir() else [given])]
        rows = opened.music.analyze_files(found, progress, wishes=wishes, backend=backend)
        if waveform is not None:
            _draw(opened, rows, waveform)
    if as_json:
        print_json([row.as_json() for row in rows])
    else:
        from .tables import music_table

        stdout().print(music_table(rows))
    fail_on_errors([row.error for row in rows])


def _draw(opened: Services, rows: Any, target: Path) -> None:
    """Write the drawing of each row; several need a folder."""
    heard = [row for row in rows if row.track is not None]
    is_folder = target.is_dir() or len(heard) > 1
    if is_folder:
        target.mkdir(parents=True, exist_ok=True)
    for row in heard:
        path = target / f"{row.file.stem}.png" if is_folder else target
        opened.music.write_waveform(row.track.analysis, path, row.file)
        stderr().print(f"{path}", markup=False, soft_wrap=True)


def music_match(
    tracks: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[TRACK]...", help="Files or folders.", show_default="all that was analysed"),
    ] = None,
    shots: Annotated[
        str, typer.Option(help="Lengths of the shots in seconds, as 2,3.5,1.8.", show_default=False)
    ] = "",
    video: Annotated[
        Path | None, typer.Option(help="A finished picture; its cuts give the shots.", show_default=False)
    ] = None,
    mood: Annotated[str, typer.Option(help="Free words.", show_default=False)] = "",
    bpm: Annotated[str, typer.Option(help="Only tempi in this range, as 80-110.", show_default=False)] = "",
    motion: Annotated[
        float | None, typer.Option(min=0, max=1, help="How much moves in the picture.", show_default=False)
    ] = None,
    after_key: Annotated[
        str, typer.Option(help="Key of the music before, as 'A minor' or 8A.", show_default=False)
    ] = "",
    formula: Annotated[
        Literal["folded", "legacy"], typer.Option(help="legacy: tempo alone, within 10 BPM.")
    ] = "folded",
    limit: Annotated[int, typer.Option(min=1, max=200, help="Tracks at most.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Rank tracks by how well their beats carry the cuts of a picture, with reasons."""
    low, high = _tempo(bpm)
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        lengths = _numbers(shots)
        if video is not None:
            lengths = opened.music.shot_seconds(video, progress)
        heard, errors = None, []
        if tracks:
            from ..services.track_library import music_files

            rows = opened.music.analyze_files(music_files(tracks), progress)
            heard = [row.track.summary for row in rows if row.track is not None]
            errors = [row.error for row in rows]
        found = opened.music.match(
            lengths,
            mood=mood,
            motion=motion,
            previous_key=after_key,
            formula=formula,
            limit=limit,
            tempo=None if low is None or high is None else (low, high),
            tracks=heard,
        )
    if as_json:
        print_json([match.as_json() for match in found])
    else:
        _show(found)
    fail_on_errors(errors)


def _show(found: list[LibraryMatch]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("", "track", "score", "BPM", "key", "why")
    for number, match in enumerate(found, 1):
        track = match.track
        tempo = "–" if track.tempo_bpm is None else f"{track.tempo_bpm:.1f}"
        why = Text("\n".join(match.reasons))
        table.add_row(str(number), Text(track.label), f"{match.score:.2f}", tempo, track.key or "–", why)
    stdout().print(table)
    if not found:
        stderr().print("No track comes into question: analyse music first, with `tower music analyze`.")


def _tempo(text: str) -> tuple[float | None, float | None]:
    """Read ``128`` or ``80-110``."""
    if not text.strip():
        return None, None
    try:
        low, _, high = text.partition("-")
        return float(low), float(high or low)
    except ValueError as error:
        raise InputError(f"{text!r} is no tempo.", field="bpm", hint="Write 128, or 80-110.") from error


def _numbers(text: str) -> list[float]:
    try:
        found = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        found = [nan]
    if not all(map(isfinite, found)):
        raise InputError(
            f"{text!r} is no list of lengths.", field="shots", hint="Write seconds, as 2,3.5,1.8."
        )
    return found
