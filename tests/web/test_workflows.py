"""A character put into a workflow over HTTP."""

from __future__ import annotations

import pytest
from support.graphs import node, plain
from tower_anime.production.graphs.ensured import REGIONS

PATH = "/anime/workflows/ensure_consistency"


@pytest.fixture(scope="module")
def aki(shared_site) -> str:
    body = {"name": "Aki", "prompt": "silver hair", "loras": [{"name": "aki.safetensors"}]}
    assert shared_site.call("POST", "/anime/characters", body).status == 201
    return "Aki"


def test_the_changed_workflow_and_the_changes_come_back(shared_site, aki) -> None:
    answer = shared_site.call("POST", PATH, {"prompt": plain(), "character": aki})
    assert answer.status == 200, answer.body
    changes = answer.json["changes"]
    assert [change["kind"] for change in changes] == ["inserted"] * 2 + ["rewired"] * 3
    for change in changes:
        made = answer.json["prompt"][change["node"]]
        assert made["class_type"] == change["class_type"]
        assert change["to"] == (made["inputs"][change["input"]] if change["input"] else made["inputs"])
    assert changes[2]["from"] == ["4", 0]
    assert answer.json["prompt"]["3"]["inputs"]["seed"] == 2**64 - 1


def test_a_second_time_nothing_is_changed(shared_site, aki) -> None:
    once = shared_site.call("POST", PATH, {"prompt": plain(), "character": aki}).json["prompt"]
    twice = shared_site.call("POST", PATH, {"prompt": once, "character": aki}).json
    assert twice["changes"] == [] and twice["prompt"] == once


def test_options_reach_the_nodes(shared_site, aki) -> None:
    options = {
        "strength": 0.5,
        "use_lora": False,
        "pose": "sitting",
        "controlnet": "sub/openpose.safetensors",
    }
    prompt = shared_site.call("POST", PATH, {"prompt": plain(), "character": aki, "options": options}).json[
        "prompt"
    ]
    kinds = {made["class_type"]: made["inputs"] for made in prompt.values()}
    assert kinds["TowerEmbeddingInjector"]["strength"] == 0.5
    assert kinds["TowerEmbeddingInjector"]["use_lora"] is False
    assert kinds["TowerPose"]["pose"] == "sitting"
    assert kinds["ControlNetLoader"]["control_net_name"] == "sub/openpose.safetensors"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"character": "Nobody"}, 404, "name"),
        ({"character": "Aki @ 9"}, 404, None),
        ({"options": {"pose": "flying backwards"}}, 404, "pose"),
        ({"options": {"adapter": "plus.safetensors"}}, 422, "adapter"),
        ({"options": {"adapter": "../plus.safetensors"}}, 422, None),
        ({"options": {"strength": 3}}, 422, None),
        ({"options": {"strenght": 1}}, 422, None),
        ({"prompt": {}}, 422, "prompt"),
        ({"prompt": {"nodes": [], "links": []}}, 422, "prompt"),
        ({"prompt": plain(n3=None, n8=None, n9=None)}, 422, "prompt"),
        ({"prompt": plain(n4=None)}, 422, None),
        ({"prompt": {str(number): node("A") for number in range(2001)}}, 422, "prompt"),
        ({"prompt": {"1": node("A", text="\ud800")}}, 422, "prompt"),
        ({"prompt": {"1": node("A", number=2**64)}}, 422, "prompt"),
    ],
)
def test_refusals_have_the_one_form(shared_site, aki, change, status, field) -> None:
    answer = shared_site.call("POST", PATH, {"prompt": plain(), "character": aki, **change})
    assert answer.status == status, answer.body
    assert answer.error["message"]
    assert field is None or answer.error["field"] == field


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_is_taken(shared_site, aki, region) -> None:
    body = {"prompt": plain(), "character": aki, "options": {"region": region}}
    assert f'"region":"{region}"' in shared_site.call("POST", PATH, body).body.decode()


def test_a_graph_that_is_deeper_than_any_is_refused(shared_site, aki) -> None:
    nested: list = []
    for _ in range(200):
        nested = [nested]
    answer = shared_site.call("POST", PATH, {"prompt": plain(n5=node("A", deep=nested)), "character": aki})
    assert answer.status == 422 and answer.error["field"] == "prompt"
