"""Shots of a finished picture: cuts to the frame, and everything that only looks like one."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawn_video import Piece, Scene, assemble, match, random_video, write
from tower_anime.errors import UnreadableVideoError
from tower_anime.music.shots import find_transitions, find_transitions_in_frames

FPS = Fraction(24)


def found(video, fps=FPS) -> list[tuple[int, str]]:
    return [(t.frame, t.kind) for t in find_transitions_in_frames(video.frames, fps).transitions]


def test_a_cut_every_two_seconds_is_thirty_per_minute(tmp_path: Path):
    video = assemble([Piece(Scene(seed, "walk"), 48) for seed in range(6)])
    analysis = find_transitions(write(tmp_path / "a.mp4", video.frames))
    assert [t.frame for t in analysis.transitions] == [48, 96, 144, 192, 240]
    assert [t.time for t in analysis.transitions] == [2.0, 4.0, 6.0, 8.0, 10.0]
    assert analysis.cuts_per_minute == pytest.approx(30, abs=1)
    assert analysis.shot_ranges[1] == (48, 96)
    assert (analysis.n_frames, analysis.fps, analysis.duration_seconds) == (288, FPS, 12.0)


def test_the_json_has_the_agreed_fields(tmp_path: Path):
    video = assemble([Piece(Scene(1), 30), Piece(Scene(2), 30)])
    fields = find_transitions(write(tmp_path / "a.mp4", video.frames, Fraction(24000, 1001))).as_json()
    assert set(fields) == {"fps", "n_frames", "duration_seconds", "transitions", "cuts_per_minute", "motion"}
    assert fields["fps"] == pytest.approx(23.976, abs=1e-3)
    assert fields["transitions"] == [
        {"time": pytest.approx(30 * 1.001 / 24, abs=1e-5), "frame": 30, "kind": "cut"}
    ]
    assert 0 <= fields["motion"]["confidence"] <= 1


@pytest.mark.parametrize("color", ["white", "black", "red", "negative"])
@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("motion", ["still", "walk", "pan"])
def test_a_flash_is_no_cut(color: str, length: int, motion: str):
    scene = Scene(5, motion)
    assert found(assemble([Piece(scene, 72, flashes=[(30, length, color)])])) == []


def test_a_flash_that_dims_slowly_is_no_cut():
    assert found(assemble([Piece(Scene(5, "walk"), 72, flashes=[(30, 8, "dim")])])) == []


def test_a_flash_between_two_shots_is_one_cut_where_the_new_shot_begins():
    video = assemble([Piece(Scene(5), 40), Piece(Scene(6), 40)])
    for k in (38, 39):
        video.frames[k] = np.full_like(video.frames[k], 255)
    assert found(video) == [(40, "cut")]


@pytest.mark.parametrize("motion", ["still", "walk", "fight", "pan", "whip", "zoom", "shake", "crowd"])
@pytest.mark.parametrize("hold", [1, 2, 3])
def test_movement_within_a_shot_is_no_cut(motion: str, hold: int):
    for seed in (11, 12):
        assert found(assemble([Piece(Scene(seed, motion, hold), 96)])) == []


@pytest.mark.parametrize("hold", [1, 2, 3])
def test_cuts_between_drawings_on_twos_and_threes_are_exact(hold: int):
    pieces = [
        Piece(Scene(20 + k, motion, hold), 31 + 5 * k)
        for k, motion in enumerate(["walk", "pan", "walk", "shake"])
    ]
    video = assemble(pieces)
    assert found(video) == [(frame, "cut") for frame, _, _ in video.truth]


def test_cuts_within_one_set_of_colours_are_found():
    video = assemble([Piece(Scene(30 + k, "walk", palette=7), 40) for k in range(5)])
    assert found(video) == [(frame, "cut") for frame, _, _ in video.truth]


def test_fast_montage_is_cut_by_cut():
    video = assemble([Piece(Scene(40 + k, "walk"), 8) for k in range(10)])
    assert found(video) == [(frame, "cut") for frame, _, _ in video.truth]


@pytest.mark.parametrize("entry", ["fade-black", "fade-white", "dissolve"])
@pytest.mark.parametrize("n_entry", [10, 16, 23])
def test_soft_transitions_are_found_once_and_named(entry: str, n_entry: int):
    video = assemble([Piece(Scene(51, "walk"), 70), Piece(Scene(52, "pan"), 70, entry, n_entry)])
    [(frame, kind)] = found(video)
    [(truth, name, _)] = video.truth
    assert kind == name
    assert abs(frame - truth) <= 4


def test_fades_at_the_ends_of_a_video_are_no_change_of_shot():
    black = Piece(Scene(60), 12)
    video = assemble(
        [black, Piece(Scene(61, "walk"), 60, "fade-black", 12), Piece(Scene(62), 20, "fade-black", 14)]
    )
    frames = [np.zeros_like(frame) for frame in video.frames[:12]] + video.frames[12:72]
    frames += [np.zeros_like(frames[0])] * 20
    video.frames = frames
    assert found(video) == []


def test_all_together_on_encoded_video(tmp_path: Path):
    n_true = n_hit = n_false = 0
    for seed in (100, 101):
        video = random_video(seed)
        analysis = find_transitions(write(tmp_path / f"{seed}.mp4", video.frames))
        result = match(video.truth, [(t.frame, t.kind) for t in analysis.transitions])
        n_true += len(video.truth)
        n_hit += len(result["hits"])
        n_false += len(result["false"])
    assert n_hit / n_true >= 0.92
    assert n_false / n_true <= 0.08


def test_frames_in_memory_give_the_same_cuts_as_the_file(tmp_path: Path):
    video = assemble([Piece(Scene(80 + k, motion), 40) for k, motion in enumerate(["walk", "pan", "shake"])])
    from_file = find_transitions(write(tmp_path / "a.mkv", video.frames))
    assert [t.frame for t in from_file.transitions] == [frame for frame, _ in found(video)] == [40, 80]


def test_the_tempo_of_a_movement_lies_in_the_range():
    scene = Scene(70, "still")
    frames = []
    for k in range(240):
        bump = 20 if k % 12 < 3 else 0  # a jolt every half second: 120 BPM
        frames.append(np.roll(scene.frame(0, 240), bump, axis=1))
    motion = find_transitions_in_frames(frames, FPS).motion
    assert motion.tempo_range_bpm is not None
    low, high = motion.tempo_range_bpm
    assert low <= 120 <= high and high / low < 1.3
    assert motion.confidence > 0.5


def test_a_picture_that_stands_still_has_no_tempo_and_no_cuts():
    analysis = find_transitions_in_frames([np.full((90, 160, 3), 90, np.uint8)] * 200, FPS)
    assert analysis.transitions == () and analysis.cuts_per_minute == 0
    assert analysis.motion.tempo_range_bpm is None and analysis.motion.mean_energy == 0


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_very_short_videos_are_read(n: int):
    frames = [Scene(1).frame(k, n) for k in range(n)]
    assert find_transitions_in_frames(frames, FPS).n_frames == n


def test_progress_reaches_the_end(tmp_path: Path):
    told = []
    video = assemble([Piece(Scene(1), 30)])
    find_transitions(write(tmp_path / "a.mp4", video.frames), lambda done, total: told.append((done, total)))
    assert told[-1] == (30, 30)


@pytest.mark.parametrize(
    ("name", "content"), [("a.mp4", b"no video"), ("b.m3u8", b"#EXTM3U\n#EXTINF:1,\na.mp4\n")]
)
def test_what_is_no_video_is_refused_by_name(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableVideoError, match=name):
        find_transitions(tmp_path / name)
    with pytest.raises(UnreadableVideoError, match="does not exist"):
        find_transitions(tmp_path / "gone.mp4")
