"""Connections to SQLite and to PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from ..errors import InputError, StorageError
from .columns import json_text

BUSY_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_SECONDS = 5
# An execution option: how a transaction on SQLite begins.
BEGIN = "tower_begin"

# FULL: what was acknowledged survives a power cut too, not only a killed process. It costs a sync
# per commit (about 3,000 commits a second instead of 35,000), and a render commits a few per second.
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
)


def build_engine(url: URL) -> Engine:
    """Make the engine for `url`, without connecting.

    SQLite gets one connection, so this process has one writer, and the connection that writes is
    also the one that checkpoints the write-ahead log: with several, SQLite before 3.51.3 can
    corrupt it.

    Raises
    ------
    InputError
        If `url` is neither an SQLite nor a psycopg URL.
    StorageError
        If the driver is not installed.
    """
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _sqlite(url)
    if url.drivername != "postgresql+psycopg":
        raise InputError(
            f"the database URL has the driver {url.drivername!r}.",
            field="TOWER_DATABASE_URL",
            hint="Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
        )
    try:
        return _postgresql(url)
    except ModuleNotFoundError as error:
        raise StorageError(
            "the PostgreSQL driver psycopg is not installed.", hint='Run: pip install "psycopg[binary]".'
        ) from error


def sqlite_path(url: URL) -> Path | None:
    """Return the file that an SQLite URL names; None for memory and for PostgreSQL."""
    name = url.database or ":memory:"
    if url.get_backend_name() != "sqlite" or name == ":memory:":
        return None
    return Path(name.removeprefix("file:").split("?", 1)[0])


def place_of(url: URL) -> str:
    """Name the database for messages, without its password."""
    if url.get_backend_name() == "sqlite":
        return f"the database {sqlite_path(url) or 'in memory'}"
    return f"the PostgreSQL database {url.database} on {url.query.get('host') or url.host or 'this machine'}"


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"check_same_thread": False},
        json_serializer=json_text,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, and none before CREATE or ALTER TABLE.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    if connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN, 'DEFERRED')}")


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=5,
        max_overflow=5,
        pool_timeout=CONNECT_TIMEOUT_SECONDS,
        # A server that was restarted is found out before a session uses the connection.
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "tower"},
        json_serializer=json_text,
    )
