"""Music in files that say what it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, StorageError
from ..production.part_file import part_file

if TYPE_CHECKING:
    from ..music.signal import Signal


def write_sound(path: Path, signal: Signal, metadata: dict[str, str]) -> Path:
    """Write sound as FLAC or WAV with 16 bits, whole or not at all; return the path.

    Raises
    ------
    InputError
        If the suffix is another.
    StorageError
        If it cannot be written.
    """
    import av
    import numpy as np
    from av.error import FFmpegError

    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("flac", "wav"):
        raise InputError(f"{path.name} is neither FLAC nor WAV.", hint="Name it .flac or .wav.")
    layout = {1: "mono", 2: "stereo"}.get(signal.samples.shape[0])
    samples = signal.samples if layout else signal.samples.mean(axis=0, keepdims=True)
    codes = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
    with part_file(path) as part:
        try:
            with av.open(str(part), "w", format=kind) as container:
                container.metadata.update(metadata)
                codec = "flac" if kind == "flac" else "pcm_s16le"
                stream: Any = container.add_stream(
                    codec, rate=signal.sample_rate, layout=layout or "mono", format="s16"
                )
                for first in range(0, codes.shape[1], 1 << 16):
                    packed = codes[:, first : first + (1 << 16)].T.reshape(1, -1)
                    frame = av.AudioFrame.from_ndarray(
                        np.ascontiguousarray(packed), format="s16", layout=layout or "mono"
                    )
                    frame.sample_rate, frame.pts = signal.sample_rate, first
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
        except FFmpegError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", hint="Choose a folder that you may write to."
            ) from error
    return path
