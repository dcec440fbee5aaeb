"""Scores and the doctor on the command line."""

import json
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.production.assembly import VideoFormat, write_video


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("scores")
    write_references(folder / "refs", TEAL)
    for name, look in {"teal": TEAL, "rust": RUST}.items():
        draw_figure(look).save(folder / f"{name}.png")
    environment = {**os.environ, "TOWER_HOME": str(folder / "home"), "COLUMNS": "200"}
    environment.pop("TOWER_DATABASE_URL", None)
    environment.pop("TOWER_ENCODER", None)

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tower_anime", *map(str, words)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment,
            cwd=folder,
            check=False,
            encoding="utf-8",
        )

    run.folder = folder
    added = run("character", "add", "Teal", *sorted((folder / "refs").iterdir()))
    assert added.returncode == 0, added.stderr
    return run


def test_pictures_in_order_are_a_sequence(tower) -> None:
    run = tower(
        "character", "score", "Teal", "teal.png", "rust.png", "teal.png", "--sequence", "--encoder",
        "appearance", "--json",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    score = json.loads(run.stdout)
    assert (score["n_frames"], score["worst_frame"]) == (3, 1)
    assert score["drift"][0] == score["drift"][2] < score["drift"][1]
    assert [frame["status"] for frame in score["frames"]] == ["pass", "fail", "pass"]


def test_a_clip_is_a_sequence_by_itself(tower) -> None:
    picture = np.asarray(draw_figure(TEAL, size=(640, 360)))
    form = VideoFormat((640, 360), Fraction(24))
    write_video(iter([picture] * 6), 6, form=form, audio=None, output=tower.folder / "clip.mp4")
    run = tower("character", "score", "Teal", "clip.mp4", "--encoder", "appearance", "--json")
    assert run.returncode == 0, run.stderr
    score = json.loads(run.stdout)
    assert (score["n_frames"], score["coverage"], score["longest_hold"]) == (6, 1.0, 6)


def test_the_legacy_mapping_can_be_chosen_and_another_is_refused(tower) -> None:
    words = ("character", "score", "Teal", "rust.png", "--encoder", "appearance", "--mapping")
    [row] = json.loads(tower(*words, "legacy", "--json").stdout)
    assert row["mapping"] == "legacy/1"
    assert row["score"] == (row["similarity"] if row["similarity"] > 0.7 else 0.0)
    refused = tower(*words, "magic")
    assert refused.returncode == 2
    assert "calibrated, legacy" in refused.stderr


def test_the_doctor_looks_at_a_character(tower) -> None:
    shown = tower("doctor", "--character", "Teal", "--encoder", "appearance")
    assert shown.returncode == 0, shown.stderr
    assert "4 usable references are few" in shown.stdout
    assert "error:" not in shown.stdout


def test_the_doctor_says_that_a_threshold_is_out_of_reach(tower) -> None:
    tower("character", "add", "Strict", *sorted((tower.folder / "refs").iterdir()), "--threshold", "0.999")
    run = tower("doctor", "Strict", "--encoder", "appearance", "--json")
    assert run.returncode == 1
    assert "threshold_out_of_reach" in [finding["code"] for finding in json.loads(run.stdout)["findings"]]
