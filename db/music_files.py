"""The index of music in watched folders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ..music.catalog.catalog_track import CatalogTrack, Licence
from ..music.catalog.library_file import PendingFile
from .columns import clean_text, now
from .database import Database
from .statements import MAX_ID, require, upsert
from .tables import MusicFileRow, TrackRow

_ROW = MusicFileRow
_PAGE = 500
_BLANK: dict[str, Any] = {
    "state": "found",
    "reason": "",
    "sha256": "",
    "title": "",
    "artist": "",
    "album": "",
    "genres": [],
    "moods": [],
    "tempo_bpm": None,
    "key": None,
    "isrc": "",
    "licence": {},
    "duration_seconds": None,
    "words": "",
}


def path_key(path: str) -> str:
    """Return the digest under which a path is kept."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()


class MusicFileRepository:
    """Keeps what was read of each file, until the file changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note_found(self, files: Sequence[tuple[str, int, int]]) -> int:
        """Enter files that are new or changed, to be read; return how many they are.

        Parameters
        ----------
        files : sequence of (str, int, int)
            Path, bytes, and the time of the last change in nanoseconds; at most a thousand.
        """
        keyed = {path_key(path): (path, size, mtime) for path, size, mtime in files}
        stored = select(_ROW.path_key, _ROW.size, _ROW.mtime_ns).where(_ROW.path_key.in_(list(keyed)))
        with self._database.session(read_only=True) as session:
            known = {key: (size, mtime) for key, size, mtime in session.execute(stored)}
        rows = [
            {"path_key": key, "path": path, "size": size, "mtime_ns": mtime, **_BLANK, "created_at": now()}
            for key, (path, size, mtime) in keyed.items()
            if known.get(key) != (size, mtime)
        ]
        if rows:
            with self._database.session() as session:
                upsert(session, _ROW, rows, ("path_key",))
        return len(rows)

    def forget_absent(self, folder: Path, present: set[int], blind: Sequence[str]) -> int:
        """Delete the rows below a folder whose files are gone; return how many they were.

        Parameters
        ----------
        present : set of int
            `short_key` of each path that is there.
        blind : sequence of str
            Places that could not be looked at: what is below them stays.
        """
        n_gone = 0
        for rows in self._below(folder):
            gone = [
                row_id
                for row_id, key, path in rows
                if short_key(key) not in present and not path.startswith(tuple(blind))
            ]
            if gone:
                with self._database.session() as session:
                    session.execute(delete(_ROW).where(_ROW.id.in_(gone)))
            n_gone += len(gone)
        return n_gone

    def _below(self, folder: Path) -> Iterator[list[tuple[int, str, str]]]:
        prefix, last = clean_text(f"{str(folder).rstrip('/')}{_separator(folder)}"), 0
        while True:
            page = (
                select(_ROW.id, _ROW.path_key, _ROW.path)
                .where(_ROW.id > last, _ROW.path.startswith(prefix, autoescape=True))
                .order_by(_ROW.id)
                .limit(_PAGE)
            )
            with self._database.session(read_only=True) as session:
                rows = [(row_id, key, path) for row_id, key, path in session.execute(page)]
            if not rows:
                return
            yield rows
            last = rows[-1][0]

    def pending(self, *, hashes: bool, after_id: int = 0) -> list[PendingFile]:
        """Return some files whose tags, or whose digests, are still to be read.

        Parameters
        ----------
        hashes : bool
            Those without a digest, instead of those whose tags were not read.
        after_id : int
            The last one that was worked on.
        """
        page = select(_ROW.id, _ROW.path, _ROW.mtime_ns).where(*_waits(hashes=hashes), _ROW.id > after_id)
        with self._database.session(read_only=True) as session:
            found = session.execute(page.order_by(_ROW.id).limit(_PAGE))
            return [PendingFile(row_id, Path(path), mtime) for row_id, path, mtime in found]

    def count_pending(self, *, hashes: bool) -> int:
        """Count the files that `pending` goes through."""
        with self._database.session(read_only=True) as session:
            return session.scalar(select(func.count(_ROW.id)).where(*_waits(hashes=hashes))) or 0

    def note_read(self, fields: Iterable[Mapping[str, Any]]) -> None:
        """Store what was read; a file that changed meanwhile keeps waiting.

        Parameters
        ----------
        fields : iterable of mapping
            ``id`` and ``mtime_ns`` of the file, and the columns to set, for all the same.
        """
        rows = [{f"to_{name}": value for name, value in row.items()} for row in fields]
        if not rows:
            return
        names = [name.removeprefix("to_") for name in rows[0]]
        table = _ROW.__table__
        change = (
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("to_id"), table.c.mtime_ns == bindparam("to_mtime_ns"))
            .values({name: bindparam(f"to_{name}") for name in names if name not in ("id", "mtime_ns")})
        )
        with self._database.session() as session:
            session.connection().execute(change, rows)

    def search(
        self, words: Sequence[str], *, genre: str, isrc: str, tempo: tuple[float, float] | None, limit: int
    ) -> list[CatalogTrack]:
        """Return tracks that have all the words, in the order of their paths.

        Parameters
        ----------
        tempo : (float, float), optional
            Range in BPM; half and double of it are found too, and files that state none.
        """
        found = select(_ROW).where(_ROW.state == "read").order_by(_ROW.path, _ROW.id).limit(limit)
        for word in words:
            found = found.where(_ROW.words.contains(clean_text(word.casefold()), autoescape=True))
        if genre:
            genres = func.lower(cast(_ROW.genres, String))
            found = found.where(genres.contains(clean_text(genre.lower()), autoescape=True))
        if isrc:
            found = found.where(_ROW.isrc == isrc)
        if tempo is not None:
            low, high = tempo
            ranges = [_ROW.tempo_bpm.between(low * k * 0.96, high * k * 1.04) for k in (0.5, 1, 2)]
            found = found.where(or_(_ROW.tempo_bpm.is_(None), *ranges))
        with self._database.session(read_only=True) as session:
            rows = list(session.scalars(found))
            heard = _heard(session, [row.sha256 for row in rows if row.sha256])
            return [_track(row, heard) for row in rows]

    def get(self, file_id: int) -> CatalogTrack:
        """Return a track by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            row = require(session, _ROW, file_id, "track")
            return _track(row, _heard(session, [row.sha256]))

    def counts(self) -> dict[str, int]:
        """Return the number of files in each state."""
        counted = select(_ROW.state, func.count(_ROW.id)).group_by(_ROW.state)
        with self._database.session(read_only=True) as session:
            return {row[0]: row[1] for row in session.execute(counted)}

    def unreadable(self, limit: int = 20) -> list[tuple[str, str]]:
        """Return paths that could not be read, each with the reason."""
        found = select(_ROW.path, _ROW.reason).where(_ROW.state == "unreadable", _ROW.id <= MAX_ID)
        with self._database.session(read_only=True) as session:
            return [(path, reason) for path, reason in session.execute(found.limit(limit))]


