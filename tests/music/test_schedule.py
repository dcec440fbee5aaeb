from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from tower_anime.errors import InputError
from tower_anime.music.beats import NO_BEAT
from tower_anime.music.schedule import PulseShape, keyframes, mapped, schedule
from tower_anime.music.track import BeatGrid

BEATS = BeatGrid(120.0, np.arange(0, 20, 0.5), np.arange(0, 20, 2.0), 0.9, (), 4)
FILM = Fraction(24000, 1001)


def test_the_pulse_peaks_on_the_frames_of_beats_and_most_on_downbeats() -> None:
    made = schedule(BEATS, (), 0.5, fps=Fraction(24), n_frames=240)
    assert made.pulse[::48] == pytest.approx(1.0)
    assert made.pulse[12::48] == pytest.approx(0.6)
    assert (np.diff(made.pulse)[0:11] < 0).all()
    assert made.beat_frames[:4].tolist() == [0, 12, 24, 36]
    assert made.downbeat_frames[:3].tolist() == [0, 48, 96]


@pytest.mark.parametrize("shape", ["decay", "attack", "triangle", "square"])
def test_every_shape_is_whole_on_the_beat_and_stays_within_one(shape: str) -> None:
    pulse = PulseShape(shape, 0.1, 0.5)
    made = schedule(BEATS, (), 0.5, fps=FILM, n_frames=300, pulse=pulse)
    assert made.pulse[made.downbeat_frames] == pytest.approx(1.0)
    assert made.pulse.min() >= 0 and made.pulse.max() <= 1


def test_phases_rise_through_bars_and_beats() -> None:
    made = schedule(BEATS, (), 0.5, fps=Fraction(24), n_frames=960)
    np.testing.assert_allclose(made.bar_phase, np.arange(960) / 48 % 1.0, atol=1e-9)
    np.testing.assert_allclose(made.beat_phase, np.arange(960) / 12 % 1.0, atol=1e-9)


def test_broadcast_rates_do_not_drift() -> None:
    hours = BeatGrid(60.0, np.arange(0, 7300, 1.0), np.arange(0, 7300, 4.0), 0.9, (), 4)
    made = schedule(hours, (), 0.5, fps=FILM, n_frames=170_000)
    seconds = made.beat_frames * 1001 / 24000
    assert np.abs(seconds - np.round(seconds)).max() <= 0.5 * 1001 / 24000 + 1e-9


def test_the_envelope_follows_the_music_from_where_the_picture_begins() -> None:
    levels = np.linspace(0, 1, 40)
    made = schedule(BEATS, levels, 0.5, fps=Fraction(10), n_frames=100, start_seconds=5.0)
    assert made.envelope[0] == pytest.approx(np.interp(5.0, (np.arange(40) + 0.5) / 2, levels))
    assert (np.diff(made.envelope) >= 0).all()


def test_music_without_a_beat_has_no_pulse_but_an_envelope() -> None:
    made = schedule(NO_BEAT, [0.5, 0.5], 0.5, fps=Fraction(24), n_frames=24)
    assert made.pulse.tolist() == made.bar_phase.tolist() == [0.0] * 24
    assert made.envelope == pytest.approx(0.5)


@pytest.mark.parametrize("n_frames", [0, -1, 10**9])
def test_a_picture_without_a_sensible_length_is_refused(n_frames: int) -> None:
    with pytest.raises(InputError, match=str(n_frames)):
        schedule(BEATS, (), 0.5, fps=Fraction(24), n_frames=n_frames)


def test_keyframes_say_the_same_as_the_list() -> None:
    values = mapped(schedule(BEATS, (), 0.5, fps=Fraction(24), n_frames=200).pulse, 0.2, 1.4)
    assert min(values) >= 0.2 and max(values) == pytest.approx(1.4)
    found = [(int(n), float(v)) for n, v in re.findall(r"(\d+):\(([^)]+)\)", keyframes(values))]
    frames, heights = zip(*found, strict=True)
    assert len(frames) < 200
    np.testing.assert_allclose(np.interp(np.arange(200), frames, heights), values, atol=0.012)
