"""Copies of pictures never take the place of each other, nor of the pictures themselves."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.media import RUST, TEAL, draw_figure
from tower_anime.consistency.palettes.swatches import typed_swatches
from tower_anime.errors import InputError
from tower_anime.services.picture_files import copies_in


def test_pictures_of_one_name_get_numbers(tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("a/sky.png", "b/sky.jpg", "c/sky.webp", "c/sea.png")]
    names = [target.name for target in copies_in(tmp_path / "out", sources)]
    assert names == ["sky.png", "sky-2.png", "sky-3.png", "sea.png"]


def test_a_copy_never_takes_the_place_of_a_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"The copy of sky\.jpg would take the place of"):
        copies_in(tmp_path, [tmp_path / "sky.jpg", tmp_path / "down" / ".." / "sky.png"])


def test_both_services_keep_every_picture(opened, tmp_path: Path) -> None:
    for folder, look in (("a", TEAL), ("b", RUST)):
        (tmp_path / folder).mkdir()
        draw_figure(look, size=(400, 400)).save(tmp_path / folder / "one.png")
    paths = [tmp_path / folder / "one.png" for folder in ("a", "b")]
    before = [path.read_bytes() for path in paths]
    style = opened.styles.save("Dusk", [np.full((64, 64, 3), (200, 120, 70), np.uint8)])
    wanted = typed_swatches({"hair": "#2e8b57"})
    rows = opened.palettes.enforce_files(paths, wanted, tmp_path / "out", strength=1.0)
    rows += opened.styles.transfer_files(paths, style, tmp_path / "styled")
    written = [Path(row["output"]) for row in rows]
    assert len(set(written)) == 4
    shown = [np.asarray(Image.open(path)) for path in written]
    assert not np.array_equal(shown[0], shown[1]) and not np.array_equal(shown[2], shown[3])
    for folder in (tmp_path / "a", tmp_path / "b"):
        with pytest.raises(InputError, match="would take the place"):
            opened.palettes.enforce_files(paths, wanted, folder, strength=1.0)
        with pytest.raises(InputError, match="would take the place"):
            opened.styles.transfer_files(paths, style, folder)
    assert [path.read_bytes() for path in paths] == before
