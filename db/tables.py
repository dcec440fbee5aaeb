"""The tables, as SQLAlchemy sees them.

They have a MetaData of their own, so nothing of ComfyUI's database is ever touched. The migrations
make the same tables; a test compares the two. Columns of the first design keep its names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .columns import JSON_TYPE, CleanText, UtcDateTime, now

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """A row with an id that is never given out twice, even after a deletion."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: CleanText(),
        dict[str, Any]: JSON_TYPE,
        list[Any]: JSON_TYPE,
        datetime: UtcDateTime(),
        bool: Boolean(),
        float: Float(),
        int: Integer(),
        bytes: LargeBinary(),
    }

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(default=now, sort_order=1)


def _table(*items: Any) -> tuple[Any, ...]:
    # Without AUTOINCREMENT, SQLite hands the id of a deleted last row to the next one.
    return (*items, {"sqlite_autoincrement": True})


def _named_once_in_project(table: str) -> tuple[Index, Index]:
    """Return indexes that make a name unique in its project, and among rows without one.

    A plain unique constraint would not do: NULL differs from NULL.
    """
    owned, shared = text("project_id IS NOT NULL"), text("project_id IS NULL")
    return (
        Index(
            f"uq_{table}_project_id_name",
            "project_id",
            "name",
            unique=True,
            sqlite_where=owned,
            postgresql_where=owned,
        ),
        Index(f"uq_{table}_shared_name", "name", unique=True, sqlite_where=shared, postgresql_where=shared),
    )


def _to(target: str, on_delete: str, **options: Any) -> Any:
    return mapped_column(ForeignKey(f"{target}.id", ondelete=on_delete), **options)


class ProjectRow(Base):
    """A production."""

    __tablename__ = "projects"
    __table_args__ = _table(CheckConstraint("status IN ('active', 'archived')", name="status"))

    name: Mapped[str] = mapped_column(CleanText(255), unique=True)
    folder: Mapped[str] = mapped_column(CleanText(100), unique=True)
    description: Mapped[str] = mapped_column(default="")
    bible: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(CleanText(50), default="active")
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class BibleVersionRow(Base):
    """What a project's bible said at one time."""

    __tablename__ = "bible_versions"
    __table_args__ = _table(UniqueConstraint("project_id", "version_number"))

    project_id: Mapped[int] = _to("projects", "CASCADE")
    version_number: Mapped[int]
    content: Mapped[dict[str, Any]]


