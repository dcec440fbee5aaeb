"""Sound as samples: decoding of files, conversion of arrays, resampling."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, UnreadableAudioError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

logger = logging.getLogger(__name__)

# A hole in the time stamps longer than this is silence in the recording; shorter ones are the
# rounding of the container (Matroska counts milliseconds).
MIN_HOLE_SECONDS = 0.1
MAX_HOLE_SECONDS = 600.0
# Behind a damaged packet every hole is a real one.
MIN_DAMAGED_HOLE_SECONDS = 0.002
# Slower is no sound, and faster would take gigabytes to resample.
MIN_RATE, MAX_RATE = 1_000, 768_000
# Fewer samples do not tell one channel from two.
MIN_INTERLEAVED = 2_000


@dataclass(frozen=True, slots=True)
class Signal:
    """Samples of a recording.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n_samples)
        Full scale is −1 to 1; finite.
    sample_rate : int
        Samples per second and channel.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def n_samples(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration_seconds(self) -> float:
        """Length of the recording."""
        return self.n_samples / self.sample_rate


def decode(path: Path) -> Signal:
    """Decode the first audio track of a media file.

    Reads whatever PyAV reads, the sound of a video included. The silence that encoders put before
    the first sample is removed, a track that starts late is padded, and damaged packets are skipped.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Signal
        All channels at the file's own sample rate.

    Raises
    ------
    UnreadableAudioError
        If the file is missing, is not media, has no audio track or an empty one.
    """
    blocks = list(decode_blocks(path))
    return Signal(np.concatenate([block.samples for block in blocks], axis=1), blocks[0].sample_rate)


def decode_blocks(path: Path, seconds: float = 10.0) -> Iterator[Signal]:
    """Decode the first audio track of a media file piece by piece, as `decode` does.

    Parameters
    ----------
    path : Path
        The file.
    seconds : float
        Length of a piece, about; at least one piece is given out, and none is empty.

    Yields
    ------
    Signal
        Pieces that follow each other without gaps, all of the same rate and channels.

    Raises
    ------
    UnreadableAudioError
        If the file is missing, is not media, has no audio track or an empty one.
    """
    import av
    from av.error import FFmpegError

    path = Path(path)
    if not path.is_file():
        raise UnreadableAudioError(f"There is no file {path}.", hint="Check the path.")
    is_empty = True
    try:
        # Only the file itself: a playlist must not make the decoder open other places.
        with av.open(str(path.absolute()), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.audio:
                raise UnreadableAudioError(
                    f"{path.name} has no audio track.", hint="Choose a file with sound in it."
                )
            for block in _gathered(_decode_stream(container), seconds):
                if not MIN_RATE <= block.sample_rate <= MAX_RATE:
                    raise _unreadable(path, f" at {block.sample_rate} Hz")
                is_empty = False
                yield block
    except (FFmpegError, OSError, UnicodeError) as error:
        raise _unreadable(path) from error
    if is_empty:
        raise UnreadableAudioError(
            f"The audio track of {path.name} is empty.", hint="Choose a file with sound in it."
        )


def _unreadable(path: Path, why: str = "") -> UnreadableAudioError:
    return UnreadableAudioError(
        f"{path.name} is not readable as audio{why}.",
        hint="Save it again as WAV, FLAC, MP3, OGG or M4A, or choose another file.",
    )


def _gathered(chunks: Iterator[tuple[NDArray[np.float32], int]], seconds: float) -> Iterator[Signal]:
    """Put the few samples of each packet together to pieces that are worth working on."""
    waiting: list[NDArray[np.float32]] = []
    n_waiting, sample_rate = 0, 1
    for chunk, sample_rate in chunks:
        waiting.append(chunk)
        n_waiting += chunk.shape[1]
        if n_waiting >= seconds * sample_rate:
            yield Signal(_finite(np.concatenate(waiting, axis=1)), sample_rate)
            waiting, n_waiting = [], 0
    if n_waiting:
        yield Signal(_finite(np.concatenate(waiting, axis=1)), sample_rate)


def _decode_stream(container: Any) -> Iterator[tuple[NDArray[np.float32], int]]:
    origin = max(container.start_time or 0, 0) / 1_000_000
    sample_rate, n_samples, n_channels, resampler, kind, layout = 0, 0, 0, None, None, ""
    for frame, is_behind_damage in _frames(container):
        if frame.sample_rate <= 0:
            continue
        sample_rate = sample_rate or frame.sample_rate
        layout = layout or frame.layout.name
        n_channels = n_channels or len(frame.layout.channels)
        if kind != (frame.format.name, frame.layout.name, frame.sample_rate):
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = _resampler(layout, sample_rate)
        start = None if frame.time is None else round((frame.time - origin) * sample_rate)
        hole = 0 if start is None else start - n_samples
        least = MIN_DAMAGED_HOLE_SECONDS if is_behind_damage else MIN_HOLE_SECONDS
        if least < hole / sample_rate < MAX_HOLE_SECONDS:
            yield np.zeros((n_channels, hole), dtype=np.float32), sample_rate
            n_samples += hole
        early = max(-start, 0) if start is not None and n_samples == 0 else 0
        frame.pts = None
        for converted in resampler.resample(frame) if resampler else ():
            interleaved = converted.to_ndarray().reshape(converted.samples, -1)
            samples = interleaved.T[:, early:]
            n_samples += samples.shape[1]
            yield samples, sample_rate


def _resampler(layout: str, sample_rate: int) -> Any:
    from av.audio.resampler import AudioResampler

    return AudioResampler(format="flt", layout=layout, rate=sample_rate)


def _frames(container: Any) -> Iterator[tuple[AudioFrame, bool]]:
    """Yield the frames that can be decoded, and whether a damaged packet came right before."""
    from av.error import FFmpegError

    n_damaged, is_behind_damage = 0, False
    for packet in container.demux(container.streams.audio[0]):
        try:
            for frame in packet.decode():
                yield frame, is_behind_damage
                is_behind_damage = False
        except FFmpegError:
            n_damaged, is_behind_damage = n_damaged + 1, True
    if n_damaged:
        logger.warning("%d damaged packets were skipped in %s", n_damaged, Path(container.name).name)


def signal_from_array(waveform: Any, sample_rate: int) -> Signal:
    """Convert an array of any sample type to a signal.

    Parameters
    ----------
    waveform : array_like
        Shape (n,), (channels, n) or (batch, channels, n), of which the first of the batch counts;
        floating point at full scale 1, or integers at the full scale of their type. NaN becomes 0.
    sample_rate : int
        Samples per second.

    Returns
    -------
    Signal
        The same sound; it may be empty.

    Raises
    ------
    InputError
        If the shape or the sample rate is none of a sound.
    """
    array = np.asarray(waveform)
    if array.ndim == 3:
        array = array[0] if array.shape[0] else array.reshape(1, -1)
    array = np.atleast_2d(array)
    if array.ndim != 2 or not MIN_RATE <= sample_rate <= MAX_RATE:
        raise InputError(
            f"Audio of shape {np.shape(waveform)} at {sample_rate} Hz is not a sound.",
            hint=f"Give samples as (channels, samples) and a rate of {MIN_RATE} to {MAX_RATE} Hz.",
        )
    array = array if array.size else array.reshape(max(array.shape[0], 1), 0)
    if array.dtype == np.uint8:
        array = (array.astype(np.float32) - 128) / 128
    elif np.issubdtype(array.dtype, np.integer):
        array = array / -float(np.iinfo(array.dtype).min or -np.iinfo(array.dtype).max)
        if array.shape[0] == 1:
            array = deinterleaved(array.astype(np.float32))
    return Signal(_finite(array.astype(np.float32)), int(sample_rate))


def deinterleaved(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take two channels apart that came as one, sample by sample in turn.

    Decoders hand packed stereo on like this. It shows in the steps between samples: from one channel to the
    other and back they differ in size, or are larger than those within a channel, as they never are in music.

    Parameters
    ----------
    samples : ndarray of float32, shape (1, n)

    Returns
    -------
    ndarray of float32, shape (2, n / 2) or (1, n)
        The same samples when they are one channel.
    """
    line = samples[0]
    if line.size < MIN_INTERLEAVED or line.size % 2:
        return samples
    there, back = (float(np.mean(np.square(np.diff(line)[start::2]))) for start in (0, 1))
    within = float(np.mean(np.square(line[2:] - line[:-2])))
    is_packed = min(there, back) < 0.3 * max(there, back) or within < 0.6 * min(there, back)
    return line.reshape(-1, 2).T.copy() if is_packed else samples


def _finite(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    if np.isfinite(samples.sum(dtype=np.float64)):
        return samples
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def to_mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n_samples) or (n_samples,)

    Returns
    -------
    ndarray of float32, shape (n_samples,)
    """
    if samples.ndim == 1:
        return samples
    if samples.shape[0] == 1:
        return samples[0]
    return samples.mean(axis=0, dtype=np.float32)


def to_stereo(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring any number of channels to two.

    One channel goes to both sides; of more than two, the first two are left and right and the rest
    (centre, low frequency, surround) goes to both at −3 dB.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_channels, n_samples)

    Returns
    -------
    ndarray of float32, shape (2, n_samples)
    """
    if samples.shape[0] <= 2:
        return np.broadcast_to(samples, (2, samples.shape[1])).astype(np.float32)
    rest = samples[2:].sum(axis=0, dtype=np.float32) * np.float32(0.7071)
    return (samples[:2] + rest).astype(np.float32)


def resample(samples: NDArray[np.float32], sample_rate: int, target_rate: int) -> NDArray[np.float32]:
    """Change the sample rate, keeping sounds at their time.

    Polyphase filtering with a linear-phase low pass, so there is no delay.

    Parameters
    ----------
    samples : ndarray of float32, shape (..., n)
    sample_rate, target_rate : int
        Samples per second before and after.

    Returns
    -------
    ndarray of float32, shape (..., ceil(n * target_rate / sample_rate))
    """
    if sample_rate == target_rate or samples.shape[-1] == 0:
        return samples.astype(np.float32, copy=False)
    from scipy.signal import resample_poly

    divisor = gcd(sample_rate, target_rate)
    resampled = resample_poly(samples, target_rate // divisor, sample_rate // divisor, axis=-1)
    return resampled.astype(np.float32, copy=False)
