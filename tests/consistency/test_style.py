"""Styles: measured on pictures whose lines and colours are known, compared, and transferred."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from support.media import RUST, TEAL, draw_figure
from tower_anime.consistency.images import read_image
from tower_anime.consistency.styles.statistics import (
    StyleStatistics,
    combined,
    measure_style,
    style_distance,
)
from tower_anime.consistency.styles.style import StyleLora, StyleSettings
from tower_anime.consistency.styles.transfer import colour_distance, transfer_style
from tower_anime.errors import InputError

STILLS = sorted((Path(__file__).parents[2] / "example_workflows" / "demo" / "stills").glob("*.webp"))


def lines(width: int, *, size=(1024, 768), colour=(20, 20, 20)) -> np.ndarray:
    image = Image.new("RGB", size, (240, 240, 240))
    pen = ImageDraw.Draw(image)
    for row in range(60, size[1] - 40, 90):
        pen.rectangle([40, row, size[0] - 40, row + width - 1], fill=colour)
    return np.asarray(image)


def noise(seed: int, mean, spread) -> np.ndarray:
    values = np.random.default_rng(seed).normal(mean, spread, (120, 160, 3))
    return np.clip(values, 0, 255).astype(np.uint8)


def normal(mean, covariance) -> StyleStatistics:
    return StyleStatistics(np.array(mean), np.array(covariance), np.linspace(0, 1, 33), 0.0, None)


@pytest.mark.parametrize("width", [2, 3, 4, 6, 8, 11])
def test_line_weight_is_the_width_that_was_drawn(width: int) -> None:
    assert measure_style(lines(width)).line_weight * 1024 == pytest.approx(width, abs=0.51)


def test_line_weight_is_relative_to_the_picture() -> None:
    small = measure_style(lines(4, size=(512, 384))).line_weight
    large = measure_style(lines(8, size=(1024, 768))).line_weight
    assert small == pytest.approx(large, rel=0.1)


def test_a_picture_without_lines_has_an_unknown_line_weight() -> None:
    assert measure_style(np.full((200, 300, 3), 128, np.uint8)).line_weight is None


def test_grey_has_no_saturation_and_orange_is_warm() -> None:
    grey = measure_style(np.full((50, 50, 3), 128, np.uint8))
    assert (grey.saturation, grey.contrast) == (pytest.approx(0, abs=1e-3), pytest.approx(0, abs=1e-3))
    orange, blue = (measure_style(np.full((50, 50, 3), c, np.uint8)) for c in ((230, 140, 40), (40, 90, 220)))
    assert blue.warmth < -0.05 < 0.05 < orange.warmth


def test_half_black_half_white_has_a_contrast_of_one_half() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, 50:] = 255
    assert measure_style(image).contrast == pytest.approx(0.5, abs=1e-3)


def test_pictures_combine_to_the_statistics_of_all_their_pixels() -> None:
    first, second = noise(1, (90, 120, 200), 20), noise(2, (200, 100, 60), 30)
    both = measure_style(np.concatenate([first, second]))
    joined = combined([measure_style(first), measure_style(second)])
    np.testing.assert_allclose(joined.mean, both.mean, atol=1e-6)
    np.testing.assert_allclose(joined.covariance, both.covariance, atol=1e-6)


def test_statistics_survive_storage_and_others_are_refused() -> None:
    style = measure_style(noise(3, 120, 40))
    again = StyleStatistics.from_json(style.as_json())
    assert colour_distance(style, again) == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="no statistics"):
        StyleStatistics.from_json({"mean": [1, 2]})


def test_settings_survive_storage() -> None:
    settings = StyleSettings((StyleLora("ink.safetensors", 0.7, 0.5),), "euler", "karras", 24, 5.5)
    assert StyleSettings.from_json(settings.as_json()) == settings


def test_the_colour_distance_is_that_of_two_normal_distributions() -> None:
    # Diagonal covariances: |m1 - m2|² + Σ (s1 - s2)².
    first = normal([0.5, 0.0, 0.1], np.diag([0.04, 0.01, 0.01]))
    second = normal([0.8, 0.0, 0.1], np.diag([0.09, 0.01, 0.0025]))
    expected = np.sqrt(0.3**2 + (0.2 - 0.3) ** 2 + (0.1 - 0.05) ** 2)
    assert colour_distance(first, second) == pytest.approx(expected, abs=1e-5)
    assert colour_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_the_relative_distance_counts_in_spreads_of_the_project() -> None:
    project = [measure_style(np.full((40, 40, 3), value, np.uint8)) for value in (80, 100, 120, 140, 160)]
    means = [one.mean[0] for one in project]
    near, far = project[2], project[4]
    told = style_distance(far, near, project)
    assert told.parts["lightness"] == pytest.approx((means[4] - means[2]) / np.std(means))
    assert told.parts["saturation"] == pytest.approx(0, abs=0.05)
    assert style_distance(near, near, project).value == 0


def test_without_a_project_the_distance_is_unknown() -> None:
    style = measure_style(noise(1, 120, 30))
    told = style_distance(style, style, [style] * 3)
    assert told.value is None and "4 are needed" in told.reason


@pytest.mark.parametrize(("source", "style"), [(2, 0), (0, 2), (4, 8), (8, 3)])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_the_distance_falls_by_at_least_six_tenths_of_the_strength(source, style, strength) -> None:
    image, wanted = read_image(STILLS[source])[::3, ::3], measure_style(read_image(STILLS[style])[::3, ::3])
    moved = transfer_style(np.ascontiguousarray(image), wanted, strength=strength)
    assert not np.array_equal(moved.image, image)
    assert moved.fall >= 0.6 * strength
    assert moved.after == pytest.approx(colour_distance(measure_style(moved.image), wanted))


def test_inside_the_gamut_the_whole_distance_goes() -> None:
    source, style = noise(4, (120, 130, 140), 12), measure_style(noise(5, (150, 120, 110), 18))
    assert transfer_style(source, style, strength=1.0).fall > 0.95
    assert transfer_style(source, style, strength=0.5).fall == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("ground", "other"),
    [((215, 220, 235), (230, 190, 140)), ((240, 240, 240), (60, 70, 120)), ((60, 70, 120), (230, 200, 150))],
)
def test_drawings_with_flat_grounds_go_as_far(ground, other) -> None:
    """No tone curve can spread a flat area, so it may not have the last word."""
    source = np.asarray(draw_figure(TEAL, ground=ground, size=(480, 360)))
    drawn = [
        measure_style(np.asarray(draw_figure(look, ground=other, size=(480, 360)))) for look in (RUST, TEAL)
    ]
    for style in (drawn[0], combined(drawn)):
        assert transfer_style(source, style).fall > 0.8
        assert transfer_style(source, style, strength=0.5).fall == pytest.approx(0.5, abs=0.04)


def test_strength_zero_is_bit_for_bit_the_source() -> None:
    source = noise(6, 128, 50)
    moved = transfer_style(source, measure_style(noise(7, 60, 10)), strength=0.0)
    assert np.array_equal(moved.image, source) and moved.fall == 0


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_picture_takes_the_mean_and_no_noise(value: int) -> None:
    flat = np.full((60, 60, 3), value, np.uint8)
    style = measure_style(noise(8, (180, 120, 60), 25))
    moved = transfer_style(flat, style)
    assert moved.after < moved.before
    assert len(np.unique(moved.image.reshape(-1, 3), axis=0)) == 1


def test_tones_keep_their_order() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    moved = transfer_style(ramp, measure_style(noise(9, (110, 110, 110), 30)))
    light = moved.image[0].astype(int).sum(axis=-1)
    assert (np.diff(light) >= -3).all()  # rounding of three channels
