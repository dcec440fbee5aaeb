"""Which pictures may define a character, and what is measured of each."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFilter
from support.blocks import BLUE, RED, BlockEncoder, block, turned
from support.media import RUST, TEAL, draw_figure
from tower_anime.consistency.references.checking import check_references, outliers
from tower_anime.consistency.references.picture_quality import correlation, measure_picture
from tower_anime.errors import EmptyReferenceError, InputError


def drawn(look=TEAL, **options) -> np.ndarray:
    return np.asarray(draw_figure(look, **{"size": (768, 768), **options}))


def check(*images: np.ndarray, **options):
    names = [f"{number}.png" for number in range(1, len(images) + 1)]
    return check_references(list(images), names, **options)


def as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def scaled(image: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def four():
    return check(*[drawn(x=0.46 + 0.04 * n, scale=0.95 + 0.12 * n) for n in range(4)])


def test_good_references_are_accepted_without_a_word(four) -> None:
    assert [(c.accepted, c.errors, c.warnings) for c in four] == [(True, (), ())] * 4


def test_the_report_holds_the_numbers_that_people_need(four) -> None:
    report = four[0].report
    assert (report["width"], report["height"], report["figures"]) == (768, 768, 1)
    # The drawing's head is 1.7 to 2.6 radii wide, and its radius 0.17 * 0.95 of the height.
    assert 0.2 < report["head_share"] < 0.45
    assert 0.1 < report["figure_share"] < 0.8
    assert report["similarity"] > 0.7
    assert report["sharpness"] > 0.5
    assert report["encoder"].startswith("appearance ")


@pytest.mark.parametrize(("size", "accepted"), [((511, 900), False), ((512, 900), True)])
def test_the_short_side_decides_at_512_pixels(size, accepted) -> None:
    [found] = check(drawn(size=size))
    assert found.accepted == accepted
    assert found.report["width"] == size[0]
    if not accepted:
        assert "1.png is 511×900 pixels" in found.errors[0]


def test_a_blank_picture_is_refused() -> None:
    [found] = check(np.full((600, 600, 3), 90, np.uint8))
    assert not found.accepted
    assert "1.png is blank" in found.errors[0]


@pytest.mark.parametrize(
    ("radius", "refused", "soft"), [(0, False, False), (3, False, True), (8, True, False)]
)
def test_blur_is_told_apart_from_a_hopeless_blur(radius, refused, soft) -> None:
    blurred = np.asarray(Image.fromarray(drawn()).filter(ImageFilter.GaussianBlur(radius)))
    [found] = check(blurred)
    assert bool(found.errors) == refused
    assert any("soft" in warning for warning in found.warnings) == soft


def test_enlarging_a_picture_does_not_make_it_sharp() -> None:
    small = drawn(size=(160, 160))
    assert measure_picture(scaled(small, 640)).sharpness < 0.6 * measure_picture(drawn()).sharpness


def test_a_night_is_very_dark() -> None:
    [found] = check((drawn() * 0.06).astype(np.uint8))
    assert any("very dark" in warning for warning in found.warnings)
    assert found.report["lightness"] < 25


@pytest.mark.parametrize("how", ["same", "smaller", "compressed", "mirrored"])
def test_a_copy_is_named_with_what_it_repeats(how: str) -> None:
    first = drawn(x=0.4)
    copies = {
        "same": first.copy,
        "smaller": lambda: scaled(first, 600),
        "compressed": lambda: as_jpeg(first, 40),
        "mirrored": lambda: np.ascontiguousarray(first[:, ::-1]),
    }
    _, copy = check(first, copies[how]())
    assert copy.report["copy_of"] == "1.png"
    assert any("1.png" in warning for warning in copy.warnings)
    assert copy.accepted


def test_two_drawings_of_one_character_are_no_copies(four) -> None:
    assert [c.report["copy_of"] for c in four] == [None] * 4


def test_two_people_are_counted_and_one_of_them_can_be_chosen() -> None:
    both = np.concatenate([drawn(TEAL, size=(640, 720)), drawn(RUST, size=(640, 720))], axis=1)
    [open_choice] = check(both)
    assert open_choice.report["figures"] == 2
    assert any("2 figures" in warning for warning in open_choice.warnings)
    [chosen] = check(both, boxes=[(640, 0, 1280, 720)])
    assert chosen.report["figures"] == 1
    assert chosen.warnings == ()
    assert chosen.box == (640, 0, 1280, 720)
    assert chosen.report["figure_box"][0] >= 640


def test_a_box_beyond_the_picture_is_refused_with_its_size() -> None:
    with pytest.raises(InputError, match="768×768"):
        check(drawn(), boxes=[(0, 0, 769, 700)])


class BlindEncoder(BlockEncoder):
    """Sees nobody."""

    name = "blind"

    def sight(self, images, *, n_figures=None):
        return [[] for _ in images]


def test_who_found_nobody_is_named() -> None:
    [found] = check(drawn(), encoder=BlindEncoder())
    assert any("1.png by blind" in warning for warning in found.warnings)
    assert found.accepted
    assert found.report["encoder"] == "blind 1"
    assert found.report["similarity"] is None


def test_the_one_that_is_unlike_the_others_is_named() -> None:
    """Leave-one-out similarities by hand: 0.66, 0.65, 0.65 among friends with one stranger, who has 0."""
    found = check(block(RED), block(turned(10)), block(turned(5)), block(BLUE), encoder=BlockEncoder())
    assert [c.report["similarity"] for c in found] == pytest.approx([0.660, 0.660, 0.664, 0.0], abs=2e-3)
    assert [any("unlike" in w for w in c.warnings) for c in found] == [False, False, False, True]


def test_of_two_neither_is_the_odd_one_and_unseen_ones_do_not_count() -> None:
    assert outliers(np.array([0.9, 0.1])) == []
    assert outliers(np.array([0.9, 0.1, np.nan])) == []
    assert outliers(np.array([0.9, 0.85, 0.6, np.nan])) == [2]


def test_correlation_is_pearsons() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(24, 24)), rng.normal(size=(24, 24))
    assert correlation(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    assert correlation(np.zeros((4, 4)), np.ones((4, 4))) == 1.0
    assert correlation(np.zeros((24, 24)), a) == 0.0


def test_no_reference_is_an_error() -> None:
    with pytest.raises(EmptyReferenceError):
        check_references([], [])
