"""A file of a watched folder, as the index keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file that is known to be there, and of which something is still to be read.

    Parameters
    ----------
    id : int
        Of its row.
    path : Path
        The file.
    mtime_ns : int
        When it was changed; what was read counts for that content alone.
    """

    id: int
    path: Path
    mtime_ns: int
