"""Named colours: read off drawn figures whose colours are known, typed, combined and compared."""

from __future__ import annotations

import numpy as np
import pytest
from support.media import RUST, TEAL, draw_figure
from tower_anime.consistency.colour import cielab, delta_e_2000, oklab, oklab_to_linear, to_linear
from tower_anime.consistency.palettes.colour_clusters import find_paints
from tower_anime.consistency.palettes.palette import LIMIT, Palette, compare_palettes, read_palette
from tower_anime.consistency.palettes.swatch_distance import compare_swatches
from tower_anime.consistency.palettes.swatch_reading import read_swatches
from tower_anime.consistency.palettes.swatches import (
    by_name,
    character_swatches,
    swatch_of_hex,
    typed_swatches,
)
from tower_anime.errors import InputError

SKIN = (250, 222, 205)
PINK_HAIR = ((240, 110, 170), *TEAL[1:])


def pixels(*arguments, **options) -> np.ndarray:
    return np.asarray(draw_figure(*arguments, **options))


def lit(image: np.ndarray, gain) -> np.ndarray:
    """Put a picture under another light: a factor on each channel of linear light."""
    light = to_linear(image) * np.array(gain)
    codes = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(np.clip(codes, 0, 1) * 255).astype(np.uint8)


def distance(swatch, rgb) -> float:
    return float(delta_e_2000(cielab(swatch.linear), cielab(to_linear(np.array(rgb, np.uint8)))))


def swatches(**colours):
    return typed_swatches(colours)


@pytest.mark.parametrize("look", [TEAL, RUST])
@pytest.mark.parametrize("ground", [(225, 228, 238), (90, 60, 70)])
def test_hair_eyes_skin_and_outfit_are_the_painted_ones(look, ground) -> None:
    found = by_name(read_swatches(pixels(look, ground=ground)))
    hair, clothes, eyes = look
    for name, painted in {"hair": hair, "eyes": eyes, "skin": SKIN, "outfit": clothes}.items():
        assert distance(found[name], painted) < 3, name
    assert found["hair"].hex == "#{:02x}{:02x}{:02x}".format(*hair)
    shares = sum(found[name].share for name in ("hair", "eyes", "skin", "outfit"))
    assert 0.8 < shares <= 1.0


@pytest.mark.parametrize("value", [0, 255])
def test_a_blank_picture_has_no_colours(value: int) -> None:
    assert read_swatches(np.full((400, 400, 3), value, np.uint8)) == ()


def test_closed_eyes_are_unknown() -> None:
    skin_eyes = (*TEAL[:2], SKIN)
    assert "eyes" not in by_name(read_swatches(pixels(skin_eyes)))


def test_paints_are_the_colours_with_their_areas() -> None:
    red, blue = (0.6, 0.2, 0.1), (0.4, -0.05, -0.2)
    colours = np.array([red] * 30 + [blue] * 70)
    first, second = find_paints(colours, np.ones(100), 4)
    assert first.lab == pytest.approx(blue) and first.weight == 70
    assert second.lab == pytest.approx(red) and second.weight == 30


def test_shadow_and_light_are_one_paint() -> None:
    colours = np.array([(0.60, 0.1, 0.05)] * 50 + [(0.52, 0.09, 0.045)] * 20)
    [paint] = find_paints(colours, np.ones(70), 4)
    assert paint.weight == 70


def test_oklab_goes_there_and_back() -> None:
    light = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    np.testing.assert_allclose(oklab_to_linear(oklab(light)), light, atol=2e-5)


@pytest.mark.parametrize(
    ("typed", "told"), [("#3A7bd5", "#3a7bd5"), ("3a7bd5", "#3a7bd5"), ("#abc", "#aabbcc")]
)
def test_hex_colours_are_kept_exactly(typed: str, told: str) -> None:
    assert swatch_of_hex("hair", typed).hex == told


@pytest.mark.parametrize("typed", ["teal", "#12345", "#gggggg", "", "#12345678", 7])
def test_what_is_no_hex_colour_is_named_with_the_remedy(typed) -> None:
    with pytest.raises(InputError, match=r"is not a hex colour\. Write it as #rrggbb"):
        typed_swatches({"hair": typed})


