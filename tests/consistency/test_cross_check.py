"""Each reference judged by the others, on embeddings whose cosines are known."""

import numpy as np
import pytest
from tower_anime.consistency.encoders.base import Encodings
from tower_anime.consistency.scores.cross_check import cross_check, next_steps
from tower_anime.consistency.verdict import Status, Verdict
from tower_anime.errors import EmptyReferenceError


class Flat:
    """An encoder of two views with two numbers each."""

    name, version, dimension, views, thresholds = "flat", "1", 4, ("head", "person"), (0.6, 0.6)
    emphasis = 1.0

    def sight(self, images, *, n_figures=None):
        raise AssertionError("nothing is to be encoded")

    def encode(self, images) -> Encodings:
        raise AssertionError("nothing is to be encoded")


def at(degrees: float) -> np.ndarray:
    """An embedding whose views both lie at an angle."""
    angle = np.radians(degrees)
    block = np.array([np.cos(angle), np.sin(angle)])
    return (np.concatenate([block, block]) / np.sqrt(2)).astype(np.float32)


def test_the_score_is_the_mean_cosine_to_the_others():
    checked = cross_check(Flat(), np.stack([at(0), at(30), at(60)]), ["a", "b", "c"])
    cosines = {angle: np.cos(np.radians(angle)) for angle in (30, 60)}
    expected = [(cosines[30] + cosines[60]) / 2, cosines[30], (cosines[30] + cosines[60]) / 2]
    assert [verdict.similarity for verdict in checked.verdicts] == pytest.approx(expected, abs=1e-6)
    # Two others are too few to fit a threshold to, so the encoder's own counts: 0.6.
    assert [verdict.threshold for verdict in checked.verdicts] == pytest.approx([0.6] * 3)
    assert checked.n_passed == 3
    assert checked.worst == pytest.approx(0.5 + 0.5 * (expected[0] - 0.6) / 0.4, abs=1e-6)


def test_one_that_is_unlike_the_others_fails_and_is_named():
    checked = cross_check(Flat(), np.stack([at(0), at(5), at(-5), at(85)]), ["a", "b", "c", "odd"])
    assert [verdict.status for verdict in checked.verdicts] == [*[Status.PASS] * 3, Status.FAIL]
    assert checked.steps[0].startswith("Look at odd: the others do not recognise the figure")
    assert checked.as_json()["n_passed"] == 3


def test_what_cannot_be_measured_is_unknown():
    alone = cross_check(Flat(), at(0)[None], ["only"])
    assert (alone.verdicts[0].status, alone.worst) == (Status.UNKNOWN, None)
    assert "3 to 5" in alone.steps[0]
    blind = cross_check(Flat(), np.stack([at(0), at(5), np.zeros(4, np.float32)]), ["a", "b", "blank"])
    assert [verdict.status for verdict in blind.verdicts] == [Status.PASS, Status.PASS, Status.UNKNOWN]
    assert "blank" in blind.steps[0]
    with pytest.raises(EmptyReferenceError):
        cross_check(Flat(), np.zeros((0, 4), np.float32), [])


def test_a_threshold_that_a_person_set_counts():
    strict = cross_check(Flat(), np.stack([at(0), at(10), at(20)]), ["a", "b", "c"], threshold=0.99)
    assert [verdict.status for verdict in strict.verdicts] == [Status.FAIL] * 3
    assert strict.thresholds == (0.99, 0.99)


def test_nothing_to_do_is_said():
    passed = [Verdict(Status.PASS, "fits", score=0.8)] * 3
    assert next_steps(passed, ["a", "b", "c"]) == [
        "Nothing needs doing: every reference is recognised by the others."
    ]
    assert "a" in next_steps(passed, ["a", "b", "c"], [["a is soft."], [], []])[0]
