"""The Audio Mixer node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui

from .. import services
from ..host.execution import progress_bar
from ..host.video import new_temporary_path, no_video, video_file, video_from_file
from ..services.mixing import MixOrder
from .convert import n_takes, to_audio, to_samples
from .picture_input import numbers
from .sockets import MUSIC

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIX_RATE = 48_000
STEMS = ("dialogue", "music", "effects")
_DIALOGUE = ("dialogue", "dialogue_2", "dialogue_3", "dialogue_4")
_EFFECTS = ("effect", "effect_2", "effect_3", "effect_4")


class AudioMixer(io.ComfyNode):
    """Mixes dialogue, music and effects, exactly as long as the picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerAudioMixer",
            display_name="Audio Mixer",
            category=MUSIC,
            description=(
                "Lays dialogue and effects at their times, ducks the music under speech, and brings the mix "
                "to a loudness with its true peak under a ceiling; exactly as long as the picture."
            ),
            inputs=_inputs(),
            outputs=[
                io.Audio.Output("mix", display_name="audio", tooltip="The mix: stereo, 48 kHz."),
                io.Video.Output(
                    "mixed_video", display_name="video", tooltip="The connected video with the mix under it."
                ),
                *(
                    io.Audio.Output(
                        f"{stem}_stem", display_name=f"{stem}_stem", tooltip=f"The {stem} as in the mix."
                    )
                    for stem in STEMS
                ),
                io.String.Output("report", display_name="report", tooltip="Lengths and levels, as JSON."),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        duration_seconds: float,
        dialogue_starts: str = "",
        effect_starts: str = "",
        music: Mapping[str, Any] | None = None,
        video: Any = None,
        **inputs: Any,
    ) -> io.NodeOutput:
        lines, effects = (
            _takes([inputs.pop(name, None) for name in names]) for names in (_DIALOGUE, _EFFECTS)
        )
        order = MixOrder(
            duration_seconds=Fraction(duration_seconds).limit_denominator(1_000_000),
            music=None if music is None else to_samples(music),
            lines=lines,
            line_starts=numbers(dialogue_starts, "dialogue_starts"),
            effects=effects,
            effect_starts=numbers(effect_starts, "effect_starts"),
            **inputs,
        )
        sync, result = services.current().sync, no_video()
        if video is None:
            mixed = sync.mix(order)
        else:
            output = new_temporary_path(".mp4")
            with video_file(video) as path:
                mixed = sync.mix_under(path, order, output=output, progress=progress_bar())
            result = video_from_file(output)
        report = sync.levels(mixed)
        return io.NodeOutput(
            to_audio(mixed.samples, MIX_RATE),
            result,
            *(to_audio(mixed.stems[stem], MIX_RATE) for stem in STEMS),
            json.dumps(report),
            ui=ui.PreviewText(report["summary"]),
        )


def _takes(sounds: list[Mapping[str, Any] | None]) -> list[tuple[NDArray[np.float32], int]]:
    """Return each take of each connected sound, in order."""
    return [
        to_samples(sound, take) for sound in sounds if sound is not None for take in range(n_takes(sound))
    ]


def _number(name: str, default: float, span: tuple[float, float, float], tooltip: str) -> io.Input:
    low, high, step = span
    return io.Float.Input(name, default=default, min=low, max=high, step=step, optional=True, tooltip=tooltip)


def _inputs() -> list[io.Input]:
    return [
        io.Float.Input(
            "duration_seconds",
            default=10.0,
            min=0.01,
            max=14_400.0,
            step=0.001,
            tooltip="Length of the mix; larger is longer. A connected video brings its own.",
        ),
        io.Video.Input("video", optional=True, tooltip="The picture that the mix is for."),
        io.Audio.Input("music", optional=True, tooltip="The music; of a batch, the first take."),
        *(
            io.Audio.Input(
                name, optional=True, tooltip="Spoken lines; each take of a batch is one, with its own start."
            )
            for name in _DIALOGUE
        ),
        io.String.Input(
            "dialogue_starts",
            default="",
            optional=True,
            tooltip="The second at which each line begins, in order: 0.5, 3.2.",
        ),
        *(
            io.Audio.Input(
                name, optional=True, tooltip="Sounds; each take of a batch is one, with its own start."
            )
            for name in _EFFECTS
        ),
        io.String.Input(
            "effect_starts",
            default="",
            optional=True,
            tooltip="The second at which each effect begins, in order: 1, 4.75.",
        ),
        *_level_inputs(),
    ]


def _level_inputs() -> list[io.Input]:
    return [
        io.Boolean.Input(
            "loops_music",
            default=True,
            optional=True,
            tooltip="Let music that is too short go on in its loop; off, silence follows its fade.",
        ),
        _number("music_db", 0.0, (-40.0, 20.0, 0.5), "Level of the music; larger is louder."),
        _number("duck_ratio", 6.0, (1.0, 20.0, 0.5), "How far speech lowers the music; 1 not at all."),
        _number(
            "duck_attack_seconds",
            0.2,
            (0.01, 2.0, 0.01),
            "Time to go down, before the word; larger is softer.",
        ),
        _number("duck_release_seconds", 1.0, (0.05, 5.0, 0.05), "Time to come back up; larger is softer."),
        _number(
            "fade_in_seconds", 0.0, (0.0, 30.0, 0.1), "Fade at the start of the music; larger is longer."
        ),
        _number("fade_out_seconds", 2.0, (0.0, 30.0, 0.1), "Fade at the end of the music; larger is longer."),
        _number(
            "target_lufs",
            -14.0,
            (-40.0, -8.0, 0.5),
            "Loudness; larger is louder. -14 platforms, -23 broadcast.",
        ),
        _number(
            "peak_dbfs", -1.0, (-12.0, 0.0, 0.1), "Ceiling of the true peak; larger is nearer to clipping."
        ),
    ]
