from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import scipy.signal
from tower_anime.errors import InputError
from tower_anime.music import mix as mixing
from tower_anime.music.ducking import Ducking
from tower_anime.music.loudness import integrated_lufs
from tower_anime.music.mix import SAMPLE_RATE, DialogueClip, EffectClip, MixSettings
from tower_anime.music.peaks import true_peak
from tower_anime.music.signal import Signal


def mix(*args, **kwargs) -> np.ndarray:
    return mixing.mix(*args, **kwargs).samples


def band(seconds: float, frequency: float, rate: int, level: float = 0.2, n_channels: int = 2) -> Signal:
    wave = level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)
    return Signal(np.tile(wave, (n_channels, 1)).astype(np.float32), rate)


def level_at(samples: np.ndarray, frequency: float, start: float, stop: float) -> float:
    """Level of one frequency in dB, by correlation with it."""
    piece = samples[0, int(start * SAMPLE_RATE) : int(stop * SAMPLE_RATE)].astype(np.float64)
    phase = 2 * np.pi * frequency * np.arange(piece.size) / SAMPLE_RATE
    window = np.hanning(piece.size)
    return float(
        20 * np.log10(np.abs(np.sum(piece * window * np.exp(-1j * phase))) / window.sum() * 2 + 1e-9)
    )


@pytest.mark.parametrize("duration", [Fraction(239 * 1001, 24000), Fraction(10), 7.3])
@pytest.mark.parametrize("music_rate", [8_000, 44_100, 48_000])
def test_the_mix_is_as_long_as_the_picture_to_the_sample(duration: Fraction | float, music_rate: int) -> None:
    mixed = mix(band(9, 440, music_rate), [], duration_seconds=duration)
    assert mixed.shape == (2, round(duration * SAMPLE_RATE))
    assert mixed.dtype == np.float32


def test_loudness_and_peak(rate: int) -> None:
    rng = np.random.default_rng(0)
    bursts = rng.standard_normal((2, 20 * rate)) * (0.02 + (rng.random(20 * rate) > 0.9995))
    for target in (-14.0, -23.0):
        mixed = mix(
            Signal(bursts.astype(np.float32), rate),
            [],
            duration_seconds=20,
            settings=MixSettings(target_lufs=target),
        )
        assert integrated_lufs(mixed, SAMPLE_RATE) == pytest.approx(target, abs=0.5)
        between = scipy.signal.resample_poly(mixed.astype(np.float64), 4, 1, axis=1)
        assert 20 * np.log10(np.abs(between).max()) <= -1 + 0.05


@pytest.mark.parametrize("speech_level", [0.003, 0.05, 0.9])
def test_music_ducks_and_dialogue_stands_clear(rate: int, speech_level: float) -> None:
    line = DialogueClip(4.0, band(2.0, 700, 22_050, speech_level, n_channels=1))
    mixed = mix(band(14, 300, rate), [line], duration_seconds=14)
    before, during, after = (level_at(mixed, 300, *span) for span in ((1, 3), (4.2, 5.9), (9, 11)))
    assert before - during > 10
    assert before - after < 1.0
    assert level_at(mixed, 700, 4.2, 5.9) - during > 8
    # Look-ahead: the music is already down when the first word falls.
    assert before - level_at(mixed, 300, 4.0, 4.15) > 6


def test_the_release_is_gradual(rate: int) -> None:
    mixed = mix(band(14, 300, rate), [DialogueClip(4.0, band(2, 700, 48_000))], duration_seconds=14)
    levels = [level_at(mixed, 300, t, t + 0.2) for t in (5.7, 6.1, 6.4, 7.0)]
    assert levels == sorted(levels)
    assert levels[1] < levels[-1] - 3


def test_a_line_is_heard_at_its_time() -> None:
    click = np.zeros((1, 24_000), np.float32)
    click[0, 100:140] = 0.5
    mixed = mix(None, [DialogueClip(2.5, Signal(click, 24_000))], duration_seconds=6)
    heard = np.flatnonzero(np.abs(mixed[0]) > 0.5 * np.abs(mixed).max())
    assert heard[0] == pytest.approx(2.5 * SAMPLE_RATE + 200, abs=4)


def test_music_fades_at_the_end_and_dialogue_does_not(rate: int) -> None:
    mixed = mix(band(10, 300, rate), [DialogueClip(8.5, band(1.5, 700, 48_000))], duration_seconds=10)
    assert level_at(mixed, 300, 9.8, 10.0) < level_at(mixed, 300, 5, 7) - 20
    assert level_at(mixed, 700, 9.7, 9.95) == pytest.approx(level_at(mixed, 700, 8.7, 8.95), abs=1)


