"""The routes that put music under picture: what they make is decoded."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from drawn_video import Piece, Scene, assemble, write
from support.media import write_song
from tower_anime.services.files import sha256_of

LENGTHS = (40, 55, 31, 62)


@pytest.fixture
def stage(site, tmp_path):
    """A site whose files go somewhere, a project, and assets of a film, a song and a line."""
    frames = assemble([Piece(Scene(40 + k, "walk"), n) for k, n in enumerate(LENGTHS)]).frames
    files = {"video": write(tmp_path / "film.mp4", frames), "audio": tmp_path / "song.wav"}
    write_song(files["audio"], bpm=120, seconds=16)
    write_song(tmp_path / "line.wav", bpm=240, seconds=1.2)
    files["line"] = tmp_path / "line.wav"
    ids = {
        name: site.services.assets.add(
            file_path=path,
            file_type="video" if name == "video" else "audio",
            sha256=sha256_of(path),
            size_bytes=path.stat().st_size,
        ).id
        for name, path in files.items()
    }
    project = site.call("POST", "/anime/projects", {"name": "Sync"}).json
    return site, project["id"], ids


def facts(site, asset_id: int) -> tuple[int, Fraction]:
    """Return frames and exact seconds of sound of an asset's file."""
    path = site.services.assets.get(asset_id).file_path
    with av.open(str(path)) as container:
        audio = container.streams.audio[0]
        seconds = audio.duration * audio.time_base
        n_frames = sum(1 for _ in container.decode(video=0)) if container.streams.video else 0
    return n_frames, seconds


def test_a_stored_video_is_synchronised_and_stored(stage):
    site, project, ids = stage
    body = {"project_id": project, "video_asset_id": ids["video"], "music": {"asset_id": ids["audio"]}}
    shown = site.call("POST", "/anime/music/sync", body)
    assert shown.status == 200, shown.body
    report = shown.json
    assert report["n_frames"] == sum(LENGTHS) and report["hit_rate"] >= report["ceiling_hit_rate"]
    assert facts(site, report["asset_id"]) == (sum(LENGTHS), Fraction(sum(LENGTHS), 24))
    stored = site.services.assets.get(report["asset_id"])
    assert stored.project_id == project and stored.metadata["sync"]["hit_rate"] == report["hit_rate"]
    uses = site.call("GET", f"/anime/music/licences?project_id={project}").json
    assert "song" in str(uses)


def test_shots_to_come_are_planned_and_nothing_is_stored(stage):
    site, _, ids = stage
    body = {
        "music": {"asset_id": ids["audio"]},
        "shot_seconds": [2.2, 1.7, 2.9],
        "shortest_seconds": [0.0, 2.1, 0.0],
        "scene_starts": [3.0],
        "fps": "24000/1001",
    }
    report = site.call("POST", "/anime/music/sync", body).json
    assert report["asset_id"] is None and report["hit_rate"] == 1.0
    assert report["shot_n_frames"][1] >= 2.1 * 24000 / 1001
    assert all(a < b for a, b in pairwise(report["cut_times"]))


def test_a_rate_may_be_a_number(stage):
    site, _, ids = stage
    body = {"music": {"asset_id": ids["audio"]}, "shot_seconds": [2.2, 1.7]}
    for rate, fps in ((24, "24"), (12.5, "25/2")):
        assert site.call("POST", "/anime/music/sync", {**body, "fps": rate}).json["fps"] == fps
    assert site.call("POST", "/anime/music/sync", {**body, "fps": True}).error["field"] == "fps"


def test_a_mix_is_stored_with_its_stems(stage):
    site, project, ids = stage
    body = {
        "project_id": project,
        "video_asset_id": ids["video"],
        "music": {"asset_id": ids["audio"]},
        "dialogue": [{"asset_id": ids["line"], "start_seconds": 1.0}],
        "stems": True,
        "target_lufs": -23.0,
    }
    shown = site.call("POST", "/anime/music/mix", body)
    assert shown.status == 200, shown.body
    report = shown.json
    n_samples = sum(LENGTHS) * 2000
    assert report["n_samples"] == n_samples and report["loudness_lufs"] == pytest.approx(-23, abs=0.3)
    assert facts(site, report["asset_id"]) == (sum(LENGTHS), Fraction(n_samples, 48_000))
    assert len(report["stem_asset_ids"]) == 3
    for asset_id in report["stem_asset_ids"]:
        assert facts(site, asset_id)[1] == Fraction(n_samples, 48_000)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"music": {"track": "apple_music:1003"}}, 422, "audio"),
        ({"music": {}}, 422, "audio"),
        ({"shot_seconds": [1.0]}, 422, "video_asset_id"),
        ({"project_id": None}, 422, "project_id"),
        ({"video_asset_id": 999}, 404, None),
        ({"max_retime": 0.9}, 422, "max_retime"),
        ({"tempo": 3}, 422, "tempo"),
    ],
)
def test_what_cannot_be_is_refused(stage, change, status, field):
    site, project, ids = stage
    body = {"project_id": project, "video_asset_id": ids["video"], "music": {"asset_id": ids["audio"]}}
    answer = site.call("POST", "/anime/music/sync", {**body, **change})
    assert answer.status == status, answer.body
    assert field is None or answer.error["field"].startswith(field)
    assert answer.error["message"]


def test_silence_is_mixed_to_silence_of_the_asked_length(stage):
    site, project, _ = stage
    report = site.call("POST", "/anime/music/mix", {"project_id": project, "duration_seconds": 1.5}).json
    assert report["n_samples"] == 72_000 and report["loudness_lufs"] is None
    path = site.services.assets.get(report["asset_id"]).file_path
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert not heard.any()
