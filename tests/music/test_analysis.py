from __future__ import annotations

import json

import numpy as np
import pytest
from tower_anime.music.analysis import analyze, mood_tags
from tower_anime.music.beats import NO_BEAT
from tower_anime.music.signal import Signal
from tower_anime.music.track import BeatGrid, TrackAnalysis


def test_a_song_is_analysed_and_survives_json(drum_track, cadence, rate: int) -> None:
    drums = drum_track(np.arange(0.0, 24, 0.5), 24.0)
    song = drums + 0.7 * np.tile(cadence(57, "minor"), 3)[: drums.size]
    analysis = analyze(Signal(song[None], rate))
    assert analysis.beats.tempo_bpm == pytest.approx(120, rel=0.002)
    assert analysis.key == "A minor"
    assert 0 < analysis.energy <= 1
    assert analysis.loudness_lufs is not None
    assert analysis.duration_seconds == 24.0
    assert analysis.mood
    stored = json.loads(json.dumps(analysis.as_json()))
    assert stored["beat_times"] == sorted(stored["beat_times"])
    assert TrackAnalysis.from_json(stored).as_json() == analysis.as_json()


@pytest.mark.parametrize("n_samples", [0, 1, 44_100, 300_000])
def test_silence_is_analysed_as_such(n_samples: int) -> None:
    analysis = analyze(Signal(np.zeros((2, n_samples), np.float32), 44_100)).as_json()
    assert analysis["tempo_bpm"] is None
    assert analysis["beat_times"] == analysis["downbeat_times"] == []
    assert (analysis["key"], analysis["loudness_lufs"], analysis["energy"]) == (None, None, 0.0)


def test_moods_follow_mode_and_energy() -> None:
    beat = BeatGrid(120, np.arange(4.0), np.zeros(1))
    assert mood_tags(beat, "A minor", 0.9)[:2] == ("energetic", "tense")
    assert mood_tags(beat, "C major", 0.9)[:2] == ("energetic", "happy")
    assert mood_tags(beat, "A minor", 0.1)[:2] == ("calm", "sad")
    assert mood_tags(beat, None, 0.5) == ("steady",)
    assert "ambient" in mood_tags(NO_BEAT, None, 0.2)