class CharacterRow(Base):
    """A character; `current_version` is the number of the version it has now."""

    __tablename__ = "characters"
    __table_args__ = _table(
        *_named_once_in_project("characters"),
        CheckConstraint("consistency_threshold BETWEEN -1 AND 1", name="consistency_threshold"),
    )

    project_id: Mapped[int | None] = _to("projects", "CASCADE")
    name: Mapped[str] = mapped_column(CleanText(255))
    description: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str] = mapped_column(default="")
    negative_prompt: Mapped[str] = mapped_column(default="")
    loras: Mapped[list[Any]] = mapped_column(default=list)
    reference_image_path: Mapped[str | None]
    embedding_data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    style_template: Mapped[dict[str, Any]] = mapped_column(default=dict)
    color_palette: Mapped[dict[str, Any]] = mapped_column(default=dict)
    bible: Mapped[dict[str, Any]] = mapped_column(default=dict)
    consistency_threshold: Mapped[float | None]
    current_version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class CharacterVersionRow(Base):
    """A character at an age and in a mood; never changed once a job used it."""

    __tablename__ = "character_versions"
    __table_args__ = _table(
        UniqueConstraint("character_id", "version_number"),
        CheckConstraint("version_number >= 1", name="version_number"),
    )

    character_id: Mapped[int] = _to("characters", "CASCADE")
    version_number: Mapped[int]
    age_state: Mapped[str] = mapped_column(CleanText(50), default="")
    emotional_state: Mapped[str] = mapped_column(CleanText(50), default="")
    prompt: Mapped[str] = mapped_column(default="")
    embedding_data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CharacterReferenceRow(Base):
    """A picture that defines a version of a character.

    `weight` is how much it counts, `box` the figure chosen in it, if several are, and `report` what
    was measured of it.
    """

    __tablename__ = "character_references"
    __table_args__ = _table(
        UniqueConstraint("character_version_id", "position"),
        CheckConstraint("width > 0 AND height > 0", name="size"),
        CheckConstraint("weight > 0", name="weight"),
    )

    character_version_id: Mapped[int] = _to("character_versions", "CASCADE")
    position: Mapped[int]
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(CleanText(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    weight: Mapped[float] = mapped_column(default=1.0)
    box: Mapped[list[Any]] = mapped_column(default=list)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)


class EmbeddingRow(Base):
    """What one encoder sees in one reference: `dimension` little-endian float32 values.

    `palette` holds the colours that the encoder read with it; empty when it reads none.
    """

    __tablename__ = "embeddings"
    __table_args__ = _table(
        UniqueConstraint(
            "character_version_id", "encoder", "encoder_version", "sha256", name="uq_embeddings_key"
        ),
        CheckConstraint("dimension > 0", name="dimension"),
    )

    character_version_id: Mapped[int] = _to("character_versions", "CASCADE")
    encoder: Mapped[str] = mapped_column(CleanText(100))
    encoder_version: Mapped[str] = mapped_column(CleanText(100))
    sha256: Mapped[str] = mapped_column(CleanText(64))
    dimension: Mapped[int]
    vector: Mapped[bytes]
    palette: Mapped[dict[str, Any]] = mapped_column(default=dict)
    box: Mapped[list[Any]] = mapped_column(default=list)


class StudioRunRow(Base):
    """One pass of a character through the studio: what was asked, and the state of each stage."""

    __tablename__ = "studio_runs"
    __table_args__ = _table()

    project_id: Mapped[int | None] = _to("projects", "CASCADE", index=True)
    character_id: Mapped[int | None] = _to("characters", "SET NULL", index=True)
    name: Mapped[str] = mapped_column(CleanText(255))
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    stages: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class RelationshipRow(Base):
    """What one character is to another."""

    __tablename__ = "relationships"
    __table_args__ = _table(
        UniqueConstraint("character_id", "other_character_id", "kind"),
        CheckConstraint("character_id <> other_character_id", name="two_characters"),
    )

    character_id: Mapped[int] = _to("characters", "CASCADE")
    other_character_id: Mapped[int] = _to("characters", "CASCADE", index=True)
    kind: Mapped[str] = mapped_column(CleanText(50))
    description: Mapped[str] = mapped_column(default="")


class PoseRow(Base):
    """A pose: key points, and the picture they were taken from."""

    __tablename__ = "poses"
    __table_args__ = _table(*_named_once_in_project("poses"))

    project_id: Mapped[int | None] = _to("projects", "CASCADE")
    character_id: Mapped[int | None] = _to("characters", "SET NULL", index=True)
    name: Mapped[str] = mapped_column(CleanText(255))
    keypoints: Mapped[dict[str, Any]] = mapped_column(default=dict)
    image_path: Mapped[str | None]


class StyleRow(Base):
    """A style to draw in."""

    __tablename__ = "style_library"
    __table_args__ = _table(*_named_once_in_project("style_library"))

    project_id: Mapped[int | None] = _to("projects", "CASCADE")
    name: Mapped[str] = mapped_column(CleanText(255))
    description: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str] = mapped_column(default="")
    negative_prompt: Mapped[str] = mapped_column(default="")
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reference_image_path: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


JOB_STATES = "'queued', 'running', 'gated', 'done', 'failed', 'cancelled', 'interrupted'"


