"""Early rejection is on only where it was measured to be safe, and says what it saves and loses."""

import numpy as np
import pytest
from tower_anime.consistency.gates.early import (
    AUDIT,
    MIN_PAIRS,
    STOPPED,
    EarlyPair,
    decide,
    is_audited,
    savings,
)


def drawn(r: float, n: int, *, seed: int = 0, p_good: float = 0.4) -> list[EarlyPair]:
    """Draw samples whose early and final scores correlate by r, and of which a share passes."""
    from statistics import NormalDist

    rng = np.random.default_rng(seed)
    final = rng.standard_normal(n)
    early = r * final + np.sqrt(1 - r * r) * rng.standard_normal(n)
    limit = NormalDist().inv_cdf(1 - p_good)
    return [
        EarlyPair(float(np.clip(0.5 + 0.1 * e, 0, 1)), float(np.clip(0.5 + 0.1 * (f - limit), 0, 1)))
        for e, f in zip(early, final, strict=True)
    ]


def lived_through(pairs, policy, fraction=0.4):
    """Stop what the policy stops; return what became of each, and the true number of good ones lost."""
    told, lost = [], 0
    for seed, pair in enumerate(pairs):
        if not policy.is_hopeless(pair.early):
            told.append(pair)
        elif is_audited(seed):
            told.append(EarlyPair(pair.early, pair.final, AUDIT))
        else:
            lost += pair.is_accepted
            told.append(EarlyPair(pair.early, None, STOPPED))
    return told, lost


def test_it_is_off_before_enough_was_logged():
    pairs = drawn(0.95, MIN_PAIRS - 1)
    assert not decide([]).is_on and not decide(pairs).is_on
    assert "39 of 40 finished samples" in decide(pairs).reason
    few_good = [pair for pair in drawn(0.95, 400) if not pair.is_accepted][:60] + drawn(0.95, 10)
    assert not decide(few_good).is_on


@pytest.mark.parametrize(("r", "is_on"), [(0.3, False), (0.6, False), (0.85, True), (0.95, True)])
def test_it_is_on_where_scores_go_together(r, is_on):
    policy = decide(drawn(r, 600))
    assert policy.is_on is is_on
    assert policy.correlation == pytest.approx(r, abs=0.06)


def test_scores_that_never_vary_tell_nothing():
    assert decide([EarlyPair(0.4, 0.6)] * 100).reason.startswith(
        "Early and final scores correlate too little"
    )


def test_of_few_accepted_samples_none_would_have_been_stopped():
    pairs = drawn(0.9, 80)
    policy = decide(pairs)
    assert policy.is_on and policy.n_accepted < 50
    assert not any(policy.is_hopeless(pair.early) for pair in pairs if pair.is_accepted)


@pytest.mark.parametrize("r", [0.8, 0.9])
def test_about_two_in_a_hundred_good_samples_are_lost(r):
    policy = decide(drawn(r, 1000, seed=1))
    fresh = drawn(r, 20000, seed=2)
    _, lost = lived_through(fresh, policy)
    good = sum(pair.is_accepted for pair in fresh)
    assert lost / good < 0.04


def test_savings_grow_with_correlation_as_simulated():
    """At 40 % of the steps, where three in ten samples are good."""
    saved = []
    for r in (0.8, 0.9):
        policy = decide(drawn(r, 1000, seed=3, p_good=0.3))
        told, _ = lived_through(drawn(r, 10000, seed=4, p_good=0.3), policy)
        saved.append(savings(told, 0.4).steps_saved)
    assert 0.10 < saved[0] < saved[1] < 0.45


def test_audits_estimate_what_was_lost():
    policy = decide(drawn(0.8, 1000, seed=5))
    told, lost = lived_through(drawn(0.8, 40000, seed=6), policy)
    good = lost + sum(pair.is_accepted for pair in told)
    found = savings(told, 0.4)
    assert found.good_lost == pytest.approx(lost / good, abs=0.02)
    assert found.n_audited == pytest.approx(0.05 * (found.n_stopped + found.n_audited), rel=0.2)


def test_stopping_does_not_hide_the_correlation_that_allowed_it():
    pairs = drawn(0.85, 4000, seed=7)
    policy = decide(pairs)
    told, _ = lived_through(drawn(0.85, 4000, seed=8), policy)
    again = decide(told)
    assert again.is_on and again.correlation == pytest.approx(0.85, abs=0.08)


def test_nothing_stopped_saves_nothing():
    found = savings(drawn(0.8, 50), 0.4)
    assert (found.steps_saved, found.good_lost, found.n_stopped) == (0.0, None, 0)
    assert savings([], 0.4).steps_saved == 0.0


def test_one_in_twenty_seeds_is_audited_and_always_the_same():
    audited = [seed for seed in range(100_000) if is_audited(seed)]
    assert len(audited) == pytest.approx(5000, rel=0.06)
    assert all(is_audited(seed) for seed in audited[:100])
