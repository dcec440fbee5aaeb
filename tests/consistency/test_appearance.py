"""What the encoder without a model sees: truths on drawn people of several hands."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.media import TEAL, draw_figure
from tower_anime.consistency.colour import oklab
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.figure.anatomy import read_anatomy
from tower_anime.consistency.figure.hair_style import hair_style
from tower_anime.consistency.figure.histograms import colour_histogram
from tower_anime.consistency.figure.regions import BoxSums
from tower_anime.consistency.figure.shares import share_code
from tower_anime.consistency.images import read_image
from tower_anime.consistency.scores.similarity import over_views, view_similarities

DRAWN = Path(__file__).resolve().parents[2] / "benchmarks" / "drawn"


@pytest.fixture(scope="module")
def drawn() -> ModuleType:
    """Return the hands of the benchmarks, which are no part of the installed package."""
    where = importlib.util.spec_from_file_location(
        "drawn", DRAWN / "__init__.py", submodule_search_locations=[str(DRAWN)]
    )
    module = importlib.util.module_from_spec(where)
    sys.modules["drawn"] = module
    where.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def encoder() -> AppearanceEncoder:
    return AppearanceEncoder()


def auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    return float(np.mean(positives[:, None] > negatives[None]))


def similarities(encoder, references: list, pictures: list) -> np.ndarray:
    known, seen = encoder.encode(references).embeddings, encoder.encode(pictures).embeddings
    return np.nan_to_num(
        over_views(view_similarities(seen, known, len(encoder.views)), encoder.emphasis), nan=-1.0
    )


def views_of(encoder, first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    one, two = encoder.encode([first, second]).embeddings
    return dict(
        zip(encoder.views, view_similarities(one[None], two[None], len(encoder.views))[0], strict=True)
    )


def test_characters_are_told_apart_whoever_draws_them(encoder, drawn) -> None:
    scores, owned = [], []
    for seed, hand in enumerate(drawn.HANDS):
        rng = np.random.default_rng([5, seed])
        looks = [drawn.random_look(rng) for _ in range(3)]
        pictures = [drawn.draw(look, drawn.random_shot(rng), hand).image for look in looks for _ in range(2)]
        for number, look in enumerate(looks):
            references = [drawn.draw(look, shot, hand).image for shot in drawn.reference_shots(rng, 3)]
            scores.append(similarities(encoder, references, pictures))
            owned.append(np.repeat(np.arange(3), 2) == number)
    every, own = np.concatenate(scores), np.concatenate(owned)
    assert auc(every[own], every[~own]) >= 0.95


@pytest.mark.parametrize("hand", ["cel", "chibi", "plain", "bold", "painted"])
def test_heads_are_found_where_they_were_drawn(drawn, hand: str) -> None:
    rng = np.random.default_rng(6)
    hits = []
    for _ in range(6):
        drawing = drawn.draw(drawn.random_look(rng), drawn.random_shot(rng), hand)
        [(x, y, radius)] = drawing.faces
        figures = read_anatomy(drawing.image)
        head = figures[0].head if figures else None
        hits.append(
            head is not None
            and np.hypot(head.x / figures[0].scale - x, head.y / figures[0].scale - y) < radius
            and abs(np.log(head.radius / figures[0].scale / radius)) < 0.5
        )
    assert sum(hits) >= 5


@pytest.mark.parametrize("tint", [(1.0, 0.82, 0.6), (0.5, 0.6, 0.9)], ids=["warm", "night"])
def test_tinted_light_does_not_change_who_somebody_is(encoder, tint) -> None:
    picture = np.asarray(draw_figure(TEAL))
    tinted = (picture * np.array(tint)).astype(np.uint8)
    stranger = np.asarray(draw_figure(((200, 60, 50), (90, 140, 60), (60, 60, 200))))
    same, other = views_of(encoder, picture, tinted), views_of(encoder, picture, stranger)
    for seen, is_same in ((same, True), (other, False)):
        similarity = over_views(np.array(list(seen.values())), encoder.emphasis)
        assert (similarity > encoder.thresholds[0]) == is_same
    assert all(same[view] > other[view] for view in ("hair", "eyes", "top"))


def test_other_eyes_are_seen_in_the_eyes_and_nowhere_else(encoder) -> None:
    hair, clothes, _ = TEAL
    picture = np.asarray(draw_figure(TEAL))
    seen = views_of(encoder, picture, np.asarray(draw_figure((hair, clothes, (60, 200, 90)))))
    assert seen["eyes"] < 0.8
    assert min(seen["hair"], seen["top"], seen["outline"]) > 0.99


def test_long_and_short_hair_have_other_styles(drawn) -> None:
    rng = np.random.default_rng(7)
    look = drawn.random_look(rng)
    styles = {}
    for style in ("long", "short"):
        for background in ("white", "room"):
            person = replace(look, hair_style=style, accessory="none")
            shot = drawn.Shot(framing="bust", background=background)
            [figure] = read_anatomy(drawn.draw(person, shot, "plain").image)
            styles[style, background] = hair_style(figure)
    same = styles["long", "white"] @ styles["long", "room"]
    assert same > styles["long", "white"] @ styles["short", "room"] + 0.1


@pytest.mark.parametrize(
    ("accessory", "view"), [("glasses", "glasses"), ("scarf", "neck"), ("ribbon", "ornaments")]
)
def test_what_somebody_wears_is_seen_where_it_is_worn(encoder, drawn, accessory: str, view: str) -> None:
    gaps = []
    for seed in range(6):
        look = replace(
            drawn.random_look(np.random.default_rng([8, seed])), accessory="none", accent=(210, 30, 200)
        )
        shot = drawn.Shot(framing="bust", background="flat", expression="calm", seed=seed)
        bare, again, worn = (
            drawn.draw(person, one, "cel").image
            for person, one in (
                (look, shot),
                (look, replace(shot, background="room", is_mirrored=True, tilt=6.0)),
                (replace(look, accessory=accessory), shot),
            )
        )
        gaps.append(views_of(encoder, bare, again)[view] - views_of(encoder, bare, worn)[view])
    assert np.median(gaps) > 0
    assert np.mean(np.array(gaps) > 0) >= 0.8


def test_the_product_of_share_codes_is_how_near_the_shares_are() -> None:
    weights = np.array([1.0, 3.0])
    first, second = share_code(np.array([0.25, 0.5]), weights), share_code(np.array([0.75, 0.625]), weights)
    assert first @ second == pytest.approx(1 - (1.0 * 0.5 + 3.0 * 0.125) / 4.0)
    assert first @ first == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (1, 5000), (5000, 1), (24, 16_000), (3000, 40)], ids=str)
def test_pictures_too_thin_for_a_person_show_nobody(encoder, shape) -> None:
    assert encoder.sight([np.zeros((*shape, 3), np.uint8)]) == [[]]


def test_plain_patterns_are_nobody(encoder) -> None:
    y, x = np.mgrid[0:400, 0:600]
    noise = np.random.default_rng(1).integers(0, 256, (400, 600, 3))
    gradient = np.stack([x * 255 // 600, y * 255 // 400, 255 - x * 255 // 600], axis=-1)
    stripes = np.where((x // 40 % 2)[..., None], (220, 60, 60), (240, 240, 230))
    checks = np.where(((x // 50 + y // 50) % 2)[..., None], (40, 60, 120), (200, 210, 90))
    disc = np.where((np.hypot(x - 300, y - 200) < 90)[..., None], (250, 200, 60), (90, 120, 200))
    pictures = [picture.astype(np.uint8) for picture in (noise, gradient, stripes, checks, disc)]
    assert encoder.sight(pictures, n_figures=1) == [[], [], [], [], []]


def test_many_pictures_at_once_are_as_each_alone(encoder) -> None:
    pictures = [np.asarray(draw_figure(TEAL, x=x)) for x in (0.3, 0.5, 0.7)]
    together = encoder.encode(pictures).embeddings
    for row, picture in zip(together, pictures, strict=True):
        assert row.tobytes() == encoder.encode([picture]).embeddings[0].tobytes()


def test_box_sums_are_sums_also_beyond_the_picture() -> None:
    channels = np.random.default_rng(2).uniform(size=(2, 9, 11)).astype(np.float32)
    sums = BoxSums(channels)
    places = [(x, y) for y in range(2, 8, 3) for x in range(1, 10, 2)]
    found = sums.at(np.array([(x, y, 2.0) for x, y in places]), (-2.0, 1.0, -1.0, 2.0))
    for (x, y), place in zip(places, found.T, strict=True):
        inside = channels[:, max(y - 2, 0) : y + 4, max(x - 4, 0) : x + 2].sum(axis=(1, 2))
        np.testing.assert_allclose(place, inside, rtol=1e-4)


def test_colours_further_apart_have_less_alike_histograms() -> None:
    greys = [oklab(np.full((20, 3), level, np.float32)) for level in (0.10, 0.15, 0.30, 0.70)]
    first, *others = (colour_histogram(lab, np.ones(20)) for lab in greys)
    alike = [float(first @ other) for other in (first, *others)]
    assert alike[0] == pytest.approx(1.0)
    assert alike == sorted(alike, reverse=True)


@pytest.mark.parametrize("still", ["05_river_bank", "09_train_interior"])
def test_people_beside_each_other_have_heads_of_about_one_size(still: str) -> None:
    picture = read_image(Path(__file__).parents[2] / f"example_workflows/demo/stills/{still}.webp")
    first, second = read_anatomy(picture, limit=2)
    assert max(first.head.radius, second.head.radius) < 1.3 * min(first.head.radius, second.head.radius)
