"""The user's own folders as a catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NotFoundError
from ..music.catalog.protocol import MAX_BPM, MIN_BPM, CatalogQuery, CatalogState, Progress

if TYPE_CHECKING:
    from ..db.music_files import MusicFileRepository
    from ..music.catalog.catalog_track import CatalogTrack
    from .music_index import MusicIndex

NAME, TITLE = "local", "Local folder"
_CAN = ("search", "genre", "isrc", "tempo", "sync")


@dataclass
class LocalCatalog:
    """What the index of the folders holds.

    Parameters
    ----------
    keeps_watch : bool
        Whether the folders are watched from the first search on, which a program that soon ends need not.
    """

    files: MusicFileRepository
    index: MusicIndex
    keeps_watch: bool = False
    name = NAME

    def state(self) -> CatalogState:
        """Tell whether there is music, and how much of it is indexed."""
        n_read = self.files.counts().get("read", 0)
        there = [str(folder) for folder in self.index.folders if folder.is_dir()]
        if n_read:
            return CatalogState(NAME, TITLE, True, f"{n_read} tracks are indexed.", (), _CAN)
        if there:
            reason = f"Nothing of {', '.join(there)} is indexed yet: run `tower music index`."
            return CatalogState(NAME, TITLE, True, reason, (), _CAN)
        places = ", ".join(str(folder) for folder in self.index.folders) or "none is set"
        reason = f"There is no folder of music ({places}). Set TOWER_MUSIC to the folders where it is."
        return CatalogState(NAME, TITLE, False, reason, ("TOWER_MUSIC",), _CAN)

    def search(self, query: CatalogQuery, progress: Progress) -> list[CatalogTrack]:
        """Search the index; see `MusicCatalog`."""
        if self.keeps_watch and any(folder.is_dir() for folder in self.index.folders):
            self.index.watch()
        self.state().require()
        wished = query.min_bpm or query.max_bpm
        found = self.files.search(
            re.findall(r"\S+", query.term),
            genre=query.genre,
            isrc=query.isrc,
            tempo=(query.min_bpm or MIN_BPM, query.max_bpm or MAX_BPM) if wished else None,
            limit=query.limit,
        )
        progress(len(found), query.limit)
        return found

    def track(self, track_id: str) -> CatalogTrack:
        """Return one track of the index."""
        if not re.fullmatch(r"\d{1,10}", track_id):
            raise NotFoundError(f"The index has no track {track_id[:60]!r}.", field="track")
        return self.files.get(int(track_id))
