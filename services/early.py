"""Early rejection: what was logged of a model, and what follows for its next sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..production.early_score import AUDIT, FINISHED, STOPPED, EarlyScore

if TYPE_CHECKING:
    from ..consistency.gates.early import EarlyPair, EarlyPolicy, EarlySavings
    from ..db.early_scores import EarlyScoreRepository
    from .job_log import JobLog

__all__ = ["AUDIT", "FINISHED", "STOPPED", "EarlyRejection", "Probing"]


@dataclass(frozen=True, slots=True)
class Probing:
    """Which samples are comparable: of one model, scored by one encoder at one point."""

    model_key: str
    encoder: str
    encoder_version: str
    fraction: float


class EarlyRejection:
    """Knows for each model whether hopeless samples may be stopped."""

    def __init__(self, scores: EarlyScoreRepository, job_log: JobLog) -> None:
        self._scores = scores
        self._job_log = job_log

    def policy(self, probing: Probing) -> EarlyPolicy:
        """Decide from everything that was logged."""
        from ..consistency.gates.early import decide

        return decide(self._pairs(probing))

    def savings(self, probing: Probing) -> EarlySavings:
        """Report what was saved and lost so far."""
        from ..consistency.gates.early import savings

        return savings(self._pairs(probing), probing.fraction)

    def is_audited(self, seed: int) -> bool:
        """Return whether a hopeless sample with this seed is finished all the same."""
        from ..consistency.gates.early import is_audited

        return is_audited(seed)

    def log(
        self, probing: Probing, early: float, final: float | None, fate: str, prompt_id: str | None
    ) -> None:
        """Store a sample; it is committed on return."""
        job_id = self._job_log.job_id_of(prompt_id) if prompt_id else None
        score = EarlyScore(
            model_key=probing.model_key,
            encoder=probing.encoder,
            encoder_version=probing.encoder_version,
            fraction=probing.fraction,
            early=early,
            final=final,
            fate=fate,
        )
        self._scores.add(score, job_id=job_id)

    def _pairs(self, probing: Probing) -> list[EarlyPair]:
        from ..consistency.gates.early import EarlyPair

        logged = self._scores.list(
            probing.model_key, probing.encoder, probing.encoder_version, probing.fraction
        )
        return [EarlyPair(score.early, score.final, score.fate) for score in logged]
