from __future__ import annotations

import numpy as np
import pytest
from tower_anime.music.key import PITCH_CLASSES, estimate_key


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
