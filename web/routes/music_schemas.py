"""What goes into the routes of tracks, their analysis and matching, and what comes out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import Id, Text, UrlId, UrlLimit, UrlNumber
from .schemas import Body, Page, Parameters, Shown

_UrlBpm = Annotated[UrlNumber, Field(ge=20, le=400)]
_Bpm = Annotated[float, Field(ge=20, le=400)]
# No path of a file: a caller over the network chooses only what the catalogues have.
_Reference = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{1,30}:[A-Za-z0-9._-]{1,100}$")]
_Seconds = Annotated[float, Field(gt=0, le=36_000)]


class TrackPath(Parameters):
    """A track that was analysed."""

    track_id: UrlId


class TracksQuery(Parameters):
    """Which part of the tracks."""

    limit: UrlLimit = Field(default=50, description="How many items at most.")
    cursor: UrlId | None = Field(default=None, description="`next_cursor` of the page before.")
    min_bpm: _UrlBpm | None = None
    max_bpm: _UrlBpm | None = None


class WaveformQuery(Parameters):
    """How large the drawing is."""

    width: Annotated[UrlNumber, Field(ge=64, le=8192)] = 1200
    height: Annotated[UrlNumber, Field(ge=80, le=2048)] = 240


class TrackChange(Body):
    """The user's word on a track."""

    tags: list[Annotated[Text, Field(max_length=60)]] | None = Field(default=None, max_length=30)
    licence: Annotated[Text, Field(max_length=200)] | None = None


class TrackShown(Shown):
    """A track."""

    id: int
    name: str
    sha256: str
    tempo_bpm: float | None
    confidence: float
    key: str | None
    camelot: str | None = Field(description="The key on the Camelot wheel, as 8A.")
    energy: float
    loudness_lufs: float | None
    duration_seconds: float
    mood: list[str] = Field(description="Measured.")
    tags: list[str] = Field(description="The user's own.")
    licence: str


class TrackPage(Page[TrackShown]):
    """A part of the tracks."""


class SectionShown(Shown):
    """A part of a recording; the same letter where the same music comes again."""

    start_seconds: float
    end_seconds: float
    name: Literal["intro", "verse", "chorus", "bridge", "break", "outro", "whole"]
    letter: str
    level: float


class LoopShown(Shown):
    """Two downbeats: from the second the music can jump back to the first."""

    start_seconds: float
    end_seconds: float
    likeness: float


class AnalysisShown(Shown):
    """What was heard in a recording; times in seconds."""

    name: str
    track_id: int | None = Field(description="Null when the analysis was not kept: wishes were given.")
    tempo_bpm: float | None
    tempo_alternatives_bpm: list[float] = Field(description="Other readings of the rhythm, likeliest first.")
    confidence: float
    tempo_confidence: float
    beat_times: list[float]
    downbeat_times: list[float]
    beats_per_bar: int
    key: str | None
    key_confidence: float
    camelot: str | None
    energy: float
    energy_curve: list[float]
    energy_step_seconds: float
    loudness_lufs: float | None
    true_peak_db: float | None
    duration_seconds: float
    mood: list[str]
    sections: list[SectionShown]
    loop: LoopShown | None


class AnalyzeRequest(Body):
    """What is to be heard, and what is known of it."""

    asset_ids: list[Id] = Field(default=[], max_length=20, description="Produced files with sound.")
    tracks: list[_Reference] = Field(default=[], max_length=20, description="As `local:12`, of the index.")
    bpm_hint: _Bpm | None = None
    min_bpm: _Bpm | None = None
    max_bpm: _Bpm | None = None
    beats_per_bar: Annotated[int, Field(ge=1, le=16)] | None = None
    backend: Literal["tower", "librosa", "beat_this"] = "tower"


class AnalysisList(Shown):
    """Analyses, in the order in which they were asked for: assets first."""

    items: list[AnalysisShown]


class MatchRequest(Body):
    """What is asked of music."""

    shot_seconds: list[_Seconds] = Field(default=[], max_length=10_000)
    mood: Annotated[Text, Field(max_length=500)] = ""
    duration_seconds: _Seconds | None = None
    previous_key: Annotated[Text, Field(max_length=20)] = ""
    motion: Annotated[float, Field(ge=0, le=1)] | None = None
    formula: Literal["folded", "legacy"] = "folded"
    video_bpm: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        default=None, description="For legacy; cuts a minute when omitted."
    )
    min_bpm: _Bpm | None = None
    max_bpm: _Bpm | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 25


class MatchShown(TrackShown):
    """A track and how well it suits."""

    score: float
    reasons: list[str]
    carries_cuts: bool


class MatchList(Shown):
    """Tracks, best first."""

    items: list[MatchShown]
