"""A list of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .catalog_track import CatalogTrack

MAX_TRACKS = 1000


@dataclass(frozen=True, slots=True)
class Playlist:
    """A list of tracks, of any catalogue.

    Parameters
    ----------
    provider : str
        ``apple_music`` for a playlist that is kept in a person's library too; else empty.
    remote_id : str
        Its id in that library; empty while it is not there.
    n_sent : int
        How many of the tracks are there.
    """

    id: int
    name: str
    description: str = ""
    provider: str = ""
    project_id: int | None = None
    remote_id: str = ""
    n_sent: int = 0
    tracks: tuple[CatalogTrack, ...] = ()
    created_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "tracks": [track.as_json() for track in self.tracks]}
