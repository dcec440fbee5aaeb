from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tower_anime.music.analysis import analyze
from tower_anime.music.key import PITCH_CLASSES, camelot, camelot_distance
from tower_anime.music.signal import Signal


def part(chord_of: list[int], drums, cadence, level: float, beat: float = 0.5) -> np.ndarray:
    """Eight bars of four beats: a chord a bar, and drums when there are any."""
    bars = [cadence(tonic, "minor")[: int(4 * beat * 44_100)] for tonic in chord_of * 2]
    sound = 0.6 * np.concatenate(bars)
    if drums is not None:
        sound += drums(np.arange(0.0, sound.size / 44_100 - 0.01, beat), sound.size / 44_100)[: sound.size]
    return (level * sound).astype(np.float32)


@pytest.fixture
def form(drum_track, cadence):
    """Intro, verse, chorus, verse, chorus, outro, of 16 s each."""
    quiet = part([57, 57, 57, 57], None, cadence, 0.25)
    verse = part([57, 53, 48, 55], drum_track, cadence, 0.5)
    chorus = part([62, 65, 60, 67], drum_track, cadence, 1.0)
    return np.concatenate([quiet, verse, chorus, verse, chorus, quiet])


def test_sections_are_bounded_where_the_music_changes_and_named_by_what_comes_again(form) -> None:
    sections = analyze(Signal(form[None], 44_100)).sections
    starts = np.array([section.start_seconds for section in sections])
    truth = np.arange(6) * 16.0
    assert np.abs(starts[:, None] - truth).min(axis=0).max() < 2.1
    assert [sections[0].name, sections[-1].name] == ["intro", "outro"]
    named = {name: [s for s in sections if s.name == name] for name in ("verse", "chorus")}
    assert len({s.letter for s in named["chorus"]}) == 1 and len(named["chorus"]) == 2
    assert min(s.level for s in named["chorus"]) > max(s.level for s in named["verse"])
    assert sections[0].start_seconds == 0 and sections[-1].end_seconds == pytest.approx(96, abs=0.1)
    assert all(a.end_seconds == b.start_seconds for a, b in pairwise(sections))


def test_the_loop_joins_two_downbeats_where_the_music_is_alike(drum_track, cadence) -> None:
    song = part([57, 53, 48, 55], drum_track, cadence, 0.7)
    song = np.concatenate([song] * 3)
    analysis = analyze(Signal(song[None], 44_100))
    assert analysis.loop is not None and analysis.loop.likeness > 0.5
    length = analysis.loop.end_seconds - analysis.loop.start_seconds
    assert length >= 0.35 * analysis.duration_seconds
    assert length / 8.0 == pytest.approx(round(length / 8.0), abs=0.02), "whole rounds of four chords"


def test_short_music_is_one_section(click_track, rate) -> None:
    assert [s.name for s in analyze(Signal(click_track(120, 4.0)[None], rate)).sections] == ["whole"]


def test_the_wheel_has_every_key_once_and_neighbours_a_fifth_apart() -> None:
    keys = [f"{tonic} {mode}" for mode in ("major", "minor") for tonic in PITCH_CLASSES]
    assert len({camelot(key) for key in keys}) == 24
    assert (camelot("A minor"), camelot("C major"), camelot("F# minor"), camelot("G major")) == (
        "8A",
        "8B",
        "11A",
        "9B",
    )
    for n, tonic in enumerate(PITCH_CLASSES):
        fifth = PITCH_CLASSES[(n + 7) % 12]
        assert camelot_distance(camelot(f"{tonic} minor"), camelot(f"{fifth} minor")) == 1
    assert camelot_distance("1A", "12A") == 1 and camelot_distance("8A", "8B") == 1
    assert camelot_distance("8A", "2A") == 6 and camelot_distance("8A", "8A") == 0