def test_a_line_past_the_end_is_named_with_its_excess() -> None:
    line = DialogueClip(9.0, band(2.5, 700, 48_000), "“Wait for me!”")
    with pytest.raises(InputError, match=r"“Wait for me!” lasts 1\.50 s longer than the picture"):
        mix(None, [line], duration_seconds=10)
    with pytest.raises(InputError, match="before the picture"):
        mix(None, [DialogueClip(-1.0, band(1, 700, 48_000))], duration_seconds=10)
    with pytest.raises(InputError, match="begins at nan s"):
        mix(None, [DialogueClip(float("nan"), band(1, 700, 48_000))], duration_seconds=10)


def test_nothing_to_hear_is_silence(rate: int) -> None:
    assert not np.any(mix(None, [], duration_seconds=2))
    silent = mix(Signal(np.zeros((2, rate), np.float32), rate), [], duration_seconds=2)
    assert silent.shape == (2, 2 * SAMPLE_RATE)
    assert not np.any(silent)
    assert mix(Signal(np.zeros((2, 0), np.float32), rate), [], duration_seconds=0.1).shape == (2, 4800)


def test_what_lies_between_single_attacks_is_not_drawn_up_to_them(rate: int) -> None:
    # Clicks 80 dB above the noise between them: only 30 dB of limiting are spent on loudness.
    times = np.arange(8 * rate) / rate
    noise = 1e-4 * np.random.default_rng(0).standard_normal(times.size)
    clicks = np.where(times % 0.5 < 0.01, np.sin(2 * np.pi * 1000 * times), 0)
    mixed = mix(Signal((clicks + noise)[None].astype(np.float32), rate), [], duration_seconds=8)
    moments = np.arange(mixed.shape[1]) / SAMPLE_RATE % 0.5
    between = mixed[0, (moments > 0.2) & (moments < 0.4)]
    assert 20 * np.log10(np.abs(mixed).max() / between.std()) > 47


def test_peaks_between_samples_are_seen() -> None:
    # A quarter of the sample rate, 45 degrees off: no sample is above 0.71 of the wave's height.
    wave = np.sin(2 * np.pi * np.arange(48_000) / 4 + np.pi / 4)
    assert np.abs(wave).max() < 0.7072
    assert true_peak(wave[None].astype(np.float32)) == pytest.approx(1.0, abs=0.02)


def test_stems_add_up_to_the_mix(rate: int) -> None:
    whole = mixing.mix(
        band(10, 300, rate, 0.9),
        [DialogueClip(2.0, band(2, 700, 48_000))],
        duration_seconds=10,
        effects=[EffectClip(6.0, band(1, 2000, 22_050), gain_db=-6.0)],
    )
    assert set(whole.stems) == {"dialogue", "music", "effects"}
    np.testing.assert_allclose(sum(whole.stems.values()), whole.samples, atol=1e-5)
    assert level_at(whole.stems["dialogue"], 300, 2, 4) < -80
    assert np.flatnonzero(np.abs(whole.stems["effects"][0]) > 1e-4)[0] == pytest.approx(
        6 * SAMPLE_RATE, abs=60
    )


def test_an_effect_neither_ducks_the_music_nor_outlasts_the_picture(rate: int) -> None:
    plain = mixing.mix(band(6, 300, rate), [], duration_seconds=6)
    effect = EffectClip(5.0, band(4, 2000, 48_000, 0.02))
    with_effect = mixing.mix(band(6, 300, rate), [], duration_seconds=6, effects=[effect])
    assert with_effect.samples.shape == plain.samples.shape
    before, under = (level_at(with_effect.stems["music"], 300, *span) for span in ((2.5, 3.5), (1.0, 2.0)))
    assert before == pytest.approx(under, abs=0.2)
    assert abs(with_effect.stems["effects"][0, -1]) < 1e-3


def test_ducking_follows_its_ratio(rate: int) -> None:
    line = [DialogueClip(4.0, band(3, 700, 48_000))]
    depths = []
    for ratio in (1.0, 2.0, 6.0):
        settings = MixSettings(ducking=Ducking(ratio=ratio, max_db=40.0), fade_out_seconds=0.0)
        music = mixing.mix(band(14, 300, rate), line, duration_seconds=14, settings=settings).stems["music"]
        depths.append(level_at(music, 300, 1, 3) - level_at(music, 300, 5, 6.5))
    # Speech is 20 dB above the threshold, less what a sine's level is under its peak's block.
    assert depths == pytest.approx([0, 10, 16.7], abs=1.0)
