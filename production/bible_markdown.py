"""A project bible as Markdown, for people who read it outside Tower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST_HEADING = 6


def bible_markdown(title: str, content: Mapping[str, Any]) -> str:
    """Write a nested document as Markdown: a heading a level, and a list item a value.

    Nothing is left out, and the order is kept; equal documents give equal texts.

    Parameters
    ----------
    title : str
        The first heading.
    content : mapping
        Any JSON object.
    """
    return "\n".join([f"# {_line(title)}", *_section(content, 2)]) + "\n"


def _section(content: Mapping[str, Any], level: int) -> list[str]:
    plain = {key: value for key, value in content.items() if not _is_long(value)}
    lines = ["", *(f"- {_title(key)}: {_line(value)}" for key, value in plain.items())] if plain else []
    for key, value in content.items():
        if _is_long(value):
            lines += ["", f"{'#' * min(level, _DEEPEST_HEADING)} {_title(key)}", *_body(value, level + 1)]
    return lines


def _body(value: Any, level: int) -> list[str]:
    if isinstance(value, Mapping):
        return _section(value, level)
    if isinstance(value, str):
        return ["", value.strip()]
    lines: list[str] = []
    for number, item in enumerate(value, 1):
        if _is_long(item):
            lines += ["", f"{'#' * min(level, _DEEPEST_HEADING)} {number}", *_body(item, level + 1)]
        else:
            lines += [*([""] if not lines else []), f"- {_line(item)}"]
    return lines


def _is_long(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value.strip() or len(value) > 200
    return isinstance(value, Mapping | Sequence) and bool(value)


def _line(value: Any) -> str:
    if value is None or value in ({}, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())


def _title(key: str) -> str:
    text = _line(key).replace("_", " ")
    return text[:1].upper() + text[1:]
