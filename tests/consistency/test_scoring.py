"""Scores, mappings, rivals and casts, on figures whose similarities are computed by hand."""

import numpy as np
import pytest
from support.blocks import BLUE, GREEN, RED, UNSEEN, BlockEncoder, block, turned
from tower_anime.consistency.scores.calibration import band_of, consistency_score, legacy_score
from tower_anime.consistency.scores.cast import judge_cast
from tower_anime.consistency.scores.identity import build_identity
from tower_anime.consistency.scores.rivals import rivals_of
from tower_anime.consistency.scores.scoring import Judge, score_images
from tower_anime.consistency.verdict import Status
from tower_anime.errors import InputError


@pytest.fixture
def encoder() -> BlockEncoder:
    return BlockEncoder()


def cos(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def judge_of(encoder, *pictures, rivals=None, **options) -> Judge:
    mapping = options.pop("mapping", "calibrated")
    return Judge(encoder, build_identity(encoder, list(pictures), **options), rivals, mapping)


def test_similarity_is_the_mean_cosine_to_the_references(encoder) -> None:
    [verdict] = score_images(judge_of(encoder, block(RED), block(turned(40))), [block(turned(10))])
    assert verdict.similarity == pytest.approx((cos(10) + cos(30)) / 2, abs=2e-3)
    assert verdict.threshold == pytest.approx(0.9)


def test_a_reference_of_twice_the_weight_counts_twice(encoder) -> None:
    judge = judge_of(encoder, block(RED), block(GREEN), weights=[2, 1])
    [verdict] = score_images(judge, [block(RED)])
    assert verdict.similarity == pytest.approx(2 / 3, abs=1e-5)


@pytest.mark.parametrize("weights", [[0.0, 1.0], [float("nan"), 1.0], [1.0]])
def test_weights_that_weigh_nothing_are_told_as_they_were_given(encoder, weights) -> None:
    with pytest.raises(InputError, match="do not suit 2 references") as refused:
        build_identity(encoder, [block(RED), block(GREEN)], weights=weights)
    assert f"The weights {weights} " in str(refused.value)


def test_both_views_count_and_a_view_that_is_not_seen_does_not(encoder) -> None:
    judge = judge_of(encoder, block((RED, GREEN)))
    head_only, wrong_clothes = score_images(judge, [block((RED, UNSEEN)), block((RED, BLUE))])
    assert head_only.similarity == pytest.approx(1.0, abs=1e-5)
    assert [view.view for view in head_only.views] == ["head"]
    assert wrong_clothes.similarity == pytest.approx(0.5, abs=1e-5)
    assert [round(view.similarity, 5) for view in wrong_clothes.views] == [1.0, 0.0]
    assert wrong_clothes.status is Status.FAIL


def test_no_view_in_common_is_unknown(encoder) -> None:
    [verdict] = score_images(judge_of(encoder, block((RED, UNSEEN))), [block((UNSEEN, RED))])
    assert (verdict.status, verdict.score, verdict.band) == (Status.UNKNOWN, None, "")


@pytest.mark.parametrize(
    ("similarity", "score", "band"),
    [
        (0.85, 0.85, "borderline"),
        (0.8501, 1.0, "match"),
        (0.70, 0.0, "other"),
        (0.7001, 0.7001, "borderline"),
    ],
)
def test_the_bounds_of_the_first_design_are_exact(similarity: float, score: float, band: str) -> None:
    assert legacy_score(similarity) == score
    assert band_of(score, similarity, "legacy") == band


@pytest.mark.parametrize(
    ("degrees", "score", "status"), [(20, 1.0, "pass"), (40, None, "pass"), (50, 0.0, "fail")]
)
def test_the_legacy_mapping_decides_on_similarity_alone(encoder, degrees, score, status) -> None:
    judge = judge_of(encoder, block(RED), mapping="legacy")
    [verdict] = score_images(judge, [block(turned(degrees))])
    assert verdict.status.value == status
    assert verdict.score == (verdict.similarity if score is None else score)
    assert (verdict.mapping, verdict.threshold) == ("legacy/1", 0.7)


def test_a_score_says_how_it_came_about(encoder) -> None:
    [verdict] = score_images(judge_of(encoder, block(RED)), [block(turned(10))])
    shown = verdict.as_json()
    assert (shown["mapping"], shown["calibration"], shown["band"]) == ("calibrated/1", "published/1", "match")
    assert verdict.score == consistency_score(verdict.similarity, 0.9)
    assert (shown["encoder"], shown["encoder_version"]) == ("blocks", "1")


def test_an_unknown_mapping_names_the_known_ones(encoder) -> None:
    with pytest.raises(InputError, match="calibrated, legacy"):
        judge_of(encoder, block(RED), mapping="magic")


def test_embeddings_of_another_version_are_not_compared(encoder) -> None:
    identity = build_identity(BlockEncoder("0"), [block(RED)])
    with pytest.raises(InputError, match="blocks 0"):
        Judge(encoder, identity)


def rivals(encoder, **looks):
    return rivals_of({name: build_identity(encoder, [block(look)]) for name, look in looks.items()})


def test_the_margin_is_to_the_most_similar_other_character(encoder) -> None:
    judge = judge_of(encoder, block(RED), rivals=rivals(encoder, far=BLUE, near=turned(60)))
    [verdict] = score_images(judge, [block(turned(10))])
    assert verdict.rival == "near"
    assert verdict.margin == pytest.approx(cos(10) - cos(50), abs=5e-3)
    assert verdict.status is Status.PASS


def test_who_would_pass_but_looks_more_like_another_fails(encoder) -> None:
    judge = judge_of(encoder, block(RED), rivals=rivals(encoder, twin=turned(24)))
    closer, between = score_images(judge, [block(turned(20)), block(turned(10))])
    assert cos(20) > 0.9
    assert (closer.status, closer.rival) == (Status.FAIL, "twin")
    assert closer.score < 0.5
    assert "twin" in closer.reason
    assert between.status is Status.PASS
    assert between.margin > 0


def test_who_looks_a_little_more_like_another_passes_and_the_other_is_named(encoder) -> None:
    """Cosines 0.978 to the character and 0.990 to the twin: within the slack of 0.02."""
    judge = judge_of(encoder, block(RED), rivals=rivals(encoder, twin=turned(20)))
    [verdict] = score_images(judge, [block(turned(12))])
    assert verdict.margin == pytest.approx(cos(12) - cos(8), abs=3e-3)
    assert verdict.status is Status.PASS
    assert "more like twin" in verdict.reason


def test_a_rival_who_would_not_pass_takes_nobody_away(encoder) -> None:
    look = turned(20)
    others = {"strict": build_identity(encoder, [block(turned(24))], threshold=0.9999)}
    judge = judge_of(encoder, block(RED), rivals=rivals_of(others))
    [verdict] = score_images(judge, [block(look)])
    assert verdict.margin < 0
    assert verdict.status is Status.PASS


def test_where_a_person_set_the_threshold_the_rival_is_only_named(encoder) -> None:
    judge = judge_of(encoder, block(RED), threshold=0.9, rivals=rivals(encoder, twin=turned(24)))
    [verdict] = score_images(judge, [block(turned(20))])
    assert verdict.status is Status.PASS
    assert "more like twin" in verdict.reason


def cast_of(encoder, **looks):
    return {name: judge_of(encoder, block(look)) for name, look in looks.items()}


def test_each_character_is_judged_on_a_figure_of_its_own(encoder) -> None:
    cast = cast_of(encoder, ann=RED, bea=BLUE)
    [sightings] = encoder.sight([block(BLUE, GREEN, RED)])
    verdicts = judge_cast(encoder, cast, sightings)
    assert list(verdicts) == ["ann", "bea"]
    assert verdicts["ann"].box == sightings[2].box
    assert verdicts["bea"].box == sightings[0].box


def test_one_figure_never_serves_two_characters(encoder) -> None:
    cast = cast_of(encoder, ann=RED, bea=turned(5))
    [sightings] = encoder.sight([block(turned(5), turned(5))])
    verdicts = judge_cast(encoder, cast, sightings)
    assert verdicts["ann"].box != verdicts["bea"].box
    [alone] = encoder.sight([block(turned(5))])
    verdicts = judge_cast(encoder, cast, alone)
    assert verdicts["bea"].status is Status.PASS
    assert verdicts["ann"].status is Status.UNKNOWN
    assert "1 figure" in verdicts["ann"].reason


def test_the_pairing_is_best_for_all_and_not_for_the_first(encoder) -> None:
    """Ann is nearest to the figure that Bea needs, and has another that is nearly as good."""
    cast = cast_of(encoder, ann=turned(10), bea=turned(30))
    [sightings] = encoder.sight([block(turned(14), RED)])
    verdicts = judge_cast(encoder, cast, sightings)
    assert verdicts["bea"].box == sightings[0].box
    assert verdicts["ann"].box == sightings[1].box


def test_an_empty_picture_is_unknown_for_everybody(encoder) -> None:
    verdicts = judge_cast(encoder, cast_of(encoder, ann=RED, bea=BLUE), [])
    assert {verdict.status for verdict in verdicts.values()} == {Status.UNKNOWN}
