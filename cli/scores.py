"""The command that scores pictures and sequences against a character."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..errors import InputError
from .shared import MEDIA, AsJson, fail_on_errors, opened_services
from .terminal import print_json, progress_bars, stdout

if TYPE_CHECKING:
    from ..consistency.character import Character
    from ..consistency.scores.sequence import SequenceScore
    from ..services import Services


def add_score_commands(character_app: typer.Typer) -> None:
    """Put the command among those of characters."""
    character_app.command("score")(character_score)


def character_score(
    name: Annotated[str, typer.Argument(help="Its name, or 'project / name'.", show_default=False)],
    files: Annotated[list[Path], MEDIA],
    encoder: Annotated[str | None, typer.Option(help="Identity encoder; the best one without.")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Raw similarity to reach instead.")
    ] = None,
    mapping: Annotated[
        str, typer.Option(help="How a similarity becomes a score: calibrated, or the older legacy.")
    ] = "calibrated",
    sequence: Annotated[
        bool, typer.Option("--sequence", help="Take the pictures for frames of one shot, in this order.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score pictures against a character's references; a clip, or --sequence, as one shot."""
    from ..services.sequence import holds_clip

    options = {"encoder": encoder, "threshold": threshold, "mapping": mapping}
    with opened_services() as opened:
        character = opened.characters.named(name)
        if sequence or holds_clip(files):
            _score_sequence(opened, character, files, as_json=as_json, **options)
            return
        rows = opened.identity.score_files(character, files, **options)
    if as_json:
        print_json([row.as_json() for row in rows])
    else:
        from .tables import score_table

        stdout().print(score_table(rows))
    fail_on_errors([row.error for row in rows])


def _score_sequence(
    opened: Services, character: Character, files: list[Path], *, as_json: bool, **options: object
) -> None:
    from ..services.sequence import count_pictures, iterate_pictures

    n_frames = count_pictures(files)
    if not n_frames:
        raise InputError(f"{files[0]} has no frame.", field="files", hint="Give a whole video or pictures.")
    with progress_bars(as_json=as_json) as progress:
        score = opened.identity.score_sequence(
            character,
            iterate_pictures(files),
            progress=lambda n_done: progress("scoring", n_done, n_frames),
            **options,  # type: ignore[arg-type]
        )
    if as_json:
        frames = [verdict.as_json() for verdict in score.verdicts]
        print_json({"files": [str(file) for file in files], **score.as_json(), "frames": frames})
    else:
        stdout().print(_summary(score))


def _summary(score: SequenceScore) -> Text:
    """Return a sequence's score for people."""
    from .tables import badge

    lines = [f" {score.reason}"]
    if score.mean is not None and score.worst is not None:
        slope = "" if score.slope is None else f", drift {score.slope:+.3f} in 100 frames"
        lines.append(f"mean {score.mean:.2f}, worst {score.worst:.2f}, coverage {score.coverage:.0%}{slope}")
    for copy in score.copies[:10]:
        turned = " (mirrored)" if copy.is_mirrored else ""
        lines.append(f"frame {copy.frame} looks copied from reference {copy.reference + 1}{turned}")
    return Text.assemble(badge(score.status), "\n".join(lines))
