"""Audio Analysis, Beat Schedule, Track Library and Music Matcher in a real ComfyUI."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

pytestmark = pytest.mark.host

HEARD = {"bpm_hint": 0.0, "min_bpm": 0.0, "max_bpm": 0.0, "beats_per_bar": 0, "backend": "tower"}
CURVE = {
    "fps": 24.0,
    "n_frames": 0,
    "start_seconds": 0.0,
    "shape": "decay",
    "pulse_seconds": 0.2,
    "accent": 0.5,
    "low": 0.2,
    "high": 1.2,
    "keyframes_of": "pulse",
}
WISH = {
    "shot_seconds": "2, 2, 2, 2",
    "mood": "",
    "motion": -1.0,
    "previous_key": "",
    "formula": "folded",
    "choice": 1,
    "limit": 10,
}


def shown(graph, source):
    return graph.add("PreviewAny", source=source)


def test_music_is_analysed_and_scheduled_frame_by_frame(studio, graph, media) -> None:
    media.clicks("clicks120.wav", bpm=120.0, seconds=16.0)
    heard = graph.add("TowerAudioAnalysis", audio=graph.add("LoadAudio", audio="clicks120.wav"), **HEARD)
    curves = graph.add("TowerBeatSchedule", analysis=heard, **CURVE)
    report, pulse, keys = shown(graph, heard.out(5)), shown(graph, curves.out(0)), shown(graph, curves.out(3))
    frames = shown(graph, curves.out(5))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]

    analysis = run.json(report)
    assert analysis["tempo_bpm"] == pytest.approx(120.0, abs=0.5)
    assert analysis["summary"].startswith("120.0 BPM") and analysis["sections"]
    values = json.loads(run.text(pulse))
    assert len(values) == 384 and min(values) >= 0.2 and max(values) == pytest.approx(1.2)
    beats = run.json(frames)["beat_frames"]
    assert len(beats) == 32 and all(abs(b - a - 12) <= 1 for a, b in pairwise(beats))
    assert all(values[frame] >= 0.69 for frame in beats)
    assert re.match(r"0:\([\d.]+\), ", run.text(keys))


def test_the_users_tempo_and_bars_are_kept_to(studio, graph, media) -> None:
    media.clicks("clicks120.wav", bpm=120.0, seconds=16.0)
    wishes = {**HEARD, "max_bpm": 80.0, "beats_per_bar": 3}
    heard = graph.add("TowerAudioAnalysis", audio=graph.add("LoadAudio", audio="clicks120.wav"), **wishes)
    report = shown(graph, heard.out(5))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    analysis = run.json(report)
    assert analysis["tempo_bpm"] == pytest.approx(60.0, abs=0.5) and analysis["beats_per_bar"] == 3


def test_silence_has_no_beat_and_a_flat_schedule(studio, graph, media) -> None:
    media.silence("nothing.wav", seconds=4.0)
    audio = graph.add("LoadAudio", audio="nothing.wav")
    curves = graph.add("TowerBeatSchedule", audio=audio, **CURVE)
    pulse = shown(graph, curves.out(0))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    assert set(json.loads(run.text(pulse))) == {0.2}


def test_the_library_is_matched_to_shots(studio, graph, media) -> None:
    media.clicks("clicks120.wav", bpm=120.0, seconds=16.0)
    media.clicks("clicks97.wav", bpm=97.0, seconds=16.0)
    library = graph.add("TowerTrackLibrary", source="input folder", min_bpm=0.0, max_bpm=0.0, max_new=50)
    matched = graph.add("TowerMusicMatcher", tracks=library, **WISH)
    heard = graph.add("TowerAudioAnalysis", audio=matched, **HEARD)
    ranking, tempo = shown(graph, matched.out(3)), shown(graph, heard.out(1))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    found = run.json(ranking)
    assert found[0]["tempo_bpm"] == pytest.approx(120.0, abs=0.5)
    assert "mostly 4 beats" in found[0]["reasons"][0]
    assert [match["score"] for match in found] == sorted((match["score"] for match in found), reverse=True)
    assert float(run.text(tempo)) == pytest.approx(120.0, abs=0.5)


@pytest.mark.parametrize(
    ("node", "inputs", "sentence"),
    [
        ("TowerBeatSchedule", CURVE, "Beat Schedule got no music."),
        ("TowerMusicMatcher", {**WISH, "shot_seconds": "two"}, "is no list of numbers"),
        ("TowerMusicMatcher", {**WISH, "previous_key": "H moll"}, "is not a key"),
        ("TowerMusicMatcher", {**WISH, "formula": "legacy"}, "There is no track number 1"),
    ],
)
def test_what_cannot_be_done_is_told(studio, graph, node, inputs, sentence) -> None:
    shown(graph, graph.add(node, **inputs).out(3))
    run = studio.run(graph)
    assert not run.succeeded and sentence in run.error["exception_message"]


def test_a_back_end_that_is_not_installed_is_told(studio, graph, media) -> None:
    media.clicks("clicks120.wav", bpm=120.0, seconds=16.0)
    audio = graph.add("LoadAudio", audio="clicks120.wav")
    heard = graph.add("TowerAudioAnalysis", audio=audio, **{**HEARD, "backend": "beat_this"})
    shown(graph, heard.out(5))
    run = studio.run(graph)
    assert not run.succeeded and "beat_this is not installed" in run.error["exception_message"]
