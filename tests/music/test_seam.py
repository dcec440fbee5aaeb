"""Loop points that were measured: whole bars, alike on both sides, the wave going on in phase."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tower_anime.music.fitting import FitLimits, fit_music
from tower_anime.music.loop import Loop, looped_beats, music_segment
from tower_anime.music.onsets import onset_envelope
from tower_anime.music.seam import checked_loop, measured_loop, seam_likeness
from tower_anime.music.signal import Signal
from tower_anime.music.sync import plan_cuts
from tower_anime.music.track import BeatGrid, LoopPoints

RATE = 22_050
BAR = 2.0


def round_song(n_bars: int, intro_seconds: float = 0.0) -> tuple[Signal, BeatGrid]:
    """Four bars of chords and strokes that come again exactly, after an intro that is other music."""
    rng = np.random.default_rng(4)
    t = np.arange(round(BAR * RATE)) / RATE
    bars = []
    for notes in ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62)):
        bar = sum(np.sin(2 * np.pi * 440 * 2 ** ((m - 69) / 12) * t + rng.uniform(0, 6)) for m in notes)
        for beat in range(4):
            start = round(beat * BAR / 4 * RATE)
            bar[start : start + 2000] += 3 * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 300)
        bars.append(bar)
    intro = np.sin(2 * np.pi * 3100 * np.arange(round(intro_seconds * RATE)) / RATE)
    body = np.concatenate([bars[n % 4] for n in range(n_bars)])
    beats = intro_seconds + np.arange(0, n_bars * BAR, BAR / 4)
    samples = np.concatenate([intro, body, np.zeros(RATE // 2)])
    return Signal((0.1 * samples).astype(np.float32)[None], RATE), BeatGrid(
        120.0, beats, beats[::4], 0.9, (), 4
    )


def test_measured_loops_are_whole_rounds_and_cannot_be_heard() -> None:
    signal, beats = round_song(16, intro_seconds=2.0)
    loop = measured_loop(signal, beats, onset_envelope(signal.samples[0], RATE))
    assert loop is not None and loop.is_measured
    assert loop.length_seconds % (4 * BAR) == pytest.approx(0, abs=2 / RATE)
    assert loop.start_seconds >= 2.0 - 1e-6
    looped = music_segment(signal, start_seconds=0.0, duration_seconds=90.0, loop=loop).samples[0]
    # The song as it would go on had it been played on.
    played_on, _ = round_song(60, intro_seconds=2.0)
    np.testing.assert_allclose(looped[: 85 * RATE], played_on.samples[0, : 85 * RATE], atol=2e-3)


def test_a_seam_is_moved_to_where_the_waves_agree() -> None:
    """The tracker is 4 ms late at the end: the loop is not."""
    signal, beats = round_song(16)
    late = beats.downbeat_times.copy()
    late[8] += 0.004
    loop = checked_loop(signal, replace(beats, downbeat_times=late), LoopPoints(0.0, float(late[8]), 0.9))
    assert loop is not None and loop.end_seconds == pytest.approx(8 * BAR, abs=0.5 / RATE)
    looped = looped_beats(beats, loop, track_seconds=32.5, needed_seconds=100.0)
    np.testing.assert_allclose(np.diff(looped.beat_times), BAR / 4, atol=1e-3)


@pytest.mark.parametrize(
    ("start", "end"), [(0.0, 9 * BAR), (0.5, 8 * BAR), (0.0, 8 * BAR + 0.5)], ids=["other", "start", "end"]
)
def test_jumps_into_other_music_or_amid_bars_are_no_loops(start: float, end: float) -> None:
    signal, beats = round_song(16)
    assert checked_loop(signal, beats, LoopPoints(start, end, 0.9)) is None


def test_the_likeness_of_spectra() -> None:
    signal, _ = round_song(16)
    bar = round(BAR * RATE)
    around = [signal.samples[0, n * bar - 6_000 : n * bar + 6_000] for n in (4, 8, 9)]
    assert seam_likeness(around[0], around[1], RATE) == pytest.approx(1.0, abs=1e-6)
    assert seam_likeness(around[0], around[2], RATE) < 0.8


def test_fits_and_plans_go_round_at_measured_points() -> None:
    _, beats = round_song(16)
    loop = Loop(4 * BAR, 12 * BAR, is_measured=True)
    shots = [60] * 30
    fit = fit_music(shots, beats, Fraction(24), track_seconds=32.5, loop=loop)
    assert fit.loop == loop and fit.hit_rate == 1.0
    stretched = fit_music(
        [66] * 30, beats, Fraction(24), track_seconds=32.5, loop=loop, limits=FitLimits(max_stretch=0.1)
    )
    assert stretched.loop is not None and stretched.stretch != 1.0 and stretched.hit_rate == 1.0
    assert stretched.loop.length_seconds == pytest.approx(8 * BAR * stretched.stretch)
    plan = plan_cuts([2.5] * 30, beats, Fraction(24), track_seconds=32.5, loop=loop)
    assert plan.loop == loop and plan.hit_rate == 1.0


def test_one_wave_faded_into_itself_is_that_wave() -> None:
    """Two sounds that are the same add up by amplitude; a fade for unlike ones would be 3 dB too loud."""
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(12 * RATE) / RATE).astype(np.float32)
    segment = music_segment(
        Signal(tone[None], RATE), start_seconds=0.0, duration_seconds=20.0, loop=Loop(2.0, 10.0)
    )
    expected = 0.5 * np.sin(2 * np.pi * 200 * np.arange(18 * RATE) / RATE)
    np.testing.assert_allclose(segment.samples[0, : 18 * RATE], expected, atol=0.01)
