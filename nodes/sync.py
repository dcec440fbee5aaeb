"""The BPM Sync node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..host.execution import progress_bar
from ..host.video import new_temporary_path, no_video, video_from_file
from ..services.under_picture import SyncOptions
from .convert import n_takes, to_audio, to_image_batch, to_samples
from .picture_input import fps_input, numbers, picture_file, picture_inputs, rate_of
from .sockets import MUSIC, TimelineSocket

MIX_RATE = 48_000


class BpmSync(io.ComfyNode):
    """Brings the cuts of a picture, finished or planned, onto the beats of music."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerBPMSync",
            display_name="BPM Sync",
            category=MUSIC,
            description=(
                "Finds the cuts of a video and the beats of the music and brings them together: by new "
                "lengths of the shots, or by offset, tempo and small changes that keep the picture's length. "
                "Of shots that are not rendered yet it plans the frames to ask for."
            ),
            inputs=_inputs(),
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls,
        *,
        audio: Mapping[str, Any],
        fps: float,
        max_change: float,
        bpm_hint: float,
        video: Any = None,
        images: Tensor | None = None,
        mode: str = "recut",
        max_stretch: float = 0.06,
        max_retime: float = 0.08,
        keep_sound: bool = False,
        target_lufs: float = -14.0,
        shot_seconds: str = "",
        shortest_seconds: str = "",
        scene_starts: str = "",
    ) -> io.NodeOutput:
        options = SyncOptions(
            mode=mode,
            max_stretch=max_stretch,
            max_retime=max_retime,
            max_change=max_change,
            bpm_hint=bpm_hint or None,
            keeps_sound=keep_sound,
            target_lufs=target_lufs,
        )
        sync, music, progress = services.current().sync, to_samples(audio), progress_bar()
        wishes = numbers(shot_seconds, "shot_seconds")
        if wishes and video is None and images is None:
            aligned = sync.plan(
                wishes,
                music,
                fps=rate_of(fps),
                options=options,
                shortest_seconds=numbers(shortest_seconds, "shortest_seconds"),
                scene_starts=numbers(scene_starts, "scene_starts"),
            )
            result = no_video()
        else:
            output = new_temporary_path(".mp4")
            with picture_file("BPM Sync", video, images, fps, progress) as path:
                aligned = sync.sync(
                    path,
                    music,
                    output=output,
                    options=options,
                    progress=lambda _stage, done, total: progress(done, total),
                )
            result = video_from_file(output)
        waveform = to_image_batch([aligned.drawing()])
        report = {**aligned.as_json(), "takes_left_out": n_takes(audio) - 1}
        return io.NodeOutput(
            result,
            aligned.plan,
            json.dumps(report, ensure_ascii=False),
            list(aligned.plan.n_frames),
            waveform,
            to_audio(aligned.sound, MIX_RATE),
            ui={
                **ui.PreviewImage(waveform, cls=cls).as_dict(),
                **ui.PreviewText(aligned.summary).as_dict(),
            },
        )


def _outputs() -> list[io.Output]:
    return [
        io.Video.Output("synced_video", display_name="video", tooltip="The picture with the music."),
        TimelineSocket.Output(
            "timeline", display_name="timeline", tooltip="The new shots, and the beats they meet."
        ),
        io.String.Output(
            "report", display_name="report", tooltip="Tempo, cuts and how well they fit, as JSON."
        ),
        io.Int.Output(
            "shot_frames",
            display_name="shot_frames",
            tooltip="Exact number of frames of each shot, one after the other, to ask a generator for.",
            is_output_list=True,
        ),
        io.Image.Output(
            "waveform", display_name="waveform", tooltip="The sound with its beats, downbeats and cuts."
        ),
        io.Audio.Output(
            "mixed_audio", display_name="audio", tooltip="The sound under the picture, exactly as long."
        ),
    ]


def _inputs() -> list[io.Input]:
    return [
        io.Audio.Input("audio", tooltip="The music; of a batch, the first take."),
        fps_input(),
        io.Float.Input(
            "max_change",
            default=0.35,
            min=0.01,
            max=1.0,
            step=0.01,
            tooltip="Share of its length by which a shot may easily change when it is planned or re-cut; "
            "larger reaches stronger beats.",
        ),
        io.Float.Input(
            "bpm_hint",
            default=0.0,
            min=0.0,
            max=300.0,
            step=0.1,
            tooltip="The tempo, when you know it: settles half against double. 0 lets Tower decide.",
        ),
        *picture_inputs("The picture; its own sound is replaced, unless keep_sound is on."),
        *_fit_inputs(),
        *_plan_inputs(),
    ]


def _fit_inputs() -> list[io.Input]:
    return [
        io.Combo.Input(
            "mode",
            options=["recut", "fit"],
            default="recut",
            optional=True,
            tooltip="recut: each shot gets the length that puts the next cut on a beat. fit: the picture "
            "keeps its length; the music's section, offset and tempo are chosen and shots change a little.",
        ),
        io.Float.Input(
            "max_stretch",
            default=0.06,
            min=0.0,
            max=0.15,
            step=0.01,
            optional=True,
            tooltip="Share by which fit may slow down or speed up the music, its pitch kept; larger puts "
            "more cuts on beats and is heard sooner.",
        ),
        io.Float.Input(
            "max_retime",
            default=0.08,
            min=0.0,
            max=0.25,
            step=0.01,
            optional=True,
            tooltip="Share of its length by which fit may change a shot; larger puts more cuts on beats.",
        ),
        io.Boolean.Input(
            "keep_sound",
            default=False,
            optional=True,
            tooltip="Mix the picture's own sound in, with the music ducked under it.",
        ),
        io.Float.Input(
            "target_lufs",
            default=-14.0,
            min=-40.0,
            max=-8.0,
            step=0.5,
            optional=True,
            tooltip="Loudness of the result; larger is louder. -14 for platforms, -23 for broadcast.",
        ),
    ]


def _plan_inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "shot_seconds",
            default="",
            optional=True,
            tooltip="Wished lengths of shots that are not rendered yet, in seconds: 2.5, 3, 1.8. "
            "Used when there is no picture.",
        ),
        io.String.Input(
            "shortest_seconds",
            default="",
            optional=True,
            tooltip="What each of these shots lasts at least, because of what is spoken in it: 0, 3.2, 0.",
        ),
        io.String.Input(
            "scene_starts",
            default="",
            optional=True,
            tooltip="Numbers of the shots that open a scene, from 1: these begin on a downbeat.",
        ),
    ]
