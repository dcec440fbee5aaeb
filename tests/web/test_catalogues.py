"""Catalogues over HTTP: providers, search, index, playlists, licences."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from support.catalogues import CLIENT_ID, KEY_ID, PAGE, TEAM_ID, USER_TOKEN, Fault, contract_server
from support.keys import public_key_of, write_apple_key
from support.media import write_song
from tower_anime import services
from tower_anime.settings import CatalogueSettings, Settings


@pytest.fixture
def contract(tmp_path: Path):
    key = write_apple_key(tmp_path / "key.p8")
    with contract_server(public_key=public_key_of(key)) as contract:
        yield contract


@pytest.fixture
def opened(tmp_path: Path, contract):
    """Services whose catalogues are the contract server's."""
    write_song(tmp_path / "music" / "rain.wav", seconds=1)
    home = tmp_path / "home"
    catalogues = CatalogueSettings(
        folders=(tmp_path / "music",),
        apple_key=tmp_path / "key.p8",
        apple_key_id=KEY_ID,
        apple_team_id=TEAM_ID,
        apple_user_token=USER_TOKEN,
        jamendo_client_id=CLIENT_ID,
        apple_url=contract.url,
        deezer_url=contract.url,
        jamendo_url=contract.url,
    )
    settings = Settings(home, f"sqlite:///{home / 'tower.db'}", tmp_path / "output", catalogues=catalogues)
    opened = services.open_services(settings)
    yield opened
    opened.close()


def test_providers_say_what_they_need(site, new_site) -> None:
    states = {item["name"]: item for item in site.call("GET", "/anime/music/providers").json}
    assert all(state["state"] == "available" for state in states.values())
    with new_site() as bare:
        states = {item["name"]: item for item in bare.call("GET", "/anime/music/providers").json}
        assert {name for name, state in states.items() if state["state"] == "unavailable"} == {
            "local",
            "apple_music",
            "jamendo",
        }
        assert "TOWER_APPLE_MUSIC_TOKEN" in states["apple_music"]["needs"]
        refused = bare.call("GET", "/anime/music/search?provider=apple_music&term=x")
        assert refused.status == 503 and "TOWER_APPLE_MUSIC_TOKEN" in refused.error["message"]


def test_a_search_is_ranked_and_has_licences(site) -> None:
    path = "/anime/music/search?provider=deezer&term=night&min_bpm=103&max_bpm=103&limit=5"
    items = site.call("GET", path).json["items"]
    assert items[0]["reference"] == "deezer:9003" and items[0]["licence"]["sync"] == "refused"
    assert items[0]["score"] > items[1]["score"] and items[0]["reasons"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("provider=spotify&term=x", 404),
        ("provider=apple_music", 422),
        ("provider=apple_music&term=x&limit=500", 422),
        ("provider=apple_music&term=x&min_bpm=140&max_bpm=100", 422),
        ("provider=apple_music&isrc=zz", 422),
        ("provider=apple_music&term=x&tempo_from=magic", 422),
        ("provider=apple_music&genre=Polka", 422),
        ("provider=apple_music&term=x&shots=1,two", 422),
    ],
)
def test_what_cannot_be_searched(site, query, status) -> None:
    answer = site.call("GET", f"/anime/music/search?{query}")
    assert answer.status == status and answer.error["message"]


def test_a_service_that_fails_is_503_with_a_remedy(site, contract) -> None:
    contract.faults = [PAGE]
    answer = site.call("GET", "/anime/music/search?provider=apple_music&term=x")
    assert answer.status == 503 and answer.error["code"] == "provider" and answer.error["hint"]


def test_the_index_is_made_in_the_background(site) -> None:
    assert site.call("POST", "/anime/music/index", {}).status == 202
    deadline = time.monotonic() + 20
    while site.call("GET", "/anime/music/index").json["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    state = site.call("GET", "/anime/music/index").json
    assert (state["state"], state["n_found"]) == ("done", 1)
    [found] = site.call("GET", "/anime/music/search?term=rain").json["items"]
    assert found["provider"] == "local" and "path" not in found
    assert site.call("GET", "/anime/music/index").json["is_watching"]
    assert site.call("POST", "/anime/music/index/cancel", {}).status == 200


def test_playlists(site, contract) -> None:
    body = {"name": "Cues", "provider": "apple_music", "tracks": ["apple_music:1001"]}
    made = site.call("POST", "/anime/music/playlists", body)
    assert made.status == 201 and made.json["n_sent"] == 1
    path = f"/anime/music/playlists/{made.json['id']}"
    more = site.call("POST", f"{path}/tracks", {"tracks": ["apple_music:1002"]})
    assert [track["id"] for track in more.json["tracks"]] == ["1001", "1002"]
    assert contract.playlists["p.0"]["tracks"] == ["1001", "1002"]
    assert site.call("GET", path).json == more.json
    assert [item["name"] for item in site.call("GET", "/anime/music/playlists").json["items"]] == ["Cues"]
    for bad in ("/etc/passwd", "../x", "https://x.example/a.mp3", "apple_music:../x"):
        assert site.call("POST", "/anime/music/playlists", {"name": "x", "tracks": [bad]}).status == 422
    mixed = {**body, "tracks": ["deezer:9001"]}
    assert site.call("POST", "/anime/music/playlists", mixed).status == 422
    contract.faults = [Fault(403, body=b"{}")]
    assert (
        site.call("POST", "/anime/music/playlists", {"name": "y", "tracks": ["apple_music:1003"]}).status
        == 503
    )


def test_the_ledger_blocks_until_it_is_settled(site) -> None:
    project = site.call("POST", "/anime/projects", {"name": "Paper Moon"}).json["id"]
    ledger = f"/anime/music/licences?project_id={project}"
    use = {"project_id": project, "track": "apple_music:1003", "used_in": "Episode 1"}
    refused = site.call("POST", "/anime/music/licences", use)
    assert refused.status == 201
    site.call("POST", "/anime/music/licences", {**use, "track": "jamendo:500"})
    shown = site.call("GET", ledger).json
    assert not shown["may_publish"] and shown["findings"][0]["is_blocking"]
    path = f"/anime/music/licences/{refused.json['id']}"
    assert site.call("PATCH", path, {"note": ""}).status == 422
    assert site.call("PATCH", path, {"note": "contract of 3 May"}).json["is_cleared"]
    assert site.call("GET", ledger).json["may_publish"]
    export = site.call("GET", ledger.replace("licences?", "licences/export?"))
    rows = list(csv.DictReader(io.StringIO(export.body.decode())))
    assert export.headers["Content-Type"].startswith("text/csv") and len(rows) == 2
    page = site.call("GET", f"/anime/music/licences/export?project_id={project}&form=markdown")
    assert page.body.decode().startswith("# Music of Paper Moon")
    assert site.call("DELETE", path).status == 204
    assert site.call("DELETE", path).status == 404
    assert site.call("GET", "/anime/music/licences?project_id=99").status == 404


def test_no_answer_holds_a_secret(site, opened) -> None:
    for path in ("providers", "index", "search?provider=apple_music&term=x", "playlists"):
        body = site.call("GET", f"/anime/music/{path}").body.decode()
        assert USER_TOKEN not in body and CLIENT_ID not in body and "eyJ" not in body
