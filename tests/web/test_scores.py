"""Sequences, mappings and the doctor over HTTP."""

from __future__ import annotations

import pytest

CHARACTERS = "/anime/characters"


@pytest.fixture(scope="module")
def hero(shared_site, pictures) -> str:
    """A character with three references."""
    made = shared_site.call("POST", CHARACTERS, {"name": "Scored Hero"}).json
    where = f"{CHARACTERS}/{made['id']}"
    sent = [(f"{n}.png", pictures.png(shift=n * 12)) for n in range(-1, 2)]
    assert shared_site.upload(f"{where}/references", sent).status == 201
    return where


def test_frames_of_a_shot_are_one_answer(shared_site, hero, pictures) -> None:
    red = pictures.encoded(pictures.drawn((220, 60, 40)))
    frames = [("0.png", pictures.png(shift=4)), ("1.png", red), ("2.png", pictures.png(shift=4))]
    answer = shared_site.upload(f"{hero}/sequence?encoder=appearance", frames)
    assert answer.status == 200, answer.body
    score = answer.json
    assert (score["n_frames"], score["coverage"], score["worst_frame"]) == (3, 1.0, 1)
    assert score["drift"][0] == score["drift"][2] < score["drift"][1]
    assert (score["encoder"], score["mapping"]) == ("appearance", "calibrated/1")


def test_a_score_says_how_it_came_about(shared_site, hero, pictures) -> None:
    query = "encoder=appearance&mapping=legacy"
    [row] = shared_site.upload(f"{hero}/score?{query}", [("a.png", pictures.png(shift=4))]).json
    assert row["mapping"] == "legacy/1"
    assert row["score"] == (1.0 if row["similarity"] > 0.85 else row["similarity"])
    assert row["views"].keys() >= {"figure"} or row["views"]
    bad = shared_site.upload(f"{hero}/score?mapping=magic", [("a.png", pictures.png())])
    assert (bad.status, bad.error["field"]) == (422, "mapping")


def test_the_doctor_looks_at_the_installation_and_at_a_character(shared_site, hero) -> None:
    installation = shared_site.call("GET", "/anime/doctor").json
    assert {"python", "database", "encoders"} <= {check["name"] for check in installation["checks"]}
    assert installation["character"] is None
    character_id = hero.rsplit("/", 1)[-1]
    answer = shared_site.call("GET", f"/anime/doctor?character_id={character_id}&encoder=appearance")
    assert answer.status == 200, answer.body
    shown = answer.json["character"]
    assert (shown["character"], shown["references"], shown["encoder"]) == ("Scored Hero", 3, "appearance")
    assert "few_references" in [finding["code"] for finding in shown["findings"]]
    assert shared_site.call("GET", "/anime/doctor?character_id=999999").status == 404


def test_a_figure_is_chosen_in_a_reference(shared_site, hero) -> None:
    first = shared_site.call("GET", hero).json["references"][0]
    assert (first["box"], first["weight"], first["report"]["width"]) == (None, 1.0, 560)
    where = f"{hero}/references/{first['id']}"
    answer = shared_site.call("PATCH", where, {"box": [20, 10, 550, 560], "weight": 2.0})
    assert answer.status == 200, answer.body
    changed = answer.json["character"]["references"][0]
    assert (changed["box"], changed["weight"]) == ([20, 10, 550, 560], 2.0)
    assert changed["sha256"] == first["sha256"]
    beyond = shared_site.call("PATCH", f"{hero}/references/{changed['id']}", {"box": [0, 0, 600, 600]})
    assert (beyond.status, beyond.error["field"]) == (422, "box")
    assert shared_site.call("PATCH", where, {"weight": 1.0}).status == 404
