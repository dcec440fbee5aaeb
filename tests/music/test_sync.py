from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tower_anime.errors import InputError, NoBeatError
from tower_anime.music.beats import NO_BEAT
from tower_anime.music.sync import CutPlan, plan_cuts
from tower_anime.music.track import BeatGrid

RATES = (Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(12))


def steady(bpm: float, seconds: float, start: float = 0.0, per_bar: int = 4) -> BeatGrid:
    beats = np.arange(start, seconds, 60 / bpm)
    return BeatGrid(bpm, beats, beats[::per_bar], 0.9, (), per_bar)


def would_lose_a_hit_without_bias(plan: CutPlan) -> bool:
    """Whether a cut would leave its frame or its 40 ms if the music were moved by the whole bias."""
    errors = plan.cut_times - plan.beat_times
    for limit in (1.0 / float(plan.fps) + 1e-9, 0.04 + 1e-9):
        before, after = (np.abs(some) <= limit for some in (errors, errors - plan.bias_seconds))
        if after.sum() < before.sum():
            return True
    return False


@settings(deadline=None, max_examples=60)
@given(
    wishes=st.lists(st.floats(1.5, 9.0), min_size=0, max_size=12),
    bpm=st.floats(70, 190),
    start=st.floats(0, 2.5),
    fps=st.sampled_from(RATES),
    shortest=st.floats(0.1, 1.4),
    track_seconds=st.floats(12, 90),
)
def test_every_plan_keeps_its_promises(
    wishes: list[float], bpm: float, start: float, fps: Fraction, shortest: float, track_seconds: float
) -> None:
    plan = plan_cuts(
        wishes, steady(bpm, track_seconds, start), fps, min_seconds=shortest, track_seconds=track_seconds
    )
    assert len(plan.n_frames) == len(wishes)
    assert all(type(n) is int and n / fps >= shortest - 1e-9 for n in plan.n_frames)
    assert np.all(np.diff(plan.cut_times) > 0)
    # Half a frame of rounding, and the start that takes its mean away.
    assert np.all(np.abs(plan.cut_times - plan.beat_times) <= 1.0 / float(fps) + 1e-9)
    assert abs(plan.bias_seconds) < 0.005 or would_lose_a_hit_without_bias(plan)
    assert plan.hit_rate == 1.0
    assert plan.duration_seconds == Fraction(sum(plan.n_frames)) / fps
    np.testing.assert_allclose(plan.cut_times, np.cumsum(plan.n_frames)[:-1] / float(fps))
    assert abs(float(plan.duration_seconds) - sum(wishes)) <= max(0.15 * sum(wishes), 60 / bpm)
    assert plan.music_start_seconds >= -0.5 / float(fps)


@pytest.mark.parametrize("fps", RATES)
def test_shots_already_on_beats_stay_as_they_are(fps: Fraction) -> None:
    plan = plan_cuts([2.0, 4.0, 2.0, 6.0], steady(120, 60), fps, track_seconds=60)
    assert plan.n_frames == tuple(round(n * fps) for n in (2, 4, 2, 6))
    assert abs(plan.music_start_seconds) <= 0.5 / float(fps)
    assert plan.loop is None
    assert plan.bias_seconds == pytest.approx(0, abs=0.02)


def test_music_begins_on_its_first_downbeat() -> None:
    plan = plan_cuts([2.0, 4.0, 2.0], steady(120, 60, start=0.7), Fraction(24), track_seconds=60)
    assert plan.music_start_seconds == pytest.approx(0.7, abs=0.5 / 24)
    assert plan.n_frames == (48, 96, 48)
    assert plan.bar_times[0] == pytest.approx(0.0, abs=0.5 / 24)


def test_a_scene_begins_on_a_downbeat() -> None:
    wishes, beats = [2.0, 2.5, 3.0, 2.5], steady(120, 60)
    plain = plan_cuts(wishes, beats, Fraction(24), track_seconds=60)
    scenes = plan_cuts(wishes, beats, Fraction(24), track_seconds=60, scene_starts=[2])
    on_bar = [np.abs(p.bar_times - p.cut_times[1]).min() < 0.03 for p in (plain, scenes)]
    assert on_bar[1]
    assert scenes.hit_rate == plain.hit_rate == 1.0


