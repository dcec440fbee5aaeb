"""Music that is to go under picture: its beats, and where it goes round, in every service alike."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tower_anime.music.signal import Signal
from tower_anime.services.heard_music import hear
from tower_anime.services.mixing import MixOrder, mix_order
from tower_anime.services.under_picture import SyncOptions

RATE = 22_050
BAR = 2.0


@pytest.fixture(scope="module")
def short_song() -> Signal:
    """Four bars that come again four times: chords, kick, snare and hats at 120 BPM."""
    rng, t = np.random.default_rng(3), np.arange(round(BAR * RATE)) / RATE
    hit = np.arange(3000) / RATE
    drums = {
        0: 2 * np.sin(2 * np.pi * (50 * hit + 2 * (1 - np.exp(-hit / 0.03)))) * np.exp(-hit / 0.08),
        1: rng.standard_normal(3000) * np.exp(-hit / 0.04),
    }
    bars = []
    for notes in ((45, 57, 60, 64), (41, 53, 57, 60), (48, 52, 55, 60), (43, 55, 59, 62)):
        bar = sum(np.sin(2 * np.pi * 440 * 2 ** ((m - 69) / 12) * t) * np.exp(-t / 1.5) for m in notes)
        for eighth in range(8):
            start = round(eighth * BAR / 8 * RATE)
            bar[start : start + 3000] += drums[eighth // 2 % 2] if eighth % 2 == 0 else 0.2 * drums[1]
        bars.append(0.1 * bar)
    return Signal(np.concatenate(bars * 4).astype(np.float32)[None], RATE)


def test_music_that_comes_again_goes_round_without_a_seam(short_song: Signal) -> None:
    loop = hear(short_song).loop
    assert loop is not None and loop.is_measured
    n_rounds = loop.length_seconds / (4 * BAR)
    assert n_rounds == pytest.approx(round(n_rounds), abs=1e-3) and round(n_rounds) >= 1


def test_plans_and_mixes_use_the_measured_loop(opened, short_song: Signal) -> None:
    music = (short_song.samples, RATE)
    options = SyncOptions(target_lufs=-20.0)
    aligned = opened.sync.plan([2.0, 3.0] * 12, music, fps=Fraction(24), options=options)
    assert aligned.plan.loop is not None and aligned.plan.loop.is_measured
    assert aligned.as_json()["music_loop"]["is_measured"] is True and not aligned.notes
    order = MixOrder(Fraction(60), music=music, fade_out_seconds=0.5)
    mixed = mix_order(order).samples[0]
    once = mix_order(replace(order, loops_music=False)).samples[0]
    around = slice(40 * 48_000, 50 * 48_000)
    assert not np.any(once[around]) and np.sqrt(np.mean(mixed[around] ** 2)) > 0.01
