"""A pass of a character through the studio, as a value: five stages, each with its own state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

STAGES = ("references", "bible", "embeddings", "poses", "report")


class StageState(str, Enum):
    """Where a stage is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a run.

    Parameters
    ----------
    state : StageState
        Where it is.
    error : str
        Why it failed or was skipped; empty otherwise.
    started_at, finished_at : str or None
        Moments in ISO 8601, UTC.
    result : dict
        What it found, for programs.
    """

    state: StageState = StageState.PENDING
    error: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    result: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the stage as it is stored and shown."""
        return {
            "state": self.state.value,
            "error": self.error,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "result": self.result,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Stage:
        """Read what `as_json` wrote."""
        return cls(
            StageState(stored["state"]),
            stored["error"],
            stored["started_at"],
            stored["finished_at"],
            dict(stored["result"]),
        )


@dataclass(frozen=True, slots=True)
class StudioRun:
    """A run of the studio.

    Parameters
    ----------
    character_id : int or None
        The character that came of it; None when it was deleted since.
    name : str
        What the character was called.
    request : dict
        What was asked for.
    stages : dict of str to Stage
        In the order of `STAGES`.
    """

    id: int
    character_id: int | None
    name: str
    stages: dict[str, Stage]
    project_id: int | None = None
    request: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every stage is done or was skipped."""
        return all(stage.state in (StageState.DONE, StageState.SKIPPED) for stage in self.stages.values())

    def as_json(self) -> dict[str, Any]:
        """Return the run for programs."""
        return {
            "id": self.id,
            "character_id": self.character_id,
            "name": self.name,
            "project_id": self.project_id,
            "is_complete": self.is_complete,
            "stages": {name: stage.as_json() for name, stage in self.stages.items()},
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
