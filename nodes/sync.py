"""The BPM Sync node."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..errors import InputError
from ..host.execution import progress_bar
from ..host.video import frames_file, new_temporary_path, video_file, video_from_file
from .convert import n_takes, to_image_arrays, to_samples
from .sockets import MUSIC, TimelineSocket


class BpmSync(io.ComfyNode):
    """Gives a picture new shot lengths, so that its cuts land on the beats of the music."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerBPMSync",
            display_name="BPM Sync",
            category=MUSIC,
            description=(
                "Finds the cuts of a video and the beats of the music, gives each shot a new length so that "
                "the cuts land on beats, and puts the music under it."
            ),
            inputs=_inputs(),
            outputs=[
                io.Video.Output("synced_video", display_name="video", tooltip="The picture with the music."),
                TimelineSocket.Output(
                    "timeline", display_name="timeline", tooltip="The new shots, and the beats they meet."
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="Tempo, cuts and how well they fit, as JSON."
                ),
            ],
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
    ) -> io.NodeOutput:
        samples, sample_rate = to_samples(audio)
        progress, output = progress_bar(), new_temporary_path(".mp4")
        with _picture(video, images, fps, progress) as path:
            aligned = services.current().music.align(
                path,
                samples,
                sample_rate,
                max_change=max_change,
                bpm_hint=bpm_hint or None,
                output=output,
                progress=progress,
            )
        report = {**aligned.as_json(), "takes_left_out": n_takes(audio) - 1}
        return io.NodeOutput(
            video_from_file(output),
            aligned.plan,
            json.dumps(report, ensure_ascii=False),
            ui=ui.PreviewText(aligned.summary),
        )


def _inputs() -> list[io.Input]:
    return [
        io.Audio.Input("audio", tooltip="The music; of a batch, the first take."),
        io.Float.Input(
            "fps",
            default=24.0,
            min=1.0,
            max=120.0,
            step=0.001,
            tooltip="Frames per second of the images; larger plays them faster. A video brings its own.",
        ),
        io.Float.Input(
            "max_change",
            default=0.35,
            min=0.01,
            max=1.0,
            step=0.01,
            tooltip="Share of its length by which a shot may easily change; larger reaches stronger beats.",
        ),
        io.Float.Input(
            "bpm_hint",
            default=0.0,
            min=0.0,
            max=300.0,
            step=0.1,
            tooltip="The tempo, when you know it: settles half against double. 0 lets Tower decide.",
        ),
        io.Video.Input("video", optional=True, tooltip="The picture; its own sound is replaced."),
        io.Image.Input("images", optional=True, tooltip="The picture as a batch, when there is no video."),
    ]


def _picture(
    video: Any, images: Tensor | None, fps: float, progress: Callable[[int, int], None]
) -> AbstractContextManager[Path]:
    """Return the file with the picture, for the length of a ``with`` block."""
    if video is not None:
        return video_file(video)
    if images is not None:
        return frames_file(to_image_arrays(images), fps, progress)
    raise InputError("BPM Sync got no picture.", hint="Connect a video, or images.")
