"""Deezer, read only: the one catalogue here that tells tempi."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...errors import NotFoundError, ProviderError
from .catalog_track import CatalogTrack
from .client import CatalogClient
from .fields import https_of, items_of, number_of, text_of, value_of
from .licences import DEEZER
from .protocol import CatalogQuery, CatalogState, Progress

NAME, TITLE = "deezer", "Deezer"
_CAN = ("search", "genre", "isrc", "charts", "tempo", "preview")
_PAGE = 50
_MAX_PAGES = 8
# Errors come with HTTP 200: 4 is the quota of 50 requests in 5 s, 700 a busy service, 800 nothing found.
_QUOTA, _BUSY, _NO_DATA = 4, 700, 800
_TRIES = 3


@dataclass
class Deezer:
    """Deezer's catalogue; it needs no key.

    Parameters
    ----------
    client : CatalogClient
        With ``https://api.deezer.com`` as its root.
    """

    client: CatalogClient
    name = NAME

    def state(self) -> CatalogState:
        """Tell that it can be asked."""
        return CatalogState(NAME, TITLE, True, "No key is needed; reading only, previews of 30 s.", (), _CAN)

    def search(self, query: CatalogQuery, progress: Progress) -> list[CatalogTrack]:
        """Search by ISRC, in the charts, or by words and tempo; see `MusicCatalog`.

        A tempo is told for single tracks alone, so with a wished tempo each one found is asked for.
        """
        if query.isrc:
            return [track for track in [self.recording(query.isrc)] if track is not None]
        if query.is_chart or not query.term:
            path, fields = f"/chart/{self._genre_id(query.genre)}/tracks", {}
        else:
            path, fields = "/search", {"q": _words(query)}
        found: dict[str, CatalogTrack] = {}
        for track in self._listed(path, fields):
            if len(found) == query.limit:
                break
            found.setdefault(track.id, track)
            progress(len(found), query.limit)
        if query.min_bpm or query.max_bpm:
            return [
                self._with_tempo(track, progress, n, len(found)) for n, track in enumerate(found.values(), 1)
            ]
        return list(found.values())

    def track(self, track_id: str) -> CatalogTrack:
        """Return one track with its tempo."""
        track = self._one(f"/track/{track_id}") if re.fullmatch(r"\d{1,19}", track_id) else None
        if track is None:
            raise NotFoundError(f"Deezer has no track {track_id[:60]!r}.", field="track")
        return track

    def recording(self, isrc: str) -> CatalogTrack | None:
        """Return the track of an ISRC with its tempo; None when Deezer has no such recording."""
        return self._one(f"/track/isrc:{isrc}")

    def _with_tempo(self, track: CatalogTrack, progress: Progress, done: int, total: int) -> CatalogTrack:
        known = self._one(f"/track/{track.id}")
        progress(done, total)
        return known or track

    def _one(self, path: str) -> CatalogTrack | None:
        content = self._get(path, {})
        return None if content is None else _track(content)

    def _listed(self, path: str, fields: dict[str, Any]) -> Iterator[CatalogTrack]:
        for page in range(_MAX_PAGES):
            content = self._get(path, {**fields, "limit": _PAGE, "index": page * _PAGE})
            rows = list(items_of(content, "data"))
            yield from (track for row in rows if (track := _track(row)) is not None)
            if len(rows) < _PAGE or not text_of(content, "next"):
                return

    def _genre_id(self, genre: str) -> str:
        if not genre or genre.isdigit():
            return genre or "0"
        for row in items_of(self._get("/genre", {}), "data"):
            if text_of(row, "name").casefold() == genre.casefold():
                return text_of(row, "id")
        raise NotFoundError(
            f"Deezer has no genre {genre!r}.", field="genre", hint="Use one of its own names."
        )

    def _get(self, path: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        content: dict[str, Any] = {}
        for attempt in range(_TRIES):
            content = self.client.json(self.client.get(path, fields))
            if number_of(content, "error", "code") not in (_QUOTA, _BUSY):
                break
            if attempt + 1 < _TRIES:
                self.client.sleep(5.0)
        error = value_of(content, "error")
        if not error:
            return content
        if number_of(error, "code") == _NO_DATA:
            return None
        told = text_of(error, "message")[:200].rstrip(".") or "it does not say why"
        raise ProviderError(f"Deezer refuses the request: {told}.", hint="Try again in a minute.")


def _words(query: CatalogQuery) -> str:
    """Return the search in Deezer's own form; the tempo range is widened to half and double later."""
    words = [re.sub(r'["\\:]', " ", query.term)]
    if query.genre:
        words.append(re.sub(r'["\\:]', " ", query.genre))
    if query.min_bpm:
        words.append(f'bpm_min:"{query.min_bpm:.0f}"')
    if query.max_bpm:
        words.append(f'bpm_max:"{query.max_bpm:.0f}"')
    return " ".join(words)


def _track(row: Any) -> CatalogTrack | None:
    title, track_id = text_of(row, "title"), text_of(row, "id")
    if not title or not track_id or text_of(row, "type") not in ("", "track"):
        return None
    track = CatalogTrack(
        provider=NAME,
        id=track_id,
        title=title,
        artist=text_of(row, "artist", "name"),
        licence=DEEZER,
        album=text_of(row, "album", "title"),
        duration_seconds=number_of(row, "duration"),
        isrc=text_of(row, "isrc"),
        url=https_of(row, "link"),
        preview_url=https_of(row, "preview"),
    )
    # 0 stands for a tempo that Deezer does not know.
    tempo = number_of(row, "bpm")
    return track if tempo is None else replace(track, tempo_bpm=tempo, tempo_source=NAME)
