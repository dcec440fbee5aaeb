"""Attempts at a picture: their seeds, which one was best, and when to give up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev

from .gate_report import GateReport

DEFAULT_ATTEMPTS = 4
MAX_ATTEMPTS = 16
# Above this, JavaScript rounds: a seed that a report shows could not be typed into the graph editor.
LARGEST_SEED = 2**53 - 1

_MASK = 2**64 - 1


def mixed(number: int) -> int:
    """Scramble 64 bits; a bijection, so different numbers stay different.

    References
    ----------
    .. [1] G. Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64).
    """
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def next_seed(seed: int, low: int = 0, high: int = LARGEST_SEED) -> int:
    """Return the seed of the attempt after the one with `seed`.

    A fixed function, so that equal first seeds give equal sequences of attempts. Neighbours of a seed
    are what people try by hand, so the sequence jumps.

    Parameters
    ----------
    low, high : int
        What the input takes; the seed stays within, and at most 2**53 - 1.
    """
    high = max(low, min(high, LARGEST_SEED))
    return low + mixed(seed) % (high - low + 1)


def seed_of_text(text: str) -> int:
    """Return a seed for what has no number to begin with, the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & LARGEST_SEED


def is_better(report: GateReport, best: GateReport | None) -> bool:
    """Return whether an attempt beats the best so far: by pictures passed, then worst, then mean score."""
    if best is None:
        return True
    return _merit(report) > _merit(best)


def _merit(report: GateReport) -> tuple[bool, int, float, float]:
    return report.passed, report.n_passed, report.score, report.mean_score


def is_hopeless(scores: Sequence[float], n_left: int, *, chance: float = 0.02) -> bool:
    """Return whether further attempts are as good as certain to fail.

    From three attempts on their scores are taken as draws of a normal distribution, of which mean and
    deviation (at least 0.05) are only estimated: the next score then follows Student's t with n - 1
    degrees of freedom, widened by ``sqrt(1 + 1/n)``. The rule says so when the probability that one of
    the attempts left reaches 0.5 is below `chance`.

    Parameters
    ----------
    scores : sequence of float
        Of the attempts so far, in [0, 1]; none of them passed.
    n_left : int
        How many attempts remain.

    References
    ----------
    .. [1] S. Geisser, "Predictive Inference", 1993, section 2.2: predictive distribution of a normal.
    """
    from scipy.special import stdtr

    count = len(scores)
    if count < 3:
        return False
    spread = max(stdev(scores), 0.05) * sqrt(1.0 + 1.0 / count)
    p_pass = float(stdtr(count - 1, (fmean(scores) - 0.5) / spread))
    return 1.0 - (1.0 - p_pass) ** n_left < chance
