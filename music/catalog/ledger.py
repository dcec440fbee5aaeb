"""Which music a project uses, where, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .catalog_track import CatalogTrack


@dataclass(frozen=True, slots=True)
class LicenceUse:
    """One use of a track in a project.

    Parameters
    ----------
    project_id : int
        The project.
    track : CatalogTrack
        As it was when it was used: a licence that changes later does not change what is written here.
    used_in : str
        Where: the title of an episode, a scene, a file.
    note : str
        What a person adds, such as where a contract is kept.
    is_cleared : bool
        Whether a person has stated that the right was got by other ways.
    """

    project_id: int
    track: CatalogTrack
    used_in: str
    note: str = ""
    is_cleared: bool = False
    created_at: datetime | None = None
    id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "id": self.id,
            "project_id": self.project_id,
            "used_in": self.used_in,
            "note": self.note,
            "is_cleared": self.is_cleared,
            "created_at": self.created_at,
            "track": self.track.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a publisher has to know of a use.

    Parameters
    ----------
    is_blocking : bool
        Whether nothing may be published before it is settled.
    reason : str
        A sentence that names the track.
    """

    use: LicenceUse
    is_blocking: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "use_id": self.use.id,
            "reference": self.use.track.reference,
            "used_in": self.use.used_in,
            "is_blocking": self.is_blocking,
            "reason": self.reason,
        }
