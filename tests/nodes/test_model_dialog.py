"""A missing model in the editor: told with its licence, fetched by a button, used by the next run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from support.comfy import comfy_server
from support.hub import hub_server
from support.networks import write_ccip

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
    page.get_by_role("button", name="Close").last.click()
    assert page.locator("dialog#tower-models").count() == 0


@pytest.mark.host
@pytest.mark.browser
def test_other_errors_open_no_dialog(page) -> None:
    page.evaluate(
        "error => window.app.api.dispatchCustomEvent('execution_error', error)",
        {**ERROR, "exception_type": "tower_anime.errors.InputError"},
    )
    page.wait_for_timeout(500)
    assert page.locator("dialog#tower-models").count() == 0
