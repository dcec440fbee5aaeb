"""Writing a file so that its final name never holds half of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StorageError

REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file grows beyond what this disk or account allows; choose another folder",
    errno.EACCES: "the folder may not be written; change its rights or choose another folder",
    errno.EPERM: "the folder may not be written; change its rights or choose another folder",
    errno.EROFS: "the disk is read-only; choose another folder",
}


@contextmanager
def part_file(target: Path) -> Iterator[Path]:
    """Yield a name beside `target` to write to; on success it becomes `target`, else it vanishes.

    Parameters
    ----------
    target : Path
        The final name; an older file there stays until the new one is complete.

    Yields
    ------
    Path
        ``.NAME.part`` in the same folder, so that the last step is one rename.

    Raises
    ------
    StorageError
        If the folder or disk refuses: full, read-only, forbidden.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        yield part
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise storage_error(target, error.errno, error.strerror) from error
    finally:
        _discard(part)


def write_text(target: Path, text: str) -> Path:
    """Write UTF-8 text with Unix line ends to `target`, whole or not at all; return `target`.

    Raises
    ------
    StorageError
        If the folder or disk refuses.
    """
    with part_file(target) as part:
        part.write_bytes(text.encode("utf-8"))
    return target


def storage_error(target: Path, number: int | None, problem: str | None) -> StorageError:
    """Say which file could not be written, why, and what to do.

    Parameters
    ----------
    target : Path
        The file's final name.
    number, problem : int or None, str or None
        The system's error number and its words.
    """
    reason = REMEDIES.get(number or 0, f"{problem or 'unknown fault'}; check the folder")
    return StorageError(f"{target} cannot be written: {reason}.", field="output")


def _discard(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:  # what already failed is being reported; a part file left behind is hidden and harmless
        return
