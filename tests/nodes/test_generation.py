"""What the first design's script for testing consistency asks for, of a real ComfyUI, at a size for tests."""

from __future__ import annotations

import pytest
from support.comfy import CHECKPOINT

pytestmark = pytest.mark.host


def post(comfy, path: str, body: dict) -> dict:
    status, answer = comfy.request("POST", path, body, timeout=170)
    assert status in {200, 201}, answer
    return answer


@pytest.fixture
def kai(studio, drawn) -> dict:
    """A character made from one picture in the input folder, as the script makes it."""
    folder = studio.comfy.input / "kai"
    folder.mkdir(exist_ok=True)
    drawn("Aki", size=(576, 768), backdrop=(226, 232, 238)).save(folder / "reference.png")
    known = {made.name: made for made in studio.services.characters.list()}
    if "Kai Nakamura" in known:
        studio.services.characters.delete(known["Kai Nakamura"].id)
    body = {"name": "Kai Nakamura", "reference_image": "kai/reference.png"}
    return post(studio.comfy, "/api/anime/characters", body)


def test_the_script_prints_a_number(studio, kai, scorer) -> None:
    scorer(0.74)
    body = {
        "character_id": kai["id"],
        "scene": "Kai standing in cyberpunk street",
        "ensure_consistency": True,
        **{"steps": 2, "width": 64, "height": 64},
    }
    result = post(studio.comfy, "/api/anime/generate", body)
    assert result["status"] == "done" and result["checkpoint"] == CHECKPOINT
    assert result["quality_metrics"]["consistency"] == pytest.approx(0.74)
    [asset] = result["assets"]
    status, _ = studio.comfy.request("GET", asset["url"])
    assert status == 200 and (asset["width"], asset["height"]) == (64, 64)
    inserted = [change["class_type"] for change in result["changes"] if change["kind"] == "inserted"]
    assert inserted == ["TowerEmbeddingInjector"]


def test_it_is_made_again_until_it_passes_and_the_best_is_filed(studio, kai, scorer) -> None:
    scorer(0.1, 0.9)
    body = {"character_id": kai["id"], "scene": "Kai", "on_fail": "regenerate", "seed": 5}
    result = post(studio.comfy, "/anime/generate", {**body, "steps": 2, "width": 64, "height": 64})
    quality = result["quality_metrics"]
    assert quality["passed"] is True and quality["attempts"] == 2
    assert quality["consistency"] == pytest.approx(0.9) and len(result["assets"]) == 1


def test_noise_is_nobody(studio, kai) -> None:
    body = {"character_id": kai["id"], "scene": "Kai", "steps": 1, "width": 256, "height": 256}
    result = post(studio.comfy, "/anime/generate", body)
    assert result["status"] == "done" and result["quality_metrics"]["passed"] is not True
    assert result["quality_metrics"]["reason"]
    [asset] = result["assets"]
    assert asset["name"].startswith("still_failed")


def test_a_picture_elsewhere_is_not_read(studio) -> None:
    body = {"name": "Thief", "reference_image": "../user/__tower/tower.db"}
    status, answer = studio.comfy.request("POST", "/anime/characters", body)
    assert status == 403 and "input folder" in answer["error"]["message"]
