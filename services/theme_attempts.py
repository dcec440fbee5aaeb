"""The attempts of one music check, as they are handed from one to the next."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .attempts import DEFAULT_ATTEMPTS, MAX_ATTEMPTS, seed_after

if TYPE_CHECKING:
    from ..music.theme_check import CheckedTheme

__all__ = ["DEFAULT_ATTEMPTS", "MAX_ATTEMPTS", "ThemeAttempts", "rank", "seed_after"]


_STATUSES = ("fail", "unknown", "pass")


def rank(status: str, score: float) -> tuple[int, float]:
    """Return what music is compared by: its verdict, then its score."""
    return _STATUSES.index(status), score


@dataclass(frozen=True, slots=True)
class ThemeAttempts:
    """The attempts of one music check that has music made again.

    Parameters
    ----------
    run_key : str
        Shared by all, 32 hex digits.
    made : tuple of dict
        One for each: ``attempt``, ``status``, ``score``, ``seeds``.
    seeds : dict of str to int
        Of the attempt that comes next.
    """

    run_key: str
    made: tuple[dict[str, Any], ...] = ()
    seeds: dict[str, int] = field(default_factory=dict)

    @classmethod
    def begin(cls, seeds: dict[str, int]) -> ThemeAttempts:
        """Return a loop in which nothing was tried."""
        return cls(uuid.uuid4().hex, seeds=seeds)

    @property
    def best(self) -> int:
        """Number of the best attempt, from 1; of equals the first."""
        order = [rank(entry["status"], entry["score"]) for entry in self.made]
        return 1 + order.index(max(order))

    def add(self, checked: CheckedTheme) -> ThemeAttempts:
        """Return the loop after an attempt was measured."""
        entry = {
            "attempt": len(self.made) + 1,
            "status": checked.status,
            "score": checked.score,
            "seeds": self.seeds,
        }
        return replace(self, made=(*self.made, entry))

    def is_over(self, max_attempts: int) -> bool:
        """Return whether the last attempt passed, or the cap is reached."""
        return self.made[-1]["status"] == "pass" or len(self.made) >= min(max_attempts, MAX_ATTEMPTS)

    def to_text(self) -> str:
        """Return it as text, which an expanding graph hands on."""
        return json.dumps({"run_key": self.run_key, "made": list(self.made), "seeds": self.seeds})

    @classmethod
    def from_text(cls, text: str) -> ThemeAttempts:
        """Read what `to_text` wrote.

        Raises
        ------
        InputError
            If it is anything else.
        """
        try:
            stored = json.loads(text)
            made = tuple(dict(entry) for entry in stored["made"])
            attempts = cls(str(stored["run_key"])[:64], made, dict(stored["seeds"]))
            if made and not 1 <= attempts.best <= len(made):
                raise ValueError(text)
        except (TypeError, KeyError, ValueError) as error:
            raise InputError(
                "The earlier attempts cannot be read.",
                field="earlier_attempts",
                hint="Leave this input empty; the check fills it by itself.",
            ) from error
        return attempts
