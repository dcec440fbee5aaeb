"""What the host's tests share: the jobs that the running host has recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from support.comfy import ComfyServer
from support.jobs import wait_for_job
from tower_anime.db.database import Database
from tower_anime.db.jobs import JobRepository
from tower_anime.production.job import Job


@pytest.fixture(scope="session")
def jobs(comfy: ComfyServer) -> Iterator[JobRepository]:
    """The database of the running host, read by a second process: this one."""
    database = Database(f"sqlite:///{comfy.home / 'tower.db'}")
    yield JobRepository(database)
    database.close()


@pytest.fixture
def job_of(jobs: JobRepository) -> Callable[..., Job]:
    """Return a prompt's job, when it is as wanted."""
    return partial(wait_for_job, jobs)
