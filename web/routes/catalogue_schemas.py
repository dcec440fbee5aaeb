"""What goes into the routes of music catalogues, and what comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .fields import Id, Name, Text, UrlFlag, UrlId, UrlLimit, UrlNumber
from .schemas import Body, Page, Parameters, Shown

_Words = Annotated[str, Field(max_length=200)]
# No path of a file: a caller over the network chooses only what the catalogues have.
_Reference = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{1,30}:[A-Za-z0-9._-]{1,100}$")]
_Bpm = Annotated[UrlNumber, Field(ge=20, le=400)]


class ProviderShown(Shown):
    """A catalogue."""

    name: str
    title: str
    state: Literal["available", "unavailable"]
    reason: str
    needs: list[str] = Field(description="The settings that are missing.")
    can: list[str] = Field(description="search, genre, isrc, charts, preview, tempo, playlists, sync.")


class IndexShown(Shown):
    """How far the index of the local folders is."""

    state: Literal["idle", "running", "done", "cancelled", "failed"]
    stage: str
    done: int
    total: int
    n_found: int
    n_new: int
    n_gone: int
    n_obstacles: int
    obstacles: list[dict[str, str]] = Field(description="Up to fifty, each with `path` and `reason`.")
    error: str
    folders: list[str]
    is_watching: bool


class IndexRequest(Body):
    """Begin to index the folders of TOWER_MUSIC."""

    watch: bool = Field(default=False, description="Go on looking for changes.")


class IndexCancel(Body):
    """An empty object."""


class SearchQuery(Parameters):
    """What is looked for."""

    provider: Name = "local"
    term: _Words = ""
    genre: _Words = ""
    isrc: _Words = ""
    charts: UrlFlag = Field(default=False, description="What is played most, instead of a search.")
    min_bpm: _Bpm | None = None
    max_bpm: _Bpm | None = None
    tempo_from: Literal["", "deezer", "preview"] = Field(
        default="", description="Where unknown tempi come from; a preview is heard in memory."
    )
    shots: Annotated[str, Field(max_length=8000)] = Field(
        default="", description="Lengths of shots in seconds, as `1.7,2.3`, whose cuts it is to carry."
    )
    limit: UrlLimit = 25


class LicenceShown(Shown):
    """What may be done with a recording."""

    name: str
    sync: Literal["allowed", "conditional", "unknown", "refused"]
    reason: str
    url: str
    conditions: list[str]


class TrackShown(Shown):
    """A track of a catalogue."""

    reference: str = Field(description="`provider:id`, by which other routes take it.")
    label: str
    provider: str
    id: str
    title: str
    artist: str
    album: str
    genres: list[str]
    tags: list[str]
    duration_seconds: float | None
    tempo_bpm: float | None
    tempo_source: str
    key: str | None
    isrc: str
    url: str
    preview_url: str
    may_download: bool
    licence: LicenceShown
    attribution: str


class FoundShown(TrackShown):
    """A track that was found."""

    score: float
    reasons: list[str]


class FoundList(Shown):
    """What was found, best first."""

    items: list[FoundShown]


class PlaylistCreate(Body):
    """A new playlist."""

    name: Name
    description: Text = ""
    provider: Literal["", "apple_music"] = Field(
        default="", description="apple_music: it is made in the library of the user's token too."
    )
    tracks: Annotated[list[_Reference], Field(max_length=200)] = Field(default=[])
    project_id: Id | None = None


class PlaylistTracks(Body):
    """Tracks to append; what is in the list already is passed over."""

    tracks: Annotated[list[_Reference], Field(max_length=200)]


class PlaylistPath(Parameters):
    """A playlist."""

    playlist_id: UrlId


class PlaylistShown(Shown):
    """A playlist."""

    id: int
    name: str
    description: str
    provider: str
    project_id: int | None
    remote_id: str = Field(description="Its id in the library; empty while it is not there.")
    n_sent: int = Field(description="How many of its tracks are there.")
    tracks: list[TrackShown]
    created_at: datetime | None


PlaylistPage = Page[PlaylistShown]


class LedgerQuery(Parameters):
    """Whose ledger."""

    project_id: UrlId
    commercial: UrlFlag = Field(default=False, description="The work earns money.")


class ExportQuery(LedgerQuery):
    """Whose ledger, and in which form."""

    form: Literal["csv", "markdown"] = "csv"


class UseCreate(Body):
    """A use of a track in a project."""

    project_id: Id
    track: _Reference
    used_in: Name = Field(description="Where: the episode.")
    note: Text = ""


class UseChange(Body):
    """How the right to a use was got."""

    note: Annotated[str, Field(min_length=1, max_length=2000)]


class UsePath(Parameters):
    """A use."""

    use_id: UrlId


class UseShown(Shown):
    """A use of a track."""

    id: int | None
    project_id: int
    used_in: str
    note: str
    is_cleared: bool
    created_at: datetime | None
    track: TrackShown


class FindingShown(Shown):
    """What a publisher has to know."""

    use_id: int | None
    reference: str
    used_in: str
    is_blocking: bool
    reason: str


class LedgerShown(Shown):
    """The music of a project."""

    project_id: int
    project: str
    may_publish: bool
    uses: list[UseShown]
    findings: list[FindingShown] = Field(description="What blocks publishing comes first.")
