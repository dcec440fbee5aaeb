"""Stored characters in workflows: who is meant, and what is missed on this machine."""

from __future__ import annotations

import json

import pytest
from support.graphs import plain
from support.media import TEAL, write_references
from tower_anime.consistency.character import CharacterLora
from tower_anime.errors import EmptyReferenceError, InputError, NotFoundError
from tower_anime.production.graphs.ensured import EnsureOptions
from tower_anime.services.workflows import WorkflowService

AS_IT_IS = EnsureOptions()


def inputs_of(ensured, class_type: str) -> dict:
    [inputs] = [made["inputs"] for made in ensured.prompt.values() if made["class_type"] == class_type]
    return inputs


@pytest.fixture
def aki(opened):
    return opened.characters.create("Aki", loras=[CharacterLora("sub/aki.safetensors")])


def test_a_character_of_a_project_goes_by_its_label(opened) -> None:
    project = opened.projects.ensure("Paper Moon")
    opened.characters.create("Aki", project_id=project.id)
    ensured = opened.workflows.ensure(plain(), "Aki", AS_IT_IS)
    assert inputs_of(ensured, "TowerCharacterLoader") == {"character": "Paper Moon / Aki"}


def test_a_version_is_named_by_its_number_or_its_state(opened, aki, tmp_path) -> None:
    opened.characters.make_version(aki.id, age_state="child", emotional_state="sad", make_current=False)
    for ensured in (
        opened.workflows.ensure(plain(), "Aki @ child/sad", AS_IT_IS),
        opened.workflows.ensure(plain(), "Aki", EnsureOptions(version=2)),
    ):
        assert inputs_of(ensured, "TowerCharacterLoader") == {"character": "Aki", "version": 2}


def test_references_are_wired_where_there_are_some(opened, aki, tmp_path) -> None:
    without = opened.workflows.ensure(plain(), "Aki", AS_IT_IS)
    assert "references" not in inputs_of(without, "TowerEmbeddingInjector")
    with pytest.raises(EmptyReferenceError, match="no reference pictures that the adapter plus"):
        opened.workflows.ensure(plain(), "Aki", EnsureOptions(adapter="plus.safetensors"))
    opened.characters.add_references(aki.id, write_references(tmp_path / "refs", TEAL, n=1))
    seen = opened.workflows.ensure(plain(), "Aki", EnsureOptions(adapter="plus.safetensors"))
    assert "adapter" in inputs_of(seen, "TowerEmbeddingInjector")
    latents = opened.workflows.ensure(plain(), "Aki", AS_IT_IS)
    assert {"references", "vae"} <= inputs_of(latents, "TowerEmbeddingInjector").keys()


def test_who_and_what_is_unknown_is_refused(opened, aki) -> None:
    with pytest.raises(NotFoundError, match="Known: Aki"):
        opened.workflows.ensure(plain(), "Ika", AS_IT_IS)
    with pytest.raises(NotFoundError, match="no pose 'flying'"):
        opened.workflows.ensure(plain(), "Aki", EnsureOptions(pose="flying"))
    with pytest.raises(NotFoundError):
        opened.workflows.ensure(plain(), "Aki", EnsureOptions(version=7))


def test_files_that_the_host_lacks_are_told_before_anything_runs(opened, aki, tmp_path) -> None:
    service = WorkflowService(opened.characters, opened.poses, [tmp_path / "models"])
    options = EnsureOptions(pose="sitting", controlnet="openpose.safetensors")
    lora, controlnet = service.ensure(plain(), "Aki", options).warnings
    assert "sub/aki.safetensors" in lora and "loras" in lora and "openpose.safetensors" in controlnet
    for name in ("loras/sub/aki.safetensors", "controlnet/openpose.safetensors"):
        (tmp_path / "models" / name).parent.mkdir(parents=True)
        (tmp_path / "models" / name).touch()
    assert service.ensure(plain(), "Aki", options).warnings == ()


def test_files_are_read_and_written_whole(opened, aki, tmp_path) -> None:
    file, output = tmp_path / "plain.json", tmp_path / "out" / "aki.json"
    file.write_text(json.dumps(plain()), encoding="utf-8")
    ensured = opened.workflows.ensure_file(file, "Aki", AS_IT_IS, output)
    assert json.loads(output.read_text("utf-8")) == ensured.prompt
    assert json.loads(file.read_text("utf-8")) == plain()
    file.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"plain\.json is not JSON"):
        opened.workflows.ensure_file(file, "Aki", AS_IT_IS, output)
    with pytest.raises(InputError, match="cannot be read"):
        opened.workflows.ensure_file(tmp_path / "none.json", "Aki", AS_IT_IS)
