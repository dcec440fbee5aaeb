"""Files as ComfyUI writes them: whole or absent, with the prompt and the workflow inside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, StorageError
from .execution import keeps_metadata
from .paths import output_directory
from .video import write_video

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 1 << 16
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def embedded(prompt: Any, extra_pnginfo: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a file carries: ``prompt`` and ``workflow``, or nothing under ``--disable-metadata``."""
    if not keeps_metadata():
        return {}
    return {**({"prompt": prompt} if prompt else {}), **(extra_pnginfo or {})}


def save_png(target: Path, picture: NDArray[np.uint8], metadata: Mapping[str, Any]) -> None:
    """Write an RGB picture as PNG with text chunks.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    for key, value in metadata.items():
        chunks.add_text(key, json.dumps(value))
    with _whole(target) as part:
        Image.fromarray(picture).save(part, format="PNG", pnginfo=chunks, compress_level=4)


def save_mp4(target: Path, video: Any, metadata: Mapping[str, Any]) -> None:
    """Write a VIDEO as MP4.

    Raises
    ------
    StorageError, UnreadableVideoError
        If it cannot be written, or not be encoded.
    """
    with _whole(target) as part:
        write_video(video, part, dict(metadata))


def save_flac(
    target: Path, samples: NDArray[np.float32], sample_rate: int, metadata: Mapping[str, Any]
) -> None:
    """Write sound as FLAC with 24 bits.

    Parameters
    ----------
    samples : ndarray of float32, shape (channels, length)
        In [-1, 1]; what is beyond is clipped.

    Raises
    ------
    InputError
        If FLAC has no layout for that many channels.
    StorageError
        If it cannot be written.
    """
    if len(samples) not in _LAYOUTS:
        raise InputError(
            f"The audio has {len(samples)} channels.", field="audio", hint="Use 1, 2, 6 or 8 channels."
        )
    with _whole(target) as part:
        _encode_flac(part, samples, sample_rate, metadata)


def _encode_flac(
    part: Path, samples: NDArray[np.float32], sample_rate: int, metadata: Mapping[str, Any]
) -> None:
    import av
    import numpy as np

    layout = _LAYOUTS[len(samples)]
    with av.open(str(part), "w", format="flac") as container:
        for key, value in metadata.items():
            container.metadata[key] = json.dumps(value)
        stream: Any = container.add_stream("flac", rate=sample_rate, layout=layout, format="s32")
        for start in range(0, samples.shape[1], _BLOCK):
            block = np.clip(samples[:, start : start + _BLOCK].T, -1.0, 1.0)
            # FLAC keeps the upper 24 of these 32 bits.
            packed = (np.rint(block.astype(np.float64) * 8388607.0).astype(np.int32) << 8).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format="s32", layout=layout)
            frame.sample_rate, frame.pts = sample_rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def preview_of(path: Path) -> dict[str, str]:
    """Return a file of the output directory in the form that the editor's previews take."""
    relative = path.resolve().relative_to(output_directory().resolve())
    return {"filename": relative.name, "subfolder": relative.parent.as_posix(), "type": "output"}


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Give a path beside `target` that becomes it at the end, and is removed after an error."""
    part = target.with_name(f".{target.stem}.part{target.suffix}")
    try:
        yield part
        part.replace(target)
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written: {error.strerror or error}.",
            hint="Free some space or choose a folder that ComfyUI may write to.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
