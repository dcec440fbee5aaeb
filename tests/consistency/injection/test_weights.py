"""How strongly an adapter acts in each block, against the tables that people know."""

from __future__ import annotations

import math

import pytest
from support.unets import SD15, SDXL, sites_of
from tower_anime.consistency.injection.weights import WEIGHT_TYPES, site_weights
from tower_anime.errors import InputError

SITES = {"sd15": sites_of(SD15, 768), "sdxl": sites_of(SDXL, 2048)}
N = {"sd15": 16, "sdxl": 11}


def by_transformer(family, *arguments, **options):
    made = site_weights(SITES[family], *arguments, **options)
    return {site.transformer: (at.weight, at.is_reversed) for site, at in made.items()}


def acting(family, *arguments, **options):
    return {t: w for t, (w, _) in by_transformer(family, *arguments, **options).items() if w}


def around(numbers, weight):
    return dict.fromkeys(numbers, pytest.approx(weight))


STYLE_SD15 = [0, 1, 2, 3, *range(9, 16)]


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_linear_is_the_same_everywhere(family):
    assert acting(family, 0.7) == around(range(N[family]), 0.7)


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
@pytest.mark.parametrize(
    ("weight_type", "share"),
    [
        ("ease in", lambda t, n: 1 - t / n),
        ("ease out", lambda t, n: t / n),
        ("ease in-out", lambda t, n: 1 - abs(t - n / 2) / (n / 2)),
        ("reverse in-out", lambda t, n: abs(t - n / 2) / (n / 2)),
    ],
)
def test_eased_types_follow_the_order_of_running(family, weight_type, share):
    n = N[family]
    expected = {t: 0.8 * (0.05 + 0.95 * share(t, n)) for t in range(n)}
    assert acting(family, 0.8, weight_type) == {t: pytest.approx(w) for t, w in expected.items()}


@pytest.mark.parametrize(
    ("weight_type", "weak"),
    [
        ("weak input", "input"), ("weak middle", "middle"), ("weak output", "output"),
        ("strong middle", "input output"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_weak_types_leave_a_fifth(family, weight_type, weak):
    for site, at in site_weights(SITES[family], 1.0, weight_type).items():
        assert at.weight == pytest.approx(0.2 if site.block in weak else 1.0)


@pytest.mark.parametrize(
    ("family", "weight_type", "expected"),
    [
        ("sdxl", "style transfer", around([6], 0.8)),
        ("sdxl", "composition", around([3], 0.8)),
        ("sdxl", "strong style transfer", around([0, 1, 2, 4, 5, 6, 7, 8, 9, 10], 0.8)),
        ("sdxl", "style and composition", around([6], 0.8) | around([3], 0.5)),
        ("sdxl", "strong style and composition", around(range(11), 0.8) | around([3], 0.5)),
        ("sdxl", "style transfer precise", around([6], 0.8) | around([3], 0.5)),
        ("sdxl", "composition precise", around(range(11), 0.08) | around([6], 0.8) | around([3], 0.5)),
        ("sd15", "style transfer", around(STYLE_SD15, 0.8)),
        ("sd15", "composition", around([4], 0.2) | around([5], 0.8)),
        ("sd15", "strong style transfer", around([*range(4), *range(6, 16)], 0.8)),
        ("sd15", "style and composition", around(STYLE_SD15, 0.8) | around([4], 0.125) | around([5], 0.5)),
        ("sd15", "strong style and composition", around(range(16), 0.8) | around([4, 5], 0.5)),
        ("sd15", "style transfer precise", around(STYLE_SD15, 0.8) | around([4], 0.125) | around([5], 0.5)),
        (
            "sd15",
            "composition precise",
            around(STYLE_SD15, 0.8) | around([6, 7, 8], 0.08) | around([4], 0.125) | around([5], 0.5),
        ),
    ],
)  # fmt: skip
def test_the_types_of_instant_style(family, weight_type, expected):
    options = {} if weight_type == "composition" else {"weight_composition": 0.5}
    assert acting(family, 0.8, weight_type, **options) == expected


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_precise_types_push_the_other_aspect_away(family):
    composition = {"sd15": {4, 5}, "sdxl": {3}}[family]
    style = by_transformer(family, 1.0, "style transfer precise")
    assert {t for t, (_, is_reversed) in style.items() if is_reversed} == composition
    other = by_transformer(family, 1.0, "composition precise")
    assert {t for t, (_, is_reversed) in other.items() if is_reversed} == set(range(N[family])) - composition


def test_blocks_have_weights_of_their_own_by_name_or_number():
    by_name = by_transformer("sdxl", 0.5, block_weights="in8: 0.4, out1: 1")
    assert by_name == by_transformer("sdxl", 0.5, block_weights="3:0.4;6:1")
    assert {t: w for t, (w, _) in by_name.items() if w} == {3: 0.2, 6: 0.5}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"weight_type": "soft"}, "no weight type 'soft'"),
        ({"block_weights": "in6: 1"}, "no attention block 'in6'"),
        ({"block_weights": "in8"}, "'in8' gives block in8 no weight"),
        ({"block_weights": "in8: much"}, "gives block in8 no weight"),
        ({"block_weights": "in8: nan"}, "nan is not a number"),
        ({"weight_composition": math.inf}, "inf is not a number"),
    ],
)
def test_what_is_no_weight_is_said(options, sentence):
    with pytest.raises(InputError, match=sentence):
        site_weights(SITES["sdxl"], 1.0, **options)


@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_weight_zero_is_zero_everywhere(weight_type):
    assert acting("sdxl", 0.0, weight_type) == {}