def test_a_line_of_dialogue_is_never_cut_short() -> None:
    plan = plan_cuts(
        [1.0, 1.0, 1.0], steady(120, 60), Fraction(24), min_seconds=[0.5, 3.3, 0.5], track_seconds=60
    )
    assert plan.n_frames[1] / 24 >= 3.3
    assert plan.hit_rate == 1.0


def test_picture_longer_than_the_track_goes_on_in_a_loop() -> None:
    beats = steady(97.3, 14.0, start=0.4)
    plan = plan_cuts([3.1, 2.7, 4.4] * 6, beats, Fraction(24), track_seconds=14.0)
    assert plan.loop is not None
    assert plan.hit_rate == 1.0
    assert plan.grid_times[-1] > float(plan.duration_seconds) - 1.3


def test_a_track_that_is_just_long_enough_is_not_looped_for_a_late_start() -> None:
    beats = steady(120, 20.2, start=0.1)
    assert plan_cuts([5.0, 5.0, 5.0, 5.0], beats, Fraction(24), track_seconds=20.2).loop is None


def test_shots_much_shorter_than_a_beat_leave_the_beat_rather_than_tripling() -> None:
    plan = plan_cuts([0.5] * 8, steady(50, 60), Fraction(24), min_seconds=0.3, track_seconds=60)
    assert float(plan.duration_seconds) < 8
    assert plan.hit_rate < 1.0


def test_no_shot_and_one_shot() -> None:
    beats = steady(120, 30)
    assert plan_cuts([], beats, Fraction(24), track_seconds=30).n_frames == ()
    single = plan_cuts([5.1], beats, Fraction(24), track_seconds=30)
    assert single.hit_rate == 1.0
    assert single.cut_times.size == 0
    assert abs(single.n_frames[0] - 122) <= 12
    assert plan_cuts([5.0], NO_BEAT, Fraction(24)).n_frames == (120,)


def test_chance_says_what_an_unplanned_cut_would_score() -> None:
    plan = plan_cuts([2.2, 3.1, 2.9, 4.3], steady(120, 60), Fraction(24), track_seconds=60)
    assert plan.chance_hit_rate == pytest.approx(2 * (1 / 24) / 0.5, abs=0.03)


def test_an_irregular_grid_is_followed() -> None:
    beats = np.cumsum(0.5 + 0.05 * np.sin(np.arange(120) / 7))
    plan = plan_cuts(
        [2.4, 3.3, 4.1, 2.8, 3.0],
        BeatGrid(120, beats, beats[::4], 0.5, (), 4),
        Fraction(24),
        track_seconds=61,
    )
    assert plan.hit_rate == 1.0


def test_wrong_wishes_are_named() -> None:
    beats = steady(120, 30)
    with pytest.raises(InputError, match="Shot 2 lasts -1 s"):
        plan_cuts([1.0, -1.0], beats, Fraction(24))
    with pytest.raises(InputError, match="3 shots"):
        plan_cuts([1.0, 1.0, 1.0], beats, Fraction(24), min_seconds=[0.5, 0.5])
    with pytest.raises(InputError, match="above 0"):
        plan_cuts([1.0], beats, Fraction(0))
    with pytest.raises(NoBeatError, match="no steady beat"):
        plan_cuts([1.0, 2.0], NO_BEAT, Fraction(24))


def test_three_hundred_shots_are_planned_within_seconds() -> None:
    import time

    started = time.process_time()
    plan = plan_cuts(
        [2.7, 4.2, 3.4] * 100,
        steady(128, 200),
        Fraction(24),
        track_seconds=200,
        scene_starts=range(0, 300, 10),
    )
    assert plan.hit_rate == 1.0
    assert time.process_time() - started < 4.0
