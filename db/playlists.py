"""Playlists of tracks from any catalogue."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..errors import InputError
from ..music.catalog.catalog_track import CatalogTrack
from ..music.catalog.playlist import MAX_TRACKS, Playlist
from .database import Database
from .names import clean_name
from .statements import MAX_ID, page_size, require, unknown
from .tables import PlaylistRow, ProjectRow


class PlaylistRepository:
    """Stores playlists, each with its tracks as they were when they were added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, *, description: str = "", provider: str = "", project_id: int | None = None
    ) -> Playlist:
        """Store an empty playlist.

        Raises
        ------
        InputError, NotFoundError
            If the name is not possible, or there is no such project.
        """
        with self._database.session() as session:
            if project_id is not None:
                require(session, ProjectRow, project_id, "project")
            row = PlaylistRow(
                name=clean_name(name), description=description, provider=provider, project_id=project_id
            )
            session.add(row)
            session.flush()
            return _playlist(row)

    def get(self, playlist_id: int) -> Playlist:
        """Return a playlist by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            return _playlist(require(session, PlaylistRow, playlist_id, "playlist"))

    def find(self, name: str) -> Playlist | None:
        """Return the newest playlist of a name; None when there is none."""
        named = (
            select(PlaylistRow).where(PlaylistRow.name == clean_name(name)).order_by(PlaylistRow.id.desc())
        )
        with self._database.session(read_only=True) as session:
            row = session.scalar(named.limit(1))
            return None if row is None else _playlist(row)

    def named(self, name: str) -> Playlist:
        """Return the newest playlist of a name, or raise NotFoundError that names some."""
        found = self.find(name)
        if found is None:
            raise unknown("playlist", name, [playlist.name for playlist in self.list(limit=21)])
        return found

    def list(self, *, limit: int = 200, after_id: int = 0) -> builtins.list[Playlist]:
        """Return playlists in the order they were made, from the one after `after_id`."""
        page = select(PlaylistRow).where(PlaylistRow.id > min(after_id, MAX_ID)).order_by(PlaylistRow.id)
        with self._database.session(read_only=True) as session:
            return [_playlist(row) for row in session.scalars(page.limit(page_size(limit)))]

    def add(self, playlist_id: int, tracks: Sequence[CatalogTrack]) -> Playlist:
        """Append tracks; one that is in it already is passed over.

        Raises
        ------
        InputError
            If the list would become longer than a thousand.
        NotFoundError
            If there is no such playlist.
        """
        with self._database.session() as session:
            row = _locked(session, playlist_id)
            known = {stored["reference"] for stored in row.tracks}
            new = {track.reference: track.as_json() for track in tracks if track.reference not in known}
            if len(row.tracks) + len(new) > MAX_TRACKS:
                raise InputError(
                    f"{row.name!r} would have {len(row.tracks) + len(new)} tracks.",
                    field="tracks",
                    hint=f"A playlist has at most {MAX_TRACKS}.",
                )
            row.tracks = [*row.tracks, *new.values()]
            session.flush()
            return _playlist(row)

    def note_sent(self, playlist_id: int, remote_id: str, n_sent: int) -> Playlist:
        """Store the id that a playlist has in a person's library, and how many tracks are there."""
        with self._database.session() as session:
            row = _locked(session, playlist_id)
            row.remote_id, row.n_sent = remote_id, n_sent
            session.flush()
            return _playlist(row)


def _locked(session: Session, playlist_id: int) -> PlaylistRow:
    return require(session, PlaylistRow, playlist_id, "playlist", locked=True)


def _playlist(row: PlaylistRow) -> Playlist:
    return Playlist(
        id=row.id,
        name=row.name,
        description=row.description,
        provider=row.provider,
        project_id=row.project_id,
        remote_id=row.remote_id,
        n_sent=row.n_sent,
        tracks=tuple(CatalogTrack.from_json(stored) for stored in row.tracks),
        created_at=row.created_at,
    )
