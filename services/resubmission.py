"""Whole prompts tried again: each attempt is a prompt, and so a job, of its own.

A gate hands in the changed prompt and goes on; it never waits for what it queued, since the host runs one
prompt at a time. The attempts name their parents in the database, which outlives the host's queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..consistency.gates.attempts import MAX_ATTEMPTS
from ..errors import TowerError

if TYPE_CHECKING:
    from ..db.jobs import JobRepository
    from .job_log import JobLog

# Under which name the lineage of a prompt travels in its extra data.
KEY = "tower_attempt"

Submit = Callable[[Mapping[str, Any], Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which attempt a prompt is.

    Parameters
    ----------
    run_key : str
        Shared by all attempts, at most 64 characters.
    attempt : int
        From 1.
    parent_id : int or None
        The job of the attempt before.
    changes : dict
        What was changed for it besides the seed.
    """

    run_key: str
    attempt: int = 1
    parent_id: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as extra data of a prompt."""
        return {
            "run_key": self.run_key,
            "attempt": self.attempt,
            "parent_id": self.parent_id,
            "changes": self.changes,
        }

    def next(self, job_id: int | None, changes: Mapping[str, Any]) -> Lineage:
        """Return the lineage of the attempt that follows this one, whose job is given."""
        return Lineage(self.run_key, self.attempt + 1, job_id, dict(changes))


def read_lineage(extra_data: Mapping[str, Any], prompt_id: str) -> Lineage:
    """Read which attempt a prompt is; whatever is not as we write it makes it a first one.

    Anybody can post a prompt with any extra data.
    """
    first = Lineage(hashlib.sha256(prompt_id.encode()).hexdigest()[:32])
    told = extra_data.get(KEY)
    if not isinstance(told, Mapping):
        return first
    key, changes = told.get("run_key"), told.get("changes")
    attempt = _count(told.get("attempt"), MAX_ATTEMPTS)
    if not isinstance(key, str) or not 0 < len(key) <= 64 or attempt is None:
        return first
    parent_id = _count(told.get("parent_id"), 2**31 - 1)
    return Lineage(key, attempt, parent_id, dict(changes) if isinstance(changes, Mapping) else {})


def _count(value: Any, most: int) -> int | None:
    """Return a number from 1 to `most`; None for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 1 <= value <= most else None


class Resubmission:
    """Queues the next attempt of a prompt with the host that ran the last one."""

    def __init__(self, jobs: JobRepository, job_log: JobLog) -> None:
        self._jobs = jobs
        self._job_log = job_log
        self._submit: Submit | None = None

    def connect(self, submit: Submit) -> None:
        """Take what queues a prompt and returns its id; it must not wait for the prompt to run."""
        self._submit = submit

    def lineage(self, prompt_id: str | None) -> Lineage:
        """Return which attempt the prompt that runs now is."""
        job_id = self._job_log.job_id_of(prompt_id) if prompt_id else None
        if job_id is None:
            return read_lineage({}, prompt_id or "")
        extra_data = self._jobs.get(job_id).workflow_params.get("extra_data") or {}
        return read_lineage(extra_data, prompt_id or "")

    def try_again(
        self,
        prompt_id: str | None,
        prompt: Mapping[str, Any],
        extra_data: Mapping[str, Any],
        changes: Mapping[str, Any],
    ) -> str:
        """Queue the next attempt; returns its prompt id without waiting for it.

        Parameters
        ----------
        prompt_id : str or None
            The attempt that failed.
        prompt : mapping
            The graph with its new seeds, in API form.
        extra_data : mapping
            What goes with it, such as the workflow.
        changes : mapping
            What was changed besides the seeds, for the record.

        Raises
        ------
        TowerError
            If there is no host to queue it, or it refuses.
        """
        if self._submit is None:
            raise TowerError(
                "There is no ComfyUI that could run the prompt again.", hint="Choose another on_fail."
            )
        job_id = self._job_log.job_id_of(prompt_id) if prompt_id else None
        following = self.lineage(prompt_id).next(job_id, changes)
        return self._submit(prompt, {**extra_data, KEY: following.as_json()})
