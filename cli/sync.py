"""The command that puts music under a video so that its cuts land on beats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Group
from rich.text import Text

from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stderr, stdout

if TYPE_CHECKING:
    from ..services.alignment import Alignment


def add_sync_command(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command("sync")(sync)


def sync(
    video: Annotated[Path, typer.Argument(help="The finished picture.", show_default=False)],
    audio: Annotated[Path, typer.Argument(help="The music, which you may use so.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The MP4 to write; the drawing goes beside it.")
    ],
    mode: Annotated[
        Literal["fit", "recut"],
        typer.Option(help="fit: the picture keeps its length. recut: every shot may get another one."),
    ] = "fit",
    max_stretch: Annotated[
        float, typer.Option(min=0, max=0.15, help="Share by which the music may be slower or faster.")
    ] = 0.06,
    max_retime: Annotated[
        float, typer.Option(min=0, max=0.25, help="Share of its length by which a shot may change in fit.")
    ] = 0.08,
    max_change: Annotated[
        float, typer.Option(min=0.01, max=1, help="Share by which a shot may easily change in recut.")
    ] = 0.35,
    bpm: Annotated[float | None, typer.Option(min=20, max=400, help="The tempo, when you know it.")] = None,
    keep_sound: Annotated[
        bool, typer.Option("--keep-sound", help="Mix the picture's own sound in, the music under it.")
    ] = False,
    lufs: Annotated[
        float, typer.Option(min=-40, max=-8, help="Loudness: -14 for platforms, -23 for broadcast.")
    ] = -14.0,
    stems: Annotated[
        Path | None, typer.Option(help="Folder for dialogue, music and effects as WAV, each alone.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put music under a video so that its cuts land on beats."""
    from ..services.under_picture import SyncOptions

    options = SyncOptions(
        mode=mode,
        max_stretch=max_stretch,
        max_retime=max_retime,
        max_change=max_change,
        bpm_hint=bpm,
        keeps_sound=keep_sound,
        target_lufs=lufs,
    )
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        aligned = opened.sync.sync_files(video, audio, output=output, options=options, progress=progress)
        drawing = aligned.write_drawing(output.with_suffix(".png"))
        written = [] if stems is None else aligned.write_stems(stems)
    if as_json:
        files = {"output": str(output), "drawing": str(drawing), "stems": [str(path) for path in written]}
        print_json({**files, **aligned.as_json()})
        return
    for note in aligned.notes:
        stderr().print(f"note: {note}", markup=False)
    stdout().print(_page(aligned, output, drawing))


def _page(aligned: Alignment, output: Path, drawing: Path) -> Group:
    """Return the outcome for people."""
    plan, landing = aligned.plan, aligned.plan.landing
    facts = [
        f"{output.name}: {sum(plan.n_frames)} frames, {float(plan.duration_seconds):.2f} s; {drawing.name}",
        aligned.summary,
        f"within 40 ms {landing.hit_rate_40ms:.0%}, bias {1000 * landing.bias_seconds:+.1f} ms",
        f"music from {plan.music_start_seconds:.2f} s at {plan.stretch:.1%} of its length"
        f"{', looped' if plan.loop else ''}; shots changed by at most {aligned.largest_change:.1%}",
    ]
    return Group(*(Text(fact) for fact in facts))
