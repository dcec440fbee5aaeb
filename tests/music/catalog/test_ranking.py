"""Tempo folds, words, and excerpts heard in memory."""

from __future__ import annotations

import io

import numpy as np
import pytest
from tower_anime.errors import InputError, UnreadableAudioError
from tower_anime.music.catalog.catalog_track import CatalogTrack
from tower_anime.music.catalog.licences import APPLE_MUSIC
from tower_anime.music.catalog.preview import hear_preview
from tower_anime.music.catalog.protocol import CatalogQuery, parse_shots
from tower_anime.music.catalog.ranking import rank_tracks, tempo_fit


def track(name: str, tempo_bpm: float | None = None, **fields) -> CatalogTrack:
    return CatalogTrack("apple_music", name, name, "Ao", APPLE_MUSIC, tempo_bpm=tempo_bpm, **fields)


def test_half_and_double_tempi_count_and_say_so() -> None:
    inside, _ = tempo_fit(170, 165, 175)
    halved, reason = tempo_fit(85, 165, 175)
    outside, _ = tempo_fit(120, 165, 175)
    assert inside == 1 and 0.8 < halved < 1 and outside < 0.01
    assert "doubled: 170" in reason


def test_the_wished_tempo_comes_first_and_the_unknown_before_the_wrong() -> None:
    tracks = [track("wrong", 100), track("unknown"), track("half", 70), track("right", 140)]
    ranked = rank_tracks(tracks, CatalogQuery(min_bpm=135, max_bpm=145))
    assert [found.track.id for found in ranked] == ["right", "half", "unknown", "wrong"]
    assert all("may not be put under picture" in found.reasons[-1] for found in ranked)


def test_beats_that_carry_the_cuts_come_first() -> None:
    # 2 s and 4 s are 4 and 8 beats at 120 BPM, 2 and 4 at 60, and 2.5 and 5 at 75.
    tracks = [track("odd", 75), track("untold"), track("fits", 120), track("double", 60)]
    ranked = rank_tracks(tracks, CatalogQuery(shot_seconds=(2.0, 4.0, 2.0)))
    assert [found.track.id for found in ranked] == ["fits", "double", "odd", "untold"]
    assert "3 of 3 shots are near a musical length" in ranked[0].reasons[0]


def test_lengths_of_shots_are_read_as_typed() -> None:
    assert parse_shots(" 1.7,2.3; 4\n") == (1.7, 2.3, 4.0) and parse_shots("") == ()
    for text in ("1.7 two", "nan,1", "0", "-1"):
        with pytest.raises(InputError):
            CatalogQuery("x", shot_seconds=parse_shots(text)).checked()


def test_without_a_tempo_words_decide_then_the_catalogue() -> None:
    tracks = [track("day"), track("night"), track("dawn"), track("night", album="night")]
    ranked = rank_tracks(tracks, CatalogQuery(term="night"))
    assert [found.track.id for found in ranked] == ["night", "night", "day", "dawn"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"term": "x", "limit": 0},
        {"isrc": "x"},
        {"term": "x", "min_bpm": 5},
        {"term": "x", "min_bpm": 140, "max_bpm": 120},
        {"term": "x", "max_bpm": float("nan")},
    ],
)
def test_a_query_that_asks_nothing_or_nonsense_is_refused(fields) -> None:
    with pytest.raises(InputError):
        CatalogQuery(**fields).checked()


def encoded(bpm: float, seconds: float, container: str, codec: str) -> bytes:
    """Return a click track as a catalogue sends excerpts."""
    import av

    rate = 44_100
    time = np.arange(round(seconds * rate)) / rate
    phase = time % (60 / bpm)
    sound = np.sin(2 * np.pi * (60 + 900 * np.exp(-phase * 90)) * phase) * np.exp(-phase * 18)
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        size = stream.codec_context.frame_size or 1024
        for start in range(0, sound.size - size, size):
            block = (0.5 * sound[None, start : start + size]).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(block, "fltp", "mono")
            frame.sample_rate, frame.pts = rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("mp3", "libmp3lame")])
def test_the_tempo_of_an_excerpt_is_heard_and_nothing_is_written(
    tmp_path, monkeypatch, container, codec
) -> None:
    data = encoded(128, 30, container, codec)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    heard = hear_preview(data)
    assert heard.tempo_bpm == pytest.approx(128, rel=0.02)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ID3" + bytes(100),
        bytes(4) + b"ftypM4A " + bytes(50),
    ],
)
def test_what_is_no_excerpt_is_refused(data) -> None:
    with pytest.raises(UnreadableAudioError):
        hear_preview(data)
