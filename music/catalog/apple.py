"""The catalogue of Apple Music: found and listed, never put under picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote

from ...errors import InputError, NotFoundError, ProviderError
from .apple_songs import songs_of
from .apple_token import DeveloperToken
from .catalog_track import CatalogTrack
from .client import CatalogClient, told_json
from .fields import items_of, text_of, value_of
from .protocol import CatalogQuery, CatalogState, Progress
from .transport import Answer

NAME, TITLE = "apple_music", "Apple Music"
_CAN = ("search", "genre", "isrc", "charts", "preview", "playlists")
_PAGE = 25
# A genre is sifted out on this side, so that a rare one is not looked for without end.
_MAX_PAGES = 12
_NEXT = re.compile(r"/v1/(?!.*\.\.)[\w./?&=%+,\[\]~-]+")
# What stays as it is in a next page's path; words of other scripts are encoded, should they not be yet.
_IN_PATHS = "/?&=%+,[]"


@dataclass
class AppleMusic:
    """Apple Music's catalogue.

    Parameters
    ----------
    client : CatalogClient
        With ``https://api.music.apple.com`` as its root.
    token : DeveloperToken
        Signs the requests.
    storefront : str
        Two letters of the country whose catalogue is asked.
    user_token : str
        The ``Music-User-Token``, for what concerns a person's own library.
    """

    client: CatalogClient
    token: DeveloperToken
    storefront: str = "us"
    user_token: str = field(default="", repr=False)

    name = NAME

    def state(self) -> CatalogState:
        """Tell whether it can be asked."""
        missing = self.token.missing()
        if not missing:
            extra = "" if self.user_token else "; for playlists set TOWER_APPLE_MUSIC_USER_TOKEN"
            return CatalogState(
                NAME, TITLE, True, f"Storefront {self.storefront}; finding and listing only{extra}.", (), _CAN
            )
        ways = "Set TOWER_APPLE_MUSIC_TOKEN, or the key by TOWER_APPLE_MUSIC_KEY, _KEY_ID and _TEAM_ID"
        is_begun = "TOWER_APPLE_MUSIC_TOKEN" not in missing
        reason = f"{', '.join(missing)} is not set." if is_begun else f"There is no developer token. {ways}."
        return CatalogState(NAME, TITLE, False, reason, missing, _CAN)

    def search(self, query: CatalogQuery, progress: Progress) -> list[CatalogTrack]:
        """Search by ISRC, in the charts, or by term; see `MusicCatalog`."""
        if query.isrc:
            pages: Iterator[Any] = iter([self._get(self._path("songs"), {"filter[isrc]": query.isrc})])
        elif query.is_chart or not query.term:
            pages = self._chart_pages(query.genre)
        else:
            pages = self._search_pages(query.term)
        return _collected(pages, query, progress, by_genre=bool(query.term and query.genre))

    def track(self, track_id: str) -> CatalogTrack:
        """Return one song."""
        if not re.fullmatch(r"[A-Za-z0-9.]{1,60}", track_id):
            raise NotFoundError(f"Apple Music has no song {track_id[:60]!r}.", field="track")
        found = next(songs_of(self._get(self._path(f"songs/{quote(track_id)}"), {})), None)
        if found is None:
            raise NotFoundError(f"Apple Music has no song {track_id!r} in {self.storefront}.", field="track")
        return found

    def _search_pages(self, term: str) -> Iterator[Any]:
        first = {"term": term, "types": "songs", "limit": _PAGE}
        return self._pages(self._path("search"), first, lambda page: value_of(page, "results", "songs"))

    def _chart_pages(self, genre: str) -> Iterator[Any]:
        first = {"types": "songs", "chart": "most-played", "limit": _PAGE}
        if genre:
            first["genre"] = self._genre_id(genre)
        return self._pages(
            self._path("charts"), first, lambda page: next(items_of(page, "results", "songs"), None)
        )

    def _pages(self, path: str, first: dict[str, Any], part: Any) -> Iterator[Any]:
        """Follow ``next``, which is a path on the same server and leaves out the page's length."""
        page = part(self._get(path, first))
        for _ in range(_MAX_PAGES):
            yield page
            following = text_of(page, "next")
            if not following:
                return
            if not _NEXT.fullmatch(following):
                raise ProviderError("Apple Music's next page is not on its own server.")
            following = quote(following, safe=_IN_PATHS)
            page = part(self._get(following, {} if "limit=" in following else {"limit": _PAGE}))

    def _genre_id(self, genre: str) -> str:
        if genre.isdigit():
            return genre
        names = {}
        page: Any = self._get(self._path("genres"), {"limit": 100})
        for resource in items_of(page, "data"):
            names[text_of(resource, "attributes", "name")] = text_of(resource, "id")
        for name, genre_id in names.items():
            if name.casefold() == genre.casefold():
                return genre_id
        raise InputError(
            f"Apple Music has no genre {genre!r}.",
            field="genre",
            hint=f"Known in {self.storefront}: {', '.join(sorted(names)[:30])}.",
        )

    def require_library(self) -> None:
        """Make sure that there are tokens for a person's own library.

        Raises
        ------
        ProviderError
            If one is missing; it says which to set.
        """
        self._headers(own=True)

    def create_playlist(self, name: str, description: str, song_ids: Sequence[str] = ()) -> str:
        """Create a library playlist with its first songs, and return its id.

        Raises
        ------
        ProviderError
            If there is no user token, or Apple Music refuses.
        """
        content: dict[str, Any] = {"attributes": {"name": name, "description": description}}
        if song_ids:
            content["relationships"] = {"tracks": {"data": _songs(song_ids)}}
        answer = self.client.post("/v1/me/library/playlists", content, self._headers(own=True))
        created = next(items_of(self._json(answer), "data"), None)
        playlist_id = text_of(created, "id")
        if not playlist_id:
            raise ProviderError("Apple Music does not say which playlist it made.")
        return playlist_id

    def add_to_playlist(self, playlist_id: str, song_ids: Sequence[str]) -> None:
        """Append catalogue songs to a library playlist.

        A playlist that was just made may not be known everywhere yet, so it is waited for up to 7 s.

        Raises
        ------
        ProviderError
            If there is no user token, or Apple Music refuses.
        """
        path = f"/v1/me/library/playlists/{quote(playlist_id, safe='')}/tracks"
        for pause in (1.0, 2.0, 4.0, 0.0):
            answer = self.client.post(path, {"data": _songs(song_ids)}, self._headers(own=True))
            if answer.status != 404 or not pause:
                break
            self.client.sleep(pause)
        if answer.status == 404:
            raise ProviderError(
                f"Apple Music does not know the playlist {playlist_id}.",
                hint="It may have been deleted in the library: make one of another name.",
            )
        if answer.status != 204:
            self._json(answer)

    def _path(self, tail: str) -> str:
        return f"/v1/catalog/{self.storefront}/{tail}"

    def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        self.state().require()
        return self._json(self.client.get(path, query, self._headers()))

    def _headers(self, *, own: bool = False) -> dict[str, str]:
        self.state().require()
        headers = {"Authorization": f"Bearer {self.token.get()}"}
        if own and not self.user_token:
            raise ProviderError(
                "Apple Music's library needs a user token.",
                field="TOWER_APPLE_MUSIC_USER_TOKEN",
                hint="Set TOWER_APPLE_MUSIC_USER_TOKEN to the Music-User-Token that MusicKit gives after "
                "its owner has agreed.",
            )
        return {**headers, "Music-User-Token": self.user_token} if own else headers

    def _json(self, answer: Answer) -> dict[str, Any]:
        if answer.status < 400:
            return self.client.json(answer)
        told = next(items_of(told_json(answer), "errors"), {})
        if answer.status == 404:
            raise NotFoundError(
                f"Apple Music does not have that in {self.storefront}.",
                field="track",
                hint="Check the id, or set TOWER_APPLE_MUSIC_STOREFRONT to the country that has it.",
            )
        error = self.client.failure(answer, text_of(told, "detail") or text_of(told, "title"))
        if answer.status == 401:
            error.hint = (
                "The developer token is not taken: check key, key id and team id, or make a new token."
            )
        elif answer.status == 403:
            error.hint = "The user token is missing its rights or ran out: get a new Music-User-Token."
        raise error


def _songs(song_ids: Sequence[str]) -> list[dict[str, str]]:
    return [{"id": song_id, "type": "songs"} for song_id in song_ids]


def _collected(
    pages: Iterator[Any], query: CatalogQuery, progress: Progress, *, by_genre: bool
) -> list[CatalogTrack]:
    wanted = query.genre.casefold()

    def fitting() -> Iterator[CatalogTrack]:
        for page in pages:
            for song in songs_of(page):
                if not by_genre or any(wanted in genre.casefold() for genre in song.genres):
                    yield song

    found: dict[str, CatalogTrack] = {}
    for song in islice(fitting(), query.limit):
        found.setdefault(song.id, song)
        progress(len(found), query.limit)
    return list(found.values())
