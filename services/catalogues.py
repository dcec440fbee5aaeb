"""All catalogues of music together: asked by name, ranked, and their tempi filled in."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import InputError, NotFoundError, ProviderError, RightsError, UnreadableAudioError
from ..music.catalog.apple import AppleMusic
from ..music.catalog.apple_token import DeveloperToken
from ..music.catalog.catalog_track import CatalogTrack
from ..music.catalog.client import CatalogClient
from ..music.catalog.deezer import Deezer
from ..music.catalog.jamendo import Jamendo
from ..music.catalog.protocol import CatalogQuery, CatalogState, MusicCatalog, Progress, parse_shots
from ..music.catalog.ranking import RankedTrack, rank_tracks
from .catalogue_transport import HttpTransport
from .files import sha256_of
from .local_catalog import LocalCatalog

if TYPE_CHECKING:
    from ..db.music_files import MusicFileRepository
    from ..settings import CatalogueSettings, Settings
    from .music_index import MusicIndex

logger = logging.getLogger(__name__)

__all__ = ["CatalogQuery", "CatalogueService", "RankedTrack", "open_catalogues", "parse_shots"]

TEMPO_SOURCES = ("", "deezer", "preview")
# Each one costs a request, and a preview a second of work.
_MAX_HEARD = 50
_MAX_REMEMBERED = 2000
_PREFIX = re.compile(r"([a-z][a-z_-]{1,30}):(?!//)(.+)", re.S)
_SERVICES = {"apple.com": "Apple Music", "deezer.com": "Deezer", "dzcdn.net": "Deezer"}


class CatalogueService:
    """Asks catalogues.

    Parameters
    ----------
    catalogs : sequence of MusicCatalog
        The first one is asked when none is named.
    """

    def __init__(self, catalogs: Sequence[MusicCatalog], index: MusicIndex) -> None:
        self._catalogs: Mapping[str, MusicCatalog] = {catalog.name: catalog for catalog in catalogs}
        self.index = index
        self._heard: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def providers(self) -> list[CatalogState]:
        """Return the state of each catalogue; nothing is asked over the network."""
        return [catalog.state() for catalog in self._catalogs.values()]

    def catalog(self, name: str) -> MusicCatalog:
        """Return a catalogue by its name, or raise NotFoundError that names all."""
        found = self._catalogs.get(name.replace("-", "_"))
        if found is None:
            known = ", ".join(self._catalogs)
            raise NotFoundError(
                f"There is no catalogue {name[:60]!r}.", field="provider", hint=f"Known: {known}."
            )
        return found

    @property
    def apple(self) -> AppleMusic:
        """Apple Music, the one catalogue with playlists."""
        apple = self.catalog("apple_music")
        assert isinstance(apple, AppleMusic)
        return apple

    def search(
        self, provider: str, query: CatalogQuery, progress: Progress, *, tempo_from: str = ""
    ) -> list[RankedTrack]:
        """Search a catalogue and rank what it finds.

        Parameters
        ----------
        provider : str
            Name of the catalogue.
        query : CatalogQuery
            What is looked for.
        progress : callable
            Told the tracks found and wanted; then those whose tempo was asked for.
        tempo_from : str
            Where unknown tempi come from: ``deezer`` by ISRC, ``preview`` by listening to the excerpt in
            memory, or empty for nowhere.

        Raises
        ------
        InputError, NotFoundError, ProviderError
            If the query asks for nothing, there is no such catalogue, or it is unavailable or fails.
        """
        if tempo_from not in TEMPO_SOURCES:
            raise InputError(
                f"The tempo cannot come from {tempo_from[:40]!r}.",
                field="tempo_from",
                hint="Use deezer or preview.",
            )
        query, catalog = query.checked(), self.catalog(provider)
        catalog.state().require()
        tracks = catalog.search(query, progress)
        if tempo_from:
            tracks = self._with_tempi(tracks, tempo_from, progress)
        return rank_tracks(tracks, query)

    def track(self, reference: str) -> CatalogTrack:
        """Return a track by ``provider:id``, or the file at a path.

        Raises
        ------
        RightsError
            If it is the address of a service whose sound may not be used.
        InputError, NotFoundError, ProviderError
            If it is no reference and no file, or its catalogue cannot tell.
        """
        named = _PREFIX.fullmatch(reference)
        if named and named[1].replace("-", "_") in self._catalogs:
            return self.catalog(named[1]).track(named[2].strip())
        # A path type has made one slash of two.
        address = re.sub(r"^(https?):/+", r"\1://", reference)
        if address.startswith(("http://", "https://")):
            raise _refused_address(address)
        return self.file(Path(reference))

    def file(self, path: Path) -> CatalogTrack:
        """Return the track of a file, by its own tags.

        Raises
        ------
        InputError
            If there is no such file, or it has no sound.
        """
        from ..music.catalog.tags import read_tags

        path = path.expanduser().absolute()
        if not path.is_file():
            raise InputError(
                f"{path} does not exist.", hint="Correct the path, or name a track as provider:id."
            )
        tags, sha256 = read_tags(path), sha256_of(path)
        return CatalogTrack(
            provider="file",
            id=sha256[:16],
            title=tags.title,
            artist=tags.artist,
            licence=tags.licence,
            album=tags.album,
            genres=tags.genres,
            tags=tags.moods,
            duration_seconds=tags.duration_seconds,
            tempo_bpm=tags.tempo_bpm,
            tempo_source="" if tags.tempo_bpm is None else "tags",
            key=tags.key,
            isrc=tags.isrc,
            path=path,
            sha256=sha256,
        )

    def _with_tempi(
        self, tracks: list[CatalogTrack], tempo_from: str, progress: Progress
    ) -> list[CatalogTrack]:
        asked = {track.reference for track in [t for t in tracks if t.tempo_bpm is None][:_MAX_HEARD]}
        result = []
        for n_done, track in enumerate(tracks, 1):
            result.append(self._with_tempo(track, tempo_from) if track.reference in asked else track)
            progress(n_done, len(tracks))
        return result

    def _with_tempo(self, track: CatalogTrack, tempo_from: str) -> CatalogTrack:
        key = f"{tempo_from} {track.reference}"
        with self._lock:
            known = self._heard.get(key)
        if known is None:
            try:
                known = self._deezer_tempo(track) if tempo_from == "deezer" else self._preview_tempo(track)
            except UnreadableAudioError as error:
                logger.info("The preview of %s: %s", track.reference, error)
                known = {}
            with self._lock:
                self._heard[key] = known
                while len(self._heard) > _MAX_REMEMBERED:
                    self._heard.popitem(last=False)
        return replace(track, **known)

    def _deezer_tempo(self, track: CatalogTrack) -> dict[str, Any]:
        deezer = self.catalog("deezer")
        assert isinstance(deezer, Deezer)
        found = deezer.recording(track.isrc) if track.isrc else None
        if found is None or found.tempo_bpm is None:
            return {}
        return {"tempo_bpm": found.tempo_bpm, "tempo_source": "deezer"}

    def _preview_tempo(self, track: CatalogTrack) -> dict[str, Any]:
        from ..music.catalog.preview import MAX_PREVIEW_BYTES, hear_preview

        client = getattr(self._catalogs.get(track.provider), "client", None)
        if not track.preview_url or client is None:
            return {}
        try:
            data = client.download(track.preview_url, MAX_PREVIEW_BYTES)
        except ProviderError as error:
            # The track is found all the same; only its tempo stays unknown.
            logger.info("The preview of %s: %s", track.reference, error)
            return {}
        heard = hear_preview(data)
        if heard.tempo_bpm is None:
            return {}
        return {"tempo_bpm": heard.tempo_bpm, "tempo_source": "preview", "key": track.key or heard.key}

    def unreadable(self) -> list[dict[str, str]]:
        """Return some indexed files that are no music that can be read, each with the reason."""
        local = self.catalog("local")
        assert isinstance(local, LocalCatalog)
        return [{"path": path, "reason": reason} for path, reason in local.files.unreadable()]

    def close(self) -> None:
        """Stop indexing."""
        self.index.close()


def open_catalogues(settings: Settings, files: MusicFileRepository) -> CatalogueService:
    """Wire the catalogues; nothing is read and nothing asked."""
    from .music_index import MusicIndex

    given = settings.catalogues
    roots = (given.apple_url, given.deezer_url, given.jamendo_url)
    transport = HttpTransport(roots)
    index = MusicIndex(files, given.folders)
    # In ComfyUI the folders are watched; a command ends too soon for that.
    local = LocalCatalog(files, index, keeps_watch=settings.output is not None)
    apple = AppleMusic(
        CatalogClient("Apple Music", given.apple_url, transport),
        developer_token(given),
        given.apple_storefront,
        given.apple_user_token,
    )
    deezer = Deezer(CatalogClient("Deezer", given.deezer_url, transport))
    jamendo = Jamendo(CatalogClient("Jamendo", given.jamendo_url, transport), given.jamendo_client_id)
    return CatalogueService([local, apple, deezer, jamendo], index)


def developer_token(given: CatalogueSettings) -> DeveloperToken:
    """Return the maker of Apple Music's developer token; nothing is read until it is asked for one."""
    return DeveloperToken(given.apple_token, given.apple_key, given.apple_key_id, given.apple_team_id)


def _refused_address(address: str) -> InputError:
    host = urlsplit(address).hostname or ""
    for domain, title in _SERVICES.items():
        if host == domain or host.endswith(f".{domain}"):
            return RightsError(
                f"{address[:120]} is sound of {title}, which may not be put under picture.",
                field="audio",
                hint="Use music of your own, generated music, or a track whose licence allows it.",
            )
    return InputError(
        f"{address[:120]} is a web address.", field="audio", hint="Give a file on this machine."
    )