class JobRow(Base):
    """One run: an animatic, or a prompt that ComfyUI executed."""

    __tablename__ = "production_jobs"
    __table_args__ = _table(
        CheckConstraint(f"status IN ({JOB_STATES})", name="status"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("quality_score BETWEEN 0 AND 1", name="quality_score"),
        CheckConstraint("attempt >= 1", name="attempt"),
        Index(None, "status", "job_type"),
    )

    prompt_id: Mapped[str] = mapped_column(CleanText(255), unique=True)
    project_id: Mapped[int | None] = _to("projects", "CASCADE", index=True)
    parent_id: Mapped[int | None] = _to("production_jobs", "SET NULL", index=True)
    job_type: Mapped[str] = mapped_column(CleanText(50))
    status: Mapped[str] = mapped_column(CleanText(50), default="queued")
    progress: Mapped[int] = mapped_column(default=0)
    quality_score: Mapped[float | None]
    performance_metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    workflow_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    params_hash: Mapped[str] = mapped_column(CleanText(64), index=True)
    error_log: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class JobCharacterRow(Base):
    """A version of a character that a job used, which keeps it from being changed or deleted."""

    __tablename__ = "job_characters"
    __table_args__ = _table(UniqueConstraint("job_id", "character_version_id"))

    job_id: Mapped[int] = _to("production_jobs", "CASCADE")
    character_version_id: Mapped[int] = _to("character_versions", "CASCADE", index=True)


class JobEventRow(Base):
    """One thing that happened to a job."""

    __tablename__ = "job_events"
    __table_args__ = _table(Index(None, "job_id", "id"))

    job_id: Mapped[int] = _to("production_jobs", "CASCADE")
    kind: Mapped[str] = mapped_column(CleanText(50))
    node_id: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AssetRow(Base):
    """A file that a job produced; the row stays when the job is deleted."""

    __tablename__ = "generated_assets"
    __table_args__ = _table(
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
        Index(None, "project_id", "id"),
    )

    job_id: Mapped[int | None] = _to("production_jobs", "SET NULL", index=True)
    project_id: Mapped[int | None] = _to("projects", "CASCADE")
    style_reference_id: Mapped[int | None] = _to("style_library", "SET NULL", index=True)
    file_path: Mapped[str]
    file_type: Mapped[str] = mapped_column(CleanText(50))
    sha256: Mapped[str] = mapped_column(CleanText(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    fps: Mapped[float | None]
    duration_seconds: Mapped[float | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    quality_metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    licence: Mapped[str] = mapped_column(default="")


class GateRow(Base):
    """One run of a quality gate; `passed` is null when it could not measure.

    The attempts of one regenerate loop share a `run_key` and count up from 1 in `attempt`.
    """

    __tablename__ = "quality_gates"
    __table_args__ = _table(
        CheckConstraint("gate_type IN ('pre_gen', 'post_gen', 'final')", name="gate_type"),
        CheckConstraint("score BETWEEN 0 AND 1", name="score"),
        CheckConstraint("attempt >= 1", name="attempt"),
        Index(None, "job_id", "id"),
    )

    job_id: Mapped[int | None] = _to("production_jobs", "CASCADE")
    character_id: Mapped[int | None] = _to("characters", "SET NULL", index=True)
    gate_type: Mapped[str] = mapped_column(CleanText(50))
    passed: Mapped[bool | None]
    score: Mapped[float | None]
    encoder: Mapped[str] = mapped_column(CleanText(100), default="")
    encoder_version: Mapped[str] = mapped_column(CleanText(100), default="")
    run_key: Mapped[str] = mapped_column(CleanText(64), default="", index=True)
    attempt: Mapped[int] = mapped_column(default=1)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column("timestamp", default=now)


class EarlyScoreRow(Base):
    """What a sample scored part of the way through sampling, and when it was finished.

    `fate` is ``finished``, ``stopped``, or ``audit``: hopeless, but finished to see what is lost.
    """

    __tablename__ = "early_scores"
    __table_args__ = _table(
        CheckConstraint("fate IN ('finished', 'stopped', 'audit')", name="fate"),
        CheckConstraint("fraction > 0 AND fraction < 1", name="fraction"),
        Index(None, "model_key", "encoder", "fraction"),
    )

    job_id: Mapped[int | None] = _to("production_jobs", "SET NULL", index=True)
    model_key: Mapped[str] = mapped_column(CleanText(64))
    encoder: Mapped[str] = mapped_column(CleanText(100))
    encoder_version: Mapped[str] = mapped_column(CleanText(100))
    fraction: Mapped[float]
    early_score: Mapped[float]
    final_score: Mapped[float | None]
    fate: Mapped[str] = mapped_column(CleanText(50))


class EpisodeRow(Base):
    """An episode as it was last planned."""

    __tablename__ = "episodes"
    __table_args__ = _table(UniqueConstraint("project_id", "title"))

    project_id: Mapped[int] = _to("projects", "CASCADE")
    job_id: Mapped[int | None] = _to("production_jobs", "SET NULL", index=True)
    title: Mapped[str] = mapped_column(CleanText(255))
    spec: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class SceneRow(Base):
    """Shots that belong together."""

    __tablename__ = "scenes"
    __table_args__ = _table(UniqueConstraint("episode_id", "position"))

    episode_id: Mapped[int] = _to("episodes", "CASCADE")
    position: Mapped[int]
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")


class ShotRow(Base):
    """One shot; `position` counts through the episode."""

    __tablename__ = "shots"
    __table_args__ = _table(
        UniqueConstraint("scene_id", "position"),
        CheckConstraint("n_frames >= 0 AND start_frame >= 0", name="frames"),
    )

    scene_id: Mapped[int] = _to("scenes", "CASCADE")
    asset_id: Mapped[int | None] = _to("generated_assets", "SET NULL", index=True)
    position: Mapped[int]
    source_path: Mapped[str | None]
    planned_seconds: Mapped[float]
    start_frame: Mapped[int]
    n_frames: Mapped[int]
    camera: Mapped[str] = mapped_column(default="")
    characters: Mapped[list[Any]] = mapped_column(default=list)
    dialogue: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SceneStateRow(Base):
    """How a character is in a scene: clothes, injuries, mood, what they carry."""

    __tablename__ = "scene_state"
    __table_args__ = _table(UniqueConstraint("scene_id", "character_id"))

    scene_id: Mapped[int] = _to("scenes", "CASCADE")
    character_id: Mapped[int] = _to("characters", "CASCADE", index=True)
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ReviewRow(Base):
    """A person's word on an asset."""

    __tablename__ = "reviews"
    __table_args__ = _table(CheckConstraint("decision IN ('approved', 'rejected')", name="decision"))

    asset_id: Mapped[int] = _to("generated_assets", "CASCADE", index=True)
    decision: Mapped[str] = mapped_column(CleanText(50))
    categories: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(default="")
    at_seconds: Mapped[float | None]
    reviewer: Mapped[str] = mapped_column(default="")


class TrackRow(Base):
    """What an analyzer heard in a recording."""

    __tablename__ = "tracks"
    __table_args__ = _table(
        UniqueConstraint("sha256", "analyzer"),
        Index("ix_tracks_analyzer_tempo_bpm", "analyzer", "tempo_bpm"),
    )

    sha256: Mapped[str] = mapped_column(CleanText(64))
    analyzer: Mapped[str] = mapped_column(CleanText(100))
    path: Mapped[str]
    licence: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[Any]] = mapped_column(default=list)
    tempo_bpm: Mapped[float | None]
    duration_seconds: Mapped[float]
    analysis: Mapped[dict[str, Any]]
    title: Mapped[str] = mapped_column(default="")
    artist: Mapped[str] = mapped_column(default="")
    key: Mapped[str | None] = mapped_column(CleanText(20))
    mood: Mapped[list[Any]] = mapped_column(default=list)
    confidence: Mapped[float | None]
    energy: Mapped[float | None]
    loudness_lufs: Mapped[float | None]


class MusicFileRow(Base):
    """A file of music in a watched folder; `path_key` is the digest of its path.

    A path may be longer than an index of PostgreSQL takes. `state` is ``found`` until its tags were read.
    """

    __tablename__ = "music_files"
    __table_args__ = _table(
        CheckConstraint("state IN ('found', 'read', 'unreadable')", name="state"),
        Index("ix_music_files_state_sha256", "state", "sha256"),
    )

    path_key: Mapped[str] = mapped_column(CleanText(64), unique=True)
    path: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(CleanText(20), default="found")
    reason: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(CleanText(64), default="")
    title: Mapped[str] = mapped_column(default="")
    artist: Mapped[str] = mapped_column(default="")
    album: Mapped[str] = mapped_column(default="")
    genres: Mapped[list[Any]] = mapped_column(default=list)
    moods: Mapped[list[Any]] = mapped_column(default=list)
    tempo_bpm: Mapped[float | None]
    key: Mapped[str | None] = mapped_column(CleanText(20))
    isrc: Mapped[str] = mapped_column(CleanText(12), default="")
    licence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duration_seconds: Mapped[float | None]
    words: Mapped[str] = mapped_column(default="")


class PlaylistRow(Base):
    """A list of tracks, of any catalogue; `remote_id` is its id in a person's library there."""

    __tablename__ = "playlists"
    __table_args__ = _table()

    project_id: Mapped[int | None] = _to("projects", "CASCADE", index=True)
    name: Mapped[str] = mapped_column(CleanText(255))
    description: Mapped[str] = mapped_column(default="")
    provider: Mapped[str] = mapped_column(CleanText(50), default="")
    remote_id: Mapped[str] = mapped_column(CleanText(255), default="")
    n_sent: Mapped[int] = mapped_column(default=0)
    tracks: Mapped[list[Any]] = mapped_column(default=list)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class LicenceUseRow(Base):
    """A use of a track in a project, with the licence that it had then."""

    __tablename__ = "licence_uses"
    __table_args__ = _table(UniqueConstraint("project_id", "reference", "used_in"))

    project_id: Mapped[int] = _to("projects", "CASCADE")
    reference: Mapped[str] = mapped_column(CleanText(255))
    used_in: Mapped[str] = mapped_column(CleanText(255))
    track: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    is_cleared: Mapped[bool] = mapped_column(default=False)


class ApiTokenRow(Base):
    """A key for the routes; only its digest is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = _table(CheckConstraint("role IN ('viewer', 'editor', 'admin')", name="role"))

    name: Mapped[str] = mapped_column(CleanText(255), unique=True)
    token_hash: Mapped[str] = mapped_column(CleanText(64), unique=True)
    role: Mapped[str] = mapped_column(CleanText(50))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
