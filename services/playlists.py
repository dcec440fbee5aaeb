"""Playlists: kept here, and in a person's Apple Music library when that is wished."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import InputError, NotFoundError
from ..music.catalog.playlist import Playlist

if TYPE_CHECKING:
    from ..db.playlists import PlaylistRepository
    from ..music.catalog.catalog_track import CatalogTrack
    from ..music.catalog.protocol import Progress
    from .catalogues import CatalogueService

APPLE = "apple_music"
_CHUNK = 100


class PlaylistService:
    """Makes playlists and fills them."""

    def __init__(self, playlists: PlaylistRepository, catalogues: CatalogueService) -> None:
        self._playlists = playlists
        self._catalogues = catalogues
        self._sending = threading.Lock()

    def list(self, *, limit: int = 200, after_id: int = 0) -> list[Playlist]:
        """Return playlists in the order they were made."""
        return self._playlists.list(limit=limit, after_id=after_id)

    def get(self, playlist_id: int) -> Playlist:
        """Return a playlist by its id, or raise NotFoundError."""
        return self._playlists.get(playlist_id)

    def named(self, name: str) -> Playlist:
        """Return the newest playlist of a name, or raise NotFoundError."""
        return self._playlists.named(name)

    def create(
        self,
        name: str,
        references: Sequence[str],
        progress: Progress,
        *,
        description: str = "",
        provider: str = "",
        project_id: int | None = None,
    ) -> Playlist:
        """Make a playlist of tracks.

        With ``apple_music`` for a provider it is made in the library too. What was stored before Apple Music
        failed stays, and `extend` goes on from there.

        Parameters
        ----------
        references : sequence of str
            ``provider:id``, or paths of files.
        progress : callable
            Told the tracks looked up or sent, and all of them.

        Raises
        ------
        InputError, NotFoundError, ProviderError
            If a track is not there, is of another catalogue than the library's, or Apple Music refuses.
        """
        if provider not in ("", APPLE):
            raise InputError(
                f"{provider[:40]!r} keeps no playlists.",
                field="provider",
                hint=f"Use {APPLE}, or leave it out.",
            )
        if provider == APPLE:
            self._check_apple(references)
        tracks = self._looked_up(references, progress)
        made = self._playlists.create(name, description=description, provider=provider, project_id=project_id)
        return self._send(self._playlists.add(made.id, tracks), progress)

    def extend(self, playlist_id: int, references: Sequence[str], progress: Progress) -> Playlist:
        """Append tracks to a playlist, and send what is not in the library yet; see `create`."""
        playlist = self._playlists.get(playlist_id)
        if playlist.provider == APPLE:
            self._check_apple(references)
        tracks = self._looked_up(references, progress)
        return self._send(self._playlists.add(playlist_id, tracks), progress)

    def create_or_extend(
        self, name: str, references: Sequence[str], progress: Progress, *, description: str, provider: str
    ) -> Playlist:
        """Append to the playlist of that name at that provider; make it when there is none."""
        try:
            found = self._playlists.named(name)
        except NotFoundError:
            found = None
        if found is not None and found.provider == provider:
            return self.extend(found.id, references, progress)
        return self.create(name, references, progress, description=description, provider=provider)

    def _looked_up(self, references: Sequence[str], progress: Progress) -> Sequence[CatalogTrack]:
        tracks = []
        for n_done, reference in enumerate(references, 1):
            tracks.append(self._catalogues.track(reference))
            progress(n_done, len(references))
        return tracks

    def _check_apple(self, references: Sequence[str]) -> None:
        self._catalogues.apple.require_library()
        for reference in references:
            if not reference.replace("-", "_").startswith(f"{APPLE}:"):
                raise InputError(
                    f"{reference[:80]} is no track of Apple Music.",
                    field="tracks",
                    hint="An Apple Music library takes its own tracks: find it there by its ISRC.",
                )

    def _send(self, playlist: Playlist, progress: Progress) -> Playlist:
        """Bring a playlist's tracks into the library, noting each step, so that none is sent twice."""
        if playlist.provider != APPLE:
            return playlist
        apple = self._catalogues.apple
        with self._sending:
            playlist = self._playlists.get(playlist.id)
            ids = [track.id for track in playlist.tracks]
            if not playlist.remote_id:
                first = ids[:_CHUNK]
                remote_id = apple.create_playlist(playlist.name, playlist.description, first)
                playlist = self._playlists.note_sent(playlist.id, remote_id, len(first))
                progress(playlist.n_sent, len(ids))
            while playlist.n_sent < len(ids):
                chunk = ids[playlist.n_sent : playlist.n_sent + _CHUNK]
                apple.add_to_playlist(playlist.remote_id, chunk)
                playlist = self._playlists.note_sent(
                    playlist.id, playlist.remote_id, playlist.n_sent + len(chunk)
                )
                progress(playlist.n_sent, len(ids))
        return playlist
