from __future__ import annotations

import numpy as np
import pytest
from tower_anime.errors import InputError
from tower_anime.music.beats import BeatWishes, track_beats


def offsets(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.array([found[np.abs(found - t).argmin()] - t for t in truth])


@pytest.mark.parametrize("bpm", [60, 75, 90, 104.5, 120, 133, 150, 170])
def test_clicks_are_found_within_five_milliseconds(click_track, rate: int, bpm: float) -> None:
    found = track_beats(click_track(bpm), rate)
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.002)
    np.testing.assert_allclose(np.diff(found.beat_times), 60 / bpm, atol=0.002)
    assert np.abs(offsets(found.beat_times, np.arange(0.1, 19.9, 60 / bpm))).max() < 0.005


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 32_000, 48_000, 96_000])
def test_any_sample_rate_gives_the_same_beats(sample_rate: int) -> None:
    samples = np.zeros(12 * sample_rate, np.float32)
    truth = np.arange(0.25, 11.9, 0.5)
    burst = np.sin(2 * np.pi * 1000 * np.arange(sample_rate // 50) / sample_rate)
    for time in truth:
        start = round(time * sample_rate)
        samples[start : start + burst.size] = burst
    found = track_beats(samples, sample_rate)
    assert found.tempo_bpm == pytest.approx(120, rel=0.002)
    assert np.abs(offsets(found.beat_times, truth)).max() < 0.008


@pytest.mark.parametrize("bpm", [80, 96, 118, 140])
def test_drums_tell_beat_from_offbeat_and_bar_from_beat(drum_track, rate: int, bpm: float) -> None:
    truth = np.arange(0.4, 28, 60 / bpm)
    found = track_beats(drum_track(truth, 28.5), rate)
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.002)
    assert np.abs(offsets(truth, found.beat_times[2:-2])).max() < 0.01
    # Nothing but the pickup tells one from three here; but no bar opens on a snare.
    assert np.abs(offsets(truth[::2], found.downbeat_times[1:-1])).max() < 0.01
    assert found.beats_per_bar == 4


def test_beats_reach_over_a_silent_start_and_to_the_end(drum_track, rate: int) -> None:
    truth = np.arange(4.0, 24, 0.5)
    found = track_beats(drum_track(truth, 26.0), rate)
    assert found.beat_times[0] < 0.5
    assert found.beat_times[-1] > 25.4
    assert np.abs(offsets(found.beat_times, np.arange(0.5, 25.5, 0.5))).max() < 0.01


def test_a_drifting_tempo_is_followed(drum_track, rate: int) -> None:
    periods = 0.5 * (1 + 0.05 * np.sin(np.linspace(0, 2 * np.pi, 70)))
    truth = 0.3 + np.cumsum(periods)
    found = track_beats(drum_track(truth, float(truth[-1]) + 1), rate)
    assert np.mean(np.abs(offsets(found.beat_times, truth)) < 0.04) > 0.95


def test_a_human_hand_is_averaged_out(drum_track, rate: int) -> None:
    exact = np.arange(0.4, 28, 0.5)
    played = exact + np.random.default_rng(1).normal(0, 0.01, exact.size)
    found = track_beats(drum_track(played, 28.5), rate)
    assert np.abs(offsets(found.beat_times, exact)).max() < 0.012


def test_level_does_not_matter(drum_track, rate: int) -> None:
    samples = drum_track(np.arange(0.4, 14, 0.5), 14.5)
    loud, quiet = track_beats(samples, rate), track_beats(samples * np.float32(0.01), rate)
    np.testing.assert_allclose(loud.beat_times, quiet.beat_times, atol=1e-3)


def test_a_hint_decides_between_double_and_half(drum_track, rate: int) -> None:
    samples = drum_track(np.arange(0.4, 20, 0.5), 20.5)
    assert track_beats(samples, rate, bpm_hint=60).tempo_bpm == pytest.approx(60, rel=0.01)
    assert any(abs(bpm - 60) < 1 for bpm in track_beats(samples, rate).tempo_alternatives_bpm)


def test_a_range_and_bars_are_kept_to(drum_track, rate: int) -> None:
    samples = drum_track(np.arange(0.4, 20, 0.5), 20.5)
    fast = track_beats(samples, rate, wishes=BeatWishes(bpm_range=(200, 300)))
    assert fast.tempo_bpm == pytest.approx(240, rel=0.01)
    for length in (2, 3, 5, 7):
        found = track_beats(samples, rate, wishes=BeatWishes(beats_per_bar=length))
        assert found.beats_per_bar == length
        np.testing.assert_allclose(np.diff(found.downbeat_times), 0.5 * length, atol=0.01)


@pytest.mark.parametrize(
    "wish", [{"bpm_hint": 5}, {"bpm_range": (200, 100)}, {"beats_per_bar": 99}, {"bpm_range": (0, 9e9)}]
)
def test_wishes_that_no_music_has_are_refused(wish: dict) -> None:
    with pytest.raises(InputError, match="not possible"):
        BeatWishes(**wish)


@pytest.mark.parametrize("seconds", [4, 8, 10])
def test_a_loop_that_begins_on_its_first_sample_is_read_from_there(
    drum_track, rate: int, seconds: int
) -> None:
    found = track_beats(drum_track(np.arange(0, seconds, 0.5), seconds), rate)
    assert found.tempo_bpm == pytest.approx(120, rel=0.01)
    assert found.beat_times[0] == pytest.approx(0.0, abs=0.01)
    assert found.downbeat_times[0] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("bpm", [84, 118, 150])
def test_a_waltz_has_three_beats(strokes_at, rate: int, bpm: float) -> None:
    beats = np.arange(0.3, 26, 60 / bpm)
    samples = strokes_at({"kick": beats[::3], "snare": np.setdiff1d(beats, beats[::3]), "hat": beats}, 26.5)
    found = track_beats(samples, rate)
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.005)
    assert found.beats_per_bar == 3
    assert np.abs(offsets(found.downbeat_times, beats[:-3:3])).max() < 0.02


