"""BPM Sync in a real ComfyUI: picture and music in, picture with cuts on the beat out."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.host

SHOTS = [1.7, 2.3, 1.2, 2.6]


def add_sync(graph, audio: str, **inputs):
    """Add a sync and a preview of its report."""
    options = {"fps": 24.0, "max_change": 0.35, "bpm_hint": 0.0, **inputs}
    node = graph.add("TowerBPMSync", audio=graph.add("LoadAudio", audio=audio), **options)
    return node, graph.add("PreviewAny", source=node.out(2))


def test_cuts_land_on_beats(studio, graph, media):
    media.video("shots.mp4", SHOTS)
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    sync, shown = add_sync(graph, "beats.wav", video=graph.add("LoadVideo", file="shots.mp4"))
    saved = graph.add("TowerProjectSaver", project_name="Sync", filename_prefix="cut", video=sync)
    files = graph.add("PreviewAny", source=saved.out(1))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]

    report = run.json(shown)
    assert report["tempo_bpm"] == pytest.approx(120.0, abs=1.0)
    assert len(report["cut_times"]) == len(SHOTS) - 1 and report["hit_rate"] == 1.0
    music = [time + report["music_start_seconds"] for time in report["cut_times"]]
    assert all(abs(time * 2 - round(time * 2)) / 2 <= 1.01 / 24 + 0.01 for time in music)

    [row] = run.json(files)
    assert media.seconds_of(Path(row["path"])) == pytest.approx(report["duration_seconds"], abs=0.5 / 24)
    assert studio.services.assets.get(row["asset_id"]).job_id == studio.job(run).id


def test_images_are_a_picture_too(studio, graph, media):
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    colours = [(200, 40, 40), (40, 180, 60), (30, 60, 200)]
    batch = None
    for number, colour in enumerate(colours):
        # 321 x 181: an odd size, which H.264 does not take as it is.
        name = studio.picture(f"flat{number}.png", Image.new("RGB", (321, 181), colour))
        shot = graph.add("RepeatImageBatch", image=graph.add("LoadImage", image=name), amount=30)
        batch = shot if batch is None else graph.add("ImageBatch", image1=batch, image2=shot)
    sync, shown = add_sync(graph, "beats.wav", images=batch, fps=24.0)
    saved = graph.add("TowerProjectSaver", project_name="Sync", filename_prefix="stills", video=sync)
    files = graph.add("PreviewAny", source=saved.out(1))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    report = run.json(shown)
    assert report["n_frames_before"] == 90 and report["fps"] == "24"
    assert report["cut_times_before"] == pytest.approx([1.25, 2.5], abs=1 / 24)
    assert all(a < b for a, b in pairwise(report["cut_times"]))
    [row] = run.json(files)
    assert (row["width"], row["height"]) == (320, 180)


def test_without_a_picture_it_says_so(studio, graph, media):
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    sync, _ = add_sync(graph, "beats.wav")
    error = studio.run(graph).error
    assert error["node_id"] == sync.id and "BPM Sync got no picture" in error["exception_message"]


def test_silence_has_no_beat(studio, graph, media):
    media.video("shots.mp4", SHOTS)
    media.silence("silence.wav")
    add_sync(graph, "silence.wav", video=graph.add("LoadVideo", file="shots.mp4"))
    error = studio.run(graph).error
    assert error["exception_type"].endswith("NoBeatError") and "no steady beat" in error["exception_message"]


def test_the_original_video_stays_as_it_was(studio, graph, media):
    source = media.video("shots.mp4", SHOTS)
    before = source.read_bytes()
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    add_sync(graph, "beats.wav", video=graph.add("LoadVideo", file="shots.mp4"))
    assert studio.run(graph).succeeded
    assert source.read_bytes() == before
