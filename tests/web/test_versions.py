"""Versions and bibles over HTTP."""

from __future__ import annotations

import pytest

CHARACTERS = "/anime/characters"


@pytest.fixture
def hero(site, pictures) -> str:
    where = f"{CHARACTERS}/{site.call('POST', CHARACTERS, {'name': 'Hero'}).json['id']}"
    site.upload(f"{where}/references", [("a.png", pictures.png()), ("b.png", pictures.png(shift=30))])
    return where


def test_a_version_is_made_shown_chosen_and_deleted(site, hero) -> None:
    made = site.call("POST", f"{hero}/versions", {"age_state": "child", "prompt": "small"})
    assert (made.status, made.json["version"]["number"], made.json["current_version"]) == (201, 3, 2)
    assert len(made.json["references"]) == 2
    changed = site.call("PATCH", f"{hero}/versions/3", {"emotional_state": "sad"}).json["version"]
    assert (changed["age_state"], changed["emotional_state"], changed["prompt"]) == ("child", "sad", "small")
    assert site.call("GET", f"{hero}/versions/3").json["version"] == changed
    assert site.call("POST", f"{hero}/versions/3/current", {}).json["version"]["number"] == 3
    assert site.call("GET", hero).json["version"] == changed
    listed = site.call("GET", f"{hero}/versions").json
    assert [(v["number"], v["is_current"], len(v["references"])) for v in listed] == [
        (1, False, 0),
        (2, False, 2),
        (3, True, 2),
    ]
    refused = site.call("DELETE", f"{hero}/versions/3")
    assert (refused.status, refused.error["field"]) == (409, "number")
    assert site.call("DELETE", f"{hero}/versions/1").status == 204
    assert site.call("GET", f"{hero}/versions/1").status == 404


def test_a_version_may_have_pictures_of_its_own(site, hero, pictures) -> None:
    parts = [
        ("age_state", "", b"child"),
        ("make_current", "", b"true"),
        ("images", "c.png", pictures.png(shift=9)),
    ]
    made = site.upload_parts(f"{hero}/versions/pictures", parts)
    assert made.status == 201, made.body
    character = made.json["character"]
    assert (character["version"]["age_state"], len(character["references"])) == ("child", 1)
    assert character["current_version"] == 3
    older = site.call("GET", f"{hero}/versions/2").json["references"]
    assert [site.call("GET", reference["url"]).status for reference in older] == [200, 200]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([("age_state", "", b"child")], "images"),
        ([("age", "", b"child")], "age"),
        ([("age_state", "", b"a"), ("age_state", "", b"b")], "age_state"),
        ([("age_state", "", b"\xff")], "age_state"),
        ([("age_state", "", b"x" * 51), ("images", "a.png", None)], "age_state"),
        ([("age_state", "", b"a/b"), ("images", "a.png", None)], "age_state"),
        ([("make_current", "", b"yes"), ("images", "a.png", None)], "make_current"),
    ],
    ids=str,
)
def test_a_wrong_part_is_named_and_nothing_is_stored(site, hero, pictures, parts, field) -> None:
    sent = [(name, file, pictures.png() if data is None else data) for name, file, data in parts]
    answer = site.upload_parts(f"{hero}/versions/pictures", sent)
    assert (answer.status, answer.error["field"]) == (422, field)
    assert len(site.call("GET", f"{hero}/versions").json) == 2


def test_a_used_version_is_refused_with_its_job(site, hero, opened) -> None:
    job = opened.jobs.create("prompt", "workflow")
    character = opened.characters.get(int(hero.rsplit("/", 1)[1]))
    opened.characters.note_use(job.id, character.version.id)
    answer = site.call("PATCH", f"{hero}/versions/2", {"prompt": "x"})
    assert answer.status == 409 and f"job {job.id}," in answer.error["message"]
    assert site.call("GET", f"{hero}/versions").json[1]["job_ids"] == [job.id]


def test_a_bible_makes_the_round_trip(site, hero) -> None:
    bible = {"age": "17", "personality": {"traits": ["loyal"]}, "voice": {"speed": 1.25, "engine": None}}
    assert site.call("PATCH", f"{hero}/bible", bible).json == bible
    assert site.call("GET", f"{hero}/bible").json == site.call("GET", hero).json["bible"] == bible
    assert site.call("PATCH", f"{hero}/bible", {"age": None, "backstory": ""}).json == {
        "personality": bible["personality"],
        "backstory": "",
        "voice": bible["voice"],
    }
    refused = site.call("PATCH", f"{hero}/bible", {"voice": {"volume": 1}})
    assert (refused.status, refused.error["field"]) == (422, "voice.volume")
