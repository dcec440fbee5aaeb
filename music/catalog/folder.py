"""A folder of music: walked without loops, however large, and past what cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

_LOSSY = ("mp3", "m4a", "m4b", "m4p", "aac", "ogg", "oga", "opus", "wma", "ac3", "mka")
_LOSSLESS = ("flac", "wav", "aif", "aiff", "ape", "wv", "caf", "tta", "dsf")
SUFFIXES = frozenset(f".{name}" for name in (*_LOSSY, *_LOSSLESS))


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of music, as the disk tells of it.

    Parameters
    ----------
    path : str
        Whole, with its name as it is.
    size : int
        Bytes.
    mtime_ns : int
        When it was changed, in nanoseconds since 1970.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that could not be looked at, and why.

    Parameters
    ----------
    may_hide : bool
        Whether files may be behind it that nothing is known of now.
    """

    path: str
    reason: str
    may_hide: bool = True


def walk(folder: Path) -> Iterator[FoundFile | Obstacle]:
    """Find the music below a folder, file by file, in no order.

    Links are followed, and no folder is entered twice, so that a loop of links ends. Nothing is held but
    the folders still to be entered, and an identity of each that was: a million files are no burden.

    Parameters
    ----------
    folder : Path
        Where to begin.

    Yields
    ------
    FoundFile or Obstacle
        A file with a suffix of music; or what is unreadable, a link to nowhere, or a name that no text
        can hold.
    """
    waiting, entered = [os.fspath(folder)], set()
    while waiting:
        place = waiting.pop()
        try:
            status = os.stat(place)  # noqa: PTH116 - the identity of a folder, once each
            identity = (status.st_dev, status.st_ino)
            if identity in entered:
                continue
            entered.add(identity)
            with os.scandir(place) as entries:
                for entry in entries:
                    found = _looked_at(entry)
                    if isinstance(found, str):
                        waiting.append(found)
                    elif found is not None:
                        yield found
        except OSError as error:
            yield Obstacle(printable(place), f"cannot be read: {error.strerror or error}")


def _looked_at(entry: os.DirEntry[str]) -> FoundFile | Obstacle | str | None:
    """Return a file of music, an obstacle, the path of a folder, or None for anything else."""
    if entry.name.startswith("."):
        return None
    try:
        is_music = os.path.splitext(entry.name)[1].lower() in SUFFIXES  # noqa: PTH122 - a million times
        if not is_music and not (entry.is_dir() or entry.is_symlink()):
            return None
        status = entry.stat()
    except OSError as error:
        return Obstacle(printable(entry.path), f"cannot be read: {error.strerror or error}")
    if S_ISDIR(status.st_mode):
        return entry.path
    # A pipe or a device with such a name would never end.
    return _file(entry.path, status) if is_music and S_ISREG(status.st_mode) else None


def _file(path: str, status: os.stat_result) -> FoundFile | Obstacle:
    if not _is_text(path):
        return Obstacle(printable(path), "has a name that is not valid text; rename it", may_hide=False)
    return FoundFile(path, status.st_size, status.st_mtime_ns)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in name


def printable(name: str) -> str:
    """Return a path with what is not text replaced by U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
