"""Regions and masks as layers see them, factors over sampling, and pictures combined."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from tower_anime.consistency.injection.attention import EMBEDS_SCALING, spread  # noqa: E402
from tower_anime.consistency.injection.combining import (  # noqa: E402
    COMBINATIONS,
    combine,
    flipped_norm_average,
    side_by_side,
)
from tower_anime.consistency.injection.curve import parse_curve  # noqa: E402
from tower_anime.consistency.injection.masks import (  # noqa: E402
    REGIONS,
    Box,
    box_mask,
    checked_mask,
    guessed_mask_for_layer,
    mask_for_layer,
)
from tower_anime.errors import InputError  # noqa: E402


def test_thirds_and_halves_cover_the_picture_once():
    thirds = sum(box_mask(REGIONS[name], 90) for name in ("left", "centre", "right"))
    assert torch.equal(thirds, torch.ones(1, 90, 90))
    halves = box_mask(REGIONS["top half"], 7) + box_mask(REGIONS["bottom half"], 7)
    assert torch.allclose(halves, torch.ones(1, 7, 7))


def test_a_box_has_its_share_of_the_area():
    mask = box_mask(Box(0.1, 0.25, 0.45, 0.9), 37)
    assert mask.mean().item() == pytest.approx(0.35 * 0.65, abs=1e-6)


@pytest.mark.parametrize("sides", [(0.5, 0, 0.5, 1), (0.6, 0, 0.5, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.5)])
def test_a_box_without_area_is_refused(sides):
    with pytest.raises(InputError, match="holds nothing"):
        Box(*sides)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(8, 64), st.integers(8, 64))
def test_a_mask_has_the_exact_size_of_every_layer(height, width, mask_height, mask_width):
    scaled = mask_for_layer(torch.ones(2, mask_height, mask_width), height, width)
    assert scaled.shape == (2, height * width, 1)
    assert torch.allclose(scaled, torch.ones_like(scaled))


def test_a_half_is_a_half_on_odd_latents():
    scaled = mask_for_layer(box_mask(REGIONS["left half"]), 5, 14).reshape(5, 14)
    assert torch.allclose(scaled[:, :7], torch.ones(5, 7)) and (scaled[:, 7:] == 0).all()


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 3), st.integers(0, 3))
def test_a_part_of_a_mask_is_what_the_whole_has_there(height, width, row, column):
    mask = torch.rand(2, 29, 31, generator=torch.Generator().manual_seed(height * width))
    whole = mask_for_layer(mask, 4 * height, 4 * width).reshape(2, 4, height, 4, width)
    part = Box(column / 4, row / 4, (column + 1) / 4, (row + 1) / 4)
    seen = mask_for_layer(mask, height, width, part).reshape(2, height, width)
    assert torch.allclose(seen, whole[:, row, :, column], atol=1e-5)


@given(st.integers(2, 24), st.integers(2, 24))
def test_the_guess_of_older_packs_has_the_layers_length(high, wide):
    n_positions = -(-high // 2) * -(-wide // 2)
    assert guessed_mask_for_layer(torch.ones(1, 8, 8), (high, wide), n_positions).shape == (1, n_positions, 1)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (torch.zeros(4), r"\(4,\) is none"),
        (torch.zeros(0, 8, 8), "is none"),
        (torch.full((1, 2, 2), float("nan")), "NaN"),
    ],
)
def test_what_is_no_mask_is_said(mask, sentence):
    with pytest.raises(InputError, match=sentence):
        checked_mask(mask)


def test_masks_of_other_forms_are_taken():
    assert checked_mask(torch.full((3, 5), 2.0)).equal(torch.ones(1, 3, 5))
    assert checked_mask(torch.ones(2, 1, 3, 5)).shape == (2, 3, 5)


def test_a_curve_is_linear_between_its_points_and_level_outside():
    curve = parse_curve("0.2: 1, 0.6: 0.5; 0.8:0")
    values = [curve.at(place) for place in (0, 0.2, 0.4, 0.6, 0.7, 0.8, 1)]
    assert values == pytest.approx([1, 1, 0.75, 0.5, 0.25, 0, 0])
    assert parse_curve(" ").at(0.5) == 1


@pytest.mark.parametrize("text", ["1", "a: 1", "0.5: x", "1.5: 1", "0: inf", "0: 1, 0: 2"])
def test_what_is_no_curve_is_said(text):
    with pytest.raises(InputError, match="curve"):
        parse_curve(text)


def test_frames_have_their_own_rows():
    rows = torch.arange(3.0)[:, None]
    assert spread(rows[:1], 4).flatten().tolist() == [0, 0, 0, 0]
    assert spread(rows, 3).flatten().tolist() == [0, 1, 2]
    assert spread(rows, 5).flatten().tolist() == [0, 1, 2, 2, 2]
    assert spread(rows, 2, [1, 2]).flatten().tolist() == [1, 2]
    assert spread(rows, 2).flatten().tolist() == [0, 1]


@pytest.mark.parametrize("how", COMBINATIONS)
def test_one_picture_combined_is_itself(how):
    row = torch.randn(1, 3, 8)
    assert torch.equal(combine(row, how), row)


def test_norm_average_is_along_the_features():
    rows = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    assert torch.allclose(combine(rows, "norm average"), torch.full((1, 2), 2 * 0.5**0.5))
    assert torch.allclose(combine(rows, "average"), torch.tensor([[1.5, 0.5]]))
    assert torch.allclose(combine(rows, "weighted average", [1, 3]), torch.tensor([[0.75, 0.75]]))
    assert torch.allclose(combine(rows, "add"), torch.tensor([[3.0, 1.0]]))
    assert torch.allclose(combine(rows, "subtract"), torch.tensor([[3.0, -1.0]]))


def test_the_average_of_older_packs_is_kept_for_them():
    rows = torch.tensor([[3.0, 1.0], [4.0, 1.0]])
    assert torch.allclose(flipped_norm_average(rows), torch.tensor([[0.7, 0.5**0.5]]))


def test_tokens_go_side_by_side_or_one_set_a_frame():
    tokens = torch.randn(3, 4, 8)
    assert torch.equal(side_by_side(tokens, "concat")[0, 4:8], tokens[1])
    assert side_by_side(tokens, "per frame").shape == (3, 4, 8)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0]])
def test_weights_that_do_not_fit_are_said(weights):
    with pytest.raises(InputError, match="came with the weights"):
        combine(torch.ones(2, 4), "weighted average", weights)
    with pytest.raises(InputError, match="cannot be combined"):
        combine(torch.ones(2, 4), "median")


@pytest.mark.parametrize("scaling", EMBEDS_SCALING)
def test_scalings_at_full_weight_on_the_widest_layer_change_nothing(scaling):
    keys, values = torch.randn(2, 4, 1280), torch.randn(2, 4, 1280)
    scaled = EMBEDS_SCALING[scaling](keys, values, 1.0)
    assert torch.allclose(scaled[0], keys) and torch.allclose(scaled[1], values, atol=1e-6)


def test_scalings_are_what_their_names_say():
    keys, values = torch.randn(1, 4, 640), torch.randn(1, 4, 640)
    mean = values.mean(dim=1, keepdim=True)
    alone = EMBEDS_SCALING["V only"](keys, values, 0.6)
    assert alone[0] is keys and torch.allclose(alone[1], values * 0.6)
    both = EMBEDS_SCALING["K+V"](keys, values, 0.6)
    assert torch.allclose(both[0], keys * 0.6) and torch.allclose(both[1], values * 0.6)
    penalty = EMBEDS_SCALING["K+V w/ C penalty"](keys, values, 0.6)
    assert torch.allclose(penalty[0], keys * 0.3) and torch.allclose(penalty[1], values * 0.3)
    on_mean = EMBEDS_SCALING["K+mean(V) w/ C penalty"](keys, values, 0.6)
    assert torch.allclose(on_mean[1], values - mean + mean * 0.3)
