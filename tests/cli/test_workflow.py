"""Workflows on the command line."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from support.graphs import plain
from support.media import TEAL, write_references
from tower_anime.cli import main


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory):
    """Run commands in this process: a new one takes a second each time."""
    folder = tmp_path_factory.mktemp("workflow")
    references = write_references(folder / "refs", TEAL, n=1)
    (folder / "plain.json").write_text(json.dumps(plain()), encoding="utf-8")
    (folder / "editor.json").write_text('{"nodes": [], "links": []}', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOWER_HOME", str(folder / "home"))
        patch.delenv("TOWER_DATABASE_URL", raising=False)
        patch.chdir(folder)

        def run(*words: object, code: int = 0) -> tuple[str, str]:
            patch.setattr(sys, "argv", ["tower", *map(str, words)])
            told, noted = StringIO(), StringIO()
            with redirect_stdout(told), redirect_stderr(noted), pytest.raises(SystemExit) as left:
                main()
            assert left.value.code == code, noted.getvalue()
            return told.getvalue(), noted.getvalue()

        run("character", "add", "Teal", *references)
        run.folder = folder
        yield run


def test_the_workflow_goes_to_standard_output_and_the_changes_beside_it(tower) -> None:
    told, noted = tower("workflow", "ensure", "plain.json", "--character", "Teal")
    kinds = [made["class_type"] for made in json.loads(told).values()]
    assert {"TowerCharacterLoader", "TowerEmbeddingInjector"} <= set(kinds)
    assert "KSampler 3: positive is output 2" in noted


def test_a_written_workflow_is_left_alone_the_second_time(tower) -> None:
    told, _ = tower("workflow", "ensure", "plain.json", "--character", "Teal", "-o", "out/teal.json")
    assert "A Character Loader brings in Teal." in told
    told, _ = tower("workflow", "ensure", "out/teal.json", "--character", "Teal", "--json")
    again = json.loads(told)
    assert again["changes"] == []
    assert again["prompt"] == json.loads((tower.folder / "out" / "teal.json").read_text("utf-8"))
    told, _ = tower(
        *("workflow", "ensure", "out/teal.json", "--character", "Teal", "-o", "out/teal.json"),
        *("--strength", 0.5, "--no-lora"),
    )
    assert "strength is 0.5 instead of 1.0" in told and "use_lora is False instead of True" in told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["editor.json", "--character", "Teal"], "Workflow > Export (API)"),
        (["none.json", "--character", "Teal"], "none.json cannot be read"),
        (["plain.json", "--character", "Nobody"], "No character is called 'Nobody'"),
        (["plain.json", "--character", "Teal", "--region", "middle"], "There is no region 'middle'"),
    ],
)
def test_bad_input_leaves_with_2_and_a_sentence(tower, words, sentence) -> None:
    _, noted = tower("workflow", "ensure", *words, code=2)
    assert sentence in noted
