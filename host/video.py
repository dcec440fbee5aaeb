"""VIDEO values: the file behind one, one made of frames, and what a file holds."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, StorageError, UnreadableVideoError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The file is encoded once more afterwards, so it has to be close to lossless.
_SOURCE_CRF = "12"


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """Size, frame rate and length of a video file."""

    width: int
    height: int
    fps: float | None
    duration_seconds: float | None


def video_from_file(path: Path) -> Any:
    """Return a VIDEO that reads from `path`."""
    from comfy_api.input_impl import VideoFromFile

    return VideoFromFile(str(path))


def no_video() -> Any:
    """Return what stands for a VIDEO that is not made: nodes that want it do not run."""
    from comfy_execution.graph_utils import ExecutionBlocker

    return ExecutionBlocker(None)


@contextmanager
def video_file(video: Any) -> Iterator[Path]:
    """Give the file behind a VIDEO; one that has none, or is trimmed, is written to a temporary one.

    Raises
    ------
    UnreadableVideoError
        If it cannot be read.
    """
    trimmed = any(getattr(video, "get_active_trim_window", lambda: (0.0, 0.0))())
    source = None if trimmed else video.get_stream_source()
    if isinstance(source, str):
        yield Path(source)
        return
    with temporary_file(".mp4") as path:
        if isinstance(source, io.BytesIO):
            with path.open("wb") as file:
                shutil.copyfileobj(source, file)
        else:
            write_video(video, path, {})
        yield path


@contextmanager
def frames_file(
    frames: Sequence[NDArray[np.uint8]], fps: float, progress: Callable[[int, int], None]
) -> Iterator[Path]:
    """Give a temporary video of `frames`.

    Parameters
    ----------
    frames : sequence of ndarray of uint8, shape (height, width, 3)
        RGB, all of one size; an odd row or column is left out, because H.264 wants even sizes.
    fps : float
        Frames per second.
    """
    with temporary_file(".mp4") as path:
        _encode(frames, frame_rate(fps), path, progress)
        yield path


@contextmanager
def temporary_file(suffix: str) -> Iterator[Path]:
    """Give the path of a file in ComfyUI's temp folder, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="tower-", dir=_scratch()) as folder:
        yield Path(folder) / f"source{suffix}"


def new_temporary_path(suffix: str) -> Path:
    """Return a path in ComfyUI's temp folder for a result that later nodes read."""
    return Path(tempfile.mkdtemp(prefix="tower-", dir=_scratch())) / f"result{suffix}"


def _scratch() -> Path:
    """Return ComfyUI's temp folder, made if absent; it exists only once something was put there."""
    import folder_paths

    folder = Path(folder_paths.get_temp_directory()).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}.") from error
    return folder


def frame_rate(fps: float) -> Fraction:
    """Return `fps` exactly, taking 23.976, 29.97 and the like for the broadcast rates that they mean."""
    broadcast = Fraction(round(fps) * 1000, 1001)
    return broadcast if abs(fps - broadcast) < 0.005 else Fraction(fps).limit_denominator(1000)


def _encode(
    frames: Sequence[NDArray[np.uint8]], rate: Fraction, path: Path, progress: Callable[[int, int], None]
) -> None:
    import av

    height, width = (side - side % 2 for side in frames[0].shape[:2])
    if not height or not width:
        raise InputError("A picture of one pixel's width cannot become a video.", field="images")
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=rate, options={"crf": _SOURCE_CRF})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, frame in enumerate(frames, 1):
            picture = av.VideoFrame.from_ndarray(frame[:height, :width].copy(), format="rgb24")
            container.mux(stream.encode(picture))
            progress(number, len(frames))
        container.mux(stream.encode(None))


def write_video(video: Any, path: Path, metadata: dict[str, Any]) -> None:
    """Write a VIDEO as MP4; what already is MP4 is copied without loss.

    Raises
    ------
    UnreadableVideoError
        If it cannot be decoded or encoded.
    """
    from av.error import FFmpegError
    from comfy_api.util import VideoCodec, VideoContainer

    try:
        video.save_to(str(path), format=VideoContainer.MP4, codec=VideoCodec.AUTO, metadata=metadata or None)
    except FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise UnreadableVideoError(
            f"The video cannot be written as MP4: {error.strerror}.",
            field="video",
            hint="Its width and height have to be even, and its file whole.",
        ) from error


def probe_video(path: Path) -> VideoProbe:
    """Read size, frame rate and length of a video file."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        seconds = None if container.duration is None else container.duration / av.time_base
        rate = stream.average_rate
        return VideoProbe(stream.width, stream.height, None if rate is None else float(rate), seconds)
