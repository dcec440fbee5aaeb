"""``tower music theme``, run as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
from support.media import write_song

SHOTS = "2.5 calm; 3; 4.5; 3.5 tense; 2; 4.5"


@pytest.fixture
def theme(tmp_path: Path):
    environment = {**os.environ, "TOWER_HOME": str(tmp_path / "home"), "COLUMNS": "200"}

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tower_anime", "music", "theme", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, timeout=120
        )
        assert done.returncode == code, done.stderr
        return done

    return run


def test_a_plan_is_shown_and_printed_as_json(theme, tmp_path) -> None:
    shown = theme("wistful, rainy night", "--shots", SHOTS).stdout
    assert "20.00 s" in shown and "rainy night" in shown and "minor" in shown
    file = tmp_path / "shots.txt"
    file.write_text(SHOTS.replace("; ", "\n"), "utf-8")
    plan = json.loads(theme("wistful, rainy night", "--shots", str(file), "--json").stdout)
    assert plan["seconds"] == 20.0 and len(plan["cut_times"]) == 5 and plan["check"] is None


def test_a_placeholder_says_what_it_is_and_passes_its_own_check(theme, tmp_path) -> None:
    bed, fitted = tmp_path / "bed.flac", tmp_path / "fitted.wav"
    told = theme("sad", "--shots", SHOTS, "--placeholder", str(bed))
    assert "not for publishing" in told.stderr
    with av.open(str(bed)) as container:
        title = {key.lower(): value for key, value in container.metadata.items()}["title"]
        assert title.startswith("PLACEHOLDER") and container.duration / av.time_base == pytest.approx(20.0)
    found = json.loads(
        theme("sad", "--shots", SHOTS, "--check", str(bed), "-o", str(fitted), "--json").stdout
    )
    assert found["check"]["status"] == "pass"
    with av.open(str(fitted)) as container:
        assert container.duration / av.time_base == pytest.approx(20.0, abs=0.001)


def test_music_of_another_plan_does_not_pass(theme, tmp_path) -> None:
    song = tmp_path / "song.wav"
    write_song(song, seconds=8)
    options = ("battle", "--shots", SHOTS, "--bpm", "150-170", "--check", str(song), "--json")
    found = json.loads(theme(*options, code=2).stdout)
    assert found["check"]["status"] == "fail" and "too short" in found["check"]["summary"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--shots", "calm"), "has no length"),
        (("--bpm", "fast"), "is no tempo"),
        (("--key", "H"), "is no key"),
        (("--fps", "0"), "is no frame rate"),
        (("--time", "5"), "cannot be asked for"),
        (("--project", "Nowhere"), "Nowhere"),
        (("--character", "Nobody"), "Nobody"),
        (("--lyrics", "missing.txt"), "cannot be read"),
        (("--check", "missing.wav"), "missing.wav"),
        (("--output", "x.wav"), "--check"),
        (("--placeholder", "bed.mp3"), "neither FLAC nor WAV"),
    ],
)
def test_bad_input_is_a_sentence(theme, arguments, word) -> None:
    done = theme("calm", *arguments, code=2)
    assert word in " ".join(done.stderr.split()) and "Traceback" not in done.stderr
