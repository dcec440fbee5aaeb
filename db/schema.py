"""The schema's revision: reading it, and bringing a database up to the newest one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, text

from ..errors import SchemaError, StorageError
from .engine import BEGIN, BUSY_TIMEOUT_MS, sqlite_path

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
VERSION_TABLE = "tower_alembic_version"
# Any fixed number: processes that migrate the same PostgreSQL database wait for each other on it.
_ADVISORY_LOCK = 0x70_77_65_72
_LOCK_TIMEOUT_SECONDS = 20


def head() -> str:
    """Return the newest revision that this Tower knows."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise SchemaError(f"no migrations in {MIGRATIONS}.", hint="Install Tower again.")
    return revision


def current(connection: Connection) -> str | None:
    """Return the revision of the database; None before the first upgrade."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608


def migration_context(connection: Connection, **options: Any) -> MigrationContext:
    """Return Alembic's view of `connection`, with Tower's own version table."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, **options})


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to the newest revision, whole or not at all.

    One transaction holds the exclusive lock from reading the revision to the last statement, so of
    two processes that start at once the second finds nothing to do. An SQLite database that holds
    anything is copied beside itself first, as ``NAME.backup-REVISION``; only the newest copy stays.

    Returns
    -------
    tuple of (str or None, str)
        Revision before and after.

    Raises
    ------
    SchemaError
        If the database is newer than this Tower, or a migration would break a reference.
    """
    newest = head()
    with engine.connect() as connection:
        before = current(connection)
    if before == newest:
        return before, newest
    check_known(before, engine)
    if engine.dialect.name == "sqlite":
        return _upgrade_sqlite(engine, newest), newest
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        before = current(connection)
        _migrate(connection)
    return before, newest


def _upgrade_sqlite(engine: Engine, newest: str) -> str | None:
    with engine.connect() as connection:
        # Rebuilding a table drops the old one, which would delete every row that refers to it. The
        # pragma counts only outside a transaction.
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute(f"PRAGMA busy_timeout = {_LOCK_TIMEOUT_SECONDS * 1000}")
        try:
            connection.execution_options(**{BEGIN: "EXCLUSIVE"})  # changes it in place
            with connection.begin():
                before = current(connection)
                holds_data = before != newest and bool(inspect(connection).get_table_names())
                backup = _back_up(engine, before or "unversioned") if holds_data else None
                _migrate_or_discard(connection, backup)
            if backup is not None:
                _drop_older_backups(backup)
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
            driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return before


def _migrate_or_discard(connection: Connection, backup: Path | None) -> None:
    try:
        _migrate(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise SchemaError(
                f"the upgrade found {len(broken)} broken references, the first in table {broken[0][0]}.",
                hint="Nothing was changed; run tower db check.",
            )
    except BaseException:
        # Everything is rolled back, so the copy has no purpose.
        if backup is not None:
            backup.unlink(missing_ok=True)
        raise


def _migrate(connection: Connection) -> None:
    from alembic.operations import Operations

    from .tables import Base

    scripts = _scripts()
    context = migration_context(
        connection,
        target_metadata=Base.metadata,
        fn=lambda revision, _context: scripts._upgrade_revs("head", revision),  # as alembic.command does
    )
    context.run_migrations(op=Operations(context))


def check_known(revision: str | None, engine: Engine) -> None:
    """Refuse a revision that this Tower has no migration for.

    Raises
    ------
    SchemaError
        If `revision` is neither None nor known.
    """
    from alembic.util import CommandError

    if revision is None:
        return
    try:
        _scripts().get_revision(revision)
    except CommandError as error:
        name = sqlite_path(engine.url) or engine.url.database
        raise SchemaError(
            f"the database {name} has the schema {revision!r}, which is newer than this Tower.",
            hint="Update Tower, or put back the copy made before the upgrade (tower.db.backup-…).",
        ) from error


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS))


def _back_up(engine: Engine, revision: str) -> Path | None:
    path = sqlite_path(engine.url)
    if path is None:
        return None
    target = path.with_name(f"{path.name}.backup-{revision}")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        # The lock that the upgrade holds keeps writers out; readers of a WAL database may go on.
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        os.replace(partial, target)  # noqa: PTH105 - it replaces on Windows too
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"the copy {target.name} before the upgrade could not be made: {error}.",
            hint=f"Free some space in {path.parent}; nothing was changed.",
        ) from error
    return target


def _drop_older_backups(kept: Path) -> None:
    prefix = kept.name.rsplit("-", 1)[0] + "-"
    for older in kept.parent.iterdir():
        if older.name.startswith(prefix) and older != kept:
            older.unlink(missing_ok=True)
