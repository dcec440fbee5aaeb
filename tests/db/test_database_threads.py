"""Threads, the event loop, and processes that die."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from tower_anime.db import database as database_module
from tower_anime.db.jobs import JobRepository
from tower_anime.errors import StorageError

WRITE_UNTIL_KILLED = """
import sys
from tower_anime.db.database import Database
from tower_anime.db.jobs import JobRepository
jobs = JobRepository(Database(sys.argv[1]))
number = 0
while True:
    job = jobs.create(f"{sys.argv[2]}-{number}", "comfyui", workflow_params={"text": "x" * 2000})
    jobs.add_event(job.id, "node")
    print(job.id, flush=True)
    number += 1
"""


def test_threads_write_at_once_and_lose_nothing(jobs):
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda number: jobs.create(f"p-{number}", "comfyui").id, range(60)))
    assert sorted(made) == sorted(job.id for job in jobs.list(limit=100))


def test_threads_open_a_new_database_once(own_database):
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: own_database.open(), range(6))) == [None] * 6
    assert own_database.check() == []


def test_run_answers_in_threads_of_the_database(database, jobs):
    async def ask():
        return await asyncio.gather(
            database.run(lambda: threading.current_thread().name),
            database.run(jobs.create, "p-1", job_type="x"),
        )

    name, job = asyncio.run(ask())
    assert name.startswith("tower-db")
    assert jobs.get(job.id) == job


def test_run_raises_what_the_call_raised(database, jobs):
    from tower_anime.errors import NotFoundError

    with pytest.raises(NotFoundError, match="no job 9"):
        asyncio.run(database.run(jobs.get, 9))


def test_too_many_waiting_calls_are_refused_at_once(sqlite, monkeypatch):
    monkeypatch.setattr(database_module, "MAX_WAITING", 3)
    gate = threading.Event()

    async def crowd():
        waiting = [asyncio.ensure_future(sqlite.run(gate.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(StorageError, match="is busy"):
            await sqlite.run(gate.wait)
        gate.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        return await sqlite.run(lambda: "again")

    assert asyncio.run(crowd()) == "again"


def test_a_call_that_hangs_is_given_up(sqlite, monkeypatch):
    monkeypatch.setattr(database_module, "ANSWER_TIMEOUT_SECONDS", 0.05)
    gate = threading.Event()
    with pytest.raises(StorageError, match="did not answer"):
        asyncio.run(sqlite.run(gate.wait))
    gate.set()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_writer_loses_nothing_that_it_acknowledged(sqlite, tmp_path):
    sqlite.open()
    sqlite.close()
    path = tmp_path / "home" / "tower.db"
    acknowledged = []
    for life in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_UNTIL_KILLED, f"sqlite:///{path}", str(life)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            acknowledged += [int(process.stdout.readline()) for _ in range(10 + 7 * life)]
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = {job.id for job in JobRepository(sqlite).list(limit=1000)}
    assert set(acknowledged) <= kept
    assert sqlite.check() == []
