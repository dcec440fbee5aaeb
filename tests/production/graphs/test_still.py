"""The workflow of one still."""

from __future__ import annotations

import pytest
from tower_anime.errors import InputError
from tower_anime.production.graphs.ensuring import ensure_consistency
from tower_anime.production.graphs.reading import check_graph
from tower_anime.production.graphs.still import StillOrder, still_graph

ORDER = {"scene": "a street at night", "checkpoint": "a.safetensors", "width": 512, "height": 768, "seed": 7}


def inputs(graph, node: str) -> dict:
    return graph[node]["inputs"]


def test_words_become_a_filed_picture() -> None:
    graph = still_graph(StillOrder(**ORDER, negative="blurry", steps=9, cfg=4.5, project="Paper Moon"))
    check_graph(graph)
    assert inputs(graph, "positive")["text"] == "a street at night"
    assert inputs(graph, "negative")["text"] == "blurry"
    assert inputs(graph, "canvas") == {"width": 512, "height": 768, "batch_size": 1}
    sampled = inputs(graph, "sampler")
    assert (sampled["seed"], sampled["steps"], sampled["cfg"]) == (7, 9, 4.5)
    assert inputs(graph, "file") == {
        "images": ["picture", 0],
        "project_name": "Paper Moon",
        "filename_prefix": "still",
    }
    assert "gate" not in graph


@pytest.mark.parametrize("on_fail", ["report", "regenerate"])
def test_a_character_is_judged_and_the_picture_filed_by_the_verdict(on_fail) -> None:
    graph = still_graph(StillOrder(**ORDER, character="Aki", on_fail=on_fail, max_attempts=3))
    check_graph(graph)
    gate = inputs(graph, "gate")
    assert gate["images"] == ["picture", 0] and gate["character"] == ["character", 0]
    assert (gate["on_fail"], gate["max_attempts"]) == (on_fail, 3)
    assert inputs(graph, "file")["images"] == ["gate", 0]
    failed = inputs(graph, "file_failed")
    assert failed["images"] == ["gate", 1] and failed["filename_prefix"] == "still_failed"


def test_the_character_of_the_gate_is_the_one_that_is_put_into_the_model() -> None:
    ensured = ensure_consistency(still_graph(StillOrder(**ORDER, character="Aki")), "Aki").graph
    classes = [node["class_type"] for node in ensured.values()]
    assert classes.count("TowerCharacterLoader") == 1 and classes.count("TowerEmbeddingInjector") == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"width": 60}, "width"),
        ({"height": 8200}, "height"),
        ({"width": 515}, "width"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"scene": " "}, "scene"),
    ],
)
def test_what_no_node_takes_is_refused(wrong, field) -> None:
    with pytest.raises(InputError) as refused:
        StillOrder(**{**ORDER, **wrong})
    assert refused.value.field == field