def test_typed_swatches_go_before_the_references() -> None:
    read = [swatches(hair="#102030", skin="#fadecd")] * 3
    combined = by_name(character_swatches(read, {"hair": "#aabbcc", "ribbon": "#ff0000"}))
    assert (combined["hair"].hex, combined["skin"].hex, combined["ribbon"].hex) == (
        "#aabbcc",
        "#fadecd",
        "#ff0000",
    )


def test_one_odd_reference_moves_nothing() -> None:
    read = [swatches(hair="#1e8c96")] * 3 + [swatches(hair="#ff0000", accent="#00ff00")]
    combined = by_name(character_swatches(read))
    assert combined["hair"].hex == "#1e8c96"
    assert "accent" not in combined  # one reference of four shows it


def test_equal_colours_are_zero_apart_and_the_worst_is_named() -> None:
    wanted = swatches(hair="#1e8c96", skin="#fadecd")
    report = compare_swatches(swatches(hair="#ff0000", skin="#fadecd"), wanted)
    assert [gap.delta_e for gap in report.gaps][1] == 0
    assert report.worst.wanted.name == "hair"
    red, teal = (cielab(to_linear(np.array(c, np.uint8))) for c in ((255, 0, 0), (30, 140, 150)))
    assert report.worst.delta_e == pytest.approx(float(delta_e_2000(red, teal)), abs=0.05)
    # hair weighs 1, skin a half
    assert report.mean == pytest.approx(report.worst.delta_e * 1 / 1.5)


def test_clothes_are_paired_so_that_the_sum_is_least() -> None:
    wanted = swatches(outfit="#ff0000", accent="#0000ff")
    crossed = compare_swatches(swatches(outfit="#0000ff", accent="#ff0000"), wanted)
    assert crossed.mean == 0
    assert {gap.wanted.name: gap.found.name for gap in crossed.gaps} == {
        "outfit": "accent",
        "accent": "outfit",
    }


def test_hair_is_hair_even_if_the_eyes_have_its_colour() -> None:
    wanted = swatches(hair="#ff0000", eyes="#0000ff")
    assert compare_swatches(swatches(hair="#0000ff", eyes="#ff0000"), wanted).mean > 40


def test_what_is_not_seen_is_unknown_and_not_wrong() -> None:
    report = compare_swatches(swatches(hair="#1e8c96"), swatches(hair="#1e8c96", eyes="#c88c28"))
    assert report.missing == ("eyes",) and report.mean == 0
    assert compare_swatches((), swatches(hair="#1e8c96")).mean is None


@pytest.mark.parametrize("gain", [(0.25, 0.25, 0.25), (0.20, 0.25, 0.45), (0.9, 0.55, 0.35)], ids=str)
def test_light_is_forgiven_and_paint_is_not_where_lightness_is_ignored(gain) -> None:
    wanted = character_swatches([read_swatches(pixels(TEAL))])
    body = [swatch for swatch in wanted if swatch.name != "accent"]
    same = compare_swatches(read_swatches(lit(pixels(TEAL), gain)), body, ignore_lightness=True)
    other = compare_swatches(read_swatches(lit(pixels(PINK_HAIR), gain)), body, ignore_lightness=True)
    assert by_gap(same)["hair"] < 5
    assert by_gap(other)["hair"] > 25
    assert compare_swatches(read_swatches(lit(pixels(TEAL), gain)), body).mean > same.mean + 5


def by_gap(report) -> dict[str, float]:
    return {gap.wanted.name: gap.delta_e for gap in report.gaps}


def test_the_fast_palette_tells_hair_apart_and_survives_storage() -> None:
    teal, pink = read_palette(pixels(TEAL)), read_palette(pixels(PINK_HAIR))
    stored = Palette.from_json(teal.as_json())
    assert compare_palettes(teal, [stored]).delta_e == pytest.approx(0, abs=1e-6)
    gap = compare_palettes(pink, [stored])
    assert gap.name == "hair" and gap.delta_e > LIMIT and gap.contradicts


def test_the_fast_palette_forgives_half_the_exposure() -> None:
    dim = Palette({"hair": (0.1, 0.1, 0.1)}, {"hair": (0.1, 0.1, 0.1)})
    full = Palette({"hair": (0.2, 0.2, 0.2)}, {"hair": (0.2, 0.2, 0.2)})
    difference = float(delta_e_2000(cielab([0.1, 0.1, 0.1]), cielab([0.2, 0.2, 0.2])))
    assert compare_palettes(dim, [full]).delta_e == pytest.approx(difference / 2)
