"""Sound in files: WAV, whole or not at all, and what AAC makes of it."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .assembly import AAC_BLOCK, AUDIO_RATE, add_aac_stream
from .part_file import part_file, storage_error

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

BLOCK = 1 << 16


def write_wav(path: Path, samples: NDArray[np.float32]) -> Path:
    """Write stereo sound at 48 kHz as WAV of 32-bit floats; return `path`.

    Parameters
    ----------
    path : Path
        The file; it appears under this name when it is complete.
    samples : ndarray of float32, shape (2, n)
        Full scale is −1 to 1; nothing is clipped.

    Raises
    ------
    StorageError
        If the folder or disk refuses.
    """
    import av
    from av.error import FFmpegError

    with part_file(path) as part:
        try:
            with av.open(str(part), "w", format="wav") as container:
                stream = container.add_stream("pcm_f32le", rate=AUDIO_RATE, layout="stereo")
                _encode(container, stream, samples, BLOCK)
        except FFmpegError as error:
            raise storage_error(path, error.errno, error.strerror) from error
    return path


def heard_from_aac(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a finished video's sound track gives back: AAC overshoots sharp attacks.

    Parameters
    ----------
    samples : ndarray of float32, shape (2, n)
        Full scale is −1 to 1.

    Returns
    -------
    ndarray of float32, shape (2, m)
        As decoded, delay and padding included.
    """
    import av

    buffer = BytesIO()
    with av.open(buffer, "w", format="adts") as container:
        _encode(container, add_aac_stream(container), np.clip(samples, -1.0, 1.0), AAC_BLOCK)
    buffer.seek(0)
    with av.open(buffer, "r") as heard:
        blocks = [np.asarray(frame.to_ndarray(), dtype=np.float32) for frame in heard.decode(audio=0)]
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 0), np.float32)


def _encode(container: OutputContainer, stream: AudioStream, samples: NDArray[np.float32], n: int) -> None:
    import av

    is_planar = stream.format.is_planar
    for first in range(0, samples.shape[1], n):
        block = samples[:, first : first + n]
        laid = np.ascontiguousarray(block if is_planar else block.T.reshape(1, -1), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(laid, format="fltp" if is_planar else "flt", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, first, Fraction(1, AUDIO_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
