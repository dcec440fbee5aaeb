"""Re-timing: every shot gets exactly its new length, from its own frames only."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tower_anime.errors import InputError, UnreadableVideoError
from tower_anime.production.assembly import VideoFormat, write_video
from tower_anime.production.clip import iterate_frames, to_rgb
from tower_anime.production.retime import frame_order, retime_frames, retime_video

lengths = st.lists(st.tuples(st.integers(1, 80), st.integers(1, 80)), min_size=1, max_size=8)


@given(lengths)
def test_new_frames_stay_in_their_shot_and_go_forward_evenly(shots):
    edges = np.cumsum([0, *(old for old, _ in shots)])
    ranges = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    order = frame_order(ranges, [new for _, new in shots])
    start = 0
    for (first, end), (old, new) in zip(ranges, shots, strict=True):
        part = np.array(order[start : start + new])
        assert len(part) == new
        assert part.min() >= first and part.max() < end
        assert (np.diff(part) >= 0).all()
        ideal = first + (np.arange(new) + 0.5) * old / new
        assert (np.abs(part + 0.5 - ideal) <= 0.5 + 1e-9).all()
        start += new


def test_an_unchanged_length_keeps_every_frame():
    assert frame_order([(0, 5), (5, 9)], [5, 4]) == list(range(9))


@pytest.mark.parametrize(
    ("ranges", "counts"),
    [
        ([(0, 5)], [0]),
        ([(0, 5), (4, 9)], [5, 5]),
        ([(3, 3)], [1]),
        ([(0, 5)], [5, 5]),
        ([(5, 9), (0, 5)], [1, 1]),
    ],
)
def test_impossible_lengths_are_refused(ranges, counts):
    with pytest.raises(InputError):
        frame_order(ranges, counts)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    frames = (np.full((64, 96, 3), 20 + 8 * k, np.uint8) for k in range(24))
    form = VideoFormat((96, 64), Fraction(24000, 1001))
    write_video(frames, 24, form=form, audio=None, output=tmp_path / "source.mp4")
    return tmp_path / "source.mp4"


def shown(path: Path) -> list[int]:
    return [round((float(to_rgb(frame).mean()) - 20) / 8) for _, frame in iterate_frames(path)]


def test_a_video_gets_new_lengths_and_new_sound(source: Path, tmp_path: Path):
    audio = np.zeros((2, 100_000), np.float32)
    output = tmp_path / "new.mp4"
    facts = retime_video(source, [(0, 8), (8, 24)], [12, 8], audio=audio, output=output)
    assert (facts.n_frames, facts.width, facts.height, facts.fps) == (20, 96, 64, Fraction(24000, 1001))
    assert facts.audio_seconds == pytest.approx(20 * 1001 / 24000, abs=0.002)
    assert shown(output) == frame_order([(0, 8), (8, 24)], [12, 8])


def test_frames_in_memory_are_retimed_alike(tmp_path: Path):
    frames = (np.full((64, 96, 3), 20 + 8 * k, np.uint8) for k in range(24))
    form = VideoFormat((96, 64), Fraction(24))
    facts = retime_frames(
        frames, [(0, 8), (8, 24)], [4, 20], form=form, audio=None, output=tmp_path / "f.mp4"
    )
    assert facts.n_frames == 24 and not facts.has_audio
    assert shown(tmp_path / "f.mp4") == frame_order([(0, 8), (8, 24)], [4, 20])


def test_a_video_that_ends_early_is_refused_and_leaves_no_file(source: Path, tmp_path: Path):
    with pytest.raises(UnreadableVideoError, match="ends after 24 frames"):
        retime_video(source, [(0, 30)], [30], audio=None, output=tmp_path / "new.mp4")
    assert not (tmp_path / "new.mp4").exists()
