"""Themes over HTTP: moods and cuts in, a plan out that the nodes and the command take as well."""

from __future__ import annotations

import json

import pytest
from tower_anime.music.theme import ThemePlan

PATH = "/anime/music/theme"


@pytest.fixture
def plan(shared_site):
    """Ask for a plan; return what came."""
    return lambda **body: shared_site.call("POST", PATH, body).json


def test_a_plan_is_as_long_as_its_shots_and_has_reasons(shared_site) -> None:
    shots = [{"seconds": 2.5, "mood": "calm"}, {"seconds": 9.0}, {"seconds": 12.5, "mood": "tense"}]
    answer = shared_site.call("POST", PATH, {"mood": "wistful, rainy night", "shots": shots})
    assert answer.status == 200
    shown = answer.json
    assert shown["seconds"] == 24.0 and shown["cut_times"] == [2.5, 11.5]
    assert shown["key"].endswith("minor") and "rainy night" in shown["tags"]
    assert shown["reasons"] and shown["sources"] and shown["sections"][0]["start_seconds"] == 0.0
    assert ThemePlan.from_text(json.dumps(shown)).as_json() == shown


def test_the_moods_of_project_and_character_count(site) -> None:
    def mood(**body) -> list[str]:
        return site.call("POST", PATH, {"seconds": 12.0, **body}).json["mood"]

    assert mood() == ["steady"]
    made = site.call("POST", "/anime/projects", {"name": "Dusk", "bible": {"tone": ["gloomy", "eerie"]}}).json
    assert set(mood(project_id=made["id"])) == {"dark", "mysterious"}
    aki = site.call("POST", "/anime/characters", {"name": "Aki"}).json
    site.services.characters.change_bible(aki["id"], {"personality": {"summary": "A cheerful girl."}})
    assert mood(character_id=aki["id"]) == ["happy"]
    assert mood(project_id=made["id"], character_id=aki["id"])[-1] == "mysterious"
    assert mood(mood="battle", character_id=aki["id"]) == ["energetic", "happy"]


def test_what_is_wished_for_is_kept(plan) -> None:
    wished = {"min_bpm": 90.0, "max_bpm": 92.0, "key": "Eb minor", "time_signature": 6, "fps": "24000/1001"}
    shown = plan(mood="happy", shots=[{"seconds": 3.3}] * 9, vocals=True, lyrics="one\ntwo", **wished)
    assert 90 <= shown["tempo_bpm"] <= 92 and shown["key"] == "D# minor" and shown["beats_per_bar"] == 6
    assert "one" in shown["lyrics"] and "6/8" in shown["tags"]
    assert shown["cut_times"][0] == pytest.approx(round(3.3 * 24000 / 1001) * 1001 / 24000)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"project_id": 999}, 404),
        ({"character_id": 999}, 404),
        ({"mood": 3}, 422),
        ({"unknown": 1}, 422),
        ({"seconds": 0.5}, 422),
        ({"shots": [{"seconds": 0}]}, 422),
        ({"shots": [{"seconds": 1e9}]}, 422),
        ({"shots": [{"seconds": 600.0}] * 3}, 422),
        ({"shots": [{"seconds": 0.01}] * 300}, 422),
        ({"key": "H major"}, 422),
        ({"previous_key": "loud"}, 422),
        ({"time_signature": 5}, 422),
        ({"min_bpm": 150.0, "max_bpm": 90.0}, 422),
        ({"fps": "0"}, 422),
        ({"fps": "24/0"}, 422),
        ({"fps": "999999"}, 422),
    ],
)
def test_what_cannot_be_meant_is_refused(shared_site, body, status) -> None:
    answer = shared_site.call("POST", PATH, body)
    assert answer.status == status and answer.error["message"]
