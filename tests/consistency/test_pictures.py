"""Pictures at the door: what is read, and what is refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.media import draw_figure, write_references
from tower_anime.consistency.images import read_image
from tower_anime.consistency.references import check_references
from tower_anime.errors import EmptyReferenceError, UnreadableImageError


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


def test_a_small_reference_is_refused_with_its_size() -> None:
    [check] = check_references([np.asarray(draw_figure(size=(100, 100)))], ["tiny.png"])
    assert not check.accepted
    assert "tiny.png is 100×100 pixels" in check.errors[0]


def test_good_references_are_accepted_and_a_second_copy_is_noted(tmp_path: Path) -> None:
    images = [read_image(path) for path in write_references(tmp_path, n=2)]
    checks = check_references([*images, images[0]], ["a", "b", "copy"])
    assert [check.accepted for check in checks] == [True, True, True]
    assert checks[0].warnings == ()
    assert any("a" in warning for warning in checks[2].warnings)


def test_a_blank_reference_is_warned_of() -> None:
    [check] = check_references([np.full((600, 600, 3), 90, np.uint8)], ["blank.png"])
    assert any("blank.png" in warning for warning in check.warnings)


def test_no_reference_is_an_error() -> None:
    with pytest.raises(EmptyReferenceError):
        check_references([], [])
