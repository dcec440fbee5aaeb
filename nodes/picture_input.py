"""A picture from a VIDEO or an IMAGE batch: inputs, and the file behind either."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from math import isfinite, nan
from pathlib import Path
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..errors import InputError
from ..host.video import frame_rate, frames_file, video_file
from .convert import to_image_arrays


def picture_inputs(purpose: str = "The picture.") -> list[io.Input]:
    """Return the inputs of a node that looks at a picture."""
    return [
        io.Video.Input("video", optional=True, tooltip=purpose),
        io.Image.Input("images", optional=True, tooltip="The picture as a batch, when there is no video."),
    ]


def fps_input() -> io.Input:
    """Return the rate at which an IMAGE batch is played."""
    return io.Float.Input(
        "fps",
        default=24.0,
        min=1.0,
        max=120.0,
        step=0.001,
        tooltip="Frames per second of the images; larger plays them faster. A video brings its own.",
    )


def numbers(text: str, field: str) -> list[float]:
    """Read numbers that stand apart by commas, spaces or lines.

    Raises
    ------
    InputError
        If something else stands there.
    """
    try:
        found = [float(word) for word in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        found = [nan]
    if not all(map(isfinite, found)):
        raise InputError(
            f"{text[:60]!r} is no list of numbers.", field=field, hint="Write seconds, such as: 2.5, 3, 1.8."
        )
    return found


def picture_file(
    node: str, video: Any, images: Tensor | None, fps: float, progress: Callable[[int, int], None]
) -> AbstractContextManager[Path]:
    """Return the file with the picture, for the length of a ``with`` block.

    Raises
    ------
    InputError
        If there is neither.
    """
    if video is not None:
        return video_file(video)
    if images is not None:
        return frames_file(to_image_arrays(images), fps, progress)
    raise InputError(f"{node} got no picture.", hint="Connect a video, or images.")


def rate_of(fps: float) -> Fraction:
    """Return a rate exactly; 23.976 means 24000/1001."""
    return frame_rate(fps)
