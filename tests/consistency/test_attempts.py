"""Attempts: their seeds, which one is best, what is changed for the next, and when to stop."""

import random

import pytest
from tower_anime.consistency.gates.attempts import LARGEST_SEED, is_better, is_hopeless, mixed, next_seed
from tower_anime.consistency.gates.gate_report import GateReport, PictureResult
from tower_anime.consistency.gates.router import TABLE, Bounds, Changes, is_beyond_attempts, route
from tower_anime.consistency.verdict import Status


def report(*scores: float | None) -> GateReport:
    def picture(score):
        status = Status.UNKNOWN if score is None else Status.PASS if score >= 0.5 else Status.FAIL
        return PictureResult(status, score, "")

    return GateReport(tuple(picture(score) for score in scores))


def test_splitmix_gives_its_published_sequence():
    # The first outputs of the reference implementation for the state 1234567.
    assert mixed(1234567) == 6457827717110365317
    assert mixed(1234567 + 0x9E3779B97F4A7C15) == 3203168211198807973


def test_a_thousand_attempts_have_a_thousand_seeds_that_can_be_typed():
    seeds = [0]
    for _ in range(1000):
        seeds.append(next_seed(seeds[-1]))
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed <= LARGEST_SEED and int(float(seed)) == seed for seed in seeds)


@pytest.mark.parametrize(("low", "high"), [(0, 7), (1, 2**31 - 1), (-5, 5), (3, 3)])
def test_a_seed_stays_within_its_input(low, high):
    assert all(low <= next_seed(seed, low, high) <= high for seed in range(-50, 50))


def test_more_passed_pictures_win_before_scores():
    assert is_better(report(0.1), None)
    assert is_better(report(0.9, 0.1), report(0.49, 0.49))
    assert is_better(report(0.9, 0.3), report(0.9, 0.2))
    assert is_better(report(0.3, 0.2), report(0.3, None))
    assert not is_better(report(0.4), report(0.4))


def test_hope_is_given_up_only_when_the_scores_say_so():
    assert not is_hopeless([0.0, 0.0], n_left=1)
    assert not is_hopeless([0.02] * 3, n_left=13)
    assert is_hopeless([0.02] * 5, n_left=11)
    assert not is_hopeless([0.1, 0.3, 0.45], n_left=1)
    assert not is_hopeless([0.35] * 10, n_left=10)


@pytest.mark.parametrize(("share", "distance"), [("5 %", 1.645), ("10 %", 1.282), ("20 %", 0.842)])
def test_giving_up_early_seldom_costs_a_picture_that_would_have_passed(share, distance):
    """Eight attempts drawn from a normal distribution; only a first pass after the third can be lost."""
    drawn, n_lost, n_late = random.Random(7), 0, 0
    for _ in range(2000):
        scores = [drawn.gauss(0.5 - distance * 0.12, 0.12) for _ in range(8)]
        first = next((index for index, score in enumerate(scores) if score >= 0.5), 0)
        if first >= 3:
            n_late += 1
            n_lost += any(is_hopeless(scores[:n], 8 - n) for n in range(3, first + 1))
    assert n_late > 300
    assert n_lost / n_late < 0.08


def test_the_first_retry_for_identity_changes_the_seed_alone():
    assert route({"identity"}, 1) == Changes()
    assert route({"identity"}, 2).strength == 1.15


def test_each_fault_has_its_remedy():
    assert route({"palette"}, 1).enforce_palette
    assert route({"sharpness"}, 1).steps > 1
    assert route({"clipping"}, 1).cfg < 1
    both = route({"identity", "palette", "sharpness"}, 3)
    assert (both.strength, both.steps, both.enforce_palette) == (1.15, 1.25, True)
    assert len(both.reasons) == 3
    assert route(set(), 5) == Changes()


def test_changes_stay_within_bounds_and_never_undo_what_a_person_set():
    bounds = Bounds(strength=1.5, steps=60, cfg=3.0)
    strength, steps, cfg = 1.0, 24, 7.0
    for _ in range(30):
        changes = route({row.check for row in TABLE}, 2)
        strength = changes.new_strength(strength, bounds)
        steps = changes.new_steps(steps, bounds)
        cfg = changes.new_cfg(cfg, bounds)
    assert (strength, steps, cfg) == (1.5, 60, 3.0)
    assert changes.new_strength(1.9, bounds) == 1.9
    assert changes.new_steps(100, bounds) == 100
    assert changes.new_cfg(1.0, bounds) == 1.0


def test_no_seed_makes_a_picture_larger():
    assert is_beyond_attempts({"identity", "size"}) and not is_beyond_attempts({"identity"})
