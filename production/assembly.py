"""Assembling an episode: frames and sound, streamed into one MP4."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .clip import VideoFacts, check_video
from .frames import ReadImage, RenderFrame, ShotPicture, shot_frames
from .part_file import part_file, storage_error
from .scaling import Pixels

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Audio = NDArray[np.float32]

AUDIO_RATE = 48_000
AUDIO_BITS_PER_SECOND = 192_000
AAC_BLOCK = 1024
# Equal input is to give equal frames. x264's output depends on its number of threads, so it is fixed;
# one encodes 720p at 80-100 frames per second beside the renderers. Without "cpu-independent" two runs
# on one machine were measured to differ, because its fast arithmetic depends on where memory lies.
ENCODER_THREADS = 1
ENCODER = {
    "crf": "18",
    "preset": "veryfast",
    "tune": "animation",
    "x264-params": "cpu-independent=1",
}
# Pillow releases the interpreter lock while it scales; two renderers keep up with the encoder.
RENDER_THREADS = 2
LOOK_AHEAD = 8
# The clock of the file's own lengths: samples at 48 kHz and frames of the broadcast rates are whole ticks.
MUXER = {"movflags": "+faststart", "movie_timescale": "240000"}
BT709 = 1
LIMITED_RANGE, FULL_RANGE = 1, 2


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """Shape of a finished video.

    Parameters
    ----------
    size : tuple of int
        Width and height in pixels, even.
    fps : Fraction
        Frames per second.
    """

    size: tuple[int, int]
    fps: Fraction


def render_episode(
    shots: Sequence[ShotPicture],
    n_frames: Sequence[int],
    *,
    fps: Fraction,
    size: tuple[int, int],
    audio: Audio | None,
    output: Path,
    read_image: ReadImage,
    progress: Progress | None = None,
    render_threads: int = RENDER_THREADS,
) -> VideoFacts:
    """Render shots one after the other into an MP4.

    Equal input gives equal frames, whatever the machine's number of processors.

    Parameters
    ----------
    shots : sequence of ShotPicture
        Stills or clips, in order.
    n_frames : sequence of int
        Exact length of each shot in frames, at least 1.
    fps : Fraction
        Frames per second.
    size : tuple of int
        Width and height in pixels, even.
    audio : ndarray of float32, shape (2, n_samples), or None
        Sound at 48 kHz in [-1, 1]; cut off or padded with silence to the length of the picture.
    output : Path
        The MP4; it appears under this name when it is complete.
    read_image : callable
        Decodes a picture file to RGB.
    progress : callable, optional
        Told the number of frames done and in all.
    render_threads : int
        Frames rendered at a time.

    Returns
    -------
    VideoFacts
        Read from the finished file.

    Raises
    ------
    UnreadableImageError, UnreadableVideoError
        If a source cannot be decoded.
    StorageError
        If the file cannot be written, or does not hold what was written.
    """
    if len(shots) != len(n_frames) or min(n_frames, default=0) < 1:
        raise InputError(f"{len(shots)} shots cannot have the lengths {list(n_frames)} frames.")
    renders = (
        render
        for shot, count in zip(shots, n_frames, strict=True)
        for render in shot_frames(shot, count, fps, size, read_image)
    )
    frames = in_order(renders, n_threads=render_threads)
    return write_video(
        frames, sum(n_frames), form=VideoFormat(size, fps), audio=audio, output=output, progress=progress
    )


def in_order(renders: Iterable[RenderFrame], *, n_threads: int = RENDER_THREADS) -> Iterator[Pixels]:
    """Call functions in threads and yield their results in the order of the functions.

    A function that stands several times in a row is called once. At most a few results wait at a
    time, so memory does not grow with the episode.
    """
    waiting: deque[Future[Pixels]] = deque()
    last: RenderFrame | None = None
    with ThreadPoolExecutor(max(1, n_threads), thread_name_prefix="tower-render") as pool:
        try:
            for render in renders:
                waiting.append(waiting[-1] if waiting and render is last else pool.submit(render))
                last = render
                if len(waiting) > LOOK_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def write_video(
    frames: Iterator[Pixels],
    n_frames: int,
    *,
    form: VideoFormat,
    audio: Audio | None,
    output: Path,
    progress: Progress | None = None,
) -> VideoFacts:
    """Encode frames and sound into an MP4 that appears under its name when it is complete.

    Parameters
    ----------
    frames : iterator of ndarray of uint8, shape (height, width, 3)
        Exactly `n_frames` RGB frames.
    n_frames : int
        Their number.
    form : VideoFormat
        Size and rate.
    audio : ndarray of float32, shape (2, n_samples), or None
        Sound at 48 kHz; cut off or padded with silence to the length of the picture.
    output : Path
        The MP4.
    progress : callable, optional
        Told the number of frames done and in all.

    Returns
    -------
    VideoFacts
        Read from the finished file.

    Raises
    ------
    StorageError
        If the file cannot be written, or does not hold what was written.
    """
    import av
    from av.error import FFmpegError

    samples = None if audio is None else _exact_length(audio, samples_of(n_frames, form.fps))
    with part_file(output) as part:
        try:
            with av.open(str(part), "w", format="mp4", options=dict(MUXER)) as container:
                muxer = _Muxer(container, form, samples)
                for index, pixels in enumerate(frames):
                    muxer.write(pixels, index)
                    if progress is not None:
                        progress(index + 1, n_frames)
                muxer.finish()
        except FFmpegError as error:
            raise storage_error(output, error.errno, error.strerror) from error
        return check_video(part, n_frames, 0.0 if samples is None else samples.shape[1] / AUDIO_RATE)


def samples_of(n_frames: int, fps: Fraction) -> int:
    """Return how many samples at 48 kHz are as long as `n_frames`."""
    return round(n_frames * AUDIO_RATE / fps)


def _exact_length(audio: Audio, n_samples: int) -> Audio:
    if audio.ndim != 2 or audio.shape[0] != 2:
        raise InputError(
            f"sound of shape {audio.shape} is not stereo.", hint="Give an array of shape (2, n)."
        )
    clean = np.clip(np.nan_to_num(audio[:, :n_samples].astype(np.float32, copy=False)), -1.0, 1.0)
    return np.pad(clean, ((0, 0), (0, n_samples - clean.shape[1])))


class _Muxer:
    """Feeds the two encoders of one file side by side, so that nothing piles up."""

    def __init__(self, container: OutputContainer, form: VideoFormat, samples: Audio | None) -> None:
        from av.video.reformatter import VideoReformatter

        self._container = container
        self._form = form
        self._samples = samples
        self._picture = _video_stream(container, form)
        self._sound = None if samples is None else add_aac_stream(container)
        # One converter for all frames: each frame's own would be set up anew.
        self._converter = VideoReformatter()
        self._n_written = 0

    def write(self, pixels: Pixels, index: int) -> None:
        """Encode a frame, and the sound up to its end."""
        import av

        frame = self._converter.reformat(
            av.VideoFrame.from_ndarray(pixels, format="rgb24"),
            format="yuv420p",
            dst_colorspace=BT709,
            src_color_range=FULL_RANGE,
            dst_color_range=LIMITED_RANGE,
        )
        frame.pts = index
        frame.time_base = 1 / self._form.fps
        self._container.mux(self._picture.encode(frame))
        self._write_sound(samples_of(index + 1, self._form.fps) // AAC_BLOCK * AAC_BLOCK)

    def finish(self) -> None:
        """Encode the rest of the sound and empty both encoders."""
        self._container.mux(self._picture.encode(None))
        if self._sound is not None and self._samples is not None:
            self._write_sound(self._samples.shape[1])
            self._container.mux(self._sound.encode(None))

    def _write_sound(self, stop: int) -> None:
        import av

        if self._sound is None or self._samples is None:
            return
        for first in range(self._n_written, stop, AAC_BLOCK):
            block = np.ascontiguousarray(self._samples[:, first : min(first + AAC_BLOCK, stop)])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = AUDIO_RATE
            frame.pts = first
            frame.time_base = Fraction(1, AUDIO_RATE)
            self._container.mux(self._sound.encode(frame))
        self._n_written = max(self._n_written, stop)


def _video_stream(container: OutputContainer, form: VideoFormat) -> VideoStream:
    stream = container.add_stream("libx264", rate=form.fps, options=dict(ENCODER))
    stream.width, stream.height = form.size
    stream.pix_fmt = "yuv420p"
    stream.time_base = 1 / form.fps
    context = stream.codec_context
    context.time_base = 1 / form.fps
    context.thread_count = ENCODER_THREADS
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED_RANGE
    return stream


def add_aac_stream(container: OutputContainer) -> AudioStream:
    """Add the sound track that finished videos have: AAC, stereo, 48 kHz."""
    stream = container.add_stream("aac", rate=AUDIO_RATE, layout="stereo")
    stream.bit_rate = AUDIO_BITS_PER_SECOND
    return stream
