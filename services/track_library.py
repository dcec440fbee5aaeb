"""Tracks that were analysed: listed, tagged, and ranked for a picture."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..music.track import Track, TrackSummary

if TYPE_CHECKING:
    from ..db.tracks import TrackRepository
    from ..music.matching import MatchWish, Ranked
    from ..music.track_table import TrackTable

MAX_TAGS, MAX_TAG_LETTERS = 30, 60
LIBRARY, MUSIC_FOLDERS, INPUT_FOLDER = "library", "music folders", "input folder"
SOURCES = (LIBRARY, MUSIC_FOLDERS, INPUT_FOLDER)


@dataclass(frozen=True, slots=True)
class LibraryMatch:
    """A track and how well it suits."""

    track: TrackSummary
    score: float
    reasons: tuple[str, ...]
    carries_cuts: bool

    def as_json(self) -> dict[str, Any]:
        """Return the match for programs."""
        return {
            **summary_json(self.track),
            "score": round(self.score, 4),
            "reasons": list(self.reasons),
            "carries_cuts": self.carries_cuts,
        }


def summary_json(track: TrackSummary) -> dict[str, Any]:
    """Return what is listed of a track."""
    from ..music.key import camelot

    return {
        "id": track.id,
        "name": track.label,
        "path": str(track.path),
        "sha256": track.sha256,
        "tempo_bpm": track.tempo_bpm,
        "confidence": track.confidence,
        "key": track.key,
        "camelot": camelot(track.key),
        "energy": track.energy,
        "loudness_lufs": track.loudness_lufs,
        "duration_seconds": track.duration_seconds,
        "mood": list(track.mood),
        "tags": list(track.tags),
        "licence": track.licence,
    }


@dataclass(frozen=True, slots=True)
class GatheredTracks:
    """Tracks of some folders.

    Parameters
    ----------
    n_new : int
        Files that were heard for the first time.
    n_waiting : int
        New files that are left for another time.
    failures : tuple of str
        A sentence for each file that cannot be heard.
    """

    tracks: list[TrackSummary]
    n_new: int = 0
    n_waiting: int = 0
    failures: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The outcome in a few words."""
        parts = [f"{len(self.tracks)} tracks"]
        parts += [f"{self.n_new} of them new"] if self.n_new else []
        parts += [f"{self.n_waiting} files still to be analysed"] if self.n_waiting else []
        parts += [f"{len(self.failures)} not readable: {self.failures[0]}"] if self.failures else []
        return ", ".join(parts)


class TrackLibrary:
    """What was heard so far, by whatever way it came."""

    def __init__(self, tracks: TrackRepository) -> None:
        self._tracks = tracks
        self._lock = threading.Lock()
        self._table: tuple[tuple[Any, ...], TrackTable] | None = None

    def list(
        self, *, tempo: tuple[float, float] | None = None, limit: int = 200, after_id: int = 0
    ) -> builtins.list[TrackSummary]:
        """Return tracks in the order in which they were first heard."""
        from ..music.analysis import ANALYZER

        return self._tracks.list(ANALYZER, tempo=tempo, limit=limit, after_id=after_id)

    def all(self, tempo: tuple[float, float] | None = None) -> builtins.list[TrackSummary]:
        """Return every track, or those with a tempo in a range."""
        rows = builtins.list(self._current().rows)
        return rows if tempo is None else _within(rows, tempo)

    def get(self, track_id: int) -> Track:
        """Return a track with its analysis, or raise NotFoundError."""
        return self._tracks.get(track_id)

    def id_of(self, sha256: str) -> int | None:
        """Return the id of a recording, by the digest of its file."""
        from ..music.analysis import ANALYZER

        return self._tracks.id_of(sha256, ANALYZER)

    def change(
        self, track_id: int, *, tags: Sequence[str] | None = None, licence: str | None = None
    ) -> TrackSummary:
        """Give a track other tags of the user's own, or another licence.

        Raises
        ------
        InputError
            If there are too many tags, or one is too long.
        NotFoundError
            If there is no such track.
        """
        if tags is not None:
            tags = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
            if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG_LETTERS for tag in tags):
                raise InputError(
                    f"{len(tags)} tags cannot be kept.",
                    field="tags",
                    hint=f"At most {MAX_TAGS}, of up to {MAX_TAG_LETTERS} letters.",
                )
        return self._tracks.change(track_id, tags=tags, licence=licence)

    def rank(
        self, wish: MatchWish, *, limit: int = 25, tempo: tuple[float, float] | None = None
    ) -> builtins.list[LibraryMatch]:
        """Return the tracks that suit a picture best.

        Parameters
        ----------
        tempo : (float, float), optional
            Only tracks with a tempo in this range, in BPM.
        """
        return ranked(self._current(), wish, limit=limit, tempo=tempo)

    def _current(self) -> TrackTable:
        """Return all tracks as columns, read anew only when something was added or changed."""
        from ..music.analysis import ANALYZER
        from ..music.track_table import TrackTable

        state = self._tracks.state(ANALYZER)
        with self._lock:
            if self._table is None or self._table[0] != state:
                self._table = (state, TrackTable(self._tracks.all(ANALYZER)))
            return self._table[1]


def ranked(
    table: TrackTable, wish: MatchWish, *, limit: int, tempo: tuple[float, float] | None = None
) -> list[LibraryMatch]:
    """Rank the tracks of a table, and show the best."""
    from ..music.matching import rank
    from ..music.track_table import TrackTable

    if tempo is not None:
        table = TrackTable(_within(table.rows, tempo))

    def shown(found: Ranked) -> LibraryMatch:
        return LibraryMatch(table.rows[found.index], found.score, found.reasons, found.carries_cuts)

    return [shown(found) for found in rank(table, wish, limit)]


def _within(rows: Sequence[TrackSummary], tempo: tuple[float, float]) -> list[TrackSummary]:
    return [row for row in rows if row.tempo_bpm and tempo[0] <= row.tempo_bpm <= tempo[1]]


def music_files(paths: Sequence[Path]) -> list[Path]:
    """Return files as they are, and folders as the files of music below them, in order.

    Raises
    ------
    InputError
        If a path does not exist.
    """
    from ..music.catalog.folder import FoundFile, walk

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(Path(item.path) for item in walk(path) if isinstance(item, FoundFile))
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"{path} does not exist.", hint="Correct the path.")
    return found
