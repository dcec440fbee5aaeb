"""The Theme Planner, and the placeholder bed for its plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from comfy_api.latest import io, ui

from .. import services
from ..consistency.character import Character
from ..host.execution import progress_bar
from ..host.video import frame_rate, video_file
from ..production.project import Project
from ..services.themes import KEYS, TIME_SIGNATURES, ThemeOrder, parse_shots
from .choices import AUTO
from .convert import to_audio
from .sockets import MUSIC, AnyChoice, CharacterSocket, ProjectSocket, TimelineSocket

_MIN_BPM, _MAX_BPM = 30.0, 300.0


class ThemePlanner(io.ComfyNode):
    """Turns moods and a cut plan into what a music generator is asked for."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerThemePlanner",
            display_name="Theme Planner",
            category=MUSIC,
            description=(
                "Plans music for a picture: a mood and the cut plan become tempo, key, time signature, "
                "length, tags and a frame of lyrics for ACE-Step and Stable Audio. The tempo is one at which "
                "the cuts land on beats."
            ),
            inputs=_inputs(),
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls,
        *,
        mood: str,
        shots: str,
        seconds: float,
        fps: float,
        min_bpm: float,
        max_bpm: float,
        key: str,
        time_signature: str,
        vocals: bool,
        lyrics: str = "",
        previous_key: str = "",
        timeline: Any = None,
        video: Any = None,
        character: Character | None = None,
        project: Project | None = None,
    ) -> io.NodeOutput:
        limits = {
            "bpm_range": (min_bpm or _MIN_BPM, max_bpm or _MAX_BPM) if min_bpm or max_bpm else None,
            "key": "" if key == AUTO else key,
            "previous_key": previous_key.strip(),
            "beats_per_bar": None if time_signature == AUTO else int(time_signature),
            "vocals": vocals,
            "words": lyrics,
        }
        progress = progress_bar()
        with _path_of(None if timeline is not None else video) as path:
            order = ThemeOrder(
                mood=mood,
                shots=parse_shots(shots),
                seconds=seconds,
                fps=frame_rate(fps),
                cuts=timeline,
                video=path,
                project=project,
                character=character,
                limits=limits,
            )
            plan = services.current().themes.plan(order, lambda _stage, done, total: progress(done, total))
        text = json.dumps(plan.as_json(), ensure_ascii=False)
        shown = "\n".join([plan.summary, plan.tags, *plan.reasons])
        return io.NodeOutput(
            plan.bpm,
            plan.key,
            str(plan.beats_per_bar),
            plan.seconds,
            plan.ask_seconds,
            plan.tags,
            plan.lyrics,
            text,
            ui=ui.PreviewText(shown),
        )


@contextmanager
def _path_of(video: Any) -> Iterator[Path | None]:
    if video is None:
        yield None
        return
    with video_file(video) as path:
        yield path


