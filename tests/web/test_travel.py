"""Characters that leave and arrive over HTTP."""

from __future__ import annotations

import pytest

CHARACTERS = "/anime/characters"


@pytest.fixture
def hero(site, pictures) -> str:
    where = (
        f"{CHARACTERS}/{site.call('POST', CHARACTERS, {'name': 'Hikari 光', 'prompt': 'blue'}).json['id']}"
    )
    site.upload(f"{where}/references", [("a.png", pictures.png()), ("b.png", pictures.png(shift=30))])
    return where


def test_a_character_leaves_and_arrives_in_another_tower(site, hero, new_site) -> None:
    sent = site.call("GET", f"{hero}/export")
    assert (sent.status, sent.body[:2]) == (200, b"PK")
    assert int(sent.headers["Content-Length"]) == len(sent.body)
    assert sent.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Hikari%20%E5%85%89.tower"
    assert site.call("GET", f"{hero}/export").body == sent.body
    with new_site() as other:
        taken = other.upload_parts(f"{CHARACTERS}/import", [("file", "h.tower", sent.body)])
        assert taken.status == 201, taken.body
        character = taken.json["character"]
        left = site.call("GET", hero).json
        assert [character[key] for key in ("name", "prompt")] == [left[key] for key in ("name", "prompt")]
        for mine, theirs in zip(character["references"], left["references"], strict=True):
            assert other.call("GET", mine["url"]).body == site.call("GET", theirs["url"]).body
        again = other.call("GET", f"{CHARACTERS}/{character['id']}/export")
        assert again.status == 200
        assert other.upload_parts(f"{CHARACTERS}/import", [("file", "h.tower", sent.body)]).status == 409
        project = other.call("POST", "/anime/projects", {"name": "P"}).json["id"]
        parts = [("name", "", b"Rin"), ("project_id", "", str(project).encode())]
        named = other.upload_parts(f"{CHARACTERS}/import", [*parts, ("file", "h.tower", sent.body)])
        assert named.json["character"]["label"] == "P / Rin"


@pytest.mark.parametrize(
    ("parts", "status", "field"),
    [
        ([("file", "a.tower", b"PK\x03\x04 nothing of the kind")], 422, "file"),
        ([("file", "a.tower", b"")], 422, "file"),
        ([], 422, "file"),
        ([("images", "a.png", b"x")], 422, "images"),
        ([("file", "a.tower", b"x"), ("file", "b.tower", b"x")], 422, "file"),
        ([("project_id", "", b"one"), ("file", "a.tower", b"x")], 422, "project_id"),
    ],
    ids=str,
)
def test_what_is_no_character_is_refused_and_leaves_nothing(shared_site, parts, status, field) -> None:
    answer = shared_site.upload_parts(f"{CHARACTERS}/import", parts)
    assert (answer.status, answer.error["field"]) == (status, field)
    home = shared_site.services.settings.home
    assert [path for path in home.rglob("*") if path.is_file() and "tower.db" not in path.name] == []


def test_who_is_not_there_cannot_leave(shared_site) -> None:
    assert shared_site.call("GET", f"{CHARACTERS}/999/export").status == 404
