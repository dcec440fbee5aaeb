"""Pictures at the door: what is read, and what is refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.media import draw_figure
from tower_anime.consistency.images import read_image
from tower_anime.errors import UnreadableImageError


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_the_three_formats_are_read_as_rgb(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    draw_figure(size=(64, 48)).save(path)
    assert read_image(path).shape == (48, 64, 3)


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert np.all(read_image(tmp_path / "clear.png") == 255)


def test_a_turned_camera_is_turned_back(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").shape == (40, 20, 3)


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a" + bytes(40), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html></html>", bytes(100)],
    ids=["empty", "gif", "svg", "html", "zeros"],
)
def test_anything_else_called_png_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "false.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"false\.png"):
        read_image(path)


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (12_000, 12_000)).save(tmp_path / "huge.png")
    with pytest.raises(UnreadableImageError, match=r"huge\.png"):
        read_image(tmp_path / "huge.png")


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"absent\.png"):
        read_image(tmp_path / "absent.png")
