"""Music fitted to picture that is finished: best offsets, small changes of shots, stretched sound."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tower_anime.errors import InputError, NoBeatError
from tower_anime.music.fitting import FitLimits, fit_music
from tower_anime.music.landing import best_offset, measure_landing, nearest
from tower_anime.music.retimed_sound import retimed_sound
from tower_anime.music.retiming import beat_frames, retimed
from tower_anime.music.signal import Signal
from tower_anime.music.stretch import stretch_to
from tower_anime.music.sync import EVEN_SECONDS, unbiased_start
from tower_anime.music.track import BeatGrid

RATE = 44_100


def steady(bpm: float, seconds: float, start: float = 0.0) -> BeatGrid:
    beats = np.arange(start, seconds, 60 / bpm)
    return BeatGrid(bpm, beats, beats[::4], 0.9, (), 4)


def hits(cuts: np.ndarray, beats: np.ndarray, tolerance: float) -> float:
    return float(np.mean(np.abs(cuts - nearest(cuts, beats)) <= tolerance + 1e-9))


@settings(deadline=None, max_examples=40)
@given(
    cuts=st.lists(st.floats(0.2, 30), min_size=1, max_size=20, unique=True),
    bpm=st.floats(70, 180),
    start=st.floats(0, 2),
    tolerance=st.sampled_from([1 / 24, 1 / 60, 0.04]),
)
def test_no_offset_is_better_than_the_best(cuts, bpm, start, tolerance):
    cut_times, beats = np.sort(np.array(cuts)), np.arange(start, 90, 60 / bpm)
    offset, rate = best_offset(cut_times, beats, tolerance, lowest=0.0, highest=40.0)
    assert 0 <= offset <= 40 and rate == hits(cut_times + offset, beats, tolerance)
    tried = [hits(cut_times + o, beats, tolerance) for o in np.arange(0, 40, 0.013)]
    assert rate >= max(tried)


def test_an_offset_leaves_no_bias():
    rng = np.random.default_rng(3)
    beats = np.arange(0.0, 90.0, 0.5)
    cuts = np.sort(rng.choice(beats[2:100], 30, replace=False)) + rng.normal(0.017, 0.006, 30)
    offset, rate = best_offset(cuts, beats, 1 / 24, lowest=0.0, highest=20.0)
    landing = measure_landing(cuts + offset, beats, 1 / 24, ceiling_hit_rate=rate)
    assert rate == 1.0 and abs(landing.bias_seconds) < 0.001


@settings(deadline=None, max_examples=40)
@given(
    shots=st.lists(st.integers(8, 120), min_size=2, max_size=20),
    bpm=st.floats(70, 180),
    max_change=st.sampled_from([0.0, 0.04, 0.08, 0.2]),
)
def test_retimed_shots_stay_within_their_share_and_the_picture_keeps_its_length(shots, bpm, max_change):
    n_frames = sum(shots)
    times = np.arange(0.1, n_frames / 24, 60 / bpm)
    rated = beat_frames(times, times[::4], n_frames, 24.0)
    cost, new = retimed(shots, rated, max_change=max_change, fps=24.0)
    assert sum(new) == n_frames
    assert all(abs(n - old) <= max_change * old + 1e-9 for old, n in zip(shots, new, strict=True))
    landed = rated.costs[np.cumsum(new)[:-1]].sum()
    assert cost >= landed - 1e-9
    assert cost <= rated.costs[np.cumsum(shots)[:-1]].sum() + 1e-9


def test_the_cheapest_of_all_retimings_is_found():
    import itertools

    shots, fps = [14, 17, 13, 16], 24.0
    times = np.arange(0.3, 4, 0.61)
    rated = beat_frames(times, times[::4], sum(shots), fps)
    cost, _ = retimed(shots, rated, max_change=0.15, fps=fps)
    reach = [int(0.15 * n) for n in shots]
    best = min(
        sum((m / r) ** 2 for m, r in zip(moves, reach, strict=True))
        + rated.costs[np.cumsum(np.add(shots, moves))[:-1]].sum()
        for moves in itertools.product(*(range(-r, r + 1) for r in reach))
        if sum(moves) == 0
    )
    assert cost == pytest.approx(best)


def test_more_freedom_never_puts_fewer_cuts_on_beats():
    rng = np.random.default_rng(8)
    shots = rng.integers(20, 110, 24).tolist()
    beats = steady(133, 140, 0.4)
    rates = [
        fit_music(shots, beats, Fraction(24), track_seconds=140, limits=FitLimits(stretch, retime)).hit_rate
        for stretch, retime in ((0, 0), (0, 0.04), (0, 0.08), (0.08, 0.08))
    ]
    assert rates == sorted(rates) and rates[-1] >= 0.8


def test_plain_offset_reaches_the_ceiling_and_changes_nothing():
    rng = np.random.default_rng(9)
    shots = tuple(rng.integers(20, 110, 24).tolist())
    plan = fit_music(shots, steady(97, 140), Fraction(25), track_seconds=140)
    assert plan.n_frames == shots and plan.stretch == 1.0
    assert plan.hit_rate >= 0.95 * plan.landing.ceiling_hit_rate


def test_ten_minutes_with_hundreds_of_shots_are_fitted_in_seconds():
    rng = np.random.default_rng(10)
    shots = rng.integers(24, 120, 200).tolist()
    started = time.perf_counter()
    plan = fit_music(shots, steady(128, 800), Fraction(24), track_seconds=800, limits=FitLimits(0.06, 0.08))
    assert sum(plan.n_frames) == sum(shots) and plan.hit_rate > 0.7
    assert time.perf_counter() - started < 60


def test_without_a_beat_there_is_nothing_to_cut_on_unless_there_is_no_cut():
    silent = BeatGrid(None, np.zeros(0), np.zeros(0))
    with pytest.raises(NoBeatError):
        fit_music([48, 48], silent, Fraction(24), track_seconds=10)
    plan = fit_music([48], silent, Fraction(24), track_seconds=10)
    assert plan.n_frames == (48,) and plan.hit_rate == 1.0


@pytest.mark.parametrize("limits", [FitLimits(-0.1, 0), FitLimits(0, 0.5), FitLimits(float("nan"), 0)])
def test_impossible_limits_are_refused(limits):
    with pytest.raises(InputError):
        fit_music([48, 48], steady(120, 60), Fraction(24), track_seconds=60, limits=limits)


def tone(seconds: float, hertz: float) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


@pytest.mark.parametrize("share", [0.92, 0.97, 1.04, 1.08, 1.5])
def test_stretched_sound_has_the_length_and_the_pitch(share):
    sound = np.stack([tone(6, 440), tone(6, 660)]).astype(np.float32)
    n = round(sound.shape[1] * share)
    out = stretch_to(Signal(sound, RATE), n).samples
    assert out.shape == (2, n)
    for channel, hertz in zip(out, (440, 660), strict=True):
        spectrum = np.abs(np.fft.rfft(channel * np.hanning(n))) ** 2
        near = np.abs(np.fft.rfftfreq(n, 1 / RATE) - hertz) < 10
        assert spectrum[near].sum() / spectrum.sum() > 0.999
        assert channel.std() == pytest.approx(sound[0].std(), rel=0.02)


@pytest.mark.parametrize("share", [0.93, 1.07])
def test_anchored_attacks_are_exactly_where_they_are_due(share):
    times = np.arange(0.5, 7.5, 0.46)
    sound = 0.01 * np.random.default_rng(0).normal(size=8 * RATE)
    for at in np.rint(times * RATE).astype(int):
        sound[at : at + 300] += np.exp(-np.arange(300) / 60) * np.sin(np.arange(300) * 0.7)
    n = round(sound.size * share)
    out = stretch_to(Signal(sound[None].astype(np.float32), RATE), n, anchor_seconds=times).samples[0]
    for due in times * share * RATE:
        window = np.abs(out[round(due) - 600 : round(due) + 600])
        assert abs(int(np.argmax(window > 0.3)) - 600) < 0.002 * RATE


def test_sound_cannot_be_stretched_to_anything():
    with pytest.raises(InputError):
        stretch_to(Signal(np.ones((1, 100), np.float32), RATE), 500)


def test_the_sound_of_a_shot_goes_where_the_shot_goes():
    old, new = [48, 48, 48], [50, 44, 50]
    pieces = [tone(2, hertz) for hertz in (300, 500, 700)]
    sound = Signal(np.concatenate(pieces)[None].astype(np.float32), RATE)
    out = retimed_sound(sound, old, new, Fraction(24))
    assert out.n_samples == round(144 / 24 * RATE)
    edges = np.cumsum([0, *new]) / 24
    for first, end, hertz in zip(edges[:-1], edges[1:], (300, 500, 700), strict=True):
        middle = out.samples[0, round((first + 0.1) * RATE) : round((end - 0.1) * RATE)]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
        assert np.argmax(spectrum) * RATE / middle.size == pytest.approx(hertz, abs=2)


def test_a_start_without_bias_is_found_where_the_mean_would_lose_a_hit() -> None:
    """Moving by the whole mean would lose the cut at the end of its frame; moving less does not."""
    frame = 1 / 25
    beats = np.arange(0.0, 40.0, 0.5)
    missed = np.array([0.038, 0.038, 0.03, -0.039])
    cuts = beats[[4, 9, 15, 22]] + missed
    start, bias = unbiased_start(cuts, beats, 0.0, frame)
    after = cuts + start
    after = after - nearest(after, beats)
    assert np.all(np.abs(after) <= frame + 1e-9), "no hit is lost"
    assert bias == pytest.approx(after.mean(), abs=1e-9)
    assert abs(bias) < abs(missed.mean())


@settings(deadline=None, max_examples=40)
@given(
    missed=st.lists(st.floats(-0.08, 0.08), min_size=1, max_size=20),
    fps=st.sampled_from([12, 24, 30, 60]),
)
def test_a_start_without_bias_loses_no_hit_and_adds_no_bias(missed: list[float], fps: int) -> None:
    beats = np.arange(0.0, 60.0, 0.5)
    cuts = beats[4 : 4 + len(missed)] + np.array(missed)
    before = measure_landing(cuts, beats, 1 / fps, ceiling_hit_rate=1.0)
    start, bias = unbiased_start(cuts, beats, 0.0, 1 / fps)
    after = measure_landing(cuts, beats - start, 1 / fps, ceiling_hit_rate=1.0)
    assert abs(start) <= 2 / fps
    assert after.hit_rate >= before.hit_rate and after.hit_rate_40ms >= before.hit_rate_40ms
    assert abs(after.bias_seconds) <= max(abs(before.bias_seconds), EVEN_SECONDS) + 1e-6
    assert bias == pytest.approx(after.bias_seconds, abs=1e-6)
