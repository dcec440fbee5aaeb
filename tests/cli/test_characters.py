"""Versions, bibles and travelling files on the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.media import TEAL, write_references


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    write_references(folder / "refs", TEAL, n=3, size=(560, 560))
    return folder


@pytest.fixture(scope="module")
def tower(folder: Path):
    def run(*words: object, home: str = "home") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TOWER_HOME": str(folder / home), "COLUMNS": "200"}
        environment.pop("TOWER_DATABASE_URL", None)
        return subprocess.run(
            [sys.executable, "-m", "tower_anime", "character", *map(str, words)],
            capture_output=True,
            text=True,
            env=environment,
            cwd=folder,
            check=False,
            encoding="utf-8",
        )

    return run


@pytest.fixture(scope="module")
def aoi(tower) -> str:
    made = tower("add", "Aoi", "refs/1.png", "refs/2.png", "refs/3.png")
    assert made.returncode == 0, made.stderr
    return "Aoi"


def test_versions_are_made_listed_and_chosen(tower, aoi) -> None:
    made = tower("version", "add", aoi, "refs/1.png", "--age", "child", "--prompt", "small", "--json")
    assert made.returncode == 0, made.stderr
    assert (json.loads(made.stdout)["version"], json.loads(made.stdout)["current_version"]) == (2, 1)
    assert json.loads(tower("version", "use", aoi, "child/", "--json").stdout)["version"] == 2
    listed = json.loads(tower("version", "list", aoi, "--json").stdout)
    assert [(v["number"], v["is_current"], v["age_state"], len(v["references"])) for v in listed] == [
        (1, False, "", 3),
        (2, True, "child", 1),
    ]
    assert tower("version", "use", aoi, "1").returncode == 0
    unknown = tower("version", "use", aoi, "old/")
    assert unknown.returncode == 2 and "Known: 1, 2 (child/)" in unknown.stderr


def test_a_bible_is_set_and_shown(tower, aoi) -> None:
    set_ = tower("bible", aoi, "--set", '{"age": "17", "visual_traits": {"hair": "teal"}}', "--json")
    assert json.loads(set_.stdout) == {"age": "17", "visual_traits": {"hair": "teal"}}
    assert tower("bible", aoi).stdout == "# Aoi\n- Age: 17\n## Visual traits\n- Hair: teal\n"
    for wrong in ('{"hair": 1}', "[]", "{"):
        refused = tower("bible", aoi, "--set", wrong)
        assert refused.returncode == 2 and "Traceback" not in refused.stderr


def test_a_character_travels(tower, aoi, folder) -> None:
    assert tower("export", aoi, "-o", "aoi.tower").returncode == 0
    taken = tower("import", "aoi.tower", "--project", "Elsewhere", "--json", home="other")
    assert taken.returncode == 0, taken.stderr
    assert json.loads(taken.stdout)["label"] == "Elsewhere / Aoi"
    back = tower("export", "Elsewhere / Aoi", "-o", "back.tower", "--json", home="other")
    assert json.loads(back.stdout)["size_bytes"] >= (folder / "aoi.tower").stat().st_size
    clash = tower("import", "aoi.tower")
    assert clash.returncode == 2 and "--name" in clash.stderr
    refused = tower("import", "refs/1.png")
    assert refused.returncode == 2 and "not a character" in refused.stderr


def test_the_studio_makes_a_character(tower, folder) -> None:
    made = tower("create", "Ren", *sorted((folder / "refs").iterdir()), "--trait", "hair=teal",
                 "--personality", "Quiet.", "--json")  # fmt: skip
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["bible"] == {"visual_traits": {"hair": "teal"}, "personality": {"summary": "Quiet."}}
    run = told["studio_run"]
    assert run["is_complete"] is True and run["stages"]["report"]["result"]["n_references"] == 3
    again = tower("studio", "rerun", run["id"], "report", "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["is_complete"] is True
    assert (
        json.loads(tower("studio", "show", run["id"], "--json").stdout)["stages"]["bible"]["state"] == "done"
    )
    sheet = tower("studio", "sheet", "Ren", "-o", "sheet.png", "--json")
    assert json.loads(sheet.stdout)["file"] == "sheet.png"
    assert (folder / "sheet.png").read_bytes()[:4] == b"\x89PNG"
    wrong = tower("create", "X", "refs/1.png", "--trait", "teal")
    assert wrong.returncode == 2 and "hair=teal" in wrong.stderr
    refused = tower("create", "X", "refs/1.png", "absent.png")
    assert refused.returncode == 2 and "absent.png" in refused.stderr
    assert tower("studio", "rerun", run["id"], "sleep").returncode == 2
