"""The Palette Enforcer: what is off comes nearer, all else stays, and the drawing keeps its structure."""

from __future__ import annotations

import numpy as np
import pytest
from support.media import TEAL, draw_figure
from tower_anime.consistency.palettes.enforcement import MIN_SSIM, EnforcementOrder, enforce_palette
from tower_anime.consistency.palettes.structure import luma, ssim_map
from tower_anime.consistency.palettes.swatch_distance import compare_swatches
from tower_anime.consistency.palettes.swatch_reading import read_swatches
from tower_anime.consistency.palettes.swatches import by_name, typed_swatches
from tower_anime.errors import InputError

WANTED = typed_swatches({"hair": "#1e8c96", "eyes": "#c88c28", "skin": "#fadecd", "outfit": "#1e286e"})
OFF_MODEL = ((240, 110, 170), TEAL[1], (60, 60, 200))
ALL = ("hair", "eyes", "skin", "outfit", "accent")


def pixels(*arguments, **options) -> np.ndarray:
    return np.asarray(draw_figure(*arguments, **options))


@pytest.fixture(scope="module")
def off_model() -> np.ndarray:
    return pixels(OFF_MODEL, size=(720, 540))


@pytest.fixture(scope="module")
def enforced(off_model):
    return enforce_palette(off_model, WANTED, EnforcementOrder(strength=1.0))


def differences(image) -> dict[str, float]:
    return {gap.wanted.name: gap.delta_e for gap in compare_swatches(read_swatches(image), WANTED).gaps}


def test_hair_and_eyes_come_nearer_and_are_read_as_nearer(off_model, enforced) -> None:
    before, after = differences(off_model), differences(enforced.image)
    for name in ("hair", "eyes"):
        assert after[name] < 0.4 * before[name], name
    changes = {change.name: change for change in enforced.changes}
    assert changes["hair"].after < 0.4 * changes["hair"].before
    mean = [np.mean([one[name] for name in ("hair", "eyes", "skin")]) for one in (before, after)]
    assert mean[1] < 0.5 * mean[0]


def test_the_structure_of_luma_is_kept(off_model, enforced) -> None:
    similarity = ssim_map(luma(off_model), luma(enforced.image))
    assert similarity.mean() >= MIN_SSIM
    assert similarity[enforced.changed].mean() >= MIN_SSIM
    assert all(change.ssim >= MIN_SSIM for change in enforced.changes)


@pytest.mark.parametrize(
    ("hair", "eyes", "wanted"),
    [
        ((201, 66, 24), (77, 40, 177), {"hair": "#86834f", "eyes": "#83f242", "skin": "#d8b090"}),
        ((100, 204, 37), (42, 85, 159), {"hair": "#7ed5eb", "eyes": "#6a6f8e", "skin": "#d8b090"}),
        ((34, 131, 97), (162, 205, 122), {"hair": "#bd5595", "eyes": "#80b916", "skin": "#d8b090"}),
    ],
)
def test_regions_side_by_side_keep_their_structure_together(hair, eyes, wanted) -> None:
    """Hair, eyes and face touch: what is done to one takes from the edges of the others."""
    image = pixels((hair, TEAL[1], eyes), size=(360, 270))
    result = enforce_palette(image, typed_swatches(wanted), EnforcementOrder(strength=1.0))
    changes = [change for change in result.changes if change.strength]
    similarity = ssim_map(luma(image), luma(result.image))
    assert len(changes) >= 2 and all(change.after < change.before for change in changes)
    assert similarity[result.changed].mean() >= MIN_SSIM
    assert all(change.ssim >= MIN_SSIM for change in changes)


def test_pixels_outside_the_regions_are_bit_for_bit_the_same(off_model, enforced) -> None:
    assert np.array_equal(enforced.image[~enforced.changed], off_model[~enforced.changed])
    hair, eyes = (np.abs(off_model.astype(int) - OFF_MODEL[n]).max(axis=-1) < 60 for n in (0, 2))
    assert (enforced.changed & ~(hair | eyes)).mean() < 0.01
    assert enforced.changed[hair].mean() > 0.9
    assert not enforced.changed[:, :100].any()


def test_both_eyes_change_alike(off_model, enforced) -> None:
    eyes = np.abs(off_model.astype(int) - OFF_MODEL[2]).max(axis=-1) < 30
    middle = np.nonzero(eyes)[1].mean()
    columns = np.arange(off_model.shape[1])
    left, right = eyes & (columns < middle), eyes & (columns > middle)
    assert enforced.changed[left].mean() > 0.9 and enforced.changed[right].mean() > 0.9


