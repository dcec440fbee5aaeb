"""The Project Saver and the Project Loader in a real ComfyUI: files, what is in them, and their rows."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.host


@pytest.fixture
def picture(graph, studio, aki, drawn):
    return graph.add("LoadImage", image=studio.picture("right.png", drawn("Aki", shift=20)))


def saver(graph, name: str, prefix: str = "shot", **inputs):
    """Add a saver; return it and what it reports."""
    node = graph.add("TowerProjectSaver", project_name=name, filename_prefix=prefix, **inputs)
    return node, graph.add("PreviewAny", source=node.out(1))


def graph_in(prompt: str) -> dict:
    """Return an embedded prompt without what the host notes in it while it runs."""
    return {
        node_id: {key: node[key] for key in ("class_type", "inputs")}
        for node_id, node in json.loads(prompt).items()
    }


def test_a_picture_is_saved_with_its_row(studio, graph, picture):
    node, shown = saver(graph, "Lantern Street", images=picture)
    workflow = {"nodes": [], "version": 0.4}
    run = studio.run(graph, extra_data={"extra_pnginfo": {"workflow": workflow}})
    [told] = run.json(shown)
    path = Path(told["path"])
    assert (
        path.parent == studio.comfy.output / "tower" / studio.services.projects.find("Lantern Street").folder
    )
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()

    row = studio.services.assets.get(told["asset_id"])
    assert (row.sha256, row.size_bytes, row.file_type) == (told["sha256"], path.stat().st_size, "image")
    assert (row.width, row.height) == (576, 768)
    assert row.job_id == studio.job(run).id
    assert row.project_id == studio.services.projects.find("Lantern Street").id
    assert row.metadata["workflow"] == workflow and row.metadata["node_id"] == node.id

    with Image.open(path) as saved:
        assert graph_in(saved.text["prompt"]) == graph.nodes
        assert json.loads(saved.text["workflow"]) == workflow
        with Image.open(studio.comfy.input / "right.png") as original:
            assert np.array_equal(saved, original.convert("RGB"))


def test_the_editor_can_show_what_was_saved(studio, graph, picture):
    node, _ = saver(graph, "Lantern Street", "shown", images=picture)
    [shown] = studio.run(graph).history["outputs"][node.id]["images"]
    status, body = studio.comfy.request(
        "GET", f"/view?filename={shown['filename']}&subfolder={shown['subfolder']}&type={shown['type']}"
    )
    assert status == 200 and body.startswith(b"\x89PNG")


def test_a_second_identical_run_is_cached_and_saves_nothing(studio, graph, picture):
    saver(graph, "Cached", images=picture)
    folder = studio.comfy.output / "tower" / "cached"
    assert studio.run(graph).succeeded
    before = sorted(folder.iterdir())
    again = studio.run(graph)
    assert again.succeeded and again.cached == set(graph.nodes)
    assert sorted(folder.iterdir()) == before and len(before) == 1


def test_nothing_is_overwritten_and_no_part_stays(studio, graph, picture):
    batch = graph.add("ImageBatch", image1=picture, image2=picture)
    _, first = saver(graph, "Many", images=batch)
    _, second = saver(graph, "Many", images=picture)
    run = studio.run(graph)
    names = [Path(row["path"]).name for node in (first, second) for row in run.json(node)]
    assert sorted(names) == [f"shot_{number:05d}.png" for number in (1, 2, 3)]
    assert sorted(path.name for path in (studio.comfy.output / "tower" / "many").iterdir()) == sorted(names)


def test_each_path_goes_on_by_itself(studio, graph, picture):
    node, _ = saver(graph, "Paths", images=graph.add("ImageBatch", image1=picture, image2=picture))
    shown = graph.add("PreviewAny", source=node)
    texts = studio.run(graph).history["outputs"][shown.id]["text"]
    assert len(texts) == 2 and all(Path(text).is_file() for text in texts)


def test_a_video_and_its_sound_are_saved(studio, graph, media):
    media.video("plain.mp4", [1.0, 1.0])
    media.clicks("clicks.wav", seconds=3.0)
    video = graph.add("LoadVideo", file="plain.mp4")
    audio = graph.add("LoadAudio", audio="clicks.wav")
    node, shown = saver(graph, "Cinema", video=video, audio=audio)
    run = studio.run(graph)
    film, sound = run.json(shown)
    assert (film["file_type"], film["width"], film["height"], film["fps"]) == ("video", 320, 180, 24.0)
    assert film["duration_seconds"] == pytest.approx(2.0, abs=0.05)
    assert sound["file_type"] == "audio" and sound["duration_seconds"] == pytest.approx(3.0)
    for row in (film, sound):
        assert hashlib.sha256(Path(row["path"]).read_bytes()).hexdigest() == row["sha256"]
    outputs = run.history["outputs"][node.id]
    assert outputs["images"][0]["filename"].endswith(".mp4") and outputs["animated"] == [True]
    assert outputs["audio"][0]["filename"].endswith(".flac")


def test_video_and_sound_carry_the_prompt(studio, graph, media):
    import av

    media.video("plain.mp4", [1.0, 1.0])
    media.clicks("clicks.wav", seconds=3.0)
    _, shown = saver(
        graph,
        "Cinema",
        "with_prompt",
        video=graph.add("LoadVideo", file="plain.mp4"),
        audio=graph.add("LoadAudio", audio="clicks.wav"),
    )
    for row in studio.run(graph).json(shown):
        with av.open(row["path"]) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
        assert graph_in(tags["prompt"]) == graph.nodes


def test_sound_is_kept_to_24_bits(studio, graph, media):
    import av

    media.clicks("clicks.wav", seconds=3.0)
    _, shown = saver(graph, "Cinema", "lossless", audio=graph.add("LoadAudio", audio="clicks.wav"))
    [row] = studio.run(graph).json(shown)
    decoded = []
    for file in (studio.comfy.input / "clicks.wav", Path(row["path"])):
        with av.open(str(file)) as container:
            resampler = av.AudioResampler(format="flt")
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            decoded.append(np.concatenate([frame.to_ndarray().ravel() for frame in frames]))
    assert decoded[0].shape == decoded[1].shape
    np.testing.assert_allclose(decoded[1], decoded[0], atol=2.0**-22)


def test_a_loaded_project_goes_before_the_name(studio, graph, picture):
    project = graph.add("TowerProjectLoader", project="(anything)", new_name="Made by the loader")
    folder = graph.add("PreviewAny", source=project.out(2))
    _, shown = saver(graph, "Not this one", images=picture, project=project)
    run = studio.run(graph)
    [row] = run.json(shown)
    assert str(Path(row["path"]).parent) == run.text(folder)
    assert "Not this one" not in [project.name for project in studio.services.projects.list()]


def test_an_existing_project_is_in_the_list(studio, graph):
    studio.services.projects.ensure("Listed")
    info = studio.comfy.object_info("TowerProjectLoader")
    kind, details = info["input"]["required"]["project"]
    assert "Listed" in (details["options"] if kind == "COMBO" else kind)
    name = graph.add("PreviewAny", source=graph.add("TowerProjectLoader", project="Listed").out(1))
    assert studio.run(graph).text(name) == "Listed"


@pytest.mark.parametrize(
    ("project", "prefix", "sentence"),
    [("", "shot", "name is empty"), ("Fine", "../..", "has no letter or digit")],
    ids=["no project", "no prefix"],
)
def test_bad_names_are_errors_in_words(studio, graph, picture, project, prefix, sentence):
    node, _ = saver(graph, project, prefix, images=picture)
    error = studio.run(graph).error
    assert error["node_id"] == node.id and sentence in error["exception_message"]


def test_a_prefix_cannot_leave_the_folder(studio, graph, picture):
    _, shown = saver(graph, "Contained", "../../../etc/shot", images=picture)
    [row] = studio.run(graph).json(shown)
    assert Path(row["path"]).parent == studio.comfy.output / "tower" / "contained"


def test_a_saver_with_nothing_connected_says_so(studio, graph):
    saver(graph, "Empty")
    assert "nothing to save" in studio.run(graph).error["exception_message"]
