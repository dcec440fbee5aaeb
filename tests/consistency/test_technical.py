"""Technical quality: what is wrong with a picture whoever it shows."""

import numpy as np
import pytest
from PIL import Image, ImageFilter
from tower_anime.consistency.gates.technical import (
    TechnicalLimits,
    at_least,
    at_most,
    clipped_share,
    edge_sharpness,
    technical_checks,
)
from tower_anime.consistency.verdict import Status


def scene(size=(512, 512), seed=0) -> Image.Image:
    """Flat patches with hard edges, as drawings have them."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(20, 236, (16, 16, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.NEAREST)


def failed(image, **limits) -> set[str]:
    checks = technical_checks(np.asarray(image), TechnicalLimits(**limits))
    return {check.name for check in checks if check.status is not Status.PASS}


def test_a_sharp_drawing_has_no_fault():
    assert failed(scene()) == set()


@pytest.mark.parametrize("code", [0, 17, 128, 255])
def test_one_colour_is_blank(code):
    assert failed(Image.new("RGB", (512, 512), (code,) * 3)) == {"blank"}


@pytest.mark.parametrize(("pixels", "is_blurred"), [(0, False), (1, False), (2, True), (4, True)])
def test_blur_is_told_by_its_radius(pixels, is_blurred):
    assert ("sharpness" in failed(scene().filter(ImageFilter.GaussianBlur(pixels)))) is is_blurred


def test_sharpness_does_not_depend_on_contrast():
    luma = np.asarray(scene().convert("L")).astype(np.float32)
    assert edge_sharpness(luma * 0.3) == pytest.approx(edge_sharpness(luma), abs=0.02)


def test_a_hard_edge_is_one_and_a_slope_its_share_of_seven_steps():
    rows = np.zeros((64, 64), np.float32)
    rows[:, 32:] = 200
    assert edge_sharpness(rows) == 1.0
    ramp = np.tile(np.arange(64, dtype=np.float32) * 3, (64, 1))
    assert edge_sharpness(ramp) == pytest.approx(1 / 7)


def test_clipping_counts_pixels_that_are_black_or_white_in_all_channels():
    image = np.full((10, 10, 3), 128, np.uint8)
    image[:3], image[3] = 255, 0
    image[4] = (255, 0, 255)
    assert clipped_share(image) == 0.4
    drowned = np.asarray(scene()).copy()
    drowned[:480] = 0
    assert failed(drowned) == {"clipping"}


@pytest.mark.parametrize(("size", "fails"), [((255, 900), True), ((256, 900), False), ((900, 255), True)])
def test_the_short_side_decides_the_size(size, fails):
    assert ("size" in failed(scene(size))) is fails


def test_a_picture_of_one_pixel_is_small_and_blank():
    assert failed(Image.new("RGB", (1, 1))) == {"size", "blank"}


def test_scores_are_a_half_at_the_limit_and_say_both_numbers():
    assert [at_least("x", m, 10, "It has {}").score for m in (5, 10, 30)] == [0.25, 0.5, 1.0]
    assert [at_most("x", m, 10, "It has {}").score for m in (0, 10, 20)] == [1.0, 0.5, 0.25]
    assert at_least("x", 5, 10, "It has {}").reason == "It has 5.00; at least 10.00 is needed."
    assert at_most("x", 10.001, 10, "It has {}").status is Status.FAIL
