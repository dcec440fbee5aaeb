"""Palettes, styles and poses on the command line."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest
from PIL import Image
from support.media import TEAL, draw_figure, write_references
from tower_anime.cli import main

PINK_HAIR = ((240, 110, 170), *TEAL[1:])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("looks")
    write_references(folder / "refs", TEAL, n=3)
    draw_figure(TEAL, size=(768, 768)).save(folder / "right.png")
    draw_figure(PINK_HAIR, size=(768, 768)).save(folder / "pink.png")
    values = np.random.default_rng(0).normal((200, 120, 70), 25, (200, 200, 3))
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(folder / "warm.png")
    return folder


@pytest.fixture(scope="module")
def tower(folder):
    """Run commands in this process: a new one takes a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOWER_HOME", str(folder / "home"))
        patch.delenv("TOWER_DATABASE_URL", raising=False)
        patch.chdir(folder)

        def run(*words: object, code: int = 0):
            patch.setattr(sys, "argv", ["tower", *map(str, words), "--json"])
            told = StringIO()
            with redirect_stdout(told), pytest.raises(SystemExit) as left:
                main()
            assert left.value.code == code
            return json.loads(told.getvalue())

        yield run


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_palette_is_shown_typed_and_enforced(tower, folder) -> None:
    tower("character", "add", "Teal", *sorted((folder / "refs").iterdir()))
    shown = {swatch["name"]: swatch["hex"] for swatch in tower("palette", "show", "Teal")["swatches"]}
    assert (shown["hair"], shown["outfit"]) == ("#1e8c96", "#1e286e")
    right, pink = tower("palette", "check", "Teal", "right.png", "pink.png", "-o", "out", "--strength", 1)
    assert right["mean_delta_e"] < 3 and right["changed_pixels"] == 0
    assert pink["worst"] == "hair" and pink["worst_delta_e"] > 30
    [hair] = [change for change in pink["changes"] if change["name"] == "hair"]
    assert hair["delta_e_after"] < 0.5 * hair["delta_e_before"] and hair["ssim"] >= 0.95
    assert np.array_equal(pixels(folder / "out" / "right.png"), pixels(folder / "right.png"))
    typed = tower("palette", "set", "Teal", "hair=#f06eaa", "ribbon=#ff0000")
    assert typed["typed"] == {"hair": "#f06eaa", "ribbon": "#ff0000"}
    [again] = tower("palette", "check", "Teal", "pink.png")
    assert {s["name"]: s["delta_e"] for s in again["swatches"]}["hair"] < 1
    assert "hair" not in tower("palette", "set", "Teal", "hair=")["typed"]
    error = tower("palette", "set", "Teal", "hair=teal", code=2)["error"]
    assert "is not a hex colour" in error["message"]


def test_a_style_is_stored_applied_and_measured(tower, folder) -> None:
    added = tower(
        "style",
        "add",
        "Dusk",
        "warm.png",
        "--prompt",
        "sunset",
        "--lora",
        "ink.safetensors=0.7",
        "--steps",
        12,
    )
    assert added["measured"]["warmth"] > 0.05 and added["settings"]["loras"][0]["strength_model"] == 0.7
    changed = tower("style", "add", "Dusk", "--negative", "noon")
    assert (changed["prompt"], changed["negative_prompt"], changed["n_images"]) == ("sunset", "noon", 1)
    assert [style["label"] for style in tower("style", "list")] == ["Dusk"]
    [row] = tower("style", "apply", "Dusk", "right.png", "-o", "out", "--strength", 1)
    assert row["fall"] > 0.5 and (folder / "out" / "right.png").is_file()
    [unknown] = tower("style", "distance", "Dusk", "right.png")
    assert unknown["distance"] is None and "4 are needed" in unknown["reason"]
    stills = sorted((folder / "refs").iterdir())
    rows = tower("style", "distance", "Dusk", "warm.png", *stills)
    assert rows[0]["distance"] == pytest.approx(0, abs=1e-6) and all(row["distance"] > 0 for row in rows[1:])
    assert "Known: Dusk" in tower("style", "apply", "Chalk", "right.png", code=2)["error"]["message"]


def test_poses_are_listed_shown_and_drawn(tower, folder) -> None:
    assert len(tower("pose", "list")) == 18
    shown = tower("pose", "show", "arms_crossed", "--width", 256, "--height", 512)
    assert shown["keypoints"][0]["canvas_height"] == 512 and shown["joints"] == 18
    drawn = tower("pose", "draw", "running", "-o", "run.png", "--width", 320, "--build", "chibi")
    assert drawn["output"] == "run.png"
    assert pixels(folder / "run.png").shape == (768, 320, 3)
    assert "There is no pose 'handstand'" in tower("pose", "draw", "handstand", code=2)["error"]["message"]
    assert (
        "There is no build 'giant'"
        in tower("pose", "draw", "running", "--build", "giant", code=2)["error"]["message"]
    )
