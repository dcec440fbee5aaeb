"""Writing sound as WAV, whole or not at all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .assembly import AUDIO_RATE
from .part_file import part_file, storage_error

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
                for first in range(0, samples.shape[1], BLOCK):
                    block = np.ascontiguousarray(samples[:, first : first + BLOCK].T.reshape(1, -1))
                    frame = av.AudioFrame.from_ndarray(block, format="flt", layout="stereo")
                    frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, first, Fraction(1, AUDIO_RATE)
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
        except FFmpegError as error:
            raise storage_error(path, error.errno, error.strerror) from error
    return path
