from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tower_anime.errors import InputError
from tower_anime.music.beats import NO_BEAT
from tower_anime.music.matching import MatchWish, match_tracks, rank
from tower_anime.music.track import BeatGrid, Track, TrackAnalysis, TrackSummary
from tower_anime.music.track_table import TrackTable


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


def summaries() -> list[TrackSummary]:
    return [
        TrackSummary("a", Path("m/a.wav"), 120.0, 60.0, 0.9, "A minor", 0.2),
        TrackSummary("b", Path("m/b.wav"), 120.0, 60.0, 0.9, "E minor", 0.9),
        TrackSummary("c", Path("m/c.wav"), 120.0, 60.0, 0.9, "D# minor", 0.5),
    ]


def first(**wish) -> str:
    return summaries()[rank(TrackTable(summaries()), MatchWish((2.0,) * 4, **wish))[0].index].sha256


def test_the_key_after_the_one_before_and_the_motion_decide_between_equals() -> None:
    assert first(previous_key="A minor") == first(previous_key="8A") == "a"
    assert first(previous_key="10A") == "b", "E minor is a step away, A minor two"
    assert first(motion=0.95) == "b" and first(motion=0.15) == "a"
    [best, *_] = rank(TrackTable(summaries()), MatchWish((2.0,), previous_key="8A", motion=0.2))
    assert "0 steps from 8A" in best.reasons[2] and "energy 0.20" in best.reasons[1]


def test_the_first_formula_finds_no_match_where_beats_fold() -> None:
    cuts = (2.0,) * 8
    assert rank(TrackTable(summaries()), MatchWish(cuts, formula="legacy")) == []
    ranking = rank(TrackTable(summaries()), MatchWish(cuts, formula="legacy", video_bpm=117.0))
    assert [ranked.score for ranked in ranking] == pytest.approx([0.7] * 3)
    assert rank(TrackTable(summaries()), MatchWish(cuts))[0].score > 0.9


def test_a_limit_keeps_the_best_in_the_same_order() -> None:
    rng = np.random.default_rng(2)
    rows = [TrackSummary(str(n), Path(f"{n}"), float(rng.uniform(60, 200)), 60.0, 0.8) for n in range(500)]
    table, wish = TrackTable(rows), MatchWish((1.7, 2.2, 3.1))
    whole = [ranked.index for ranked in rank(table, wish)]
    assert [ranked.index for ranked in rank(table, wish, 17)] == whole[:17]


@pytest.mark.parametrize(
    "wish", [{"previous_key": "H moll"}, {"previous_key": "13A"}, {"formula": "x"}, {"shot_seconds": (0.0,)}]
)
def test_wishes_that_cannot_be_meant_are_refused(wish) -> None:
    with pytest.raises(InputError):
        MatchWish(**wish)
