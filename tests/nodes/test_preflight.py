"""The Preflight in a real ComfyUI: what could only fail is not sampled."""

from __future__ import annotations

import pytest
from support.comfy import LORA
from tower_anime.consistency.character import CharacterLora

pytestmark = pytest.mark.host


@pytest.fixture
def checked(studio, graph):
    """Check a character before something that stands for sampling; return the run and its ends."""

    def run(name: str, on_fail: str):
        loader = graph.add("TowerCharacterLoader", character=name)
        node = graph.add("TowerPreflight", character=loader, on_fail=on_fail, encoder="appearance")
        gate = {"threshold": 0.0, "encoder": "auto", "gate_type": "post_gen", "on_fail": "report"}
        after = graph.add("TowerConsistencyGate", images=loader.out(1), character=node, **gate)
        ends = graph.add("PreviewAny", source=after.out(4)), graph.add("PreviewAny", source=node.out(2))
        return studio.run(graph), node, ends

    return run


def test_a_sound_character_goes_on(studio, aki, checked):
    run, _, (after, report) = checked("Aki", "stop")
    assert run.succeeded and run.ran(after)
    assert run.json(report)["pictures"][0]["reason"] == "Nothing keeps Aki from being met."
    stored = studio.services.gates.list(job_id=studio.job(run).id)
    assert [(gate.gate_type, gate.passed) for gate in stored] == [("post_gen", True), ("pre_gen", True)]


def test_a_missing_lora_ends_the_run_with_its_name(studio, looks, checked):
    loras = [CharacterLora(LORA), CharacterLora("nowhere.safetensors")]
    studio.character("Cho", looks["Aki"], loras=loras)
    run, node, _ = checked("Cho", "stop")
    assert run.error["node_id"] == node.id
    assert "needs the LoRA nowhere.safetensors" in run.error["exception_message"]
    assert LORA not in run.error["exception_message"]
    assert studio.services.gates.list()[0].passed is False


def test_a_threshold_that_the_references_miss_blocks(studio, looks, checked):
    studio.character("Dai", looks["Ben"], consistency_threshold=0.999)
    run, _, (after, report) = checked("Dai", "block")
    assert run.succeeded and not run.ran(after)
    assert run.json(report)["status"] == "fail"
