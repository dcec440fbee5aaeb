"""The Character Studio, and characters that leave and arrive, in a real ComfyUI."""

from __future__ import annotations

import shutil

import pytest
from support.comfy import LORA, PromptRefusedError

pytestmark = pytest.mark.host


def batch(graph, studio, drawn, names=("one", "two", "three")):
    """Wire pictures of Aki, loaded one by one, into a batch."""
    joined = None
    for number, name in enumerate(names):
        picture = studio.picture(f"studio-{name}.png", drawn("Aki", shift=14 * number - 10))
        loaded = graph.add("LoadImage", image=picture)
        joined = loaded if joined is None else graph.add("ImageBatch", image1=joined, image2=loaded)
    return joined


def make(graph, images, name, **options):
    given = {
        "visual_traits": '{"hair": "silver"}',
        "personality": "Quiet.",
        "prompt": "silver hair",
        **options,
    }
    return graph.add("TowerCharacterStudio", images=images, name=name, **given)


def test_pictures_become_a_character_that_the_gate_knows(studio, graph, drawn, graph_class):
    images = batch(graph, studio, drawn)
    node = make(graph, images, "Drawn In Studio")
    report = graph.add("PreviewAny", source=node.out(2))
    graph.add("PreviewImage", images=node.out(1))
    run = studio.run(graph)
    assert run.succeeded
    told = run.json(report)
    assert told["is_complete"] and told["stages"]["report"]["result"]["n_references"] == 3
    assert run.history["outputs"][node.id]["images"]
    character = studio.services.characters.by_label("Drawn In Studio")
    assert character.bible == {"visual_traits": {"hair": "silver"}, "personality": {"summary": "Quiet."}}
    again = graph_class()
    other = make(again, batch(again, studio, drawn), "Drawn In Studio", prompt="longer hair")
    again.add("PreviewAny", source=other.out(2))
    assert studio.run(again).succeeded
    changed = studio.services.characters.get(character.id)
    assert (changed.prompt, changed.version.number) == ("longer hair", character.version.number)


def test_a_wired_model_draws_test_poses(studio, graph, drawn, sampler):
    images = batch(graph, studio, drawn)
    wired = {"model": sampler.model, "clip": sampler.clip, "vae": sampler.vae}
    node = make(graph, images, "Posed", **wired, pose_seed=7, pose_steps=1, pose_cfg=1.0, pose_side=128)
    report = graph.add("PreviewAny", source=node.out(2))
    poses = studio.run(graph).json(report)["stages"]["poses"]
    assert poses["state"] == "done"
    names = [row["pose"] for row in poses["result"]["poses"]]
    assert names == ["standing", "sitting", "walking", "waving"]
    assert all(row["prompt"].startswith("silver hair, ") for row in poses["result"]["poses"])
    # A model of random weights draws nobody, and nobody is never a pass.
    assert poses["result"]["n_passed"] == 0
    character = studio.services.characters.by_label("Posed")
    panels = studio.services.studio.sheet(character.id)[1]
    assert [panel["name"] for panel in panels if panel["kind"] == "pose"] == names


def test_a_model_without_the_rest_stops_in_words(studio, graph, drawn, sampler):
    make(graph, batch(graph, studio, drawn), "Half Wired", model=sampler.model)
    run = studio.run(graph)
    assert not run.succeeded and "need a model, a CLIP and a VAE" in run.error["exception_message"]
    assert "Half Wired" not in studio.services.characters.labels()


def test_a_small_picture_refuses_all_in_words(studio, graph, drawn):
    small = studio.picture("studio-small.png", drawn("Aki", size=(300, 400)))
    make(graph, graph.add("LoadImage", image=small), "Too Small")
    run = studio.run(graph)
    assert not run.succeeded
    assert "picture-1.png" in run.error["exception_message"] and "512" in run.error["exception_message"]
    assert "Too Small" not in studio.services.characters.labels()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"name": " "}, "has no name"), ({"visual_traits": "teal"}, "visual_traits is not JSON")],
)
def test_what_is_typed_wrongly_is_refused_before_the_run(studio, graph, drawn, options, sentence):
    images = graph.add("LoadImage", image=studio.picture("studio-one.png", drawn("Aki")))
    given = {"name": "Typed", "visual_traits": "{}", "personality": "", "prompt": "", **options}
    graph.add("TowerCharacterStudio", images=images, **given)
    with pytest.raises(PromptRefusedError) as refused:
        studio.run(graph)
    assert sentence in str(refused.value.answer)


def test_a_character_leaves_and_arrives(studio, graph, aki, graph_class):
    loader = graph.add("TowerCharacterLoader", character="Aki")
    export = graph.add("TowerCharacterExport", character=loader, with_crops=False)
    path = graph.add("PreviewAny", source=export.out(0))
    sent = studio.comfy.output / "tower" / "characters" / "aki.tower"
    assert studio.run(graph).text(path) == str(sent.resolve())
    shutil.copyfile(sent, studio.comfy.input / "aki.tower")

    arrived = graph_class()
    taken = arrived.add("TowerCharacterImport", file="aki.tower", new_name="Aki Two")
    name = arrived.add("PreviewAny", source=taken.out(0))
    notes = arrived.add("PreviewAny", source=taken.out(1))
    run = studio.run(arrived)
    assert run.succeeded and "Aki Two" in run.text(name)
    assert LORA not in run.text(notes)
    here = studio.services.characters.by_label("Aki Two")
    assert [r.sha256 for r in here.references] == [r.sha256 for r in aki.references]
    known = graph_class()
    same = known.add("TowerCharacterImport", file="aki.tower", new_name="")
    known.add("PreviewAny", source=same.out(1))
    assert studio.run(known).succeeded
    assert [label for label in studio.services.characters.labels() if label.startswith("Aki")] == [
        "Aki",
        "Aki Two",
    ]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [("../secret.tower", "no file"), ("absent.tower", "no file"), ("(no .tower file)", "No file is chosen")],
)
def test_a_file_that_is_not_in_the_input_folder_is_refused(studio, graph, file, sentence):
    (studio.comfy.input.parent / "secret.tower").write_bytes(b"PK")
    graph.add("PreviewAny", source=graph.add("TowerCharacterImport", file=file, new_name="").out(1))
    with pytest.raises(PromptRefusedError) as refused:
        studio.run(graph)
    assert sentence in str(refused.value.answer)


def test_a_file_that_is_none_stops_in_words(studio, graph):
    (studio.comfy.input / "broken.tower").write_bytes(b"not a zip")
    graph.add("PreviewAny", source=graph.add("TowerCharacterImport", file="broken.tower", new_name="").out(1))
    run = studio.run(graph)
    assert not run.succeeded and "not a character that can be taken in" in run.error["exception_message"]
