"""Sounds with known truth: plain synthesis, so that every test knows what should be heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tower_anime.music.signal import Signal
from tower_anime.music.track import BeatGrid

RATE = 44_100
FloatArray = NDArray[np.float32]


def stroke(kind: str) -> FloatArray:
    times = np.arange(int(0.25 * RATE)) / RATE
    noise = np.random.default_rng(5).standard_normal(times.size)
    wave = {
        "click": np.sin(2 * np.pi * 1500 * times) * np.exp(-times / 0.01),
        "kick": np.sin(2 * np.pi * (50 * times + 4 * (1 - np.exp(-times / 0.03)))) * np.exp(-times / 0.09),
        "snare": 0.5 * noise * np.exp(-times / 0.06)
        + 0.4 * np.sin(2 * np.pi * 190 * times) * np.exp(-times / 0.05),
        "hat": 0.25 * np.diff(noise, append=0.0) * np.exp(-times / 0.03),
    }[kind]
    return wave.astype(np.float32)


def place(strokes: dict[str, Sequence[float]], seconds: float) -> FloatArray:
    """Return strokes of each kind at their times, at half of full scale."""
    mix = np.zeros(int(seconds * RATE), dtype=np.float32)
    for kind, times in strokes.items():
        wave = stroke(kind)
        for time in times:
            start = round(time * RATE)
            mix[start : start + wave.size] += wave[: max(mix.size - start, 0)]
    return (0.5 * mix / max(float(np.abs(mix).max()), 1e-9)).astype(np.float32)


def chord(midi: Sequence[int], seconds: float) -> FloatArray:
    times = np.arange(int(seconds * RATE)) / RATE
    wave = np.zeros(times.size)
    for note in midi:
        frequency = 440 * 2 ** ((note - 69) / 12)
        wave += sum(np.sin(2 * np.pi * frequency * k * times) / k**1.5 for k in (1, 2, 3, 4))
    return (0.1 * wave * np.minimum(1, times / 0.01) * np.exp(-times / seconds)).astype(np.float32)


@pytest.fixture
def rate() -> int:
    return RATE


@pytest.fixture
def click_track() -> Callable[..., FloatArray]:
    """Clicks at a tempo: ``click_track(bpm, seconds, start)``."""

    def make(bpm: float, seconds: float = 20.0, start: float = 0.1) -> FloatArray:
        return place({"click": np.arange(start, seconds, 60 / bpm)}, seconds)

    return make


@pytest.fixture
def drum_track() -> Callable[..., FloatArray]:
    """Kick on one, three and the and of three, snare on two and four, hats on eighths."""

    def make(beats: NDArray[np.float64], seconds: float) -> FloatArray:
        between = (beats[:-1] + beats[1:]) / 2
        hats = np.concatenate([beats, between])
        return place({"kick": [*beats[::2], *between[2::4]], "snare": beats[1::2], "hat": hats}, seconds)

    return make


@pytest.fixture
def strokes_at() -> Callable[..., FloatArray]:
    """Strokes of each kind at their times: ``strokes_at({"kick": times}, seconds)``."""
    return place


@pytest.fixture
def cadence() -> Callable[..., FloatArray]:
    """Chords of a key, two seconds each: ``cadence(tonic, mode)`` with the tonic as a MIDI note."""

    def make(tonic: int, mode: str, detune: float = 0.0) -> FloatArray:
        third, sixth, degrees = (4, 9, (0, 5, 7, 0)) if mode == "major" else (3, 8, (0, 5, 7, 0))
        scale_third = {0: third, 5: third, 7: 4, -1: sixth}
        return np.concatenate(
            [
                chord([tonic + d + detune, tonic + d + scale_third[d] + detune, tonic + d + 7 + detune], 2.0)
                for d in degrees
            ]
        )

    return make


@pytest.fixture
def grid() -> Callable[..., BeatGrid]:
    """A perfect grid: ``grid(bpm, seconds, start)``."""

    def make(bpm: float, seconds: float, start: float = 0.0, per_bar: int = 4) -> BeatGrid:
        beats = np.arange(start, seconds, 60 / bpm)
        return BeatGrid(bpm, beats, beats[::per_bar], 0.9, (), per_bar)

    return make


@pytest.fixture
def write_audio(tmp_path: Path) -> Callable[..., Path]:
    """Encode samples into a container: ``write_audio(name, codec, signal, sample_format=…)``."""

    def write(
        name: str, codec: str, signal: Signal, *, sample_format: str, with_picture: bool = False
    ) -> Path:
        import av

        path, rate = tmp_path / name, signal.sample_rate
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[signal.samples.shape[0]]
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            stream.codec_context.layout, stream.codec_context.format = layout, sample_format
            if with_picture:
                picture = container.add_stream("mpeg4", rate=24)
                picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
                for n in range(int(24 * signal.duration_seconds)):
                    still = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
                    still.pts = n
                    container.mux(picture.encode(still))
                container.mux(picture.encode())
            frame = av.AudioFrame.from_ndarray(signal.samples, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            fifo = av.AudioFifo()
            for converted in av.AudioResampler(format=sample_format, layout=layout, rate=rate).resample(
                frame
            ):
                fifo.write(converted)
            size = stream.codec_context.frame_size or 1024
            while fifo.samples:
                container.mux(stream.encode(fifo.read(min(size, fifo.samples))))
            container.mux(stream.encode(None))
        return path

    return write
