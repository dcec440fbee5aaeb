"""Songs as the Apple Music API tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .catalog_track import CatalogTrack
from .fields import https_of, items_of, number_of, text_of, texts_of, value_of
from .licences import APPLE_MUSIC


def songs_of(resources: Any) -> Iterator[CatalogTrack]:
    """Read the songs of a list of resources; what is no song is passed over.

    Parameters
    ----------
    resources : object with a list under ``data``
        Of a search, a chart or a lookup.

    References
    ----------
    .. [1] Apple Music API, "Songs.Attributes": it has no tempo, no key and no licence.
    """
    for resource in items_of(resources, "data"):
        song = _song(resource)
        if song is not None:
            yield song


def _song(resource: Any) -> CatalogTrack | None:
    attributes = value_of(resource, "attributes")
    title, song_id = text_of(attributes, "name"), text_of(resource, "id")
    if not title or not song_id or text_of(resource, "type") not in ("songs", "library-songs"):
        return None
    milliseconds = number_of(attributes, "durationInMillis")
    previews = [https_of(preview, "url") for preview in items_of(attributes, "previews")]
    return CatalogTrack(
        provider="apple_music",
        id=song_id,
        title=title,
        artist=text_of(attributes, "artistName"),
        licence=APPLE_MUSIC,
        album=text_of(attributes, "albumName"),
        # "Music" is the genre of every song.
        genres=tuple(name for name in texts_of(attributes, "genreNames") if name != "Music"),
        duration_seconds=None if milliseconds is None else milliseconds / 1000,
        isrc=text_of(attributes, "isrc"),
        url=https_of(attributes, "url"),
        preview_url=next((url for url in previews if url), ""),
    )
