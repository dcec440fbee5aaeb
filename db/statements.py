"""Small pieces that the repositories share."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ..errors import InputError, NotFoundError
from .tables import Base

MAX_ID = 2**31 - 1
MAX_PAGE = 1000

Row = TypeVar("Row", bound=Base)


def require(session: Session, table: type[Row], row_id: int, noun: str, *, locked: bool = False) -> Row:
    """Return the row with the id.

    Parameters
    ----------
    locked : bool
        Keep other transactions from changing it until this one ends.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    row = None
    if 0 < row_id <= MAX_ID:
        row = session.get(table, row_id, with_for_update=True if locked else None)
    if row is None:
        raise NotFoundError(f"there is no {noun} {row_id}.", field=f"{noun}_id", hint=f"List the {noun}s.")
    return row


def unknown(noun: str, name: str, known: Sequence[str]) -> NotFoundError:
    """Return the error for a name that nothing has; it names up to 20 that exist."""
    if not known:
        return NotFoundError(f"there is no {noun} {name!r}.", field=noun, hint="None is stored yet.")
    listed = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return NotFoundError(f"there is no {noun} {name!r}.", field=noun, hint=f"Known: {listed}.")


def check_fields(fields: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuse to change what cannot be changed.

    Raises
    ------
    InputError
        If `fields` has a name that is not in `allowed`.
    """
    for field in fields:
        if field not in allowed:
            raise InputError(
                f"the field {field!r} cannot be changed.",
                field=field,
                hint=f"These can: {', '.join(sorted(allowed))}.",
            )


def page_size(limit: int) -> int:
    """Return `limit`, or refuse it outside 1–1000.

    Raises
    ------
    InputError
        If it is.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InputError(f"the limit {limit} is out of range.", field="limit", hint=f"Use 1 to {MAX_PAGE}.")
    return limit


def within(value: float | None, low: float, high: float, field: str) -> float | None:
    """Return `value`, or refuse it outside [low, high]; None stays None.

    Raises
    ------
    InputError
        If it is outside, or not a finite number.
    """
    if value is None:
        return None
    if not math.isfinite(value) or not low <= value <= high:
        raise InputError(f"the {field} {value} is out of range.", field=field, hint=f"Use {low} to {high}.")
    return float(value)


def measured(value: float | None) -> float | None:
    """Return a measurement that can be stored: what is not finite was not measured."""
    return float(value) if value is not None and math.isfinite(value) else None


def upsert(session: Session, table: type[Base], rows: Sequence[dict[str, Any]], key: Sequence[str]) -> None:
    """Insert `rows`; where one with the same `key` is stored, replace its values."""
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table)
    replaced = {name: insert.excluded[name] for name in rows[0] if name not in key}
    session.execute(insert.on_conflict_do_update(index_elements=list(key), set_=replaced), list(rows))
