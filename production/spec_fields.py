"""Fields of the episode file that are more than a word or a number: paths and the frame rate."""

from __future__ import annotations

import difflib
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
MUSIC_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *(
            "aac",
            "aif",
            "aiff",
            "caf",
            "flac",
            "m4a",
            "mka",
            "mp2",
            "mp3",
            "oga",
            "ogg",
            "opus",
            "wav",
            "weba",
        ),
        *("wma", "wv", "mkv", "mov", "mp4", "webm"),
    )
)
NTSC = Fraction(1000, 1001)


def existing_file(value: Any, info: ValidationInfo) -> Path:
    """Make a path absolute, from the folder of the episode file, and check that it is a file."""
    path = _absolute(value, info)
    if path.is_dir():
        raise _problem("is a folder", f"'{value}' is a folder", "Name a file in it.")
    _check_exists(path, value)
    return path


def reference_files(value: Any, info: ValidationInfo) -> Any:
    """Turn the name of a folder into the pictures in it; a list stays a list."""
    if not isinstance(value, str):
        return value
    path = _absolute(value, info)
    if not path.is_dir():
        return [value]
    return _listed(path, value, PICTURE_SUFFIXES, "PNG, JPEG or WebP picture")


def music_source(value: Any, info: ValidationInfo) -> tuple[Path, ...]:
    """Return the recordings that a file or a folder names."""
    path = _absolute(value, info)
    if path.is_dir():
        return tuple(_listed(path, value, MUSIC_SUFFIXES, "audio file"))
    _check_exists(path, value)
    return (path,)


def frame_rate(value: Any) -> Fraction:
    """Read 24, 23.976, or "24000/1001" as an exact rate.

    Decimal roundings of the NTSC rates mean these: 23.976 is 24000/1001.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
            raise ValueError
        rate = Fraction(value.replace(" ", "") if isinstance(value, str) else str(value))
    except (ValueError, ZeroDivisionError):
        raise _problem(
            "frame rate", f"is {value!r}, which is no frame rate", 'Write 24 or "24000/1001".'
        ) from None
    if not 1 <= rate <= 120:
        raise _problem("frame rate", f"is {value}, which is not within 1-120", "Write fps: 24.")
    for whole in (24, 30, 48, 60, 120):
        if abs(rate - whole * NTSC) < Fraction(5, 1000):
            return whole * NTSC
    return rate.limit_denominator(1001)


def rate_text(rate: Fraction) -> str:
    """Write a rate so that `frame_rate` reads the same."""
    return str(rate)


def _absolute(value: Any, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise _problem("path type", f"is {value!r}, which is no path", "Write the path of a file.")
    folder = (info.context or {}).get("folder") or Path.cwd()
    try:
        return (folder / Path(value).expanduser()).resolve()
    except (OSError, ValueError, RuntimeError):
        raise _problem("path", f"is {value!r}, which cannot be a path", "Write the path of a file.") from None


def _check_exists(path: Path, value: Any) -> None:
    try:
        is_there = path.is_file()
    except OSError:
        is_there = False
    if not is_there:
        raise _problem("missing file", f"names '{value}', which does not exist", _nearest(path))
    if not os.access(path, os.R_OK):
        raise _problem("unreadable file", f"names '{value}', which may not be read", "Change its rights.")


def _nearest(path: Path) -> str:
    try:
        siblings = sorted(sibling.name for sibling in path.parent.iterdir())
    except OSError:
        return f"There is no folder {path.parent}."
    close = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.7)
    return f"Did you mean {close[0]!r}?" if close else f"Put the file into {path.parent} or correct the name."


def _listed(folder: Path, value: Any, suffixes: frozenset[str], noun: str) -> list[Path]:
    try:
        names = sorted(folder.iterdir(), key=_natural)
    except OSError as error:
        raise _problem(
            "unreadable folder", f"names the folder '{value}', which may not be read", "Change its rights."
        ) from error
    files = [path for path in names if path.suffix.lower() in suffixes and not path.name.startswith(".")]
    if not files:
        raise _problem(
            "empty folder",
            f"names the folder '{value}', which holds no {noun}",
            f"Put at least one {noun} into it.",
        )
    return [path for path in files if path.is_file()]


def _natural(path: Path) -> list[Any]:
    """Order 2.png before 10.png."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"(\d+)", path.name.lower())
    ]


def _problem(kind: str, problem: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("tower", "{problem}", {"kind": kind, "problem": problem, "remedy": remedy})
