"""The example workflows: run by API, and opened in the editor."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.comfy import ADAPTER

EXAMPLES = Path(__file__).resolve().parents[2] / "example_workflows"
NAMES = [
    "tower_character_gate",
    "tower_regenerate",
    "tower_bpm_sync",
    "tower_music_match",
    "tower_beat_schedule",
    "tower_adapter",
    "tower_two_characters",
    "tower_theme",
]
# Chosen from the host's own lists when the editor opens a workflow.
CHOSEN_IN_PLACE = {"ckpt_name", "character", "file", "audio", "clip_name", "adapter_name"}
# Real CLIP vision models are too large for a test: this one is only listed, and a probe runs in its place.
CLIP_VISION = "listed.safetensors"
CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def ready(studio, aki, looks, media):
    """What the example workflows choose is there."""
    studio.character("Ben", looks["Ben"], prompt="green hair, yellow coat")
    folder = studio.comfy.base / "models" / "clip_vision"
    folder.mkdir(exist_ok=True)
    (folder / CLIP_VISION).touch()
    media.video("shots.mp4", [1.7, 2.3, 1.2, 2.6])
    media.clicks("beats.wav", bpm=120.0, seconds=16.0)
    return studio


def nodes_of(prompt: dict, class_type: str) -> list[str]:
    return [node_id for node_id, node in prompt.items() if node["class_type"] == class_type]


def assets_of(studio, run) -> list:
    """Return the recorded files of a run, each checked against its digest."""
    assets = studio.services.assets.list(job_id=studio.job(run).id)
    for asset in assets:
        assert hashlib.sha256(asset.file_path.read_bytes()).hexdigest() == asset.sha256
    return assets


@pytest.mark.host
def test_sample_inject_gate_save(ready):
    prompt = ready.workflow("tower_character_gate")
    [latent], [sampler] = nodes_of(prompt, "EmptyLatentImage"), nodes_of(prompt, "KSampler")
    prompt[latent]["inputs"] |= {"width": 64, "height": 64, "batch_size": 2}
    prompt[sampler]["inputs"] |= {"steps": 2}
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]

    assets = assets_of(ready, run)
    assert [asset.file_type for asset in assets] == ["image"] * 2
    verdict = ready.services.gates.list(job_id=ready.job(run).id)
    assert len(verdict) == 1 and len(verdict[0].details["verdicts"]) == 2

    again = ready.run(prompt)
    assert again.cached == set(prompt) and assets_of(ready, again) == []


@pytest.mark.host
def test_sample_again_until_it_passes(ready, scorer):
    scorer(0.1, 0.2, 0.9)
    prompt = ready.workflow("tower_regenerate")
    [latent], [sampler] = nodes_of(prompt, "EmptyLatentImage"), nodes_of(prompt, "KSampler")
    prompt[latent]["inputs"] |= {"width": 64, "height": 64}
    prompt[sampler]["inputs"] |= {"steps": 2, "seed": 4711}
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]
    attempts = ready.services.gates.list(job_id=ready.job(run).id)[::-1]
    assert [(one.attempt, one.passed) for one in attempts] == [(1, False), (2, False), (3, True)]
    # The third attempt has the injector turned up; both savers got its picture.
    assert attempts[2].details["changes"]["strength"] == 1.15
    assert len(assets_of(ready, run)) == 2


@pytest.mark.host
def test_picture_sync_save(ready):
    run = ready.run(ready.workflow("tower_bpm_sync"))
    assert run.succeeded, run.error["exception_message"]
    [asset] = assets_of(ready, run)
    assert asset.file_type == "video" and asset.duration_seconds > 5


@pytest.mark.host
def test_music_found_for_a_picture(ready):
    prompt = ready.workflow("tower_music_match")
    [library] = nodes_of(prompt, "TowerTrackLibrary")
    # Other tests leave other music in the folder.
    prompt[library]["inputs"] |= {"min_bpm": 119.0, "max_bpm": 121.0}
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]
    [shown] = nodes_of(prompt, "PreviewAny")
    report = json.loads(run.history["outputs"][shown]["text"][0])
    assert report["tempo_bpm"] == pytest.approx(120.0, rel=0.01)
    assert report["hit_rate"] > report["chance_hit_rate"]
    assert report["n_frames"] == report["n_frames_before"]
    [asset] = assets_of(ready, run)
    assert asset.file_type == "video" and asset.duration_seconds == pytest.approx(7.8, abs=0.02)


@pytest.mark.host
def test_music_as_numbers_for_each_frame(ready):
    prompt = ready.workflow("tower_beat_schedule")
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]
    keyframes, report = (run.history["outputs"][node]["text"][0] for node in nodes_of(prompt, "PreviewAny"))
    beats = json.loads(report)["beat_frames"]
    assert {later - earlier for earlier, later in itertools.pairwise(beats)} == {12}
    numbers = {int(frame): float(value) for frame, value in re.findall(r"(\d+):\(([\d.]+)\)", keyframes)}
    assert all(numbers[frame] >= 0.68 for frame in beats)
    assert min(numbers.values()) >= 0.2 and max(numbers.values()) == 1.0


def small(prompt: dict, width: int, height: int) -> dict:
    """Return a workflow with an adapter at a size for tests, with a CLIP vision model that is no file."""
    [latent], [sampler] = nodes_of(prompt, "EmptyLatentImage"), nodes_of(prompt, "KSampler")
    [vision] = nodes_of(prompt, "CLIPVisionLoader")
    prompt[latent]["inputs"] |= {"width": width, "height": height}
    prompt[sampler]["inputs"] |= {"steps": 2}
    prompt[vision] = {"class_type": "TowerProbeClipVision", "inputs": {"width": 24}}
    return prompt


def reported(run, prompt: dict) -> dict:
    """Return what the Embedding Injector said, from the preview that it is connected to."""
    [injector] = nodes_of(prompt, "TowerEmbeddingInjector")
    [shown] = [
        node_id
        for node_id in nodes_of(prompt, "PreviewAny")
        if prompt[node_id]["inputs"]["source"] == [injector, 4]
    ]
    return json.loads(run.history["outputs"][shown]["text"][0])


@pytest.mark.host
def test_a_character_by_an_adapter(ready):
    prompt = small(ready.workflow("tower_adapter"), 64, 64)
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]
    report = reported(run, prompt)
    assert report["degraded"] == []
    [adapter] = [entry for entry in report["applied"] if entry["what"] == f"adapter {ADAPTER}"]
    assert "16 tokens of 4 pictures in 7 of 7 cross-attentions at 0.8" in adapter["detail"]
    assert len(assets_of(ready, run)) == 1


@pytest.mark.host
def test_two_characters_each_in_a_half(ready):
    prompt = small(ready.workflow("tower_two_characters"), 128, 64)
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]
    report = reported(run, prompt)
    assert report["degraded"] == []
    shown = [entry["character"] for entry in report["applied"] if entry["what"].startswith("adapter")]
    assert shown == ["Aki", "Ben"]
    assert not any(entry["what"].startswith("LoRA") for entry in report["applied"])
    assert len(assets_of(ready, run)) == 1


@pytest.mark.host
def test_music_made_to_measure(ready):
    prompt = ready.workflow("tower_theme")
    [decoder], [planner] = nodes_of(prompt, "VAEDecodeAudio"), nodes_of(prompt, "TowerThemePlanner")
    # A probe makes the music: wrong at first, and after that as planned.
    prompt[planner]["inputs"] |= {"min_bpm": 100, "max_bpm": 100, "key": "C major"}
    takes = [{"bpm": 131, "seconds": 40}, {"bpm": 100, "seconds": 40}]
    probe = {"run": "tower_theme", "takes": json.dumps(takes), "seed": 1}
    prompt[decoder] = {"class_type": "TowerProbeMusic", "inputs": probe}
    run = ready.run(prompt)
    assert run.succeeded, run.error["exception_message"]
    made = ready.services.gates.list(job_id=ready.job(run).id)[::-1]
    assert [one.passed for one in made] == [False, True]
    [asset] = assets_of(ready, run)
    assert asset.file_type == "audio" and asset.duration_seconds == pytest.approx(30.0, abs=0.01)
    assert "131" in made[0].details["summary"] and made[1].details["stretch"] == 1.0


@pytest.fixture(scope="module")
def editor(studio) -> Iterator:
    """The host's editor in a real browser, which keeps an event loop running for as long as it is open."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium found; set CHROMIUM_PATH")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.request.post(
            f"{studio.comfy.url}/api/settings/Comfy.TutorialCompleted",
            data="true",
            headers={"Content-Type": "application/json"},
        )
        page.goto(studio.comfy.url, wait_until="domcontentloaded")
        page.wait_for_function(
            "() => window.app?.graph && window.app.extensionManager"
            " && window.LiteGraph?.registered_node_types?.TowerProjectSaver"
        )
        yield page
        browser.close()


