"""The Apple Music Search node."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from comfy_api.latest import io, ui

from .. import services
from ..host.execution import progress_bar
from ..services.catalogues import CatalogQuery, RankedTrack, parse_shots
from .sockets import MUSIC

PROVIDER = "apple_music"
NOWHERE, DEEZER, PREVIEW = "nowhere", "deezer", "preview"


class AppleMusicSearch(io.ComfyNode):
    """Finds songs in Apple Music's catalogue, by words, genre, ISRC and tempo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerAppleMusicSearch",
            display_name="Apple Music Search",
            category=MUSIC,
            description=(
                "Finds songs in Apple Music's catalogue and ranks them by tempo and words. They are for "
                "finding and for playlists: their licence forbids to put them under picture. "
                "Needs a developer token."
            ),
            inputs=_inputs(),
            outputs=[
                io.String.Output(
                    "tracks",
                    display_name="tracks",
                    tooltip="The songs as a JSON list, best first, with licence.",
                ),
                io.Float.Output(
                    "tempo_bpm",
                    display_name="tempo_bpm",
                    tooltip="Tempo of the best song, for music of your own; 0 when it is not known.",
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="The songs, one a line, for reading."
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, *, charts: bool = False, **_inputs: object) -> str:
        # Charts change from day to day; what a search finds may stay in ComfyUI's cache.
        return datetime.now(timezone.utc).date().isoformat() if charts else ""

    @classmethod
    def execute(
        cls,
        *,
        term: str,
        genre: str,
        charts: bool,
        min_bpm: float,
        max_bpm: float,
        tempo_from: str,
        limit: int,
        isrc: str = "",
        shot_seconds: str = "",
    ) -> io.NodeOutput:
        shots = parse_shots(shot_seconds)
        query = CatalogQuery(term, genre, isrc, charts, min_bpm or None, max_bpm or None, limit, shots)
        found = services.current().catalogues.search(
            PROVIDER, query, progress_bar(), tempo_from="" if tempo_from == NOWHERE else tempo_from
        )
        report = "\n".join(_line(ranked) for ranked in found) or "Nothing was found."
        tempo = (found[0].track.tempo_bpm if found else None) or 0.0
        tracks = json.dumps([ranked.as_json() for ranked in found], ensure_ascii=False)
        return io.NodeOutput(tracks, tempo, report, ui=ui.PreviewText(report))


def _inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "term", default="", tooltip="Title, artist or mood; may stay empty with a genre or charts."
        ),
        io.String.Input(
            "genre",
            default="",
            tooltip="Name of a genre as Apple Music writes it in your storefront, such as Anime.",
        ),
        io.Boolean.Input(
            "charts", default=False, tooltip="What is played most, instead of a search by the term."
        ),
        _tempo(
            "min_bpm", "Slowest wished tempo, in beats per minute; a larger one leaves slow songs behind."
        ),
        _tempo("max_bpm", "Fastest wished tempo; a larger one lets faster songs in."),
        io.Combo.Input(
            "tempo_from",
            options=[NOWHERE, DEEZER, PREVIEW],
            default=NOWHERE,
            tooltip=(
                "Apple tells no tempo. deezer: ask there by the song's ISRC. preview: listen to its excerpt "
                "in memory, a second a song; nothing of it is kept."
            ),
        ),
        io.Int.Input("limit", default=25, min=1, max=200, step=1, tooltip="Songs at most; more take longer."),
        io.String.Input(
            "isrc",
            default="",
            optional=True,
            tooltip="The one recording with this code, such as JPU902200001.",
        ),
        io.String.Input(
            "shot_seconds",
            default="",
            optional=True,
            tooltip="Lengths of your shots, as 1.7, 2.3, 4: songs whose beats can carry the cuts come first.",
        ),
    ]


def _tempo(name: str, tooltip: str) -> io.Input:
    return io.Float.Input(
        name, default=0.0, min=0.0, max=400.0, step=0.5, tooltip=f"{tooltip} 0 sets no bound."
    )


def _line(ranked: RankedTrack) -> str:
    track = ranked.track
    tempo = "" if track.tempo_bpm is None else f" · {track.tempo_bpm:.0f} BPM"
    return f"{track.reference} · {track.label}{tempo} · {track.licence.name}"
