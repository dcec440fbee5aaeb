"""The Identity Score in a real ComfyUI."""

from __future__ import annotations

import json

import pytest
from PIL import Image

pytestmark = pytest.mark.host

OUTPUTS = ("score", "worst", "worst_frame", "coverage", "passed", "drift", "curve", "report")


def measure(studio, graph, names, **options):
    loaded = [graph.add("LoadImage", image=name) for name in names]
    batch = loaded[0]
    for other in loaded[1:]:
        batch = graph.add("ImageBatch", image1=batch, image2=other)
    loader = graph.add("TowerCharacterLoader", character="Aki")
    chosen = {"encoder": "auto", "mapping": "calibrated", "threshold": 0.0, **options}
    score = graph.add("TowerIdentityScore", images=batch, character=loader, **chosen)
    ends = {
        name: graph.add("PreviewAny", source=score.out(index))
        for index, name in enumerate(OUTPUTS)
        if name != "curve"
    }
    curve = graph.add("SaveImage", images=score.out(6), filename_prefix="curve")
    run = studio.run(graph)
    values = {name: run.history["outputs"][node.id]["text"][0] for name, node in ends.items()}
    return values, run.history["outputs"][curve.id]["images"]


def test_a_shot_is_measured_frame_by_frame(studio, graph, aki, drawn) -> None:
    names = [
        studio.picture("seq_0.png", drawn("Aki", shift=15)),
        studio.picture("seq_1.png", drawn("Ben")),
        studio.picture("seq_2.png", Image.new("RGB", (576, 768), (128, 128, 128))),
    ]
    values, curves = measure(studio, graph, names)
    report = json.loads(values["report"])
    right, wrong, nobody = json.loads(values["drift"])
    assert right < wrong
    assert nobody is None
    assert [frame["status"] for frame in report["frames"]] == ["pass", "fail", "unknown"]
    assert values["worst_frame"] == "1"
    assert float(values["coverage"]) == pytest.approx(2 / 3)
    assert float(values["score"]) == pytest.approx(report["mean"])
    assert values["passed"] == "False"
    [curve] = curves
    with Image.open(studio.comfy.output / curve["filename"]) as picture:
        assert picture.size == (960, 320)


def test_the_legacy_mapping_is_bands_of_similarity(studio, graph, aki, drawn) -> None:
    values, _ = measure(studio, graph, [studio.picture("seq_3.png", drawn("Ben", shift=3))], mapping="legacy")
    [frame] = json.loads(values["report"])["frames"]
    assert frame["mapping"] == "legacy/1"
    expected = (
        1.0 if frame["similarity"] > 0.85 else frame["similarity"] if frame["similarity"] > 0.7 else 0.0
    )
    assert frame["score"] == expected