@pytest.mark.parametrize("bpm", [58, 70])
def test_six_eight_has_dotted_beats(strokes_at, rate: int, bpm: float) -> None:
    beats = np.arange(0.3, 26, 60 / bpm)
    hats = np.arange(0.3, 26, 20 / bpm)
    found = track_beats(strokes_at({"kick": beats[::2], "snare": beats[1::2], "hat": hats}, 26.5), rate)
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.005)
    assert np.abs(offsets(found.beat_times, beats)).max() < 0.02


def test_a_loop_is_counted_from_its_start_and_a_song_from_its_strokes(drum_track, rate: int) -> None:
    late = np.arange(0, 8, 0.5) + 0.015
    loop = track_beats(drum_track(late, 8.0), rate)
    np.testing.assert_allclose(loop.beat_times, late - 0.015, atol=1e-6)
    # A quarter of a beat more at the end: no loop.
    song = track_beats(drum_track(late, 8.125), rate)
    assert np.abs(offsets(song.beat_times, late)).max() < 0.008


def test_an_excerpt_may_begin_between_the_beats(drum_track, rate: int) -> None:
    truth = np.arange(0.0, 16, 0.5)
    samples = drum_track(truth, 16.0)[round(0.37 * rate) : round(10.2 * rate)]
    found = track_beats(samples, rate)
    assert found.tempo_bpm == pytest.approx(120, rel=0.01)
    assert np.abs(offsets(found.beat_times, truth[1:21] - 0.37)).max() < 0.01


def beatless(kind: str, rate: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    times = np.arange(20 * rate) / rate
    if kind == "noise":
        return 0.2 * rng.standard_normal(times.size)
    if kind == "drone":
        return 0.2 * (np.sin(2 * np.pi * 110 * times) + np.sin(2 * np.pi * 165.3 * times))
    if kind == "swell":
        return 0.3 * np.sin(2 * np.pi * 220 * times) * np.sin(2 * np.pi * 0.11 * times) ** 2
    sound = np.zeros(times.size)
    at = 0.2
    while at < 19:
        length = int(rng.uniform(0.08, 0.25) * rate)
        start = int(at * rate)
        voice = np.sign(np.sin(2 * np.pi * rng.uniform(90, 160) * times[:length]))
        sound[start : start + length] = 0.3 * np.hanning(length) * voice
        at += rng.uniform(0.1, 0.5)
    return sound


@pytest.mark.parametrize("kind", ["noise", "drone", "swell", "speech"])
def test_sound_without_a_beat_has_none(rate: int, kind: str) -> None:
    found = track_beats(beatless(kind, rate).astype(np.float32), rate)
    assert found.tempo_bpm is None
    assert not found.has_beat
    assert found.beat_times.size == found.downbeat_times.size == 0


@pytest.mark.parametrize("n_samples", [0, 1, 100, 44_100, 441_000])
def test_silence_of_any_length_has_no_beat(rate: int, n_samples: int) -> None:
    assert track_beats(np.zeros(n_samples, np.float32), rate).tempo_bpm is None


def test_a_constant_offset_and_clipping_do_no_harm(drum_track, rate: int) -> None:
    samples = drum_track(np.arange(0.4, 14, 0.5), 14.5)
    assert track_beats(np.full(rate * 5, 0.5, np.float32), rate).tempo_bpm is None
    assert track_beats(np.clip(samples * 8 + 0.1, -1, 1), rate).tempo_bpm == pytest.approx(120, rel=0.002)