def _waits(*, hashes: bool) -> tuple[ColumnElement[bool], ...]:
    return (_ROW.state == "read", _ROW.sha256 == "") if hashes else (_ROW.state == "found",)


def short_key(key: str) -> int:
    """Return 60 bits of a path's key: enough to tell a million paths apart, and small."""
    return int(key[:15], 16)


def _separator(folder: Path) -> str:
    return "\\" if "\\" in str(folder) else "/"


def _heard(session: Session, digests: list[str]) -> dict[str, tuple[float | None, str | None]]:
    """Return tempo and key of the files that were analysed, by their digests; the newest counts."""
    columns = select(TrackRow.sha256, TrackRow.tempo_bpm, TrackRow.key)
    known = columns.where(TrackRow.sha256.in_(digests), TrackRow.tempo_bpm.is_not(None))
    return {row[0]: (row[1], row[2]) for row in session.execute(known.order_by(TrackRow.id))}


def _track(row: MusicFileRow, heard: dict[str, tuple[float | None, str | None]]) -> CatalogTrack:
    path = Path(row.path)
    tempo, key, source = row.tempo_bpm, row.key, "tags"
    if tempo is None and row.sha256 in heard:
        tempo, measured_key = heard[row.sha256]
        key, source = key or measured_key, "analysis"
    return CatalogTrack(
        provider="local",
        id=str(row.id),
        title=row.title or path.stem,
        artist=row.artist,
        licence=Licence.from_json(row.licence),
        album=row.album,
        genres=tuple(row.genres),
        tags=tuple(row.moods),
        duration_seconds=row.duration_seconds,
        tempo_bpm=tempo,
        tempo_source="" if tempo is None else source,
        key=key,
        isrc=row.isrc,
        path=path,
        sha256=row.sha256,
        may_download=False,
    )
