from __future__ import annotations

from pathlib import Path

import numpy as np
from tower_anime.music.beats import NO_BEAT
from tower_anime.music.matching import match_tracks
from tower_anime.music.track import BeatGrid, Track, TrackAnalysis


def track(
    name: str,
    bpm: float | None,
    *,
    mood: tuple[str, ...] = (),
    seconds: float = 90,
    tags: tuple[str, ...] = (),
) -> Track:
    beats = (
        NO_BEAT if bpm is None else BeatGrid(bpm, np.arange(0, seconds, 60 / bpm), np.zeros(0), 0.8, (), 4)
    )
    return Track(Path("music") / name, name, TrackAnalysis(beats, None, 0.5, -14.0, seconds, mood), tags=tags)


SHOTS = [2.0, 4.0, 2.0, 8.0, 4.0]


def test_the_track_whose_bars_fit_the_shots_wins() -> None:
    matches = match_tracks([track("a.wav", 100), track("b.wav", 120), track("c.wav", 137)], SHOTS)
    assert matches[0].track.path.name == "b.wav"
    assert all(0 <= m.score <= 1 for m in matches)
    assert "5 of 5 shots" in matches[0].reasons[0]


def test_double_and_half_tempo_fit_as_well() -> None:
    scores = {
        m.track.path.name: m.score
        for m in match_tracks([track("a", 60), track("b", 120), track("c", 240)], [2.0, 4.0, 2.0])
    }
    assert max(scores.values()) - min(scores.values()) < 0.05


def test_the_wished_mood_is_found_through_synonyms_tags_and_names() -> None:
    measured = track("one.wav", 120, mood=("sad", "melancholic"))
    tagged = track("two.wav", 120, mood=("happy",), tags=("magical night", "wonder"))
    named = track("horror road.wav", 120, mood=("happy",))
    other = track("other.wav", 120, mood=("energetic",))
    for wish, best in (
        ("a melancholic farewell", measured),
        ("Dreamy", tagged),
        ("dark", named),
        ("fight!", other),
    ):
        assert match_tracks([measured, tagged, named, other], SHOTS, mood=wish)[0].track == best, wish


def test_a_mood_that_means_nothing_changes_nothing() -> None:
    tracks = [track("a.wav", 100), track("b.wav", 120)]
    assert [m.track for m in match_tracks(tracks, SHOTS, mood="xyzzy")] == [
        m.track for m in match_tracks(tracks, SHOTS)
    ]


def test_a_track_that_is_too_short_loses_to_its_equal() -> None:
    matches = match_tracks([track("short.wav", 120, seconds=5), track("long.wav", 120)], SHOTS)
    assert [m.track.path.name for m in matches] == ["long.wav", "short.wav"]
    assert "looped" in matches[1].reasons[-1]


def test_tracks_without_a_beat_come_last_and_say_why() -> None:
    matches = match_tracks(
        [track("drone.wav", None, mood=("calm", "ambient")), track("x.wav", 113)], SHOTS, mood="calm"
    )
    assert not matches[-1].carries_cuts
    assert "cannot carry cuts" in matches[-1].reasons[0]
    assert matches[0].carries_cuts


def test_nothing_to_match() -> None:
    assert match_tracks([], SHOTS) == []
    assert len(match_tracks([track("a", 120)], [])) == 1
