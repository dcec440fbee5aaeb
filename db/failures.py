"""What the drivers raise, in sentences: the only place that knows their error codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..errors import ConflictError, InputError, SchemaError, StorageError, TowerError

Maker = Callable[[str], TowerError]


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what goes wrong at `place` as an error of Tower.

    Parameters
    ----------
    place : str
        The database, as messages name it.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise translate(error, place) from error


def translate(error: SQLAlchemyError, place: str) -> TowerError:
    """Return the sentence for a driver's error."""
    if isinstance(error, PoolTimeoutError):
        return StorageError(f"{place} is busy.", hint="Try again in a moment.")
    cause = getattr(error, "orig", None)
    if isinstance(cause, TowerError):  # raised by a column type
        return cause
    if not isinstance(error, DBAPIError):
        return StorageError(f"{place} cannot be used: {_first_line(error)}.")
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _from_state(state, place, cause)
    message = str(cause)
    for pattern, make in _BY_MESSAGE:
        if re.search(pattern, message):
            return _with_table(make(place), message)
    return StorageError(f"{place} failed: {_first_line(cause or error)}.")


def _from_state(state: str, place: str, cause: BaseException | None) -> TowerError:
    # PostgreSQL's SQLSTATE: the whole code, else its class.
    make = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if make is None:
        return StorageError(f"{place} failed: {_first_line(cause)}.")
    table = getattr(getattr(cause, "diag", None), "table_name", None) or ""
    return _with_table(make(place), f": {table}.")


def _with_table(error: TowerError, message: str) -> TowerError:
    found = re.search(r": ([a-z_]+)\.", message)
    if isinstance(error, ConflictError) and found:
        return type(error)(f"{error.message.removesuffix('.')} (table {found[1]}).", hint=error.hint)
    return error


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")


def _storage(sentence: str, hint: str) -> Maker:
    return lambda place: StorageError(f"{place} {sentence}", hint=hint)


_locked = _storage(
    "is locked by another process.", "Close the other Tower or ComfyUI that uses it, then try again."
)
_full = _storage("cannot grow: its disk is full.", "Free some space, then try again.")
_read_only = _storage("is read-only.", "Make the file and its folder writable, or set TOWER_HOME elsewhere.")
_damaged = _storage(
    "is damaged, or is no SQLite database.",
    "Move the file away and put back a copy (tower.db.backup-…), or start with a new one.",
)
_unreachable = _storage(
    "cannot be reached.", "Start the server, or check host, port and user in TOWER_DATABASE_URL."
)
_lost = _storage("closed the connection.", "Try again; if it stays so, look at the server's log.")
_refused = _storage("refused the user.", "Check user, password and rights in TOWER_DATABASE_URL.")


def _drifted(place: str) -> TowerError:
    return SchemaError(f"{place} lacks a table or a column.", hint="Run tower db check.")


def _foreign(place: str) -> TowerError:
    return SchemaError(
        f"{place} holds tables of another program, under names that Tower needs.",
        hint="Give Tower a database of its own.",
    )


def _duplicate(_place: str) -> TowerError:
    return ConflictError("something of that name or number is stored already.", hint="Use another one.")


def _dangling(_place: str) -> TowerError:
    return ConflictError(
        "it refers to something that is not stored, or something stored refers to it.",
        hint="Look at the ids that were given.",
    )


def _out_of_range(_place: str) -> TowerError:
    return InputError("a value is missing, too long or out of its range.", hint="Correct the value.")


# The SQLite driver gives its error codes only from Python 3.11 on, so the messages decide.
_BY_MESSAGE: tuple[tuple[str, Maker], ...] = (
    (r"database (table )?is locked|database schema is locked", _locked),
    (r"database or disk is full", _full),
    (r"readonly database", _read_only),
    (r"not a database|disk image is malformed|malformed database schema", _damaged),
    (r"unable to open database file", _storage("cannot be opened.", "Check that its folder exists.")),
    (r"disk I/O error", _storage("cannot be read or written.", "Check the disk, then run tower db check.")),
    (r"no such (table|column)|has no column", _drifted),
    (r"table .* already exists", _foreign),
    (r"UNIQUE constraint failed", _duplicate),
    (r"FOREIGN KEY constraint failed", _dangling),
    (r"(CHECK|NOT NULL) constraint failed|datatype mismatch", _out_of_range),
    (r"password authentication failed|role .* does not exist|no pg_hba.conf entry", _refused),
    (
        r'database ".*" does not exist',
        _storage("does not exist.", "Create it with createdb, or correct TOWER_DATABASE_URL."),
    ),
    (
        r"connection (failed|refused|timeout|is bad)|could not (connect|translate)|timeout expired",
        _unreachable,
    ),
    (r"terminating connection|server closed the connection|connection (is|was|already) (closed|lost)", _lost),
)

_BY_STATE: dict[str, Maker] = {
    "08": _unreachable,
    "22": _out_of_range,
    "23502": _out_of_range,
    "23503": _dangling,
    "23505": _duplicate,
    "23514": _out_of_range,
    "25006": _read_only,
    "28": _refused,
    "3D000": _storage("does not exist.", "Create it with createdb, or correct TOWER_DATABASE_URL."),
    "40": _locked,
    "42501": _refused,
    "42P01": _drifted,
    "42P07": _foreign,
    "42703": _drifted,
    "53100": _full,
    "53300": _storage("has no connection left.", "Raise max_connections, or close other programs."),
    "55P03": _locked,
    "57P01": _lost,
    "57P02": _lost,
    "57P03": _storage("is starting up or shutting down.", "Try again in a moment."),
    "58030": _storage("cannot be read or written.", "Check the server's disk."),
}
