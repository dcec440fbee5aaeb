from __future__ import annotations

import asyncio
import threading
import time

import pytest
from tower_anime.errors import StorageError

PROJECTS = "/anime/projects"


def test_a_project_lives_from_post_to_delete(site) -> None:
    made = site.call(
        "POST", PROJECTS, {"name": "  Étoile ", "description": "one\ntwo", "bible": {"tone": "warm"}}
    )
    assert made.status == 201
    project = made.json
    assert (project["name"], project["status"], project["bible"]) == ("Étoile", "active", {"tone": "warm"})
    where = f"{PROJECTS}/{project['id']}"
    assert site.call("GET", where).json == project
    assert site.call("GET", "/api" + where).json == project

    changed = site.call("PATCH", where, {"name": "Nova", "status": "archived"})
    assert changed.status == 200
    assert (changed.json["name"], changed.json["status"]) == ("Nova", "archived")
    assert changed.json["folder"] == project["folder"]
    assert changed.json["description"] == "one\ntwo"
    assert site.call("PATCH", where, {}).json["name"] == "Nova"

    assert site.call("DELETE", where).status == 204
    gone = site.call("GET", where)
    assert gone.status == 404
    assert gone.error["code"] == "not_found"
    assert str(project["id"]) in gone.error["message"]
    assert site.call("DELETE", where).status == 404


def test_a_taken_name_is_a_conflict(site) -> None:
    site.call("POST", PROJECTS, {"name": "A"})
    second = site.call("POST", PROJECTS, {"name": "A"})
    assert (second.status, second.error["field"]) == (409, "name")


def test_a_project_with_contents_is_deleted_only_by_cascade(site) -> None:
    project = site.call("POST", PROJECTS, {"name": "A"}).json["id"]
    hero = site.call("POST", "/anime/characters", {"name": "Hero", "project_id": project}).json["id"]
    refused = site.call("DELETE", f"{PROJECTS}/{project}")
    assert refused.status == 409
    assert "1 character" in refused.error["message"]
    assert site.call("GET", f"/anime/characters/{hero}").status == 200
    assert site.call("DELETE", f"{PROJECTS}/{project}?cascade=true").status == 204
    assert site.call("GET", f"/anime/characters/{hero}").status == 404


