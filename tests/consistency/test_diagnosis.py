"""What the doctor says of measurements that were made up, so that the right answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from tower_anime.consistency.references.check import ReferenceCheck
from tower_anime.consistency.references.diagnosis import Evidence, diagnose, no_references


def checks(n: int = 5) -> list[ReferenceCheck]:
    return [ReferenceCheck(f"{number}.png", accepted=True) for number in range(1, n + 1)]


@pytest.fixture
def well() -> Evidence:
    return Evidence(
        checks=checks(),
        encoder="appearance",
        similarities=np.array([0.90, 0.92, 0.91, 0.89, 0.93]),
        threshold=0.75,
        published=0.72,
        found_by={"appearance": 5},
        margins={"Ren": 0.4},
    )


def codes(evidence: Evidence) -> dict[str, str]:
    return {finding.code: finding.level for finding in diagnose(evidence)}


def test_nothing_is_said_of_a_character_that_is_well(well) -> None:
    assert diagnose(well) == []


def test_no_picture_is_an_error_with_a_remedy() -> None:
    assert no_references().level == "error"
    assert "512 pixels" in no_references().remedy


def test_where_another_encoder_finds_somebody_the_encoder_is_the_wrong_one(well) -> None:
    """ArcFace finds no face in drawings."""
    drawn = replace(well, encoder="arcface", found_by={"arcface": 0, "ccip": 5, "appearance": 4})
    [finding] = [finding for finding in diagnose(drawn) if finding.code == "wrong_encoder"]
    assert finding.level == "error"
    assert "0 of 5" in finding.message
    assert "--encoder ccip" in finding.remedy
    assert codes(replace(drawn, found_by={"arcface": 2, "ccip": 5}))["wrong_encoder"] == "warning"


def test_nobody_found_by_anyone_is_an_error(well) -> None:
    nobody = replace(well, found_by={"appearance": 0}, similarities=np.full(5, np.nan))
    assert codes(nobody) == {"no_figure": "error"}


@pytest.mark.parametrize(("threshold", "level"), [(0.95, "error"), (0.92, "warning"), (0.90, None)])
def test_a_threshold_above_what_the_references_reach_is_named(well, threshold, level) -> None:
    """They reach 0.91 on average and 0.93 at best."""
    own = replace(well, threshold=threshold, is_own_threshold=True)
    assert codes(own).get("threshold_out_of_reach") == level
    if level:
        [finding] = diagnose(own)
        assert finding.numbers["references_reach"] == pytest.approx(0.91)
        assert "Clear it" in finding.remedy


def test_the_odd_one_out_is_named_with_its_number(well) -> None:
    odd = replace(well, similarities=np.array([0.85, 0.30, 0.84, 0.86, 0.85]), threshold=0.5)
    [finding] = diagnose(odd)
    assert finding.code == "outlier"
    assert "2.png" in finding.message
    assert finding.numbers == {"similarity": 0.30, "others": 0.85}


def test_references_that_differ_without_an_odd_one_disagree(well) -> None:
    wide = replace(well, similarities=np.array([0.9, 0.75, 0.6, 0.55, 0.5]), threshold=0.4)
    assert codes(wide) == {"references_disagree": "warning"}


@pytest.mark.parametrize(
    ("n", "level"), [(1, "warning"), (2, "warning"), (3, "note"), (4, "note"), (5, None)]
)
def test_few_references_are_named_by_how_few(well, n, level) -> None:
    few = replace(well, checks=checks(n), similarities=well.similarities[:n], found_by={"appearance": n})
    assert codes(few).get("few_references") == level


def test_a_rival_too_near_and_one_not_seen_are_named(well) -> None:
    near = replace(well, margins={"Ren": 0.4, "Rin": 0.05}, unencoded=["Mio"])
    found = {finding.code: finding for finding in diagnose(near)}
    assert found["rival_too_near"].numbers == {"margin": 0.05, "rival": "Rin"}
    assert "Mio" in found["rivals_unknown"].message


def test_photographs_are_for_another_encoder_than_appearance(well) -> None:
    assert codes(replace(well, n_photographic=3)) == {"photographic": "warning"}
    assert codes(replace(well, n_photographic=2)) == {}
    assert codes(replace(well, n_photographic=5, encoder="arcface", found_by={"arcface": 5})) == {}


def test_poor_pictures_are_passed_on_and_the_gravest_come_first(well) -> None:
    poor = [
        ReferenceCheck("a.png", True, warnings=("a.png is soft.",), concerns=("soft",)),
        ReferenceCheck("b.png", False, errors=("b.png is 300×300 pixels.",)),
        ReferenceCheck("c.png", True, warnings=("No figure in c.png.",), concerns=("no_figure",)),
        *checks(2),
    ]
    found = diagnose(replace(well, checks=poor, margins={"Rin": 0.0}))
    assert [(finding.level, finding.code) for finding in found] == [
        ("error", "poor_reference"),
        ("warning", "soft"),
        ("warning", "rival_too_near"),
    ]
