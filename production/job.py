"""The life of a job: its states and the moves between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from ..errors import IllegalTransitionError


class JobStatus(str, Enum):
    """State of a production job."""

    QUEUED = "queued"
    RUNNING = "running"
    GATED = "gated"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        """Whether nothing moves a job out of this state."""
        return not LEGAL_MOVES[self]


LEGAL_MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset(
        {JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.INTERRUPTED}
    ),
    JobStatus.RUNNING: frozenset(
        {JobStatus.GATED, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.INTERRUPTED}
    ),
    JobStatus.GATED: frozenset(
        {JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.INTERRUPTED}
    ),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.INTERRUPTED: frozenset(),
}


def check_move(current: JobStatus, target: JobStatus) -> None:
    """Refuse a move that the life cycle does not know.

    Raises
    ------
    IllegalTransitionError
        If a job in `current` cannot become `target`.
    """
    if target not in LEGAL_MOVES[current]:
        allowed = ", ".join(sorted(move.value for move in LEGAL_MOVES[current])) or "nothing"
        raise IllegalTransitionError(
            f"a {current.value} job cannot become {target.value}; it can become {allowed}.", field="status"
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One run: an animatic, or a prompt that ComfyUI executed.

    Parameters
    ----------
    prompt_id : str
        The host's id of the prompt; a fresh UUID for runs outside a host.
    job_type : str
        ``comfyui`` or ``animatic``.
    progress : int
        Percent, 0–100.
    quality_score : float or None
        Worst consistency score among the run's gates, 0–1.
    performance_metrics : dict
        ``seconds``, ``nodes`` (per node: ``type``, ``seconds``) and what else was measured.
    workflow_params : dict
        What is needed to run it again: ``prompt`` (API form) and ``workflow`` (editor form), or
        the episode spec.
    error_log : str
        The traceback or the sentence that ended it.
    heartbeat_at : datetime or None
        Last sign of life while running.
    attempt : int
        1 for the first run.
    parent_id : int or None
        The job that this one tries again.
    """

    id: int
    prompt_id: str
    job_type: str
    status: JobStatus
    project_id: int | None = None
    progress: int = 0
    quality_score: float | None = None
    performance_metrics: dict[str, Any] = field(default_factory=dict)
    workflow_params: dict[str, Any] = field(default_factory=dict)
    error_log: str = ""
    attempt: int = 1
    created_at: datetime | None = None
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    completed_at: datetime | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One thing that happened to a job, in order of `id`."""

    id: int
    job_id: int
    kind: str
    node_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
