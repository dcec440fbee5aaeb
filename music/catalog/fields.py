"""Reading fields of answers that may hold anything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


def text_of(fields: Any, *path: str) -> str:
    """Return the text at a path of keys; empty when there is none."""
    value = value_of(fields, *path)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def number_of(fields: Any, *path: str) -> float | None:
    """Return the finite, positive number at a path of keys, also when it is written as text."""
    value = value_of(fields, *path)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def texts_of(fields: Any, *path: str) -> tuple[str, ...]:
    """Return the texts of the list at a path of keys."""
    return tuple(item for item in items_of(fields, *path) if isinstance(item, str))


def items_of(fields: Any, *path: str) -> Iterator[Any]:
    """Iterate over the list at a path of keys; over nothing when there is none."""
    value = value_of(fields, *path)
    yield from value if isinstance(value, list) else ()


def value_of(fields: Any, *path: str) -> Any:
    """Return the value at a path of keys; None when there is none."""
    for key in path:
        fields = fields.get(key) if isinstance(fields, dict) else None
    return fields


def https_of(fields: Any, *path: str) -> str:
    """Return the web address at a path of keys; empty for anything that is none."""
    text = text_of(fields, *path)
    return text if text.startswith(("https://", "http://")) else ""
