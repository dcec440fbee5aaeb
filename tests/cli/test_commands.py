"""The command line as a program sees it: exit codes, one sentence, and JSON that keeps its names."""

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.media import TEAL, draw_figure, write_references, write_silence, write_song
from tower_anime.production.assembly import VideoFormat, write_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    write_references(folder / "refs", TEAL)
    draw_figure(TEAL).save(folder / "still.png")
    write_song(folder / "song.wav", bpm=120, seconds=12)
    write_silence(folder / "silence.wav", seconds=3)
    return folder


@pytest.fixture(scope="module")
def tower(folder: Path):
    environment = {**os.environ, "TOWER_HOME": str(folder / "home"), "COLUMNS": "200"}
    environment.pop("TOWER_DATABASE_URL", None)

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

    return run


def test_a_character_is_added_and_scored(tower, folder: Path) -> None:
    added = tower("character", "add", "Teal", *sorted((folder / "refs").iterdir()), "--json")
    assert added.returncode == 0, added.stderr
    assert len(json.loads(added.stdout)["references"]) == 4
    scored = tower("character", "score", "Teal", "still.png", "missing.png", "--json")
    assert scored.returncode == 2
    assert "missing.png" in scored.stderr
    seen, missing = json.loads(scored.stdout)
    contract = {
        "image", "status", "score", "similarity", "encoder", "threshold", "palette_delta_e", "reason"
    }  # fmt: skip
    assert contract <= seen.keys()
    assert (seen["image"], seen["status"], seen["encoder"]) == ("still.png", "pass", "appearance")
    assert (missing["status"], missing["score"]) == ("unknown", None)


def test_music_is_matched_to_shots_and_drawn(tower, folder: Path) -> None:
    drawn = tower("music", "analyze", "song.wav", "--bpm", "50-80", "--waveform", "song.png", "--json")
    assert drawn.returncode == 0, drawn.stderr
    assert json.loads(drawn.stdout)[0]["tempo_bpm"] == pytest.approx(60, rel=0.01)
    assert (folder / "song.png").read_bytes().startswith(b"\x89PNG")
    matched = tower("music", "match", "song.wav", "--shots", "2,2,4", "--json")
    assert matched.returncode == 0, matched.stderr
    [match] = json.loads(matched.stdout)
    assert match["tempo_bpm"] == pytest.approx(120, rel=0.01) and match["carries_cuts"]
    assert "near a musical length" in match["reasons"][0]
    wrong = tower("music", "match", "--shots", "two")
    assert wrong.returncode == 2 and "Write seconds" in wrong.stderr


def test_music_keeps_its_contract(tower) -> None:
    run = tower("music", "analyze", "song.wav", "silence.wav", "--json")
    assert run.returncode == 0, run.stderr
    song, silence = json.loads(run.stdout)
    contract = {
        "file", "tempo_bpm", "tempo_alternatives_bpm", "confidence", "beat_times", "downbeat_times", "key",
        "energy", "loudness_lufs", "duration_seconds",
    }  # fmt: skip
    assert contract <= song.keys() and contract <= silence.keys()
    assert song["tempo_bpm"] == pytest.approx(120, rel=0.01)
    assert (silence["tempo_bpm"], silence["beat_times"], silence["downbeat_times"]) == (None, [], [])


def test_cuts_keep_their_contract(tower, folder: Path) -> None:
    frames = [np.full((180, 320, 3), 40 + 150 * (n // 48 % 2), np.uint8) for n in range(144)]
    form = VideoFormat((320, 180), Fraction(24))
    write_video(iter(frames), 144, form=form, audio=None, output=folder / "cuts.mp4")
    run = tower("video", "cuts", "cuts.mp4", "--json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    contract = {"file", "fps", "n_frames", "duration_seconds", "transitions", "cuts_per_minute", "motion"}
    assert contract <= found.keys()
    assert (found["file"], found["n_frames"]) == ("cuts.mp4", 144)
    assert [(cut["frame"], cut["kind"]) for cut in found["transitions"]] == [(48, "cut"), (96, "cut")]
    assert found["cuts_per_minute"] == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["character", "score", "Nobody", "still.png"], "Nobody"),
        (["character", "add", "X", "absent.png"], "absent.png"),
        (["character", "add", "X", "song.wav"], "song.wav"),
        (["music", "analyze", "still.png"], "still.png"),
        (["video", "cuts", "song.wav"], "song.wav"),
        (["project", "show", "Nothing"], "Nothing"),
        (["animatic", "absent.yaml"], "absent.yaml"),
        (["character", "score", "Teal", "still.png", "--encoder", "magic"], "magic"),
    ],
)
def test_bad_input_is_exit_code_2_and_a_sentence(tower, words: list[str], said: str) -> None:
    run = tower(*words)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_json_of_an_error_names_its_code(tower) -> None:
    run = tower("project", "show", "Nothing", "--json")
    assert json.loads(run.stdout)["error"]["code"] == "not_found"


def test_doctor_and_database_are_well(tower) -> None:
    assert json.loads(tower("doctor", "--json").stdout)["ok"] is True
    assert json.loads(tower("db", "check", "--json").stdout) == {"ok": True, "findings": []}
    assert json.loads(tower("db", "upgrade", "--json").stdout)["after"]


def test_a_home_that_is_no_database_is_exit_code_1(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tower.db").write_bytes(b"not a database, whatever its name says" * 100)
    command = [sys.executable, "-m", "tower_anime", "project", "list"]
    environment = {**os.environ, "TOWER_HOME": str(tmp_path)}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 1
    assert "tower.db" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_leaves_no_half_written_film(folder: Path) -> None:
    shots = "\n".join("  - {still: still.png, seconds: 20, camera: push_in}" for _ in range(6))
    (folder / "long.yaml").write_text(f"project: Long\nmusic: song.wav\nshots:\n{shots}\n", encoding="utf-8")
    environment = {**os.environ, "TOWER_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "tower_anime", "animatic", "long.yaml", "-o", "long", "--json"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list((folder / "long").glob(".*part*")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "long" / "long.mp4").exists()
    check = subprocess.run(
        [sys.executable, "-m", "tower_anime", "db", "check", "--json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(check.stdout)["ok"] is True
