"""The commands of catalogues, run as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.catalogues import KEY_ID, TEAM_ID, USER_TOKEN, contract_server
from support.keys import public_key_of, write_apple_key
from support.media import write_song


@pytest.fixture
def contract(tmp_path: Path):
    key = write_apple_key(tmp_path / "key.p8")
    with contract_server(public_key=public_key_of(key)) as contract:
        yield contract


@pytest.fixture
def tower(tmp_path: Path, contract):
    given = {
        "TOWER_HOME": str(tmp_path / "home"),
        "TOWER_MUSIC": str(tmp_path / "tracks"),
        "TOWER_APPLE_MUSIC_KEY": str(tmp_path / "key.p8"),
        "TOWER_APPLE_MUSIC_KEY_ID": KEY_ID,
        "TOWER_APPLE_MUSIC_TEAM_ID": TEAM_ID,
        "TOWER_APPLE_MUSIC_USER_TOKEN": USER_TOKEN,
        "TOWER_APPLE_MUSIC_URL": contract.url,
        "TOWER_DEEZER_URL": contract.url,
        "COLUMNS": "200",
    }

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tower_anime", "music", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **given}, check=False, timeout=120
        )
        assert done.returncode == code, done.stderr
        return done

    return run


def test_index_and_search_a_folder(tower, tmp_path) -> None:
    write_song(tmp_path / "tracks" / "rain at night.wav", seconds=1)
    (tmp_path / "tracks" / "broken.mp3").write_bytes(b"x")
    told = tower("index")
    assert "2 files of music, 2 new or changed" in told.stdout and "broken.mp3" in told.stderr
    [found] = json.loads(tower("search", "RAIN", "--json").stdout)
    assert found["path"] == str(tmp_path / "tracks" / "rain at night.wav") and found["sha256"]
    state = json.loads(tower("index", "--json").stdout)
    assert state["n_new"] == 0 and state["unreadable"][0]["path"].endswith("broken.mp3")


def test_search_apple_and_fill_a_library_playlist(tower, contract) -> None:
    wish = ("--bpm", "103-104", "--tempo-from", "deezer")
    shown = tower("search", "night", "--provider", "apple-music", *wish)
    assert "103 (deezer)" in shown.stdout.splitlines()[2]
    made = tower("playlist", "Cues", "apple-music:1003", "apple-music:1004", "--provider", "apple-music")
    assert "2 tracks, 2 of them in the apple_music library" in made.stdout
    assert contract.playlists["p.0"]["tracks"] == ["1003", "1004"]
    assert "Cues" in tower("playlist").stdout
    assert json.loads(tower("playlist", "Cues", "--json").stdout)["n_sent"] == 2


def test_what_is_wrong_is_a_sentence_and_a_code(tower, contract) -> None:
    assert "no catalogue 'spotify'" in tower("search", "x", "--provider", "spotify", code=2).stderr
    assert "no tempo" in tower("search", "x", "--bpm", "fast", code=2).stderr
    assert "TOWER_JAMENDO_CLIENT_ID" in tower("search", "x", "--provider", "jamendo", code=1).stderr
    assert "TOWER_MUSIC" in tower("index", code=2).stderr
    error = json.loads(tower("search", "x", "--provider", "jamendo", "--json", code=1).stdout)["error"]
    assert error["code"] == "provider"


def test_the_ledger_fails_a_check_until_it_is_settled(tower, tmp_path) -> None:
    from tower_anime import services
    from tower_anime.settings import load_settings

    opened = services.open_services(load_settings({"TOWER_HOME": str(tmp_path / "home")}))
    opened.projects.create("Paper Moon")
    opened.close()
    tower("licences", "Paper Moon", "--check")
    told = tower("licences", "Paper Moon", "--add", "deezer:9003", "--used-in", "One", "--check", code=2)
    assert "blocks publishing: 藍の空 – Song 3 in One" in told.stderr
    tower("licences", "Paper Moon", "--clear", "1", "--note", "contract", "--check")
    out = tmp_path / "music.csv"
    tower("licences", "Paper Moon", "--csv", str(out), "--markdown", str(tmp_path / "music.md"))
    assert "contract" in out.read_text("utf-8") and "Song 3" in (tmp_path / "music.md").read_text("utf-8")
    assert json.loads(tower("licences", "Paper Moon", "--json").stdout)["may_publish"]
    assert "no project" in tower("licences", "Nothing", code=2).stderr
