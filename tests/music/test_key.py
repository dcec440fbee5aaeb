from __future__ import annotations

import numpy as np
import pytest
from tower_anime.music.key import PITCH_CLASSES, estimate_key

RATE = 22_050
TRIADS = {"major": (0, 4, 7), "minor": (0, 3, 7)}


def song(chords: list[tuple[int, str]], *, bass: bool = True, seconds: float = 1.5) -> np.ndarray:
    """Play triads, each a root in semitones above C and its mode, with partials and a bass."""
    t = np.arange(round(seconds * RATE)) / RATE
    bars = []
    for root, mode in chords:
        notes = [60 + (root + tone) % 12 for tone in TRIADS[mode]] + ([36 + root % 12] if bass else [])
        wave = sum(
            np.sin(2 * np.pi * k * 440 * 2 ** ((m - 69) / 12) * t) / k for m in notes for k in (1, 2, 3, 4)
        )
        bars.append(0.08 * np.asarray(wave) * np.exp(-t) * np.minimum(1, t / 0.01))
    return np.concatenate(bars).astype(np.float32)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", [48, 50, 53, 55, 58, 59])
def test_cadences_give_their_key(cadence, rate: int, tonic: int, mode: str) -> None:
    key, confidence = estimate_key(cadence(tonic, mode), rate)
    assert key == f"{PITCH_CLASSES[tonic % 12]} {mode}"
    assert 0 < confidence <= 1


def test_the_tuning_is_measured(cadence, rate: int) -> None:
    assert estimate_key(cadence(57, "minor", detune=0.35), rate)[0] == "A minor"


def test_what_is_not_tonal_has_no_key(rate: int) -> None:
    noise = 0.2 * np.random.default_rng(0).standard_normal(8 * rate).astype(np.float32)
    for samples in (noise, np.zeros(8 * rate, np.float32), np.zeros(3, np.float32)):
        assert estimate_key(samples, rate) == (None, 0.0)


@pytest.mark.parametrize("tonic", range(0, 12, 3))
@pytest.mark.parametrize(
    ("mode", "degrees"),
    [
        ("major", [(0, "major"), (7, "major"), (9, "minor"), (5, "major")] * 3),
        ("major", [(2, "minor"), (7, "major"), (0, "major"), (0, "major")] * 3),
        ("major", [(5, "major"), (7, "major"), (0, "major"), (9, "minor")] * 3),
        ("minor", [(0, "minor"), (8, "major"), (3, "major"), (10, "major")] * 3),
        ("minor", [(0, "minor"), (5, "minor"), (7, "major"), (0, "minor")] * 3),
        ("minor", [(5, "minor"), (7, "major"), (0, "minor"), (0, "minor")] * 3),
    ],
    ids=["I-V-vi-IV", "ii-V-I", "IV-V-I-vi", "i-VI-III-VII", "i-iv-V", "iv-V-i"],
)
def test_progressions_give_their_key_also_when_they_open_elsewhere(
    tonic: int, mode: str, degrees: list
) -> None:
    samples = song([(tonic + degree, quality) for degree, quality in degrees])
    assert estimate_key(samples, RATE)[0] == f"{PITCH_CLASSES[tonic]} {mode}"


def test_drums_and_a_loud_bass_do_not_change_the_key() -> None:
    chords = [(4, "minor"), (9, "minor"), (11, "major"), (4, "minor")] * 4
    samples = song(chords)
    rng = np.random.default_rng(2)
    t = np.arange(RATE // 3) / RATE
    for n, start in enumerate(range(0, samples.size - t.size, RATE // 2)):
        kick = np.sin(2 * np.pi * 53 * t) * np.exp(-t / 0.1)
        snare = rng.standard_normal(t.size) * np.exp(-t / 0.05)
        samples[start : start + t.size] += (0.4 * (snare if n % 2 else kick)).astype(np.float32)
    assert estimate_key(samples, RATE)[0] == "E minor"


def test_confidence_is_low_where_keys_compete() -> None:
    """Two major chords a fifth apart belong to both of their keys; a full cadence belongs to one."""
    cadence = [(0, "major"), (5, "major"), (7, "major"), (0, "major")]
    assert estimate_key(song(cadence * 4), RATE)[1] > 0.9
    for other in (5, 7):
        assert estimate_key(song([(0, "major"), (other, "major")] * 6), RATE)[1] < 0.7
