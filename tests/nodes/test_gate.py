"""The Consistency Gate in a real ComfyUI: who gets through, and what is stored."""

from __future__ import annotations

import pytest
from PIL import Image

pytestmark = pytest.mark.host


@pytest.fixture
def pictures(studio, aki, drawn):
    """Names of a picture of Aki, one of somebody else, and one of nobody."""
    return {
        "right": studio.picture("right.png", drawn("Aki", shift=20)),
        "wrong": studio.picture("wrong.png", drawn("Ben")),
        "nobody": studio.picture("nobody.png", Image.new("RGB", (576, 768), (128, 128, 128))),
    }


@pytest.fixture
def gated(studio, graph, pictures):
    """Build a gate over pictures; return the graph's savers and previews by name."""

    def build(*which: str, **options):
        loaded = [graph.add("LoadImage", image=pictures[name]) for name in which]
        batch = loaded[0]
        for other in loaded[1:]:
            batch = graph.add("ImageBatch", image1=batch, image2=other)
        loader = graph.add("TowerCharacterLoader", character="Aki")
        chosen = {
            "on_fail": "report",
            "threshold": 0.0,
            "encoder": "auto",
            "gate_type": "post_gen",
            **options,
        }
        gate = graph.add("TowerConsistencyGate", images=batch, character=loader, **chosen)
        ends = {
            name: graph.add("SaveImage", images=gate.out(index), filename_prefix=f"gate_{name}")
            for index, name in enumerate(("passed", "failed", "best"))
        }
        ends |= {
            name: graph.add("PreviewAny", source=gate.out(index))
            for index, name in enumerate(("all_passed", "score", "report"), 3)
        }
        return gate, ends

    return build


def pixels_of(path) -> bytes:
    with Image.open(path) as image:
        return image.convert("RGB").tobytes()


def n_saved(run, node) -> int:
    return len(run.history["outputs"][node.id]["images"]) if run.ran(node) else 0


def test_a_batch_is_sorted(studio, graph, gated):
    _, ends = gated("right", "wrong", "nobody")
    run = studio.run(graph)
    assert run.succeeded
    assert [n_saved(run, ends[name]) for name in ("passed", "failed", "best")] == [1, 2, 1]
    assert run.text(ends["all_passed"]) == "False"
    assert float(run.text(ends["score"])) == 0.0
    verdicts = run.json(ends["report"])
    assert [verdict["status"] for verdict in verdicts] == ["pass", "fail", "unknown"]
    assert all(verdict["reason"] for verdict in verdicts)


def test_the_best_is_the_one_with_the_highest_score(studio, graph, gated, pictures):
    _, ends = gated("wrong", "right")
    run = studio.run(graph)
    [best] = run.history["outputs"][ends["best"].id]["images"]
    saved = studio.comfy.output / best["subfolder"] / best["filename"]
    assert pixels_of(saved) == pixels_of(studio.comfy.input / pictures["right"])


def test_the_verdict_is_stored_with_its_job(studio, graph, gated, aki):
    _, ends = gated("right", gate_type="final")
    run = studio.run(graph)
    gate = studio.services.gates.list()[0]
    assert (gate.gate_type, gate.passed, gate.character_id) == ("final", True, aki.id)
    assert gate.score == pytest.approx(run.json(ends["report"])[0]["score"])
    assert gate.details["verdicts"] == run.json(ends["report"])
    assert gate.job_id == studio.job(run).id
    assert studio.job(run).quality_score == pytest.approx(gate.score)


def test_the_job_keeps_the_worst_score_of_its_gates(studio, graph, gated):
    scores = []
    for which, threshold in (("right", 0.9), ("wrong", 0.9), ("right", 0.91)):
        _, ends = gated(which, threshold=threshold)
        scores.append(ends["score"])
    run = studio.run(graph)
    assert studio.job(run).quality_score == pytest.approx(min(float(run.text(score)) for score in scores))


@pytest.mark.parametrize(
    ("which", "passed"), [(("right",), True), (("right", "wrong"), False), (("nobody",), None)]
)
def test_an_unknown_is_stored_as_such(studio, graph, gated, which, passed):
    gated(*which)
    studio.run(graph)
    assert studio.services.gates.list()[0].passed is passed


@pytest.mark.parametrize("which", ["wrong", "nobody"])
def test_report_lets_the_run_go_on_without_the_failed(studio, graph, gated, which):
    _, ends = gated(which, on_fail="report")
    run = studio.run(graph)
    assert run.succeeded
    assert not run.ran(ends["passed"]) and run.ran(ends["failed"])


def test_block_lets_nothing_out_of_passed(studio, graph, gated):
    _, ends = gated("right", "wrong", on_fail="block")
    run = studio.run(graph, client_id="a-browser")
    assert run.succeeded
    assert not run.ran(ends["passed"])
    assert [n_saved(run, ends[name]) for name in ("failed", "best")] == [1, 1]


def test_stop_ends_the_run_and_keeps_the_verdict(studio, graph, gated):
    gate, ends = gated("right", "wrong", on_fail="stop")
    run = studio.run(graph)
    assert run.error["node_id"] == gate.id
    assert run.error["exception_type"].endswith("GateStopError")
    assert "1 of 2 pictures show Aki" in run.error["exception_message"]
    stored = studio.services.gates.list()[0]
    assert stored.passed is False and stored.job_id == studio.job(run).id
    assert not run.ran(ends["passed"])


def test_stop_and_block_let_a_good_batch_pass(studio, graph, gated):
    for on_fail in ("stop", "block"):
        _, ends = gated("right", on_fail=on_fail)
        run = studio.run(graph)
        assert run.succeeded and run.ran(ends["passed"]) and not run.ran(ends["failed"])


def test_a_stricter_threshold_fails_the_same_picture(studio, graph, gated):
    _, ends = gated("right", threshold=1.0)
    [verdict] = studio.run(graph).json(ends["report"])
    assert verdict["status"] == "fail" and verdict["threshold"] == 1.0


def test_a_character_without_references_is_an_error_in_words(studio, graph, pictures):
    studio.character("Nameless")
    gate = graph.add(
        "TowerConsistencyGate",
        images=graph.add("LoadImage", image=pictures["right"]),
        character=graph.add("TowerCharacterLoader", character="Nameless"),
        **{"on_fail": "report", "threshold": 0.0, "encoder": "auto", "gate_type": "post_gen"},
    )
    graph.add("PreviewAny", source=gate.out(5))
    error = studio.run(graph).error
    assert error["node_id"] == gate.id and "'Nameless' has no reference picture" in error["exception_message"]
