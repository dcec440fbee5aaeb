"""Early rejection: whether a sample may be stopped part of the way, from what early scores foretold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .attempts import mixed

FINISHED, STOPPED, AUDIT = "finished", "stopped", "audit"

# A correlation measured on 40 pairs is uncertain by about ±0.15 (Fisher's z) at 0.75.
MIN_PAIRS = 40
MIN_ACCEPTED = 20
MIN_CORRELATION = 0.75
# Of the runs that were accepted, the share that the threshold would have stopped.
LOSS = 0.02
AUDIT_SHARE = 0.05
_AUDIT_SALT = 0x5EED0A0D17


@dataclass(frozen=True, slots=True)
class EarlyPair:
    """One sample that was scored early.

    Parameters
    ----------
    early : float
        Its score part of the way, in [0, 1].
    final : float or None
        Its score when finished; None when it was stopped.
    fate : str
        ``finished``, ``stopped``, or ``audit``: below the threshold, but finished to see what is lost.
    """

    early: float
    final: float | None
    fate: str = FINISHED

    @property
    def is_accepted(self) -> bool:
        """Whether the finished sample passed."""
        return self.final is not None and self.final >= 0.5


@dataclass(frozen=True, slots=True)
class EarlyPolicy:
    """What to do with a sample that is scored early.

    Parameters
    ----------
    threshold : float or None
        Early score below which a sample is hopeless; None while nothing may be stopped.
    correlation : float or None
        Of early and final scores, in [-1, 1]; None when it cannot be told.
    n_pairs, n_accepted : int
        How many samples were finished, and passed.
    reason : str
        One sentence that says why early rejection is on or off.
    """

    threshold: float | None
    correlation: float | None
    n_pairs: int
    n_accepted: int
    reason: str

    @property
    def is_on(self) -> bool:
        """Whether hopeless samples are stopped."""
        return self.threshold is not None

    def is_hopeless(self, early: float) -> bool:
        """Return whether a sample with this early score is to be stopped or audited."""
        return self.threshold is not None and early < self.threshold

    def as_json(self) -> dict[str, Any]:
        """Return the policy for programs."""
        return {
            "on": self.is_on,
            "threshold": self.threshold,
            "correlation": self.correlation,
            "pairs": self.n_pairs,
            "accepted": self.n_accepted,
            "reason": self.reason,
        }


def decide(pairs: Sequence[EarlyPair]) -> EarlyPolicy:
    """Decide from logged pairs whether hopeless samples may be stopped, and below which early score.

    It is on when at least 40 finished samples, 20 of them accepted, correlate with r ≥ 0.75. The
    threshold is then the 2 % quantile of the early scores of accepted samples, taken downwards: below
    50 accepted samples it is their minimum. Once samples are stopped, only the audited ones of them
    are finished, so each of these counts for all that it stands for; else the hopeless half of the
    scores would be missing and the correlation would seem to vanish.

    Parameters
    ----------
    pairs : sequence of EarlyPair
        Of one model, encoder, encoder version and fraction.

    References
    ----------
    .. [1] D. Horvitz and D. Thompson, "A generalization of sampling without replacement from a finite
       universe", JASA 1952: weights are inverse inclusion probabilities.
    """
    finished = [pair for pair in pairs if pair.final is not None]
    accepted = [pair for pair in finished if pair.is_accepted]
    counts = (len(finished), len(accepted))
    if counts[0] < MIN_PAIRS or counts[1] < MIN_ACCEPTED:
        reason = (
            f"{counts[0]} of {MIN_PAIRS} finished samples and {counts[1]} of {MIN_ACCEPTED} accepted ones "
            "are logged for this model."
        )
        return EarlyPolicy(None, None, *counts, reason)
    correlation = _correlation(finished, _audit_weight(pairs))
    if correlation is None or correlation < MIN_CORRELATION:
        shown = "not defined" if correlation is None else f"{correlation:.2f}"
        reason = f"Early and final scores correlate too little: r is {shown}, {MIN_CORRELATION} is needed."
        return EarlyPolicy(None, correlation, *counts, reason)
    early = np.array([pair.early for pair in accepted])
    threshold = float(np.quantile(early, LOSS, method="lower"))
    reason = f"r is {correlation:.2f} over {counts[0]} samples; below {threshold:.2f} a sample is hopeless."
    return EarlyPolicy(threshold, correlation, *counts, reason)


def is_audited(seed: int) -> bool:
    """Return whether a hopeless sample is finished all the same: one in twenty, told by its seed."""
    return mixed(seed ^ _AUDIT_SALT) < AUDIT_SHARE * 2**64


@dataclass(frozen=True, slots=True)
class EarlySavings:
    """What early rejection saved, and what it cost.

    Parameters
    ----------
    steps_saved : float
        Share of all sampling steps that were not done, in [0, 1].
    good_lost : float or None
        Estimated share of the good samples that were stopped, in [0, 1]; None without an audit.
    n_stopped, n_audited : int
        How many samples were stopped, and how many hopeless ones were finished.
    """

    steps_saved: float
    good_lost: float | None
    n_stopped: int
    n_audited: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {
            "steps_saved": self.steps_saved,
            "good_lost": self.good_lost,
            "stopped": self.n_stopped,
            "audited": self.n_audited,
        }


def savings(pairs: Sequence[EarlyPair], fraction: float) -> EarlySavings:
    """Report what stopping at `fraction` of the steps saved, and estimate from audits what it lost."""
    stopped = sum(pair.fate == STOPPED for pair in pairs)
    audits = [pair for pair in pairs if pair.fate == AUDIT]
    saved = stopped * (1.0 - fraction) / len(pairs) if pairs else 0.0
    lost = stopped * sum(pair.is_accepted for pair in audits) / len(audits) if audits else None
    kept = sum(pair.is_accepted for pair in pairs)
    share = None if lost is None else (lost / (lost + kept) if lost + kept else 0.0)
    return EarlySavings(saved, share, stopped, len(audits))


def _audit_weight(pairs: Sequence[EarlyPair]) -> float:
    stopped = sum(pair.fate == STOPPED for pair in pairs)
    audited = sum(pair.fate == AUDIT for pair in pairs)
    return (stopped + audited) / audited if audited else 1.0


def _correlation(pairs: Sequence[EarlyPair], audit_weight: float) -> float | None:
    """Return Pearson's weighted correlation; None where either score never varies."""
    early = np.array([pair.early for pair in pairs])
    final = np.array([pair.final for pair in pairs], np.float64)
    weights = np.array([audit_weight if pair.fate == AUDIT else 1.0 for pair in pairs])
    covariance = np.cov(np.stack([early, final]), aweights=weights)
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1] / spread) if spread > 1e-9 else None
