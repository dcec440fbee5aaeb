"""The routes of tracks, analysis and matching, on a real server with real sound."""

from __future__ import annotations

import pytest
from support.media import write_silence, write_song
from tower_anime.services.files import sha256_of


@pytest.fixture
def songs(site, tmp_path):
    """Two analysed songs, and an asset of one of them."""
    fast, slow = tmp_path / "night chase.wav", tmp_path / "slow.wav"
    write_song(fast, bpm=120, seconds=12)
    write_song(slow, bpm=93, seconds=12)
    for path in (fast, slow):
        site.services.music.analyze(path)
    asset = site.services.assets.add(
        file_path=fast, file_type="audio", sha256=sha256_of(fast), size_bytes=fast.stat().st_size
    )
    return site, asset.id


def test_tracks_are_listed_tagged_and_drawn(songs) -> None:
    site, _ = songs
    page = site.call("GET", "/anime/music/tracks?limit=1").json
    assert page["next_cursor"]
    rest = site.call("GET", f"/anime/music/tracks?cursor={page['next_cursor']}").json
    items = page["items"] + rest["items"]
    assert [round(item["tempo_bpm"]) for item in items] == [120, 93]
    assert len(site.call("GET", "/anime/music/tracks?min_bpm=110").json["items"]) == 1

    path = f"/anime/music/tracks/{items[1]['id']}"
    tagged = site.call("PATCH", path, {"tags": ["rain", " rain ", "night"]}).json
    assert tagged["tags"] == ["rain", "night"]
    heard = site.call("GET", path).json
    assert heard["beats_per_bar"] == 4 and heard["sections"] and len(heard["beat_times"]) > 15
    drawing = site.call("GET", f"{path}/waveform?width=300")
    assert drawing.body.startswith(b"\x89PNG") and drawing.headers["Content-Type"] == "image/png"


def test_matching_ranks_by_beats_a_shot_and_by_the_users_tags(songs) -> None:
    site, _ = songs
    found = site.call("POST", "/anime/music/match", {"shot_seconds": [2.0] * 8}).json["items"]
    assert round(found[0]["tempo_bpm"]) == 120 and "mostly 4 beats" in found[0]["reasons"][0]
    # 30 cuts a minute: the first version's formula sees no music at all.
    legacy = {"shot_seconds": [2.0] * 8, "formula": "legacy"}
    assert site.call("POST", "/anime/music/match", legacy).json["items"] == []
    legacy["video_bpm"] = 95
    [only] = site.call("POST", "/anime/music/match", legacy).json["items"]
    assert only["score"] == pytest.approx(1 - abs(only["tempo_bpm"] - 95) / 10, abs=1e-3)
    moody = site.call("POST", "/anime/music/match", {"mood": "chase"}).json["items"]
    assert moody[0]["name"] == "night chase"


def test_an_asset_is_heard_and_wishes_are_kept_to(songs) -> None:
    site, asset_id = songs
    [heard] = site.call("POST", "/anime/music/analyze", {"asset_ids": [asset_id]}).json["items"]
    assert heard["track_id"] == 1 and heard["tempo_bpm"] == pytest.approx(120, rel=0.01)
    wish = {"asset_ids": [asset_id], "max_bpm": 80.0, "beats_per_bar": 3}
    [wished] = site.call("POST", "/anime/music/analyze", wish).json["items"]
    assert wished["track_id"] is None
    assert wished["tempo_bpm"] == pytest.approx(60, rel=0.01) and wished["beats_per_bar"] == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"asset_ids": [999]}, 404),
        ({"asset_ids": ["/etc/passwd"]}, 422),
        ({"tracks": ["file:///etc/passwd"]}, 422),
        ({"asset_ids": [1], "min_bpm": 200.0, "max_bpm": 100.0}, 422),
    ],
)
def test_what_cannot_be_heard_is_told(songs, body, status) -> None:
    site, _ = songs
    answer = site.call("POST", "/anime/music/analyze", body)
    assert answer.status == status and answer.error["message"].endswith(".")


def test_a_key_that_is_none_is_told(songs) -> None:
    site, _ = songs
    answer = site.call("POST", "/anime/music/match", {"previous_key": "H moll"})
    assert answer.status == 422 and answer.error["field"] == "previous_key"


def test_silence_has_no_beat_and_no_error(site, tmp_path) -> None:
    write_silence(tmp_path / "nothing.wav", seconds=3)
    asset = site.services.assets.add(
        file_path=tmp_path / "nothing.wav", file_type="audio", sha256="0" * 64, size_bytes=1
    )
    [heard] = site.call("POST", "/anime/music/analyze", {"asset_ids": [asset.id]}).json["items"]
    assert heard["tempo_bpm"] is None and heard["beat_times"] == [] and heard["sections"] == []
