from __future__ import annotations

import numpy as np
import pytest
from tower_anime.errors import NoBeatError
from tower_anime.music.beats import NO_BEAT
from tower_anime.music.loop import find_loop, looped_beats, music_segment
from tower_anime.music.signal import Signal


def test_a_loop_joins_two_downbeats_whole_phrases_apart(grid) -> None:
    beats = grid(120, 31.0, start=0.3)
    loop = find_loop(beats, 31.0)
    assert loop.end_seconds in beats.downbeat_times
    assert loop.start_seconds in beats.downbeat_times
    assert loop.length_seconds % 8 == pytest.approx(0, abs=1e-9), "four bars of 2 s"


@pytest.mark.parametrize("bpm", [61.7, 97.3, 120, 173.9])
def test_beats_go_on_evenly_through_every_jump(grid, bpm: float) -> None:
    beats = grid(bpm, 20.0, start=0.37)
    looped = looped_beats(beats, find_loop(beats, 20.0), track_seconds=20.0, needed_seconds=130.0)
    assert looped.beat_times[-1] > 130 - 60 / bpm
    np.testing.assert_allclose(np.diff(looped.beat_times), 60 / bpm, atol=1e-9)
    np.testing.assert_allclose(np.diff(looped.downbeat_times), 240 / bpm, atol=1e-9)


def test_a_track_that_is_long_enough_is_left_alone(grid) -> None:
    beats = grid(120, 30.0)
    assert looped_beats(beats, find_loop(beats, 30.0), track_seconds=30.0, needed_seconds=29.0) is beats


@pytest.mark.parametrize(("bpm", "start"), [(97.3, 0.37), (120.0, 0.0), (143.7, 2.9)])
def test_samples_jump_where_beats_do(grid, rate: int, bpm: float, start: float) -> None:
    """Every beat of the track is one marked sample, and so is every beat of the looped music."""
    beats = grid(bpm, 15.0, start=start)
    samples = np.zeros((2, 15 * rate), np.float32)
    samples[:, np.round(beats.beat_times * rate).astype(int)] = 1.0
    loop = find_loop(beats, 15.0)
    looped = looped_beats(beats, loop, track_seconds=15.0, needed_seconds=62.0)
    segment = music_segment(
        Signal(samples, rate), start_seconds=beats.downbeat_times[0], duration_seconds=60.0, loop=loop
    )
    assert segment.samples.shape == (2, 60 * rate)
    heard = np.flatnonzero(segment.samples[0] > 0.9)
    expected = (looped.beat_times - beats.downbeat_times[0]) * rate
    expected = expected[(expected > -1) & (expected < 60 * rate - 1)]
    assert heard.size == expected.size
    assert np.abs(heard - expected).max() <= 1.0


def test_without_a_loop_silence_follows(rate: int) -> None:
    segment = music_segment(
        Signal(np.ones((1, rate), np.float32), rate), start_seconds=0.5, duration_seconds=2.0
    )
    assert segment.n_samples == 2 * rate
    assert segment.samples[0, : rate // 2].min() == 1.0
    assert segment.samples[0, rate // 2 :].max() == 0.0


def test_loudness_does_not_dip_at_the_seam(grid, rate: int) -> None:
    noise = np.random.default_rng(0).standard_normal((1, 12 * rate)).astype(np.float32)
    beats = grid(120, 12.0, start=1.0)
    loop = find_loop(beats, 12.0)
    segment = music_segment(Signal(noise, rate), start_seconds=0.0, duration_seconds=24.0, loop=loop)
    seam = round(loop.end_seconds * rate)
    around = segment.samples[0, seam - rate // 50 : seam + rate // 50]
    assert np.sqrt(np.mean(around**2)) == pytest.approx(1.0, abs=0.15)


def test_music_without_a_beat_cannot_be_looped() -> None:
    with pytest.raises(NoBeatError, match="cannot be looped"):
        find_loop(NO_BEAT, 10.0)
