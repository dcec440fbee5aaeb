"""The Character Studio over HTTP."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from PIL import Image

CREATE = "/anime/characters/studio/create"


def parts(pictures, n: int = 3, **texts: str) -> list[tuple[str, str, bytes]]:
    named = {"name": "Aoi", "personality": "Quiet.", "visual_traits": '{"hair": "blue"}', **texts}
    images = [("reference_images", f"{k}.png", pictures.png(shift=18 * k)) for k in range(n)]
    return [*((key, "", value.encode()) for key, value in named.items() if value), *images]


def test_one_request_makes_a_character(site, pictures) -> None:
    made = site.upload_parts(CREATE, parts(pictures))
    assert made.status == 201, made.body
    character, run = made.json["character"], made.json["run"]
    assert character["bible"] == {"personality": {"summary": "Quiet."}, "visual_traits": {"hair": "blue"}}
    assert len(character["references"]) == 3
    assert {name: stage["state"] for name, stage in run["stages"].items()} == {
        "references": "done", "bible": "done", "embeddings": "done", "poses": "skipped", "report": "done"
    }  # fmt: skip
    assert made.json["report"] == run["stages"]["report"]["result"]
    assert [row["name"] for row in made.json["report"]["references"]] == ["0.png", "1.png", "2.png"]
    where = f"/anime/characters/{character['id']}"
    assert site.call("GET", f"/anime/characters/studio/{run['id']}").json == run
    assert site.call("GET", f"{where}/studio").json == [run]

    sheet = site.call("GET", f"{where}/sheet")
    assert (sheet.status, sheet.headers["Content-Type"]) == (200, "image/png")
    panels = site.call("GET", f"{where}/sheet/panels").json
    width, height = Image.open(BytesIO(sheet.body)).size
    assert all(panel["box"][2] <= width and panel["box"][3] <= height for panel in panels)
    by_id = {reference["id"] for reference in character["references"]}
    assert {panel["reference_id"] for panel in panels if panel["kind"] == "reference"} == by_id


def test_one_stage_runs_again(site, pictures) -> None:
    run = site.upload_parts(CREATE, parts(pictures)).json["run"]
    again = site.call("POST", f"/anime/characters/studio/{run['id']}/stages/report", {})
    assert again.status == 200
    assert again.json["stages"]["report"]["started_at"] > run["stages"]["report"]["started_at"]
    assert again.json["stages"]["embeddings"] == run["stages"]["embeddings"]
    assert site.call("POST", f"/anime/characters/studio/{run['id']}/stages/sleep", {}).status == 422
    assert site.call("POST", "/anime/characters/studio/99/stages/report", {}).status == 404
    second = site.call("POST", f"/anime/characters/{run['character_id']}/studio", {})
    assert second.status == 201 and second.json["is_complete"]


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a / b"}, "name"),
        ({"visual_traits": "teal"}, "visual_traits"),
        ({"visual_traits": "[]"}, "visual_traits"),
        ({"visual_traits": '{"hair": 1}'}, "bible.visual_traits.hair"),
        ({"personality": '{"mood": "calm"}'}, "bible.personality.mood"),
        ({"bible": '{"hair": "teal"}'}, "bible.hair"),
        ({"project_id": "x"}, "project_id"),
        ({"style": "x"}, "style"),
    ],
    ids=str,
)
def test_a_wrong_part_is_named_and_nothing_is_stored(shared_site, pictures, texts, field) -> None:
    answer = shared_site.upload_parts(CREATE, parts(pictures, 1, **texts))
    assert (answer.status, answer.error["field"]) == (422, field)
    assert shared_site.call("GET", "/anime/characters").json["items"] == []


def test_a_bad_picture_refuses_all_with_its_reason(shared_site, pictures) -> None:
    sent = [*parts(pictures, 2), ("reference_images", "tiny.png", pictures.png(size=100))]
    answer = shared_site.upload_parts(CREATE, sent)
    assert (answer.status, answer.error["field"]) == (422, "reference_images")
    assert "tiny.png" in answer.error["message"] and "picture-0" not in answer.error["message"]
    assert shared_site.upload_parts(CREATE, parts(pictures, 9)).status == 422
    assert shared_site.upload_parts(CREATE, parts(pictures, 0)).status == 422
    assert shared_site.call("GET", "/anime/characters").json["items"] == []
    home = shared_site.services.settings.home
    assert [path for path in home.rglob("*") if path.is_file() and "tower.db" not in path.name] == []


def test_a_taken_name_is_a_conflict(site, pictures) -> None:
    assert site.upload_parts(CREATE, parts(pictures, 1)).status == 201
    answer = site.upload_parts(CREATE, parts(pictures, 1))
    assert (answer.status, answer.error["field"]) == (409, "name")
    assert json.loads(site.call("GET", "/anime/characters").body)["items"][0]["name"] == "Aoi"


def test_without_a_run_there_is_no_sheet(shared_site) -> None:
    made = shared_site.call("POST", "/anime/characters", {"name": "Nobody"}).json["id"]
    for path in ("sheet", "sheet/panels"):
        answer = shared_site.call("GET", f"/anime/characters/{made}/{path}")
        assert answer.status == 404 and "studio run" in answer.error["hint"]
    shared_site.call("DELETE", f"/anime/characters/{made}")
