"""Tracks, their analysis, and which of them suit a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from ...errors import InputError, NotFoundError
from .music_schemas import (
    AnalysisList,
    AnalysisShown,
    AnalyzeRequest,
    MatchList,
    MatchRequest,
    MatchShown,
    TrackChange,
    TrackPage,
    TrackPath,
    TrackShown,
    TracksQuery,
    WaveformQuery,
)
from .pool import CpuPool
from .registrar import Registrar
from .schemas import next_cursor

if TYPE_CHECKING:
    from ...music.track import Track, TrackSummary
    from ...services import Services

SLOWEST, FASTEST = 20.0, 400.0


def add_music_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of tracks, analysis and matching."""
    _add_track_routes(api, services, pool)

    @api.write("POST", "/anime/music/analyze", errors=(404,))
    async def analyze_music(body: AnalyzeRequest) -> AnalysisList:
        """Hear produced files, or tracks of the index; what is heard without wishes is kept."""
        files = [await services.database.run(_asset_file, services, number) for number in body.asset_ids]
        files += [await services.database.run(_track_file, services, name) for name in body.tracks]
        if not files:
            raise InputError("There is nothing to hear.", field="asset_ids", hint="Name assets or tracks.")
        return AnalysisList(items=[await pool.run(_heard, services, path, body) for path in files])

    @api.write("POST", "/anime/music/match")
    async def match_music(body: MatchRequest) -> MatchList:
        """Rank all tracks that were analysed for a picture, with reasons."""
        found = await pool.run(
            services.music.match,
            body.shot_seconds,
            mood=body.mood,
            motion=body.motion,
            previous_key=body.previous_key,
            formula=body.formula,
            duration_seconds=body.duration_seconds,
            video_bpm=body.video_bpm,
            limit=body.limit,
            tempo=_range(body.min_bpm, body.max_bpm),
        )
        return MatchList(items=[MatchShown.model_validate(match.as_json()) for match in found])


def _add_track_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    @api.read("/anime/music/tracks")
    async def list_tracks(query: TracksQuery) -> TrackPage:
        """List the tracks that were analysed, oldest first."""
        found = await services.database.run(
            services.music.library.list,
            tempo=_range(query.min_bpm, query.max_bpm),
            limit=query.limit + 1,
            after_id=query.cursor or 0,
        )
        items = [_shown(track) for track in found[: query.limit]]
        return TrackPage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.read("/anime/music/tracks/{track_id}", errors=(404,))
    async def get_track(path: TrackPath) -> AnalysisShown:
        """Show all that was heard in a track."""
        track = await services.database.run(services.music.library.get, path.track_id)
        return _analysis(track, path.track_id)

    @api.write("PATCH", "/anime/music/tracks/{track_id}", errors=(404,))
    async def change_track(path: TrackPath, body: TrackChange) -> TrackShown:
        """Give a track tags of your own, or a licence."""
        return _shown(
            await services.database.run(services.music.library.change, path.track_id, **body.given())
        )

    @api.read("/anime/music/tracks/{track_id}/waveform", errors=(404,))
    async def get_waveform(path: TrackPath, query: WaveformQuery) -> web.Response:
        """Draw a track: its sound, beats, downbeats and sections (PNG)."""
        track = await services.database.run(services.music.library.get, path.track_id)
        body = await pool.run(
            services.music.waveform_png,
            track.analysis,
            track.path,
            width=int(query.width),
            height=int(query.height),
        )
        headers = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
        return web.Response(body=body, content_type="image/png", headers=headers)


def _range(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None and high is None else (low or SLOWEST, high or FASTEST)


def _asset_file(services: Services, asset_id: int) -> Path:
    asset = services.assets.get(asset_id)
    if asset.is_missing:
        raise NotFoundError(f"The file of asset {asset_id} is gone.", field="asset_ids")
    return asset.file_path


def _track_file(services: Services, reference: str) -> Path:
    track = services.catalogues.track(reference)
    if track.path is None:
        raise InputError(
            f"{track.label} ({reference}) has no file here.",
            field="tracks",
            hint="Name a track of the index.",
        )
    return track.path


def _heard(services: Services, path: Path, body: AnalyzeRequest) -> AnalysisShown:
    wishes = services.music.wishes(body.bpm_hint, body.min_bpm, body.max_bpm, body.beats_per_bar)
    track = services.music.analyze(path, wishes=wishes, backend=body.backend)
    return _analysis(track, services.music.library.id_of(track.sha256) if wishes is None else None)


def _analysis(track: Track, track_id: int | None) -> AnalysisShown:
    fields = {"name": track.summary.label, "track_id": track_id, **track.analysis.as_json()}
    return AnalysisShown.model_validate(fields)


def _shown(track: TrackSummary) -> TrackShown:
    from ...services.track_library import summary_json

    return TrackShown.model_validate(summary_json(track))
