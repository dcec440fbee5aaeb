"""The Consistency Gate in a real ComfyUI: who gets through, and what is stored."""

from __future__ import annotations

import pytest
from PIL import Image, ImageFilter

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


@pytest.fixture
def checked(studio, graph, gated):
    """Run a gate over pictures; return what came of it and what it said of each picture."""

    def run(*which: str, **options):
        _, ends = gated(*which, **options)
        done = studio.run(graph)
        assert done.succeeded, done.error["exception_message"]
        return done, ends, done.json(ends["report"])

    return run


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


def test_people_see_what_was_judged(studio, graph, gated):
    gate, _ = gated("right", "wrong", threshold=0.77)
    shown = studio.run(graph).history["outputs"][gate.id]
    [sheet] = shown["images"]
    assert sheet["type"] == "temp" and (studio.comfy.base / "temp" / sheet["filename"]).is_file()
    assert "pictures show Aki" in shown["text"][0]


def test_technical_faults_fail_with_their_reason(studio, drawn, pictures, checked):
    blurred = drawn("Aki", shift=20).filter(ImageFilter.GaussianBlur(5))
    pictures["blurred"] = studio.picture("blurred.png", blurred)
    _, _, [right, blur, blank] = checked("right", "blurred", "nobody", technical=True)
    assert right["status"] == "pass"
    assert blur["status"] == "fail" and "The sharpest edges reach 0." in blur["reason"]
    assert blank["status"] == "fail" and "The contrast is 0.00 codes" in blank["reason"]


def test_a_shot_passes_as_a_whole(studio, drawn, pictures, checked):
    for level in (-1, 0, 1):
        backdrop = (210 + level, 216 + level, 222 + level)
        pictures[f"frame{level}"] = studio.picture(f"frame{level}.png", drawn("Aki", backdrop=backdrop))
    steady = [f"frame{level}" for level in (-1, 0, 1, 0)]
    run, ends, _ = checked(*steady, sequence=True)
    assert [n_saved(run, ends[name]) for name in ("passed", "failed")] == [4, 0]


def test_a_flickering_shot_fails_as_a_whole(studio, drawn, pictures, checked):
    for name, backdrop in (("dark", (150, 156, 160)), ("light", (230, 236, 240))):
        pictures[name] = studio.picture(f"{name}.png", drawn("Aki", backdrop=backdrop))
    run, ends, _ = checked("dark", "light", "dark", "light", sequence=True)
    assert [n_saved(run, ends[name]) for name in ("passed", "failed")] == [0, 4]
    stored = studio.services.gates.list()[0]
    assert stored.passed is not True
    flicker = next(check for check in stored.details["sequence"] if check["name"] == "flicker")
    assert flicker["status"] == "fail" and flicker["measured"] > flicker["limit"]


def test_everybody_on_screen_is_judged(studio, graph, looks, checked, scorer):
    studio.character("Ben", looks["Ben"])
    ben = graph.add("TowerCharacterLoader", character="Ben")
    _, _, [alone] = checked("right", character_2=ben)
    assert alone["status"] == "unknown" and "1 figure was found for 2 characters" in alone["reason"]
    assert [alone["verdicts"][name]["status"] for name in ("Aki", "Ben")] == ["pass", "unknown"]
    scorer(0.8)
    _, _, [together] = checked("right", character_2=ben, threshold=0.31)
    assert together["status"] == "pass" and list(together["verdicts"]) == ["Aki", "Ben"]


def test_a_wired_clip_vision_measures(graph, checked):
    _, _, [verdict] = checked("right", clip_vision=graph.add("TowerProbeClipVision"))
    assert verdict["encoder"].startswith("clip_vision:") and verdict["similarity"] > 0.9


def test_the_version_that_was_used_is_noted(studio, aki, checked):
    run, _, _ = checked("right", threshold=0.81)
    assert studio.job(run).id in studio.services.characters.uses(aki.id)[aki.version.number]