def test_what_is_within_the_limit_is_left_alone() -> None:
    image = pixels(TEAL)
    result = enforce_palette(image, WANTED, EnforcementOrder(strength=1.0, names=ALL))
    assert np.array_equal(result.image, image) and not result.changed.any()
    assert {change.note for change in result.changes} == {"Within the limit of ΔE 5."}


def test_strength_zero_only_reports(off_model) -> None:
    result = enforce_palette(off_model, WANTED, EnforcementOrder(strength=0.0))
    assert np.array_equal(result.image, off_model)
    assert result.report.worst.delta_e > 40


def test_half_the_strength_goes_less_far(off_model, enforced) -> None:
    half = enforce_palette(off_model, WANTED, EnforcementOrder(strength=0.5, names=("hair",)))
    [change] = half.changes
    whole = next(one for one in enforced.changes if one.name == "hair")
    assert whole.after < change.after < change.before


def test_only_named_swatches_change(off_model) -> None:
    result = enforce_palette(off_model, WANTED, EnforcementOrder(strength=1.0, names=("eyes",)))
    assert [change.name for change in result.changes] == ["eyes"]
    assert 0 < result.changed.mean() < 0.02


def test_a_mask_keeps_what_it_does_not_cover(off_model) -> None:
    mask = np.zeros(off_model.shape[:2], np.float32)
    mask[:, : off_model.shape[1] // 2] = 1
    result = enforce_palette(off_model, WANTED, EnforcementOrder(strength=1.0), mask=mask)
    assert result.changed.any() and not result.changed[mask == 0].any()
    with pytest.raises(InputError, match="The mask has 30×20 pixels, the picture 720×540"):
        enforce_palette(off_model, WANTED, EnforcementOrder(), mask=np.ones((20, 30), np.float32))


def test_at_night_the_hair_keeps_its_darkness() -> None:
    day = pixels(OFF_MODEL, size=(720, 540))
    night = np.rint(day * 0.45).astype(np.uint8)
    order = EnforcementOrder(strength=1.0, names=("hair",), ignore_lightness=True)
    result = enforce_palette(night, WANTED, order)
    [change] = result.changes
    assert change.after < 0.4 * change.before
    assert luma(result.image)[result.changed].mean() == pytest.approx(
        luma(night)[result.changed].mean(), rel=0.05
    )


def test_nobody_in_the_picture_is_no_change_and_unknown() -> None:
    blank = np.full((300, 300, 3), 200, np.uint8)
    result = enforce_palette(blank, WANTED, EnforcementOrder())
    assert np.array_equal(result.image, blank)
    assert result.as_json()["figure_found"] is False
    assert result.report.mean is None and set(result.report.missing) == {s.name for s in WANTED}


def test_ssim_of_flat_pictures_is_the_luminance_term_alone() -> None:
    # Wang et al. 2004, eq. 13 with no variance: (2 a b + C1) / (a² + b² + C1), C1 = (0.01 · 255)².
    a, b, c1 = 100.0, 150.0, (0.01 * 255) ** 2
    value = ssim_map(np.full((20, 20), a, np.float32), np.full((20, 20), b, np.float32))
    np.testing.assert_allclose(value, (2 * a * b + c1) / (a * a + b * b + c1), rtol=1e-6)


def test_ssim_of_a_negative_is_the_structure_term_turned_round() -> None:
    # Mean 128, variance v, covariance -v at every window: (C2 - 2 v) / (C2 + 2 v).
    wave = np.tile(np.where(np.arange(64) % 2 == 0, 20.0, -20.0), (64, 1)).astype(np.float32)
    weights = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    signs = np.where(np.arange(-5, 6) % 2 == 0, 20.0, -20.0)
    variance = 400.0 - float(weights @ signs) ** 2
    mean = float(weights @ signs)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = 128 + mean, 128 - mean
    expected = (2 * a * b + c1) * (c2 - 2 * variance) / ((a * a + b * b + c1) * (c2 + 2 * variance))
    value = ssim_map(128 + wave, 128 - wave)
    assert value[32, 32] == pytest.approx(expected, rel=1e-4)
    assert ssim_map(wave, wave) == pytest.approx(1.0)


def test_colours_of_the_result_are_those_of_the_swatches_by_name(enforced) -> None:
    assert by_name(enforced.found)["hair"].hex == "#f06eaa"
