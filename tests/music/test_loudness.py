from __future__ import annotations

import numpy as np
import pytest
from tower_anime.music.loudness import energy, integrated_lufs


def tone(level: float, rate: int, frequency: float = 997.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * frequency * np.arange(4 * rate) / rate)).astype(np.float32)


def test_the_reference_tone_of_the_standard(rate: int) -> None:
    # BS.1770: a full-scale sine of 997 Hz in one channel measures -3.01 LUFS.
    assert integrated_lufs(tone(1.0, rate)[None], rate) == pytest.approx(-3.01, abs=0.1)
    assert integrated_lufs(np.tile(tone(0.1, rate), (2, 1)), rate) == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("n_channels", [1, 2, 6, 8])
def test_any_number_of_channels_is_measured(rate: int, n_channels: int) -> None:
    assert integrated_lufs(np.tile(tone(0.1, rate), (n_channels, 1)), rate) is not None


def test_silence_and_blips_have_no_loudness(rate: int) -> None:
    assert integrated_lufs(np.zeros((2, rate), np.float32), rate) is None
    assert integrated_lufs(tone(0.5, rate)[None, :1000], rate) is None
    assert integrated_lufs(np.zeros((2, 0), np.float32), rate) is None


def test_energy_rises_with_level_brightness_and_density(rate: int) -> None:
    calm = energy(tone(0.02, rate, 200), rate)
    assert 0 <= calm < energy(tone(0.3, rate, 200), rate) < energy(tone(0.3, rate, 4000), rate)
    assert energy(tone(0.3, rate), rate) < energy(tone(0.3, rate), rate, onsets_per_second=8) <= 1
    assert energy(np.zeros(100, np.float32), rate) == 0
