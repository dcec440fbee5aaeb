"""A missing model in the editor: told with its licence, fetched by a button, used by the next run."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from support.comfy import comfy_server
from support.hub import hub_server
from support.media import TEAL, draw_figure, write_references
from support.networks import write_boxes, write_ccip
from tower_anime.services import open_services
from tower_anime.settings import Settings

CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
# Not pinned to a digest, so that a tiny model may stand in for it.
MODEL = "ccip-caformer-5_fp32"
ERROR = {
    "exception_type": "tower_anime.errors.MissingModelError",
    "exception_message": f"{MODEL} is not installed. Run `tower models get {MODEL}`, or put it there.",
}


@pytest.fixture(scope="module")
def hub() -> Iterator:
    with hub_server() as hub:
        yield hub


@pytest.fixture(scope="module")
def page(comfy_host, hub) -> Iterator:
    """The editor of a ComfyUI that fetches models from the test's own hub."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium found; set CHROMIUM_PATH")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    serving = comfy_server(comfy_host, environment={"TOWER_MODEL_HUB": hub.url})
    with serving as comfy, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.comfy = comfy
        page.goto(comfy.url, wait_until="domcontentloaded")
        page.wait_for_function(
            "() => window.app?.extensionManager && window.app.extensions.some("
            "extension => extension.name === 'tower.models')"
        )
        yield page
        browser.close()


@pytest.mark.host
@pytest.mark.browser
def test_a_missing_model_is_fetched_by_a_button(page, hub, tmp_path) -> None:
    comfy = page.comfy
    hub.files[f"deepghs/ccip_onnx/{MODEL}/model_feat.onnx"] = write_ccip(tmp_path / "m.onnx").read_bytes()
    hub.requests.clear()
    # What the host sends to the browser when a node raises.
    page.evaluate("error => window.app.api.dispatchCustomEvent('execution_error', error)", ERROR)
    row = page.locator(f"dialog#tower-models section[data-model='{MODEL}']")
    row.wait_for()
    assert "Licence: OpenRAIL" in row.inner_text()
    assert str(comfy.base / "models" / "tower" / "ccip" / MODEL) in row.inner_text()
    assert hub.requests == []
    row.get_by_role("button", name="Download").click()
    page.wait_for_function(
        "() => document.querySelector('#tower-models output').textContent.startsWith('Installed')"
    )
    assert (comfy.base / "models" / "tower" / "ccip" / MODEL / "model_feat.onnx").is_file()
    assert row.get_by_role("button", name="Download").is_hidden()
    page.locator("dialog#tower-models").get_by_role("button", name="Close").click()
    assert page.locator("dialog#tower-models").count() == 0


@pytest.mark.host
@pytest.mark.browser
def test_the_next_run_measures_with_what_was_fetched(page, graph_class, tmp_path) -> None:
    """The model of the test before, and detectors put there by hand."""
    comfy, models = page.comfy, page.comfy.base / "models" / "tower"
    table = np.zeros((5, 60), np.float32)
    table[:, 3] = [320, 320, 300, 560, 0.9]
    write_boxes(models / "person" / "person_detect_v1.3_s" / "model.onnx", table)
    opened = open_services(Settings(comfy.home, f"sqlite:///{comfy.home / 'tower.db'}", comfy.output))
    character = opened.characters.create("Teal")
    opened.characters.add_references(character.id, write_references(tmp_path / "refs", TEAL))
    draw_figure(TEAL, size=(768, 768)).save(comfy.input / "teal.png")
    graph = graph_class()
    gate = graph.add(
        "TowerConsistencyGate",
        images=graph.add("LoadImage", image="teal.png"),
        character=graph.add("TowerCharacterLoader", character="Teal"),
        **{"on_fail": "report", "threshold": 0.0, "encoder": f"ccip:{MODEL}", "gate_type": "post_gen"},
    )
    report = graph.add("PreviewAny", source=gate.out(5))
    history = comfy.run_prompt(graph.nodes)
    assert history["status"]["status_str"] == "success", history["status"]["messages"]
    [verdict] = json.loads(history["outputs"][report.id]["text"][0])
    assert verdict["encoder"] == "ccip" and MODEL in verdict["encoder_version"]
    assert list(verdict["views"]) == ["person"] and verdict["similarity"] > 0.5
    opened.close()


@pytest.mark.host
def test_a_missing_model_stops_the_run_with_the_type_and_command_that_the_dialog_reads(
    studio, aki, graph, drawn
) -> None:
    picture = graph.add("LoadImage", image=studio.picture("missing.png", drawn("Aki")))
    gate = graph.add(
        "TowerConsistencyGate",
        images=picture,
        character=graph.add("TowerCharacterLoader", character="Aki"),
        **{"on_fail": "report", "threshold": 0.0, "encoder": "ccip", "gate_type": "post_gen"},
    )
    graph.add("PreviewAny", source=gate.out(5))
    run = studio.run(graph)
    assert not run.succeeded
    assert run.error["exception_type"].endswith("MissingModelError")
    names = re.search(r"tower models get ([\w.\- ]+)`", run.error["exception_message"])[1].split()
    assert names == ["ccip-caformer-24-randaug-pruned", "head_detect_v2.0_s", "person_detect_v1.3_s"]


@pytest.mark.host
@pytest.mark.browser
def test_other_errors_open_no_dialog(page) -> None:
    page.evaluate(
        "error => window.app.api.dispatchCustomEvent('execution_error', error)",
        {**ERROR, "exception_type": "tower_anime.errors.InputError"},
    )
    page.wait_for_timeout(500)
    assert page.locator("dialog#tower-models").count() == 0
