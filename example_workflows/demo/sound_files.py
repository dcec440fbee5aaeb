"""Opus files, written the same way every time, and read back."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
FRAME = 960  # 20 ms, the frame length that Opus likes best


def write_opus(path: Path, samples: NDArray[np.float32], *, bit_rate: int, title: str = "") -> None:
    """Write samples (channels, n) as Ogg Opus; `bitexact` keeps random serial numbers out of the file."""
    layout = "stereo" if len(samples) == 2 else "mono"
    padded = np.pad(samples, ((0, 0), (0, -samples.shape[1] % FRAME)))
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        if title:
            container.metadata["title"] = title
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout=layout)
        stream.bit_rate = bit_rate
        for start in range(0, padded.shape[1], FRAME):
            interleaved = np.ascontiguousarray(padded[:, start : start + FRAME].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
            frame.sample_rate, frame.pts = SAMPLE_RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read_sound(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(blocks, axis=1)
