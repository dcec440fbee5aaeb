"""Jamendo: music under Creative Commons licences, some of it to be downloaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ...errors import NotFoundError, ProviderError
from .catalog_track import CatalogTrack
from .client import CatalogClient, told_json
from .fields import https_of, items_of, number_of, text_of, texts_of, value_of
from .licences import NO_LICENCE_TOLD, licence_of
from .protocol import CatalogQuery, CatalogState, Progress

NAME, TITLE = "jamendo", "Jamendo"
_CAN = ("search", "genre", "charts", "preview", "sync")
_NEEDS = ("TOWER_JAMENDO_CLIENT_ID",)
_PAGE = 200
# Errors come with HTTP 200 too: 5 is an unknown client id, 6 too many requests, 11 a suspended one.
_UNKNOWN_CLIENT, _RATE, _SUSPENDED = 5, 6, 11


@dataclass
class Jamendo:
    """Jamendo's catalogue.

    Parameters
    ----------
    client : CatalogClient
        With ``https://api.jamendo.com`` as its root.
    client_id : str
        From devportal.jamendo.com.
    """

    client: CatalogClient
    client_id: str = field(default="", repr=False)
    name = NAME

    def state(self) -> CatalogState:
        """Tell whether it can be asked."""
        if self.client_id:
            return CatalogState(NAME, TITLE, True, "Each track states its licence.", (), _CAN)
        reason = "Set TOWER_JAMENDO_CLIENT_ID, which devportal.jamendo.com gives out for nothing."
        return CatalogState(NAME, TITLE, False, reason, _NEEDS, _CAN)

    def search(self, query: CatalogQuery, progress: Progress) -> list[CatalogTrack]:
        """Search by words and genre, or list what is heard most; see `MusicCatalog`."""
        fields: dict[str, Any] = {"search": query.term or None, "tags": query.genre.lower() or None}
        if query.isrc:
            # Jamendo's artists are their own publishers: it lists no such codes.
            return []
        if query.is_chart or not query.term:
            fields["order"] = "popularity_week"
        found: list[CatalogTrack] = []
        for track in islice(self._listed(fields, query.limit), query.limit):
            found.append(track)
            progress(len(found), query.limit)
        return found

    def track(self, track_id: str) -> CatalogTrack:
        """Return one track."""
        is_id = re.fullmatch(r"\d{1,19}", track_id)
        found = next(self._listed({"id": track_id}, 1), None) if is_id else None
        if found is None:
            raise NotFoundError(f"Jamendo has no track {track_id[:60]!r}.", field="track")
        return found

    def _listed(self, fields: dict[str, Any], wanted: int) -> Iterator[CatalogTrack]:
        offset, limit = 0, min(wanted, _PAGE)
        while offset < wanted:
            rows = list(items_of(self._get({**fields, "limit": limit, "offset": offset}), "results"))
            yield from (track for row in rows if (track := _track(row)) is not None)
            if len(rows) < limit:
                return
            offset += limit

    def _get(self, fields: dict[str, Any]) -> dict[str, Any]:
        self.state().require()
        fixed = {"client_id": self.client_id, "format": "json", "include": "licenses musicinfo"}
        answer = self.client.get("/v3.0/tracks/", {**fixed, **fields})
        if answer.status >= 400:
            raise self._refused(answer.status, told_json(answer), self.client.failure(answer))
        content = self.client.json(answer)
        # The written word for a success differs from page to page of the documentation; its code is 0.
        is_failed = value_of(content, "headers", "code") not in (0, "0")
        if is_failed or text_of(content, "headers", "status") == "failed":
            raise self._refused(answer.status, content, ProviderError("Jamendo refuses the request."))
        return content

    def _refused(self, status: int, content: Any, error: ProviderError) -> ProviderError:
        told = text_of(content, "headers", "error_message")[:200].rstrip(".")
        code = number_of(content, "headers", "code")
        if code in (_UNKNOWN_CLIENT, _SUSPENDED) or status in (401, 403):
            return ProviderError(
                f"Jamendo does not take the client id{f': {told}' if told else ''}.",
                field=_NEEDS[0],
                hint="Check TOWER_JAMENDO_CLIENT_ID at devportal.jamendo.com.",
            )
        if code == _RATE:
            return ProviderError("Jamendo has had too many requests.", hint="Try again in a minute.")
        return ProviderError(f"{error.message.rstrip('.')}{f': {told}' if told else ''}.", hint=error.hint)


def _track(row: Any) -> CatalogTrack | None:
    title, track_id = text_of(row, "name"), text_of(row, "id")
    if not title or not track_id:
        return None
    address = text_of(row, "license_ccurl")
    music = value_of(row, "musicinfo")
    speed = text_of(music, "speed")
    tags = (*texts_of(music, "tags", "vartags"), *texts_of(music, "tags", "instruments"))
    return CatalogTrack(
        provider=NAME,
        id=track_id,
        title=title,
        artist=text_of(row, "artist_name"),
        licence=licence_of(address) if address else NO_LICENCE_TOLD,
        album=text_of(row, "album_name"),
        genres=texts_of(music, "tags", "genres"),
        # Jamendo tells five classes of speed, and no number.
        tags=(*tags, f"speed: {speed}") if speed else tags,
        duration_seconds=number_of(row, "duration"),
        url=https_of(row, "shareurl"),
        preview_url=https_of(row, "audio"),
        may_download=value_of(row, "audiodownload_allowed") is True and bool(https_of(row, "audiodownload")),
    )
