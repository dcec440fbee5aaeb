"""The Character Loader in a real ComfyUI: the live list, what it gives, and when it runs again."""

from __future__ import annotations

import pytest
from support.comfy import LORA, PromptRefusedError
from tower_anime.errors import ConflictError

pytestmark = pytest.mark.host


def options_of(studio) -> list[str]:
    kind, details = studio.comfy.object_info("TowerCharacterLoader")["input"]["required"]["character"]
    return details["options"] if kind == "COMBO" else kind


def test_a_new_character_is_in_the_list_at_once(studio):
    assert "Newcomer" not in options_of(studio)
    studio.character("Newcomer")
    assert "Newcomer" in options_of(studio)


def test_a_character_of_a_project_is_listed_under_it(studio, graph):
    project = studio.services.projects.ensure("Lantern Street")
    studio.services.characters.create("Mio", project_id=project.id, prompt="blue ribbon")
    assert "Lantern Street / Mio" in options_of(studio)
    prompt = graph.add(
        "PreviewAny", source=graph.add("TowerCharacterLoader", character="Lantern Street / Mio").out(2)
    )
    assert studio.run(graph).text(prompt) == "blue ribbon"


def test_it_tells_what_is_stored(studio, graph, aki):
    loader = graph.add("TowerCharacterLoader", character="Aki")
    shown = graph.add("PreviewAny", source=loader.out(3))
    report = studio.run(graph).json(shown)
    assert report["name"] == "Aki" and report["loras"] == [LORA]
    assert [reference["sha256"] for reference in report["references"]] == [r.sha256 for r in aki.references]


def test_references_of_different_sizes_become_one_batch(studio, graph, looks):
    studio.character("Sizes", looks["Aki"], sizes=[(512, 512), (600, 900), (1024, 576)])
    loader = graph.add("TowerCharacterLoader", character="Sizes")
    preview = graph.add("PreviewImage", images=loader.out(1))
    images = studio.run(graph).history["outputs"][preview.id]["images"]
    assert len(images) == 3


def test_without_references_only_what_wants_them_is_blocked(studio, graph):
    studio.character("Unseen", prompt="a shadow")
    loader = graph.add("TowerCharacterLoader", character="Unseen")
    pictures = graph.add("PreviewImage", images=loader.out(1))
    prompt = graph.add("PreviewAny", source=loader.out(2))
    run = studio.run(graph, client_id="a-browser")
    assert run.succeeded and run.text(prompt) == "a shadow" and not run.ran(pictures)


def test_a_changed_character_runs_again_and_an_unchanged_one_does_not(studio, graph):
    character = studio.character("Changing", prompt="short hair")
    loader = graph.add("TowerCharacterLoader", character="Changing")
    shown = graph.add("PreviewAny", source=loader.out(2))
    assert studio.run(graph).text(shown) == "short hair"
    assert loader.id in studio.run(graph).cached
    studio.services.characters.update(character.id, prompt="long hair")
    assert studio.run(graph).text(shown) == "long hair"


@pytest.mark.parametrize(
    ("label", "sentence"),
    [("Nemo", "there is no character 'Nemo'"), ("(no character yet …)", "No character is chosen")],
)
def test_a_character_that_is_not_there_is_refused_in_words(studio, graph, label, sentence):
    graph.add("PreviewAny", source=graph.add("TowerCharacterLoader", character=label).out(2))
    with pytest.raises(PromptRefusedError) as refused:
        studio.run(graph)
    [error] = refused.value.answer["node_errors"]["1"]["errors"]
    assert sentence in error["details"] + error["message"]


def test_a_version_brings_its_own_pictures_and_prompt(studio, graph, looks, tmp_path, drawn):
    character = studio.character("Grown", looks["Ben"], prompt="green hair")
    picture = tmp_path / "child.png"
    drawn("Ben", shift=40).save(picture)
    studio.services.characters.make_version(character.id, [picture], age_state="child", prompt="small")
    newest = character.version.number + 1
    child = graph.add("TowerCharacterLoader", character="Grown", version=newest)
    grown = graph.add("TowerCharacterLoader", character="Grown")
    named = graph.add("TowerCharacterLoader", character="Grown @ child/")
    prompts = [graph.add("PreviewAny", source=node.out(2)) for node in (child, grown, named)]
    pictures = [graph.add("PreviewImage", images=node.out(1)) for node in (child, grown)]
    run = studio.run(graph)
    assert [run.text(shown) for shown in prompts] == ["green hair, small", "green hair", "green hair, small"]
    assert [len(run.history["outputs"][node.id]["images"]) for node in pictures] == [1, 4]
    job = studio.job(run).id
    with pytest.raises(ConflictError, match=f"version {newest} of 'Grown' was used by job {job}"):
        studio.services.characters.update_version(character.id, newest, prompt="tiny")


def test_a_version_that_is_not_there_is_refused_in_words(studio, graph, aki):
    graph.add("PreviewAny", source=graph.add("TowerCharacterLoader", character="Aki", version=99).out(2))
    with pytest.raises(PromptRefusedError) as refused:
        studio.run(graph)
    error = refused.value.answer["node_errors"]["1"]["errors"][0]
    assert "no version '99'" in error["details"] + error["message"]