def test_pages_follow_each_other_without_gap_or_overlap(site) -> None:
    ids = [site.call("POST", PROJECTS, {"name": f"P{n}"}).json["id"] for n in range(7)]
    seen, cursor = [], ""
    while True:
        page = site.call("GET", f"{PROJECTS}?limit=3{cursor}").json
        assert len(page["items"]) <= 3
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids
    assert len(site.call("GET", f"{PROJECTS}?limit=7").json["items"]) == 7
    assert site.call("GET", f"{PROJECTS}?limit=7").json["next_cursor"] is None


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"name": True}, "name"),
        ({"name": ["a"]}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "safe\u202egnp.exe"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "a", "colour": "red"}, "colour"),
        ({"name": "a", "id": 5}, "id"),
        ({"name": "a", "description": "b\u0000"}, "description"),
        ({"name": "a", "description": "x" * 20_001}, "description"),
        ({"name": "a", "bible": []}, "bible"),
        ({"name": "a", "bible": {"k": "\u0000"}}, "bible"),
        ({"name": "a", "bible": {"\u0000": 1}}, "bible"),
        ({"name": "a", "bible": {"k": "\udfff"}}, "bible"),
        ({"name": "a", "bible": {"k": 2**64}}, "bible"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_wrong_field_is_named(shared_site, data, field) -> None:
    answer = shared_site.call("POST", PROJECTS, data)
    assert answer.status == 422
    assert answer.error["field"] == field
    assert answer.error["message"].isprintable()
    assert shared_site.call("GET", PROJECTS).json["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"name": "a",}', 400),
        (b"\xff\xfe", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (b"9" * 5000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"x"', 422),
        (b'{"name": NaN}', 422),
        (b'{"name": "a", "bible": {"x": -Infinity}}', 422),
        (b'{"name": "a", "bible": {"x": 1e999}}', 422),
        (b'{"name": "a", "bible": ' + b'{"x":' * 40 + b"1" + b"}" * 40 + b"}", 422),
        (b'{"name": "' + b"a" * (1 << 20) + b'"}', 413),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_body_that_is_no_project_is_refused(shared_site, body, status) -> None:
    answer = shared_site.call("POST", PROJECTS, body=body, headers={"Content-Type": "application/json"})
    assert answer.status == status, answer.body
    assert answer.error["message"]


@pytest.mark.parametrize(
    "project_id",
    ["0", "-1", "1.0", "abc", "9223372036854775808", "9" * 400, "%00", "1%20", "1_0", "%D9%A1", "+1"],
)
def test_an_id_that_is_none_is_named(shared_site, project_id) -> None:
    answer = shared_site.call("GET", f"{PROJECTS}/{project_id}")
    assert (answer.status, answer.error["field"]) == (422, "project_id")


@pytest.mark.parametrize("project_id", ["1", "2147483648", "9223372036854775807"])
def test_an_id_that_nothing_has_is_not_found(shared_site, project_id) -> None:
    assert shared_site.call("GET", f"{PROJECTS}/{project_id}").status == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=-1", "cursor"),
        ("cursor=9223372036854775808", "cursor"),
        ("sort=name", "sort"),
        ("%00=1", "\\x00"),
    ],
)
def test_a_wrong_parameter_is_named(shared_site, query, field) -> None:
    answer = shared_site.call("GET", f"{PROJECTS}?{query}")
    assert (answer.status, answer.error["field"]) == (422, field)


def test_a_flag_is_true_or_false(shared_site) -> None:
    assert shared_site.call("DELETE", f"{PROJECTS}/1?cascade=yes").error["field"] == "cascade"
    assert shared_site.call("GET", f"{PROJECTS}/1?cascade=true").status == 422


def test_the_loop_turns_while_the_database_is_slow(site) -> None:
    """A call that takes 0.6 s in the database must not keep the loop from turning."""
    site.call("GET", PROJECTS)
    gaps: list[float] = []
    stop = threading.Event()

    async def tick() -> None:
        before = time.perf_counter()
        while not stop.is_set():
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            gaps.append(now - before)
            before = now

    ticking = asyncio.run_coroutine_threadsafe(tick(), site.loop)
    slow = asyncio.run_coroutine_threadsafe(site.services.database.run(time.sleep, 0.6), site.loop)
    started = time.perf_counter()
    answer = site.call("GET", PROJECTS)
    waited = time.perf_counter() - started
    slow.result(5)
    stop.set()
    ticking.result(5)
    assert answer.status == 200
    assert waited > 0.4, "SQLite has one thread, so the call has waited for the slow one"
    assert sorted(gaps)[-2] < 0.3, sorted(gaps)[-5:]


def test_without_a_database_each_route_says_so(site) -> None:
    site.services.database.close()
    home = site.services.settings.home
    home.mkdir(parents=True, exist_ok=True)
    (home / "tower.db").write_bytes(b"this is not a database, and never was one" * 100)
    answer = site.call("GET", PROJECTS)
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert "tower.db" in answer.error["message"]
    assert site.call("POST", PROJECTS, {"name": "a"}).status == 503
    assert site.call("GET", "/anime/characters").error["code"] == answer.error["code"]


def test_what_nobody_foresaw_is_logged_and_not_shown(site, caplog, monkeypatch) -> None:
    def explode(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(site.services.projects), "get", explode)
    answer = site.call("GET", f"{PROJECTS}/1")
    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert b"secret" not in answer.body
    assert "ZeroDivisionError" in caplog.text


def test_a_full_queue_is_a_503(site, monkeypatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise StorageError("the database is busy.", hint="Try again.")

    monkeypatch.setattr(type(site.services.projects), "list", refuse)
    answer = site.call("GET", PROJECTS)
    assert (answer.status, answer.error["hint"]) == (503, "Try again.")
