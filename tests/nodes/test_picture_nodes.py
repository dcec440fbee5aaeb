"""Video Tempo, Audio Mixer, and the fit and plan of BPM Sync, in a real ComfyUI; results are decoded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.host

SHOTS = [1.7, 2.3, 1.2, 2.6]


def bpm_sync(graph, **inputs):
    options = {"fps": 24.0, "max_change": 0.35, "bpm_hint": 0.0, **inputs}
    return graph.add("TowerBPMSync", **options)


def saved_audio(studio, graph, run, node) -> tuple[int, int]:
    """Return samples and rate of what a Save Audio node wrote."""
    [file] = run.history["outputs"][node.id]["audio"]
    path = studio.comfy.output / file["subfolder"] / file["filename"]
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples for frame in container.decode(audio=0)), stream.rate


def test_fit_keeps_the_length_of_the_picture(studio, graph, media):
    source = media.video("shots.mp4", SHOTS)
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    node = bpm_sync(
        graph,
        audio=graph.add("LoadAudio", audio="beats.wav"),
        video=graph.add("LoadVideo", file="shots.mp4"),
        mode="fit",
        max_retime=0.08,
    )
    shown = graph.add("PreviewAny", source=node.out(2))
    frames = graph.add("PreviewAny", source=node.out(3))
    sound = graph.add("SaveAudio", audio=node.out(5), filename_prefix="fit")
    saved = graph.add("TowerProjectSaver", project_name="Sync", filename_prefix="fit", video=node)
    files = graph.add("PreviewAny", source=saved.out(1))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    report = run.json(shown)
    assert report["n_frames"] == report["n_frames_before"] == sum(report["shot_n_frames"])
    assert report["largest_change"] <= 0.08 and abs(report["music_stretch"] - 1) <= 0.06
    assert report["hit_rate"] >= report["ceiling_hit_rate"]
    assert [int(value) for value in run.history["outputs"][frames.id]["text"]] == report["shot_n_frames"]
    [row] = run.json(files)
    assert media.seconds_of(Path(row["path"])) == pytest.approx(media.seconds_of(source), abs=1e-6)
    n_samples, rate = saved_audio(studio, graph, run, sound)
    assert n_samples == round(report["n_frames"] * rate / 24)


def test_planning_tells_the_frames_and_makes_no_video(studio, graph, media):
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    node = bpm_sync(
        graph,
        audio=graph.add("LoadAudio", audio="beats.wav"),
        fps=23.976,
        shot_seconds="2.2, 1.9, 3",
        shortest_seconds="0, 2.4, 0",
        scene_starts="3",
    )
    shown = graph.add("PreviewAny", source=node.out(2))
    picture = graph.add("SaveVideo", video=node, filename_prefix="none", format="mp4", codec="h264")
    graph.add("PreviewImage", images=node.out(4))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    report = run.json(shown)
    assert report["fps"] == "24000/1001" and report["hit_rate"] == 1.0
    assert report["shot_n_frames"][1] >= 2.4 * 24000 / 1001
    assert not run.ran(picture)


def test_video_and_images_have_the_same_tempo(studio, graph, media):
    media.video("shots.mp4", SHOTS)
    loaded = graph.add("LoadVideo", file="shots.mp4")
    tempo = graph.add("TowerVideoTempo", video=loaded, fps=24.0)
    parts = graph.add("GetVideoComponents", video=loaded)
    of_images = graph.add("TowerVideoTempo", images=parts, fps=24.0)
    shown = [graph.add("PreviewAny", source=node.out(6)) for node in (tempo, of_images)]
    lengths = graph.add("PreviewAny", source=tempo.out(4))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    first, second = (run.json(node) for node in shown)
    assert first["transitions"] == second["transitions"] and len(first["transitions"]) == len(SHOTS) - 1
    assert first["cuts_per_minute"] == second["cuts_per_minute"]
    told = [float(word) for word in run.text(lengths).split(",")]
    assert told == pytest.approx(SHOTS, abs=1.01 / 24)
    assert run.history["outputs"][tempo.id]["images"]


def test_the_mix_is_as_long_as_the_picture_and_loses_no_word(studio, graph, media):
    media.video("shots.mp4", SHOTS)
    media.clicks("beats.wav", bpm=120.0, seconds=4.0)
    media.clicks("line.wav", bpm=240.0, seconds=1.5)
    video = graph.add("LoadVideo", file="shots.mp4")
    line = graph.add("LoadAudio", audio="line.wav")
    node = graph.add(
        "TowerAudioMixer",
        duration_seconds=3.0,
        video=video,
        music=graph.add("LoadAudio", audio="beats.wav"),
        dialogue=line,
        dialogue_2=line,
        dialogue_starts="0.5, 5.5",
        target_lufs=-16.0,
    )
    shown = graph.add("PreviewAny", source=node.out(5))
    sounds = [graph.add("SaveAudio", audio=node.out(k), filename_prefix="mix") for k in (0, 2, 3, 4)]
    saved = graph.add("TowerProjectSaver", project_name="Sync", filename_prefix="mixed", video=node.out(1))
    files = graph.add("PreviewAny", source=saved.out(1))
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    n_frames = sum(round(seconds * 24) for seconds in SHOTS)
    report = run.json(shown)
    assert report["n_samples"] == n_frames * 2000 and report["true_peak_dbfs"] <= -1
    assert {saved_audio(studio, graph, run, sound) for sound in sounds} == {(n_frames * 2000, 48_000)}
    [row] = run.json(files)
    with av.open(row["path"]) as container:
        audio = container.streams.audio[0]
        # The host writes lengths in whole milliseconds when it copies a video.
        assert abs(audio.duration * audio.time_base - Fraction(n_frames, 24)) <= Fraction(1, 1000)
        assert sum(1 for _ in container.decode(video=0)) == n_frames


def test_a_mix_without_a_picture_has_the_length_that_is_asked_for(studio, graph, media):
    media.clicks("line.wav", bpm=240.0, seconds=1.5)
    line = graph.add("LoadAudio", audio="line.wav")
    node = graph.add("TowerAudioMixer", duration_seconds=2.5, dialogue=line)
    sound = graph.add("SaveAudio", audio=node, filename_prefix="plain")
    run = studio.run(graph)
    assert run.succeeded, run.error["exception_message"]
    assert saved_audio(studio, graph, run, sound) == (120_000, 48_000)


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"dialogue_starts": "1, 2"}, "1 dialogue sounds and 2 start times"),
        ({"dialogue_starts": "soon"}, "no list of numbers"),
        ({"dialogue_starts": "nan"}, "no list of numbers"),
        ({"dialogue_starts": "1.8"}, "longer than the picture"),
    ],
)
def test_a_mix_that_cannot_be_says_why(studio, graph, media, inputs, told):
    media.clicks("line.wav", bpm=240.0, seconds=1.5)
    line = graph.add("LoadAudio", audio="line.wav")
    node = graph.add("TowerAudioMixer", duration_seconds=2.5, dialogue=line, **inputs)
    graph.add("SaveAudio", audio=node, filename_prefix="plain")
    error = studio.run(graph).error
    assert error["node_id"] == node.id and told in error["exception_message"]


def test_still_pictures_have_no_tempo(studio, graph):
    name = studio.picture("flat.png", Image.fromarray(np.full((90, 160, 3), 90, np.uint8)))
    batch = graph.add("RepeatImageBatch", image=graph.add("LoadImage", image=name), amount=40)
    node = graph.add("TowerVideoTempo", images=batch, fps=24.0)
    shown = graph.add("PreviewAny", source=node.out(2))
    run = studio.run(graph)
    assert run.succeeded and float(run.text(shown)) == 0.0
