"""What a gate found: each check of each picture, and of the sequence as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..verdict import Status


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a gate looked at.

    Parameters
    ----------
    name : str
        ``identity``, ``palette``, ``blank``, ``sharpness``, ``clipping``, ``size``, ``flicker``,
        ``drift`` or ``preflight``.
    status : Status
        Its outcome.
    reason : str
        One sentence for people.
    measured, limit : float or None
        What was measured and where it passes, in the check's own unit; None when not measured.
    score : float or None
        The same in [0, 1], where 0.5 is the limit.
    subject : str
        The label of the character, where the check is about one.
    """

    name: str
    status: Status
    reason: str
    measured: float | None = None
    limit: float | None = None
    score: float | None = None
    subject: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return {**asdict(self), "status": self.status.value}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Check:
        """Read what `as_json` wrote."""
        return cls(**{**stored, "status": Status(stored["status"])})


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What a gate found in one picture.

    Parameters
    ----------
    status : Status
        Failed if any check failed, else unknown if any is unknown: only what was measured passes.
    score : float or None
        The lowest score in [0, 1]; 0.5 is the threshold. None when something was not measured.
    reason : str
        The sentences of the checks that did not pass, else that of the first.
    checks : tuple of Check
        Everything that was looked at.
    verdicts : dict of str to dict
        The identity verdict of each character, by label, as `Verdict.as_json` gives it.
    """

    status: Status
    score: float | None
    reason: str
    checks: tuple[Check, ...] = ()
    verdicts: dict[str, dict[str, Any]] | None = None

    @property
    def passed(self) -> bool:
        """Whether it may go on."""
        return self.status is Status.PASS

    def as_json(self) -> dict[str, Any]:
        """Return the verdict on the first character, with the outcome of all checks put over it."""
        verdicts = self.verdicts or {}
        return {
            **next(iter(verdicts.values()), {}),
            "status": self.status.value,
            "score": self.score,
            "reason": self.reason,
            "checks": [check.as_json() for check in self.checks],
            "verdicts": verdicts,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> PictureResult:
        """Read what `as_json` wrote."""
        checks = tuple(Check.from_json(check) for check in stored["checks"])
        return cls(Status(stored["status"]), stored["score"], stored["reason"], checks, stored["verdicts"])


@dataclass(frozen=True, slots=True)
class GateReport:
    """What one run of a gate found.

    Parameters
    ----------
    pictures : tuple of PictureResult
        In the order of the batch.
    sequence : tuple of Check
        Checks of the pictures as one shot; empty when they were judged one by one.
    """

    pictures: tuple[PictureResult, ...]
    sequence: tuple[Check, ...] = ()

    @property
    def status(self) -> Status:
        """The outcome of all pictures and of the sequence."""
        return worst_status(
            [picture.status for picture in self.pictures] + [check.status for check in self.sequence]
        )

    @property
    def passed(self) -> bool:
        """Whether everything passed."""
        return self.status is Status.PASS

    @property
    def n_passed(self) -> int:
        """How many pictures passed; of a sequence that failed as a whole, none did."""
        if any(check.status is not Status.PASS for check in self.sequence):
            return 0
        return sum(picture.passed for picture in self.pictures)

    @property
    def worst_score(self) -> float | None:
        """The lowest score that was measured; None when nothing was."""
        return min(self._scores(), default=None)

    @property
    def score(self) -> float:
        """The lowest score, where what could not be measured counts 0."""
        unknown = any(check.score is None for check in self.sequence)
        unknown = unknown or any(picture.score is None for picture in self.pictures)
        worst = self.worst_score
        return 0.0 if unknown or worst is None else worst

    @property
    def identity_score(self) -> float | None:
        """The lowest score of a character, whatever else counts; None when one was not measured."""
        checks = [check for picture in self.pictures for check in picture.checks if check.name == "identity"]
        known = [check.score for check in checks if check.score is not None]
        return min(known) if known and len(known) == len(checks) else None

    @property
    def mean_score(self) -> float:
        """The mean score of the pictures, where what could not be measured counts 0."""
        return sum(picture.score or 0.0 for picture in self.pictures) / max(len(self.pictures), 1)

    @property
    def failed_checks(self) -> frozenset[str]:
        """The names of all checks that did not pass."""
        checks = [check for picture in self.pictures for check in picture.checks] + list(self.sequence)
        return frozenset(check.name for check in checks if check.status is not Status.PASS)

    @property
    def best(self) -> int | None:
        """The index of the picture with the highest score; None when none was measured."""
        scored = [index for index, picture in enumerate(self.pictures) if picture.score is not None]
        return max(scored, key=lambda index: self.pictures[index].score or 0.0, default=None)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "status": self.status.value,
            "score": self.score,
            "pictures": [picture.as_json() for picture in self.pictures],
            "sequence": [check.as_json() for check in self.sequence],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> GateReport:
        """Read what `as_json` wrote."""
        return cls(
            tuple(PictureResult.from_json(picture) for picture in stored["pictures"]),
            tuple(Check.from_json(check) for check in stored["sequence"]),
        )

    def _scores(self) -> list[float]:
        found = [picture.score for picture in self.pictures] + [check.score for check in self.sequence]
        return [score for score in found if score is not None]


def worst_status(statuses: Sequence[Status]) -> Status:
    """Join outcomes: one failure fails, one unknown leaves unknown, and nothing at all is unknown."""
    if Status.FAIL in statuses:
        return Status.FAIL
    return Status.PASS if statuses and all(status is Status.PASS for status in statuses) else Status.UNKNOWN
