"""The tempo of an excerpt, heard in memory: nothing of it is ever written to disk."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import UnreadableAudioError
from ..beats import track_beats
from ..key import estimate_key

# A whole track at 128 kbit/s, which is what Jamendo sends, has five MiB.
MAX_PREVIEW_BYTES = 16 << 20
_SAMPLE_RATE = 22_050
_MAX_SECONDS = 120


@dataclass(frozen=True, slots=True)
class PreviewTempo:
    """What was heard in an excerpt.

    Parameters
    ----------
    tempo_bpm : float or None
        None when it has no steady beat.
    confidence : float
        0–1.
    key : str or None
        As ``A minor``.
    """

    tempo_bpm: float | None
    confidence: float
    key: str | None


def hear_preview(data: bytes) -> PreviewTempo:
    """Measure tempo and key of an excerpt.

    Parameters
    ----------
    data : bytes
        MPEG-4 or MP3, as catalogues send it; at most two minutes of it are heard.

    Raises
    ------
    UnreadableAudioError
        If it is neither, or cannot be decoded.
    """
    mono = _decoded(data)
    beats = track_beats(mono, _SAMPLE_RATE)
    key, _ = estimate_key(mono, _SAMPLE_RATE)
    return PreviewTempo(beats.tempo_bpm, beats.confidence, key)


def _decoded(data: bytes) -> NDArray[np.float32]:
    import av
    from av.error import FFmpegError

    # The container is named, so that a playlist in disguise cannot have other places opened.
    kind = "mp4" if data[4:8] == b"ftyp" else "mp3" if data[:3] == b"ID3" or data[:1] == b"\xff" else ""
    if not kind:
        raise UnreadableAudioError("The excerpt is neither MPEG-4 nor MP3.")
    blocks: list[NDArray[np.float32]] = []
    n_left = _MAX_SECONDS * _SAMPLE_RATE
    try:
        with av.open(io.BytesIO(data), mode="r", format=kind) as container:
            resampler = av.AudioResampler("flt", "mono", _SAMPLE_RATE)
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    blocks.append(np.asarray(part.to_ndarray(), np.float32).reshape(-1)[:n_left])
                    n_left -= blocks[-1].size
                if n_left <= 0:
                    break
    except (FFmpegError, IndexError) as error:
        raise UnreadableAudioError("The excerpt cannot be decoded.") from error
    mono = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    if not mono.size:
        raise UnreadableAudioError("The excerpt is empty.")
    return np.nan_to_num(mono)
