"""The database as the rest of Tower sees it: opened on first use, one session per piece of work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from ..errors import InputError, StorageError
from . import schema
from .check import Finding, find_damage
from .engine import BEGIN, build_engine, place_of, sqlite_path
from .failures import translated

__all__ = ["Database", "Finding"]

MAX_WAITING = 64
ANSWER_TIMEOUT_SECONDS = 10.0

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """One database, on SQLite or PostgreSQL.

    Parameters
    ----------
    url : str
        ``sqlite:///PATH`` or ``postgresql+psycopg://…``; nothing is opened before it is needed.

    Raises
    ------
    InputError
        If `url` is no URL.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError as error:
            raise InputError(
                "the database URL cannot be read.",
                field="TOWER_DATABASE_URL",
                hint="Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
            ) from error
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.place = place_of(self._url)
        self._lock = threading.RLock()  # held while the schema is upgraded
        self._queue_lock = threading.Lock()  # never held for long: the event loop takes it
        self._local = threading.local()
        self._engine: Engine | None = None
        self._is_open = False
        self._executor: ThreadPoolExecutor | None = None
        self._n_waiting = 0

    def open(self) -> None:
        """Make the folder, connect, and upgrade the schema; the second time it does nothing.

        Raises
        ------
        StorageError, SchemaError
            If the database cannot be opened, or belongs to a newer Tower.
        """
        if not self._is_open:
            self.upgrade()

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the schema to the newest revision; return the revisions before and after."""
        with self._lock, translated(self.place):
            self._make_folder()
            revisions = schema.upgrade(self._connectable())
            self._is_open = True
        return revisions

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[Session]:
        """Work in one transaction: committed at the end, rolled back by an error.

        A session inside a session of the same thread joins it as a savepoint, so several
        repository calls can be one transaction.

        Parameters
        ----------
        read_only : bool
            Nothing will be written: on SQLite, do not wait for another process that writes.

        Raises
        ------
        StorageError, ConflictError, InputError
            What the driver raised, as a sentence.
        """
        outer: Session | None = getattr(self._local, "session", None)
        if outer is not None:
            with translated(self.place), outer.begin_nested():
                yield outer
            return
        self.open()
        # A transaction that reads first and writes later would fail at once, without waiting, if
        # another process wrote in between; so a writing one takes the lock at its start.
        engine = self._connectable().execution_options(**{BEGIN: "DEFERRED" if read_only else "IMMEDIATE"})
        with translated(self.place), Session(engine) as session, session.begin():
            self._local.session = session
            try:
                yield session
            finally:
                self._local.session = None

    async def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `fn` in the database's own threads: the only way from an event loop.

        Raises
        ------
        StorageError
            If too many calls wait already, or the answer takes too long; the call itself may
            still be carried out then.
        """
        future = self._submit(fn, args, kwargs)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), ANSWER_TIMEOUT_SECONDS)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise StorageError(
                f"{self.place} did not answer within {ANSWER_TIMEOUT_SECONDS:.0f} s.",
                hint="Try again in a moment.",
            ) from error

    def check(self) -> list[Finding]:
        """Look for damage, without changing anything; an empty list is a sound database."""
        path = sqlite_path(self._url)
        if path is not None and not path.exists():
            return [Finding("warning", "", f"{self.place} does not exist yet.", "Run tower db upgrade.")]
        try:
            with translated(self.place):
                return find_damage(self._connectable())
        except StorageError as error:
            return [Finding("error", "", error.message, error.hint or "")]

    def revision(self) -> str | None:
        """Return the schema's revision, without upgrading; None for an empty database."""
        path = sqlite_path(self._url)
        if path is not None and not path.exists():
            return None
        with translated(self.place), self._connectable().connect() as connection:
            return schema.current(connection)

    def ping(self) -> None:
        """Read one row, or raise what keeps the database from answering."""
        with self.session(read_only=True) as session:
            session.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}"))  # noqa: S608

    def close(self) -> None:
        """Finish what waits, and give back the connections; the next use opens again."""
        with self._queue_lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True)
        with self._lock:
            engine, self._engine = self._engine, None
            self._is_open = False
        if engine is not None:
            engine.dispose()

    def _connectable(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = build_engine(self._url)
            return self._engine

    def _make_folder(self) -> None:
        path = sqlite_path(self._url)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the folder {path.parent} cannot be made: {error.strerror}.",
                hint="Set TOWER_HOME to a folder that can be written.",
            ) from error

    def _submit(self, fn: Callable[..., T], args: Any, kwargs: Any) -> Future[T]:
        with self._queue_lock:
            if self._n_waiting >= MAX_WAITING:
                raise StorageError(f"{self.place} is busy.", hint="Try again in a moment.")
            if self._executor is None:
                self._executor = ThreadPoolExecutor(1 if self.is_sqlite else 4, "tower-db")
            future = self._executor.submit(fn, *args, **kwargs)
            self._n_waiting += 1
        future.add_done_callback(self._answered)
        return future

    def _answered(self, _future: Future[Any]) -> None:
        with self._queue_lock:
            self._n_waiting -= 1
