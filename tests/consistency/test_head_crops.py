"""Heads and whole pictures as squares, with nothing distorted."""

from __future__ import annotations

import numpy as np
import pytest
from support.media import TEAL, draw_figure
from support.networks import write_patch_detector
from tower_anime.consistency.detection.yolo import YoloDetector
from tower_anime.consistency.networks.network import Network
from tower_anime.consistency.references.framing import cut_square, fitted, square_around
from tower_anime.consistency.references.head_crops import head_crop
from tower_anime.errors import InputError


@pytest.fixture
def detector(tmp_path) -> YoloDetector:
    network = Network(write_patch_detector(tmp_path / "head.onnx"))
    return YoloDetector(network, name="patches", min_score=0.4, max_overlap=0.7, label="head")


def bright(*corners: tuple[int, int]) -> np.ndarray:
    """A dark picture with bright squares of 32 pixels."""
    image = np.random.default_rng(0).integers(0, 60, (640, 640, 3), dtype=np.uint8)
    for left, top in corners:
        image[top : top + 32, left : left + 32] = 255
    return image


def test_the_detectors_head_is_cut_out_with_its_margin(detector) -> None:
    image = bright((320, 160))
    crop = head_crop(image, detector, margin=0.25)
    # The network gives a box of 64 pixels around the centre (336, 176).
    assert crop is not None and crop.found_by == "patches" and crop.box == (304, 144, 368, 208)
    assert (crop.picture == image[128:224, 288:384]).all()
    assert (head_crop(image, detector, margin=0.0).picture == image[144:208, 304:368]).all()


def test_edges_go_on_where_a_head_is_at_the_rim(detector) -> None:
    image = bright((0, 0))
    crop = head_crop(image, detector, margin=0.5)
    assert crop is not None and crop.box == (0, 0, 48, 48) and crop.picture.shape == (96, 96, 3)
    assert (crop.picture[24:, 24:] == image[:72, :72]).all()
    assert (crop.picture[:24, 24:] == image[:1, :72]).all()


def test_another_head_can_be_chosen(detector) -> None:
    image = bright((64, 64), (512, 64))
    for choice, left in ((0, 64), (1, 512), ((600.0, 90.0), 512), ((40.0, 0.0, 120.0, 640.0), 64)):
        crop = head_crop(image, detector, choose=choice)
        assert crop is not None and crop.box[0] == left - 16
    assert head_crop(image, detector, choose=2) is None


def test_without_a_detector_the_figure_finder_finds_a_drawn_head(detector) -> None:
    image = np.asarray(draw_figure(TEAL, ground=(215, 220, 235), x=0.5))
    alone, after = head_crop(image), head_crop(image, detector)
    assert alone is not None and after is not None
    assert alone.found_by == after.found_by == "appearance" and alone.box == after.box
    left, _, right, bottom = alone.box
    assert abs((left + right) / 2 - image.shape[1] / 2) < 0.1 * image.shape[1]
    assert bottom < 0.6 * image.shape[0]
    assert alone.picture.shape[0] == alone.picture.shape[1]


def test_nobody_has_no_head() -> None:
    assert head_crop(np.full((300, 300, 3), 200, np.uint8)) is None
    assert head_crop(np.zeros((8, 8, 3), np.uint8)) is None


@pytest.mark.parametrize("size", [(30, 50), (50, 30), (31, 50), (40, 40)])
def test_a_letterbox_holds_the_whole_picture_and_the_centre_only_it(size) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    longer, shorter = max(size), min(size)
    boxed = fitted(image, "letterbox")
    assert boxed.shape == (longer, longer, 3)
    top, left = (longer - size[0]) // 2, (longer - size[1]) // 2
    assert (boxed[top : top + size[0], left : left + size[1]] == image).all()
    assert fitted(image, "centre").shape == (shorter, shorter, 3)
    assert (fitted(image, "squash") == image).all()
    with pytest.raises(InputError, match="stretch"):
        fitted(image, "stretch")


def test_a_square_has_the_boxs_centre_and_the_longer_side() -> None:
    assert square_around((10, 20, 30, 60)) == (0, 20, 40)
    assert square_around((10, 20, 30, 60), 0.5) == (-20, 0, 80)
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (cut_square(image, (-1, -1, 4))[0, 0] == image[0, 0]).all()
    assert (cut_square(image, (-1, -1, 4))[3, 3] == image[1, 1]).all()
