"""Projects as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Project:
    """One production: its name, its bible and its state.

    Parameters
    ----------
    folder : str
        Name of its folder below the host's output directory: ASCII, safe on every system,
        made once from the name and never changed by a rename.
    status : str
        ``active`` or ``archived``.
    bible : dict
        The newest version of the project bible.
    """

    id: int
    name: str
    folder: str
    description: str = ""
    status: str = "active"
    bible: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BibleVersion:
    """What a project's bible said in one version; 0 is before anything was written."""

    number: int
    content: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