@pytest.mark.host
@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
class TestInTheEditor:
    @pytest.fixture
    def opened(self, ready, editor, name):
        # Lists are read when the page loads, and the tests have made files since.
        editor.evaluate("async () => await window.app.refreshComboInNodes()")
        workflow = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
        editor.evaluate("async workflow => { await window.app.loadGraphData(workflow) }", workflow)
        return editor

    def test_no_node_is_missing_or_red(self, opened, name):
        # A node that the editor does not know has the class of plain nodes, and a red frame.
        odd = opened.evaluate(
            "() => window.app.graph.nodes.filter(node => node.has_errors"
            " || !LiteGraph.registered_node_types[node.type]).map(node => node.type)"
        )
        assert odd == []

    def test_it_is_the_api_form_that_the_tests_run(self, opened, ready, name):
        made = opened.evaluate("async () => (await window.app.graphToPrompt()).output")
        expected = ready.workflow(name)
        assert made.keys() == expected.keys()
        for node_id, node in expected.items():
            assert made[node_id]["class_type"] == node["class_type"]
            for key, value in node["inputs"].items():
                if key not in CHOSEN_IN_PLACE or isinstance(value, list):
                    assert made[node_id]["inputs"][key] == value, (node_id, key)
                else:
                    assert made[node_id]["inputs"][key], (node_id, key)


@pytest.mark.host
@pytest.mark.browser
def test_the_editor_runs_an_example(ready, editor):
    editor.evaluate("async () => await window.app.refreshComboInNodes()")
    workflow = json.loads((EXAMPLES / "tower_bpm_sync.json").read_text("utf-8"))
    editor.evaluate("async workflow => { await window.app.loadGraphData(workflow) }", workflow)
    editor.evaluate(
        """() => {
            const choose = (type, widget, value) => {
                window.app.graph.nodes.find(node => node.type === type)
                    .widgets.find(one => one.name === widget).value = value;
            };
            choose("LoadVideo", "file", "shots.mp4");
            choose("LoadAudio", "audio", "beats.wav");
            choose("TowerProjectSaver", "filename_prefix", "from_the_editor");
        }"""
    )
    editor.evaluate("async () => await window.app.queuePrompt(0, 1)")
    editor.wait_for_function(
        "() => JSON.stringify(window.app.nodeOutputs ?? {}).includes('from_the_editor_00001.mp4')"
    )
    assert (ready.comfy.output / "tower" / "my-project" / "from_the_editor_00001.mp4").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_a_picture_of_itself(name):
    assert (EXAMPLES / f"{name}.jpg").read_bytes().startswith(b"\xff\xd8")
