"""Apple Music Search in a real ComfyUI, against the contract of Apple Music."""

from __future__ import annotations

import json

import pytest
from support.catalogues import HTML, KEY_ID, TEAM_ID, contract_server
from support.comfy import comfy_server
from support.keys import public_key_of, write_apple_key

pytestmark = pytest.mark.host


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    key = write_apple_key(tmp_path_factory.mktemp("key") / "key.p8")
    with contract_server(public_key=public_key_of(key)) as contract:
        contract.key = key
        yield contract


@pytest.fixture(scope="module")
def server(comfy_host, contract):
    """A ComfyUI with a key for the contract server."""
    environment = {
        "TOWER_APPLE_MUSIC_KEY": str(contract.key),
        "TOWER_APPLE_MUSIC_KEY_ID": KEY_ID,
        "TOWER_APPLE_MUSIC_TEAM_ID": TEAM_ID,
        "TOWER_APPLE_MUSIC_URL": contract.url,
        "TOWER_DEEZER_URL": contract.url,
    }
    with comfy_server(comfy_host, environment=environment) as server:
        yield server


def prompt(**inputs):
    given = {"term": "night", "genre": "", "charts": False, "min_bpm": 0.0, "max_bpm": 0.0}
    given |= {"tempo_from": "nowhere", "limit": 5, **inputs}
    graph = {"1": {"class_type": "TowerAppleMusicSearch", "inputs": given}}
    for number in range(3):
        graph[str(number + 2)] = {"class_type": "PreviewAny", "inputs": {"source": ["1", number]}}
    return graph


def shown(run, number: int) -> str:
    return run["outputs"][str(number + 2)]["text"][0]


def test_songs_are_found_ranked_and_marked(server) -> None:
    run = server.run_prompt(prompt(min_bpm=103.0, max_bpm=103.0, tempo_from="deezer"))
    assert run["status"]["status_str"] == "success", run["status"]
    tracks = json.loads(shown(run, 0))
    assert tracks[0]["reference"] == "apple_music:1003" and tracks[0]["licence"]["sync"] == "refused"
    assert float(shown(run, 1)) == 103.0
    assert "103 BPM" in shown(run, 2).splitlines()[0]


def test_a_fault_of_the_service_is_told_in_the_node(server, contract) -> None:
    contract.faults = [HTML] * 4
    run = server.run_prompt(prompt(term="dawn"))
    assert run["status"]["status_str"] == "error"
    assert "Apple Music is disturbed" in json.dumps(run["status"])


def test_without_a_token_it_says_what_to_set(comfy) -> None:
    run = comfy.run_prompt(prompt(term="unset"))
    assert "TOWER_APPLE_MUSIC_TOKEN" in json.dumps(run["status"])
