"""Music catalogues: what there is, finding tracks, playlists, and the licence ledger."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from ...services.catalogues import CatalogQuery, parse_shots
from .catalogue_schemas import (
    ExportQuery,
    FoundList,
    FoundShown,
    IndexCancel,
    IndexRequest,
    IndexShown,
    LedgerQuery,
    LedgerShown,
    PlaylistCreate,
    PlaylistPage,
    PlaylistPath,
    PlaylistShown,
    PlaylistTracks,
    ProviderShown,
    SearchQuery,
    UseChange,
    UseCreate,
    UsePath,
    UseShown,
)
from .errors import COMMON_HEADERS
from .pool import CpuPool
from .registrar import Registrar
from .schemas import PageQuery, next_cursor

if TYPE_CHECKING:
    from ...music.catalog.playlist import Playlist
    from ...services import Services
    from ...services.licences import Ledger
    from ...services.music_index import IndexState

# What waits for servers elsewhere must not keep pictures from being scored.
_N_THREADS, _N_WAITING = 4, 12


def add_catalogue_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of catalogues, playlists and licences."""
    pool = CpuPool(_N_THREADS, _N_WAITING)
    _add_search_routes(api, services, pool)
    _add_playlist_routes(api, services, pool)
    _add_licence_routes(api, services, pool)


def _add_search_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    @api.read("/anime/music/providers")
    async def list_providers() -> list[ProviderShown]:
        """List the catalogues of music, with what each needs and can."""
        states = await services.database.run(services.catalogues.providers)
        return [ProviderShown.model_validate(state.as_json()) for state in states]

    @api.read("/anime/music/search", errors=(404, 429))
    async def search_music(query: SearchQuery) -> FoundList:
        """Find tracks in a catalogue, ranked by tempo, cuts and words, each with its licence."""
        wanted = CatalogQuery(
            term=query.term,
            genre=query.genre,
            isrc=query.isrc,
            is_chart=query.charts,
            min_bpm=query.min_bpm,
            max_bpm=query.max_bpm,
            limit=query.limit,
            shot_seconds=parse_shots(query.shots),
        )
        found = await pool.run(
            services.catalogues.search, query.provider, wanted, _unseen, tempo_from=query.tempo_from
        )
        return FoundList(items=[FoundShown.model_validate(ranked.as_json()) for ranked in found])

    @api.read("/anime/music/index")
    async def get_index() -> IndexShown:
        """Show how far the index of the local folders is."""
        return _index(services.catalogues.index.state())

    @api.write("POST", "/anime/music/index", status=202)
    async def start_index(body: IndexRequest) -> IndexShown:
        """Begin to index the folders of TOWER_MUSIC in the background; ask again how it goes."""
        index = services.catalogues.index
        state = await asyncio.to_thread(index.start)
        return _index(index.watch() if body.watch else state)

    @api.write("POST", "/anime/music/index/cancel")
    async def cancel_index(body: IndexCancel) -> IndexShown:
        """Stop the indexing; what was read stays."""
        return _index(services.catalogues.index.cancel())


def _add_playlist_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    @api.read("/anime/music/playlists")
    async def list_playlists(query: PageQuery) -> PlaylistPage:
        """List the playlists, oldest first."""
        found = await services.database.run(
            services.playlists.list, limit=query.limit + 1, after_id=query.cursor or 0
        )
        items = [_playlist(playlist) for playlist in found[: query.limit]]
        return PlaylistPage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.write("POST", "/anime/music/playlists", status=201, errors=(404, 429))
    async def create_playlist(body: PlaylistCreate) -> PlaylistShown:
        """Make a playlist of tracks from any catalogue, or one in the Apple Music library."""
        made = await pool.run(
            services.playlists.create,
            body.name,
            body.tracks,
            _unseen,
            description=body.description,
            provider=body.provider,
            project_id=body.project_id,
        )
        return _playlist(made)

    @api.read("/anime/music/playlists/{playlist_id}", errors=(404,))
    async def get_playlist(path: PlaylistPath) -> PlaylistShown:
        """Show a playlist."""
        return _playlist(await services.database.run(services.playlists.get, path.playlist_id))

    @api.write("POST", "/anime/music/playlists/{playlist_id}/tracks", errors=(404, 429))
    async def extend_playlist(path: PlaylistPath, body: PlaylistTracks) -> PlaylistShown:
        """Append tracks; without any, what is not in the library yet is sent again."""
        return _playlist(await pool.run(services.playlists.extend, path.playlist_id, body.tracks, _unseen))


def _add_licence_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    def ledger(query: LedgerQuery) -> Ledger:
        project = services.projects.get(query.project_id)
        return services.licences.ledger(project, is_commercial=query.commercial)

    @api.read("/anime/music/licences", errors=(404,))
    async def get_licences(query: LedgerQuery) -> LedgerShown:
        """Show which music a project uses, under which licences, and what blocks publishing."""
        return LedgerShown.model_validate((await services.database.run(ledger, query)).as_json())

    @api.read("/anime/music/licences/export", errors=(404,))
    async def export_licences(query: ExportQuery) -> web.Response:
        """Download the ledger of a project as CSV or Markdown."""
        found = await services.database.run(ledger, query)
        kind, suffix = ("text/csv", "csv") if query.form == "csv" else ("text/markdown", "md")
        headers = {**COMMON_HEADERS, "Content-Disposition": f'attachment; filename="licences.{suffix}"'}
        body = found.text(query.form).encode()
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    @api.write("POST", "/anime/music/licences", status=201, errors=(404, 429))
    async def record_use(body: UseCreate) -> UseShown:
        """Enter a use of a track; the same track at the same place is entered once."""
        use = await pool.run(services.licences.record, body.project_id, body.track, body.used_in, body.note)
        return UseShown.model_validate(use.as_json())

    @api.write("PATCH", "/anime/music/licences/{use_id}", errors=(404,))
    async def clear_use(path: UsePath, body: UseChange) -> UseShown:
        """State by which other way the right to a use was got; it then blocks nothing."""
        use = await services.database.run(services.licences.clear, path.use_id, body.note)
        return UseShown.model_validate(use.as_json())

    @api.write("DELETE", "/anime/music/licences/{use_id}", status=204, errors=(404,))
    async def remove_use(path: UsePath) -> None:
        """Take a use out of the ledger."""
        await services.database.run(services.licences.remove, path.use_id)


def _unseen(_done: int, _total: int) -> None:
    return None


def _index(state: IndexState) -> IndexShown:
    return IndexShown.model_validate(state.as_json())


def _playlist(playlist: Playlist) -> PlaylistShown:
    return PlaylistShown.model_validate(playlist.as_json())
