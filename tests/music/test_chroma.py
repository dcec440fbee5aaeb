"""Notes told from their partials, from the tuning and from drums; chords over time."""

from __future__ import annotations

import numpy as np
import pytest
from tower_anime.music.chords import find_chords
from tower_anime.music.chroma import Chroma, measure_chroma

RATE = 22_050


def tones(midi: list[float], seconds: float = 3.0, n_partials: int = 8) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    wave = sum(
        np.sin(2 * np.pi * k * 440 * 2 ** ((m - 69) / 12) * t) / k
        for m in midi
        for k in range(1, n_partials + 1)
    )
    return (0.1 * np.asarray(wave)).astype(np.float32)


def test_partials_are_not_taken_for_notes() -> None:
    """The third partial of C is a G, the fifth an E: of a plain spectrum they are half of what sounds."""
    treble = measure_chroma(tones([60]), RATE).treble.mean(axis=0)
    assert treble.argmax() == 0
    assert treble[[4, 7]].max() < 0.2 * treble[0]


@pytest.mark.parametrize("detune", [-0.4, -0.2, 0.0, 0.3, 0.45])
def test_the_tuning_is_measured_and_taken_away(detune: float) -> None:
    chroma = measure_chroma(tones([57 + detune, 61 + detune, 64 + detune]), RATE)
    assert chroma.tuning == pytest.approx(detune, abs=0.03)
    assert set(np.argsort(chroma.treble.mean(axis=0))[-3:]) == {9, 1, 4}


def test_registers_are_apart() -> None:
    chroma = measure_chroma(tones([36]) + tones([69, 73], n_partials=3), RATE)
    assert chroma.bass.mean(axis=0).argmax() == 0
    assert set(np.argsort(chroma.treble.mean(axis=0))[-2:]) == {9, 1}


def test_strokes_leave_chords_as_they_are() -> None:
    rng, chord = np.random.default_rng(1), tones([60, 64, 67], 8.0)
    drums = np.zeros(chord.size)
    for start in range(0, chord.size - 4000, RATE // 3):
        drums[start : start + 4000] += rng.standard_normal(4000) * np.exp(-np.arange(4000) / 600)
    mixed = measure_chroma(chord + (0.5 * drums).astype(np.float32), RATE).treble.mean(axis=0)
    assert set(np.argsort(mixed)[-3:]) == {0, 4, 7}


def test_tones_are_tonal_and_noise_is_not() -> None:
    noise = np.random.default_rng(0).standard_normal(8 * RATE).astype(np.float32)
    assert measure_chroma(noise, RATE).tonality < 0.5 < measure_chroma(tones([60, 64, 67]), RATE).tonality
    assert measure_chroma(np.zeros(8 * RATE, np.float32), RATE).n_frames == 0
    assert measure_chroma(noise[:1000], RATE).n_frames == 0


def test_chords_follow_each_other_in_time() -> None:
    triads = {0: [48, 64, 67], 17: [53, 68, 72], 7: [43, 62, 71], 21: [45, 60, 64]}
    song = np.concatenate([tones(list(map(float, notes)), 2.0) for notes in triads.values()])
    chroma = measure_chroma(song, RATE)
    path = find_chords(chroma)
    middles = [path[round((n + 0.5) * 2.0 * chroma.frame_rate)] for n in range(4)]
    assert middles == list(triads)
    assert np.count_nonzero(np.diff(path)) == 3


def test_a_frame_of_doubt_is_no_change_of_chord() -> None:
    treble = np.full((20, 12), 0.05)
    treble[:, [0, 4, 7]] = 1.0
    treble[10] = 0.3
    assert not np.any(find_chords(Chroma(np.full((20, 12), 0.1), treble, 4.3, 0.0, 1.0)))
