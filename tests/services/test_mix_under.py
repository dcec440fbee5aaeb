"""A mix under a video as it comes: frames that are damaged, frames at an uneven rate."""

from __future__ import annotations

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from drawn_video import Piece, Scene, assemble
from tower_anime.production.clip import frame_times
from tower_anime.services.mixing import MixOrder

MUSIC = (np.random.default_rng(0).uniform(-0.3, 0.3, (2, 48_000 * 6)).astype(np.float32), 48_000)


@pytest.fixture(scope="module")
def frames():
    return assemble([Piece(Scene(60 + k, "walk"), 48) for k in range(2)]).frames


def mixed_under(opened, video, output):
    order = MixOrder(duration_seconds=Fraction(1), music=MUSIC)
    mixed = opened.sync.mix_under(video, order, output=output, progress=lambda done, total: None)
    with av.open(str(output)) as container:
        shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
        assert mixed.samples.shape[1] == round(len(shown) / container.streams.video[0].average_rate * 48_000)
    return shown


def encode(path, frames, numbers):
    """Encode the frames of some numbers at their times, with a key frame in every twelve."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"g": "12"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number in numbers:
            frame = av.VideoFrame.from_ndarray(frames[number], format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_damaged_frames_are_passed_over(tmp_path, opened, frames):
    path = encode(tmp_path / "a.mkv", frames, range(len(frames)))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 900] = np.random.default_rng(1).bytes(900)
    path.write_bytes(content)
    assert frame_times(path).seconds.size < len(frames)
    shown = mixed_under(opened, path, tmp_path / "o.mp4")
    assert len(shown) == len(frames)
    assert np.abs(shown[-1] - frames[-1]).mean() < 8


def test_an_uneven_rate_keeps_its_time(tmp_path, opened, frames):
    # Every second frame of the first half is missing.
    kept = [number for number in range(len(frames)) if number >= 48 or number % 2 == 0]
    shown = mixed_under(opened, encode(tmp_path / "vfr.mkv", frames, kept), tmp_path / "o.mp4")
    steps = [np.abs(after - before).mean() for before, after in itertools.pairwise(shown)]
    assert (int(np.argmax(steps)) + 1) / len(shown) == pytest.approx(0.5, abs=0.02)
