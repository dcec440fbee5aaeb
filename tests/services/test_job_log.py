"""The record of prompts: in order, by legal moves only, and through a database that is away for a while."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tower_anime.db.database import Database
from tower_anime.db.jobs import JobRepository
from tower_anime.errors import StorageError
from tower_anime.host.submission import CANCELLED, DONE, FAILED, Ending, NodeRun, Submission
from tower_anime.production.job import JobStatus
from tower_anime.services import job_log
from tower_anime.services.job_log import JobLog

PROMPT = {"1": {"class_type": "KSampler", "inputs": {"seed": 1, "cfg": float("nan"), "text": "a\x00b"}}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'tower.db'}")
    yield database
    database.close()


@pytest.fixture
def jobs(database: Database) -> JobRepository:
    return JobRepository(database)


@pytest.fixture
def told() -> list[dict]:
    return []


@pytest.fixture
def log(database: Database, jobs: JobRepository, told: list[dict]) -> Iterator[JobLog]:
    log = JobLog(database, jobs, lambda event, payload: told.append(payload | {"event": event}))
    yield log
    log.close()


def submission(prompt_id: str = "a") -> Submission:
    return Submission(prompt_id, PROMPT, outputs=("1",))


def run_through(log: JobLog, prompt_id: str, ending: Ending) -> None:
    log.queued(submission(prompt_id))
    log.started(prompt_id)
    log.progressed(prompt_id, 40)
    log.node_finished(prompt_id, NodeRun("1", "KSampler", "1", 0.5))
    log.ended(prompt_id, ending)
    assert log.drain()


@pytest.mark.parametrize(
    ("ending", "status", "progress"),
    [
        (Ending(DONE, cached=("7",)), JobStatus.DONE, 100),
        (Ending(FAILED, "Node 1 (KSampler) failed: ValueError: no\n\nTraceback", "1"), JobStatus.FAILED, 40),
        (Ending(CANCELLED, "It was stopped.", "1"), JobStatus.CANCELLED, 40),
    ],
    ids=["done", "failed", "cancelled"],
)
def test_a_run_is_stored_with_its_end(
    ending: Ending, status: JobStatus, progress: int, log: JobLog, jobs: JobRepository
) -> None:
    run_through(log, "a", ending)
    job = jobs.by_prompt("a")
    assert (job.status, job.progress, job.error_log) == (status, progress, ending.error)
    assert job.performance_metrics["nodes"] == {"1": {"type": "KSampler", "seconds": 0.5}}
    assert job.performance_metrics["cached"] == list(ending.cached)
    assert [event.kind for event in jobs.events(job.id)] == ["queued", "running", status.value]


def test_what_is_announced_is_stored_already(database: Database, jobs: JobRepository) -> None:
    stored = []

    def announce(event: str, payload: dict) -> None:
        job = jobs.get(payload["job_id"])
        stored.append((event, job.status.value == payload["status"]))

    log = JobLog(database, jobs, announce)
    run_through(log, "a", Ending(DONE))
    log.close()
    assert stored == [("tower.job", True)] * 4


def test_announced_progress_rises_to_a_hundred(log: JobLog, told: list[dict]) -> None:
    log.queued(submission())
    log.started("a")
    for percent in (10, 30, 20, 30, 60):
        log.progressed("a", percent)
    log.ended("a", Ending(DONE))
    assert log.drain()
    assert [payload["progress"] for payload in told] == [0, 0, 10, 30, 60, 100]
    assert told[-1]["status"] == "done"


def test_a_prompt_that_was_never_seen_to_start_moves_legally(log: JobLog, jobs: JobRepository) -> None:
    log.queued(submission())
    log.ended("a", Ending(DONE))
    assert log.drain()
    job = jobs.by_prompt("a")
    assert job.status is JobStatus.DONE
    assert [event.kind for event in jobs.events(job.id)] == ["queued", "running", "done"]


def test_what_follows_an_end_changes_nothing(log: JobLog, jobs: JobRepository) -> None:
    run_through(log, "a", Ending(DONE))
    before = jobs.by_prompt("a")
    log.progressed("a", 99)
    log.ended("a", Ending(FAILED, "late"))
    assert log.drain()
    assert jobs.by_prompt("a") == before


def test_a_job_that_a_route_cancelled_stays_cancelled(log: JobLog, jobs: JobRepository) -> None:
    log.queued(submission())
    log.started("a")
    assert log.drain()
    jobs.move(jobs.by_prompt("a").id, JobStatus.CANCELLED)
    log.ended("a", Ending(DONE))
    assert log.drain()
    assert jobs.by_prompt("a").status is JobStatus.CANCELLED


def test_one_id_for_two_prompts_makes_two_jobs(log: JobLog, jobs: JobRepository) -> None:
    for _ in range(2):
        run_through(log, "a", Ending(DONE))
    assert {job.prompt_id for job in jobs.list()} == {"a", "a#2"}
    assert log.job_id_of("a") == jobs.by_prompt("a#2").id


def test_a_node_learns_the_job_of_its_prompt(log: JobLog, jobs: JobRepository) -> None:
    log.queued(submission())
    assert log.job_id_of("a") == jobs.by_prompt("a").id
    assert log.job_id_of("nobody", wait=0.01) is None


def test_a_new_process_interrupts_what_the_last_one_left(
    log: JobLog, database: Database, jobs: JobRepository
) -> None:
    log.queued(submission("waiting"))
    log.queued(submission("running"))
    log.started("running")
    run_through(log, "done", Ending(DONE))
    after = JobLog(database, jobs)
    after.start()
    assert after.drain()
    after.close()
    assert {job.prompt_id: job.status.value for job in jobs.list()} == {
        "waiting": "interrupted",
        "running": "interrupted",
        "done": "done",
    }


def test_progress_is_written_a_few_times_a_second(
    log: JobLog, database: Database, jobs: JobRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    touches = []
    touch = jobs.touch
    monkeypatch.setattr(jobs, "touch", lambda job_id, **what: touches.append(what) or touch(job_id, **what))
    log.queued(submission())
    log.started("a")
    for percent in range(1, 100):
        log.progressed("a", percent)
    assert log.drain()
    assert len(touches) < 10
    threading.Event().wait(2.5 * job_log.PROGRESS_SECONDS)
    assert jobs.by_prompt("a").progress == 99  # Held back while it rose quickly, written when it paused.


def test_a_running_job_gives_signs_of_life(
    log: JobLog, jobs: JobRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_log, "HEARTBEAT_SECONDS", 0.3)
    log.queued(submission())
    log.started("a")
    assert log.drain()
    first = jobs.by_prompt("a").heartbeat_at
    threading.Event().wait(1.2)
    assert jobs.by_prompt("a").heartbeat_at > first


def test_a_database_that_is_locked_for_a_while_loses_nothing(
    log: JobLog, jobs: JobRepository, tmp_path: Path
) -> None:
    jobs.list()
    other = sqlite3.connect(tmp_path / "tower.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    log.queued(submission())
    log.started("a")
    log.ended("a", Ending(DONE))
    assert not log.drain(0.5)
    other.execute("ROLLBACK")
    other.close()
    assert log.drain(30)
    assert jobs.by_prompt("a").status is JobStatus.DONE


def test_a_database_that_cannot_be_reached_is_tried_again(
    database: Database,
) -> None:
    class Unreachable(JobRepository):
        n_failures = 1

        def create(self, *args, **kwargs):
            if self.n_failures:
                self.n_failures -= 1
                raise StorageError("The database cannot be reached.")
            return super().create(*args, **kwargs)

    jobs = Unreachable(database)
    log = JobLog(database, jobs)
    run_through(log, "a", Ending(DONE))
    log.close()
    job = jobs.by_prompt("a")
    assert [event.kind for event in jobs.events(job.id)] == ["queued", "running", "done"]
