"""Who a picture shows: truths on drawn characters whose names are known."""

from pathlib import Path

import numpy as np
import pytest
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.encoders.registry import built_in
from tower_anime.consistency.images import read_image
from tower_anime.consistency.scores.calibration import calibrate, consistency_score
from tower_anime.consistency.scores.identity import build_identity
from tower_anime.consistency.scores.scoring import score_image
from tower_anime.consistency.scores.similarity import leave_one_out, view_similarities
from tower_anime.consistency.verdict import Status
from tower_anime.errors import EmptyReferenceError, InputError, UnknownEncoderError

DEMO = Path(__file__).resolve().parents[2] / "example_workflows" / "demo"
PINK_HAIR = ((240, 110, 170), *TEAL[1:])


def pixels(*arguments, **options) -> np.ndarray:
    return np.asarray(draw_figure(*arguments, **options))


@pytest.fixture(scope="module")
def encoder() -> AppearanceEncoder:
    return AppearanceEncoder()


@pytest.fixture(scope="module")
def teal(encoder, tmp_path_factory: pytest.TempPathFactory):
    paths = write_references(tmp_path_factory.mktemp("teal"), TEAL)
    return build_identity(encoder, [read_image(path) for path in paths])


@pytest.mark.parametrize("ground", [(215, 220, 235), (120, 90, 80), (40, 45, 70)])
def test_the_character_passes_on_any_ground(encoder, teal, ground) -> None:
    assert score_image(encoder, teal, pixels(TEAL, ground=ground, x=0.4)).status is Status.PASS


@pytest.mark.parametrize("look", [RUST, PINK_HAIR], ids=["another", "wrong hair"])
def test_somebody_else_and_the_wrong_hair_fail(encoder, teal, look) -> None:
    verdict = score_image(encoder, teal, pixels(look, ground=(215, 220, 235)))
    assert verdict.status is Status.FAIL
    assert verdict.score < 0.5


def test_wrong_hair_is_said_to_be_the_reason(encoder, teal) -> None:
    verdict = score_image(encoder, teal, pixels(PINK_HAIR))
    assert verdict.palette_delta_e > 28
    assert "air is far from the references" in verdict.reason


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_is_unknown_and_never_a_pass(encoder, teal, value: int) -> None:
    verdict = score_image(encoder, teal, np.full((600, 600, 3), value, np.uint8))
    assert (verdict.status, verdict.score) == (Status.UNKNOWN, None)


def test_equal_pictures_give_equal_embeddings(encoder) -> None:
    picture = pixels(TEAL)
    first, second = encoder.encode([picture, picture.copy()]).embeddings
    assert first.tobytes() == second.tobytes()
    assert np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("status_of", ["pass", "fail"])
def test_a_pass_is_a_score_of_one_half_or_more(encoder, teal, status_of: str) -> None:
    looks = {"pass": TEAL, "fail": RUST}
    verdict = score_image(encoder, teal, pixels(looks[status_of]))
    assert verdict.status.value == status_of
    assert (verdict.score >= 0.5) == (status_of == "pass")


def test_one_half_is_exactly_the_threshold_and_more_similar_never_scores_less() -> None:
    assert consistency_score(0.7, 0.7) == 0.5
    scores = [consistency_score(s, 0.7) for s in np.linspace(-1, 1, 201)]
    assert np.all(np.diff(scores) >= 0)
    assert (scores[0], scores[-1]) == (0.0, 1.0)


def test_the_threshold_is_half_published_and_half_the_references_own() -> None:
    rows = np.random.default_rng(3).normal(size=(4, 8)).astype(np.float32) + 2
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    own = leave_one_out(rows, 1)[:, 0]
    for row, value in zip(range(4), own, strict=True):
        others = [float(rows[row] @ rows[other]) for other in range(4) if other != row]
        assert value == pytest.approx(np.mean(others), abs=1e-5)
    assert calibrate(rows, [0.6])[0] == pytest.approx(
        0.3 + 0.5 * (own.mean() - 2 * own.std(ddof=1)), abs=1e-5
    )
    assert calibrate(rows[:2], [0.6]) == (0.6,)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_similarity_ignores_the_length_of_embeddings(scale: float) -> None:
    rng = np.random.default_rng(0)
    rows, references = rng.normal(size=(3, 16)), rng.normal(size=(2, 16))
    expected = view_similarities(rows, references, 1)
    np.testing.assert_allclose(view_similarities(scale * rows, references, 1), expected, atol=1e-5)


def test_a_persons_own_threshold_decides(encoder, teal, tmp_path: Path) -> None:
    images = [read_image(path) for path in write_references(tmp_path, TEAL)]
    strict = build_identity(encoder, images, threshold=0.9999)
    assert score_image(encoder, strict, pixels(TEAL, x=0.35)).status is Status.FAIL
    with pytest.raises(InputError, match=r"1\.5"):
        build_identity(encoder, images, threshold=1.5)


def test_no_reference_is_an_error(encoder) -> None:
    with pytest.raises(EmptyReferenceError):
        build_identity(encoder, [])


def test_an_unknown_encoder_names_the_known_ones() -> None:
    with pytest.raises(UnknownEncoderError, match="appearance"):
        built_in().get("magic")


def test_the_demo_is_judged_as_it_was_drawn(encoder) -> None:
    cast = {
        name: build_identity(encoder, [read_image(p) for p in sorted((DEMO / "characters" / name).iterdir())])
        for name in ("aoi", "ren")
    }
    shown = {
        "02": ["aoi"],
        "03": ["aoi"],
        "04": ["ren"],
        "05": ["aoi", "ren"],
        "06": [],
        "07": ["aoi"],
        "08": [],
    }
    for path in sorted((DEMO / "stills").iterdir()):
        expected = shown.get(path.name[:2])
        if expected is None:
            continue
        picture, n_figures = read_image(path), max(len(expected), 1)
        verdicts = {
            name: score_image(encoder, who, picture, n_figures=n_figures) for name, who in cast.items()
        }
        assert [name for name, verdict in verdicts.items() if verdict.status is Status.PASS] == expected
