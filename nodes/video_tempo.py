"""The Video Tempo node."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..errors import InputError
from ..host.execution import progress_bar
from ..host.video import video_file
from .convert import check_images, to_image_array, to_image_batch
from .picture_input import fps_input, picture_inputs, rate_of
from .sockets import MUSIC


class VideoTempo(io.ComfyNode):
    """Finds the cuts of a picture and the tempo of its movement."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerVideoTempo",
            display_name="Video Tempo",
            category=MUSIC,
            description=(
                "Finds hard cuts, fades and dissolves of a video or a batch of images, how much moves, and "
                "the range of tempi that its movement and its cutting suggest."
            ),
            inputs=[fps_input(), *picture_inputs()],
            outputs=[
                io.Float.Output(
                    "cuts_per_minute", display_name="cuts_per_minute", tooltip="How fast it is cut."
                ),
                io.Float.Output(
                    "lowest_bpm",
                    display_name="lowest_bpm",
                    tooltip="Slowest tempo that fits the movement, else the cutting; 0 when neither has one.",
                ),
                io.Float.Output(
                    "highest_bpm", display_name="highest_bpm", tooltip="Fastest tempo that fits; 0 without."
                ),
                io.Float.Output(
                    "confidence",
                    display_name="confidence",
                    tooltip="How much of the movement repeats at the tempo, from 0 to 1.",
                ),
                io.String.Output(
                    "shot_seconds",
                    display_name="shot_seconds",
                    tooltip="Lengths of the shots, for BPM Sync: seconds with commas between.",
                ),
                io.Image.Output(
                    "motion_curve", display_name="motion_curve", tooltip="Movement over time, with the cuts."
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="Everything that was found, as JSON."
                ),
            ],
        )

    @classmethod
    def execute(cls, *, fps: float = 24.0, video: Any = None, images: Tensor | None = None) -> io.NodeOutput:
        tempo = _watched(video, images, fps)
        curve = to_image_batch([tempo.drawing()])
        low, high = tempo.bpm_range
        return io.NodeOutput(
            tempo.picture.cuts_per_minute,
            low,
            high,
            tempo.picture.motion.confidence,
            ", ".join(f"{seconds:.4f}" for seconds in tempo.shot_seconds),
            curve,
            json.dumps(tempo.picture.as_json(), ensure_ascii=False),
            ui={
                **ui.PreviewImage(curve, cls=cls).as_dict(),
                **ui.PreviewText(tempo.summary).as_dict(),
            },
        )


def _watched(video: Any, images: Tensor | None, fps: float) -> Any:
    sync, progress = services.current().sync, progress_bar()
    if video is not None:
        with video_file(video) as path:
            return sync.watch(path, progress)
    if images is None:
        raise InputError("Video Tempo got no picture.", hint="Connect a video, or images.")
    check_images(images)
    frames = (to_image_array(image) for image in images)
    return sync.watch_frames(frames, rate_of(fps), len(images), progress)
