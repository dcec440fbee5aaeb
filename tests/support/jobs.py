"""Waiting for jobs."""

from __future__ import annotations

import time
from collections.abc import Callable

from tower_anime.db.jobs import JobRepository
from tower_anime.production.job import Job


def is_over(job: Job) -> bool:
    return job.status.is_final


def wait_for_job(
    jobs: JobRepository, prompt_id: str, accepts: Callable[[Job], bool] = is_over, timeout: float = 20
) -> Job:
    """Return a prompt's job when it is as wanted."""
    deadline = time.monotonic() + timeout
    while True:
        job = jobs.by_prompt(prompt_id)
        if job is not None and accepts(job):
            return job
        assert time.monotonic() < deadline, f"the job of {prompt_id} is {job}"
        time.sleep(0.02)