def _inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "mood",
            default="",
            multiline=True,
            tooltip="What the music feels like, such as: wistful, rainy night. Short phrases become tags.",
        ),
        io.String.Input(
            "shots",
            default="",
            multiline=True,
            tooltip="The cut plan: one shot a line, its seconds and perhaps a mood, as: 2.5 tense.",
        ),
        io.Float.Input(
            "seconds",
            default=30.0,
            min=1.0,
            max=900.0,
            step=0.01,
            tooltip="Length of the picture when there are no shots, no timeline and no video.",
        ),
        io.Float.Input(
            "fps",
            default=24.0,
            min=1.0,
            max=120.0,
            step=0.001,
            tooltip="Frames per second of shots and seconds. A timeline or a video brings its own.",
        ),
        _bpm("min_bpm", "Slowest tempo, instead of the mood's; larger asks for faster music."),
        _bpm("max_bpm", "Fastest tempo, instead of the mood's; larger lets faster music in."),
        io.Combo.Input(
            "key",
            options=[AUTO, *KEYS],
            default=AUTO,
            tooltip="The key; auto takes major or minor by the mood, and one tonic for each character.",
        ),
        io.Combo.Input(
            "time_signature",
            options=[AUTO, *TIME_SIGNATURES],
            default=AUTO,
            tooltip="Beats in a bar; auto takes 4, or 3 where the mood allows it and the cuts fit better.",
        ),
        io.Boolean.Input("vocals", default=False, tooltip="Whether somebody sings."),
        io.String.Input(
            "lyrics",
            default="",
            multiline=True,
            optional=True,
            tooltip="The lines of the song, one a line; they are dealt out to verses and choruses in order.",
        ),
        io.String.Input(
            "previous_key",
            default="",
            optional=True,
            tooltip="Key of the music before, such as A minor: the new key then mixes well with it.",
        ),
        TimelineSocket.Input(
            "timeline", optional=True, tooltip="The cut plan as a timeline, as BPM Sync gives it."
        ),
        io.Video.Input("video", optional=True, tooltip="A finished picture: its cuts are looked for."),
        CharacterSocket.Input(
            "character", optional=True, tooltip="Whose theme it is: their mood and nature count as well."
        ),
        ProjectSocket.Input(
            "project", optional=True, tooltip="Its bible's mood, tone and genre count as well."
        ),
    ]


def _bpm(name: str, tooltip: str) -> io.Input:
    return io.Float.Input(
        name, default=0.0, min=0.0, max=_MAX_BPM, step=0.5, tooltip=f"{tooltip} 0 leaves it to the mood."
    )


def _outputs() -> list[io.Output]:
    return [
        io.Int.Output("tempo_bpm", display_name="bpm", tooltip="Tempo, for ACE-Step 1.5."),
        AnyChoice.Output("keyscale", display_name="key", tooltip="Key such as A minor, for ACE-Step 1.5."),
        AnyChoice.Output(
            "timesignature", display_name="time_signature", tooltip="Beats in a bar, for ACE-Step 1.5."
        ),
        io.Float.Output(
            "picture_seconds", display_name="seconds", tooltip="Exact length of the picture, in seconds."
        ),
        io.Float.Output(
            "ask_seconds",
            display_name="ask_seconds",
            tooltip="Length to ask a generator for: a bar more, so that Music Check can cut it to fit.",
        ),
        io.String.Output(
            "tags", display_name="tags", tooltip="Style, mood, instruments, tempo and key in words."
        ),
        io.String.Output(
            "lyrics_frame", display_name="lyrics", tooltip="A tag for each part, with the lines sung in it."
        ),
        io.String.Output(
            "plan",
            display_name="plan",
            tooltip="All of it as JSON: for Music Check and Placeholder Bed.",
        ),
    ]


class PlaceholderBed(io.ComfyNode):
    """Stands in for music where no generator is installed."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerPlaceholderBed",
            display_name="Placeholder Bed",
            category=MUSIC,
            description=(
                "Synthesises plain chords and a pulse in the tempo, key, metre and length of a plan, to cut "
                "to until there is music. It is labelled as a placeholder and not meant to be published."
            ),
            inputs=[
                io.String.Input("plan", force_input=True, tooltip="A plan from the Theme Planner, as JSON."),
            ],
            outputs=[
                io.Audio.Output(
                    "bed", display_name="audio", tooltip="The placeholder, exactly as long as the picture."
                ),
                io.String.Output(
                    "placeholder_title",
                    display_name="title",
                    tooltip="PLACEHOLDER with mood, tempo and key: for the name of a file.",
                ),
            ],
        )

    @classmethod
    def execute(cls, *, plan: str) -> io.NodeOutput:
        themes = services.current().themes
        signal, title = themes.placeholder(themes.read_plan(plan))
        return io.NodeOutput(
            to_audio(signal.samples, signal.sample_rate), title, ui=ui.PreviewText(f"{title} (synthesised)")
        )
