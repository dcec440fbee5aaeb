"""The attempts of one regenerate loop, as they are handed from one to the next."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

from ..consistency.gates.attempts import (
    DEFAULT_ATTEMPTS,
    LARGEST_SEED,
    MAX_ATTEMPTS,
    is_better,
    is_hopeless,
    next_seed,
    seed_of_text,
)
from ..consistency.gates.gate_report import GateReport
from ..consistency.gates.router import Changes, is_beyond_attempts, route
from ..errors import InputError

__all__ = ["DEFAULT_ATTEMPTS", "LARGEST_SEED", "MAX_ATTEMPTS", "Attempts", "Changes", "seed_after"]


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts that were made, and the best of them.

    Parameters
    ----------
    run_key : str
        Shared by all attempts of the loop, 32 hex digits.
    made : tuple of dict
        One for each attempt: ``attempt``, ``status``, ``score``, ``n_passed``, ``seeds``, ``changes``.
    best : GateReport or None
        What the gate found in the best attempt.
    best_attempt : int
        Its number, from 1; 0 before the first.
    seeds, changes : dict
        What the attempt that comes next is made with.
    """

    run_key: str
    made: tuple[dict[str, Any], ...] = ()
    best: GateReport | None = None
    best_attempt: int = 0
    seeds: dict[str, int] | None = None
    changes: dict[str, Any] | None = None

    @classmethod
    def begin(cls, seeds: dict[str, int] | None = None) -> Attempts:
        """Return a loop in which nothing was tried."""
        return cls(uuid.uuid4().hex, seeds=seeds)

    @property
    def number(self) -> int:
        """The number of the attempt that comes next, from 1."""
        return len(self.made) + 1

    @property
    def is_exhausted(self) -> bool:
        """Whether the last attempt failed by something that no attempt mends."""
        return self.best is not None and is_beyond_attempts(self.best.failed_checks)

    def add(self, report: GateReport, *, is_finished: bool = True) -> Attempts:
        """Return the loop after an attempt was judged; one that was stopped early is never the best."""
        entry = {
            "attempt": self.number,
            "status": report.status.value,
            "score": report.score,
            "n_passed": report.n_passed,
            "seeds": self.seeds or {},
            "changes": self.changes or {},
            **({} if is_finished else {"stopped_early": True}),
        }
        is_new_best = is_finished and is_better(report, self.best)
        return replace(
            self,
            made=(*self.made, entry),
            best=report if is_new_best else self.best,
            best_attempt=self.number if is_new_best else self.best_attempt,
        )

    def next_changes(self, report: GateReport, *, adjust: bool) -> Changes:
        """Say what the next attempt changes besides its seed, after this report on the last."""
        return route(report.failed_checks, len(self.made)) if adjust else Changes()

    def followed_by(self, seeds: dict[str, int], changes: Changes) -> Attempts:
        """Return the loop with what its next attempt is made with."""
        return replace(self, seeds=seeds, changes=changes.as_json())

    def is_over(self, max_attempts: int, *, give_up_early: bool) -> bool:
        """Return whether nothing more is to be tried: it passed, the cap is reached, or it is in vain."""
        if self.best is None:
            return False
        if self.best.passed:
            return True
        n_left = min(max_attempts, MAX_ATTEMPTS) - len(self.made)
        if n_left <= 0 or self.is_exhausted:
            return True
        return give_up_early and is_hopeless([entry["score"] for entry in self.made], n_left)

    def to_text(self) -> str:
        """Return it as text, which an expanding graph hands on."""
        return json.dumps(
            {
                "run_key": self.run_key,
                "made": list(self.made),
                "best": None if self.best is None else self.best.as_json(),
                "best_attempt": self.best_attempt,
                "seeds": self.seeds,
                "changes": self.changes,
            }
        )

    @classmethod
    def from_text(cls, text: str) -> Attempts:
        """Read what `to_text` wrote.

        Raises
        ------
        InputError
            If it is anything else.
        """
        try:
            stored = json.loads(text)
            best = None if stored["best"] is None else GateReport.from_json(stored["best"])
            made = tuple(dict(entry) for entry in stored["made"])
            key, number = str(stored["run_key"])[:64], int(stored["best_attempt"])
            return cls(key, made, best, number, stored["seeds"], stored["changes"])
        except (TypeError, KeyError, ValueError) as error:
            raise InputError(
                "The earlier attempts cannot be read.",
                field="earlier_attempts",
                hint="Leave this input empty; the gate fills it by itself.",
            ) from error


def seed_after(seed: int | None, place: str, low: int, high: int) -> int:
    """Return the seed of the next attempt; where none can be read, one that is fixed for the place."""
    return next_seed(seed_of_text(place) if seed is None else seed, low, high)
