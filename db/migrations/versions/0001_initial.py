"""The first schema.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade(op: Operations) -> None:
    _create_projects_and_characters(op)
    _create_jobs_and_assets(op)
    _create_episodes(op)
    _create_tracks_and_tokens(op)


def _table(op: Operations, name: str, *items: Any) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *items,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sqlite_autoincrement=True,
    )


def _refers(op: Operations, table: str, column: str, target: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=on_delete
    )


def _create_projects_and_characters(op: Operations) -> None:
    _table(
        op,
        "projects",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("folder", sa.String(100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("bible", JSON, nullable=False),
        sa.Column("status", sa.String(50), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("folder", name=op.f("uq_projects_folder")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_projects_status")),
    )
    _table(
        op,
        "bible_versions",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "bible_versions", "project_id", "projects", "CASCADE"),
        sa.UniqueConstraint(
            "project_id", "version_number", name=op.f("uq_bible_versions_project_id_version_number")
        ),
    )
    _table(
        op,
        "characters",
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("negative_prompt", sa.Text(), nullable=False),
        sa.Column("loras", JSON, nullable=False),
        sa.Column("reference_image_path", sa.Text(), nullable=True),
        sa.Column("embedding_data", JSON, nullable=False),
        sa.Column("style_template", JSON, nullable=False),
        sa.Column("color_palette", JSON, nullable=False),
        sa.Column("consistency_threshold", sa.Float(), nullable=True),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "characters", "project_id", "projects", "CASCADE"),
        sa.CheckConstraint(
            "consistency_threshold BETWEEN -1 AND 1", name=op.f("ck_characters_consistency_threshold")
        ),
    )
    op.create_index(
        "uq_characters_project_id_name",
        "characters",
        ["project_id", "name"],
        unique=True,
        sqlite_where=sa.text("project_id IS NOT NULL"),
        postgresql_where=sa.text("project_id IS NOT NULL"),
    )
    op.create_index(
        "uq_characters_shared_name",
        "characters",
        ["name"],
        unique=True,
        sqlite_where=sa.text("project_id IS NULL"),
        postgresql_where=sa.text("project_id IS NULL"),
    )
    _table(
        op,
        "character_versions",
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("age_state", sa.String(50), nullable=False),
        sa.Column("emotional_state", sa.String(50), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("embedding_data", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "character_versions", "character_id", "characters", "CASCADE"),
        sa.UniqueConstraint(
            "character_id", "version_number", name=op.f("uq_character_versions_character_id_version_number")
        ),
        sa.CheckConstraint("version_number >= 1", name=op.f("ck_character_versions_version_number")),
    )
    _table(
        op,
        "character_references",
        sa.Column("character_version_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "character_references", "character_version_id", "character_versions", "CASCADE"),
        sa.UniqueConstraint(
            "character_version_id",
            "position",
            name=op.f("uq_character_references_character_version_id_position"),
        ),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_character_references_size")),
    )
    op.create_index("ix_character_references_sha256", "character_references", ["sha256"])
    _table(
        op,
        "embeddings",
        sa.Column("character_version_id", sa.Integer(), nullable=False),
        sa.Column("encoder", sa.String(100), nullable=False),
        sa.Column("encoder_version", sa.String(100), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "embeddings", "character_version_id", "character_versions", "CASCADE"),
        sa.UniqueConstraint(
            "character_version_id", "encoder", "encoder_version", "sha256", name=op.f("uq_embeddings_key")
        ),
        sa.CheckConstraint("dimension > 0", name=op.f("ck_embeddings_dimension")),
    )
    _table(
        op,
        "relationships",
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("other_character_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "relationships", "character_id", "characters", "CASCADE"),
        _refers(op, "relationships", "other_character_id", "characters", "CASCADE"),
        sa.UniqueConstraint(
            "character_id",
            "other_character_id",
            "kind",
            name=op.f("uq_relationships_character_id_other_character_id_kind"),
        ),
        sa.CheckConstraint(
            "character_id <> other_character_id", name=op.f("ck_relationships_two_characters")
        ),
    )
    op.create_index("ix_relationships_other_character_id", "relationships", ["other_character_id"])
    _table(
        op,
        "poses",
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("character_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("keypoints", JSON, nullable=False),
        sa.Column("image_path", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "poses", "character_id", "characters", "SET NULL"),
        _refers(op, "poses", "project_id", "projects", "CASCADE"),
    )
    op.create_index("ix_poses_character_id", "poses", ["character_id"])
    op.create_index(
        "uq_poses_project_id_name",
        "poses",
        ["project_id", "name"],
        unique=True,
        sqlite_where=sa.text("project_id IS NOT NULL"),
        postgresql_where=sa.text("project_id IS NOT NULL"),
    )
    op.create_index(
        "uq_poses_shared_name",
        "poses",
        ["name"],
        unique=True,
        sqlite_where=sa.text("project_id IS NULL"),
        postgresql_where=sa.text("project_id IS NULL"),
    )
    _table(
        op,
        "style_library",
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("negative_prompt", sa.Text(), nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("reference_image_path", sa.Text(), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "style_library", "project_id", "projects", "CASCADE"),
    )
    op.create_index(
        "uq_style_library_project_id_name",
        "style_library",
        ["project_id", "name"],
        unique=True,
        sqlite_where=sa.text("project_id IS NOT NULL"),
        postgresql_where=sa.text("project_id IS NOT NULL"),
    )
    op.create_index(
        "uq_style_library_shared_name",
        "style_library",
        ["name"],
        unique=True,
        sqlite_where=sa.text("project_id IS NULL"),
        postgresql_where=sa.text("project_id IS NULL"),
    )


def _create_jobs_and_assets(op: Operations) -> None:
    _table(
        op,
        "production_jobs",
        sa.Column("prompt_id", sa.String(255), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("job_type", sa.String(50), nullable=False),
        sa.Column("status", sa.String(50), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("quality_score", sa.Float(), nullable=True),
        sa.Column("performance_metrics", JSON, nullable=False),
        sa.Column("workflow_params", JSON, nullable=False),
        sa.Column("params_hash", sa.String(64), nullable=False),
        sa.Column("error_log", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("heartbeat_at", MOMENT, nullable=True),
        sa.Column("completed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "production_jobs", "parent_id", "production_jobs", "SET NULL"),
        _refers(op, "production_jobs", "project_id", "projects", "CASCADE"),
        sa.UniqueConstraint("prompt_id", name=op.f("uq_production_jobs_prompt_id")),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_production_jobs_attempt")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_production_jobs_progress")),
        sa.CheckConstraint("quality_score BETWEEN 0 AND 1", name=op.f("ck_production_jobs_quality_score")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'gated', 'done', 'failed', 'cancelled', 'interrupted')",
            name=op.f("ck_production_jobs_status"),
        ),
    )
    op.create_index("ix_production_jobs_params_hash", "production_jobs", ["params_hash"])
    op.create_index("ix_production_jobs_parent_id", "production_jobs", ["parent_id"])
    op.create_index("ix_production_jobs_project_id", "production_jobs", ["project_id"])
    op.create_index("ix_production_jobs_status_job_type", "production_jobs", ["status", "job_type"])
    _table(
        op,
        "job_events",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "job_events", "job_id", "production_jobs", "CASCADE"),
    )
    op.create_index("ix_job_events_job_id_id", "job_events", ["job_id", "id"])
    _table(
        op,
        "generated_assets",
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("style_reference_id", sa.Integer(), nullable=True),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("file_type", sa.String(50), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("fps", sa.Float(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("quality_metrics", JSON, nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "generated_assets", "job_id", "production_jobs", "SET NULL"),
        _refers(op, "generated_assets", "project_id", "projects", "CASCADE"),
        _refers(op, "generated_assets", "style_reference_id", "style_library", "SET NULL"),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_generated_assets_size_bytes")),
    )
    op.create_index("ix_generated_assets_job_id", "generated_assets", ["job_id"])
    op.create_index("ix_generated_assets_project_id_id", "generated_assets", ["project_id", "id"])
    op.create_index("ix_generated_assets_sha256", "generated_assets", ["sha256"])
    op.create_index("ix_generated_assets_style_reference_id", "generated_assets", ["style_reference_id"])
    _table(
        op,
        "quality_gates",
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("character_id", sa.Integer(), nullable=True),
        sa.Column("gate_type", sa.String(50), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("timestamp", MOMENT, nullable=False),
        _refers(op, "quality_gates", "character_id", "characters", "SET NULL"),
        _refers(op, "quality_gates", "job_id", "production_jobs", "CASCADE"),
        sa.CheckConstraint(
            "gate_type IN ('pre_gen', 'post_gen', 'final')", name=op.f("ck_quality_gates_gate_type")
        ),
        sa.CheckConstraint("score BETWEEN 0 AND 1", name=op.f("ck_quality_gates_score")),
    )
    op.create_index("ix_quality_gates_character_id", "quality_gates", ["character_id"])
    op.create_index("ix_quality_gates_job_id_id", "quality_gates", ["job_id", "id"])
    _table(
        op,
        "reviews",
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(50), nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at_seconds", sa.Float(), nullable=True),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "reviews", "asset_id", "generated_assets", "CASCADE"),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name=op.f("ck_reviews_decision")),
    )
    op.create_index("ix_reviews_asset_id", "reviews", ["asset_id"])


def _create_episodes(op: Operations) -> None:
    _table(
        op,
        "episodes",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("spec", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "episodes", "job_id", "production_jobs", "SET NULL"),
        _refers(op, "episodes", "project_id", "projects", "CASCADE"),
        sa.UniqueConstraint("project_id", "title", name=op.f("uq_episodes_project_id_title")),
    )
    op.create_index("ix_episodes_job_id", "episodes", ["job_id"])
    _table(
        op,
        "scenes",
        sa.Column("episode_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "scenes", "episode_id", "episodes", "CASCADE"),
        sa.UniqueConstraint("episode_id", "position", name=op.f("uq_scenes_episode_id_position")),
    )
    _table(
        op,
        "shots",
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_path", sa.Text(), nullable=True),
        sa.Column("planned_seconds", sa.Float(), nullable=False),
        sa.Column("start_frame", sa.Integer(), nullable=False),
        sa.Column("n_frames", sa.Integer(), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("characters", JSON, nullable=False),
        sa.Column("dialogue", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "shots", "asset_id", "generated_assets", "SET NULL"),
        _refers(op, "shots", "scene_id", "scenes", "CASCADE"),
        sa.UniqueConstraint("scene_id", "position", name=op.f("uq_shots_scene_id_position")),
        sa.CheckConstraint("n_frames >= 0 AND start_frame >= 0", name=op.f("ck_shots_frames")),
    )
    op.create_index("ix_shots_asset_id", "shots", ["asset_id"])
    _table(
        op,
        "scene_state",
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("state", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers(op, "scene_state", "character_id", "characters", "CASCADE"),
        _refers(op, "scene_state", "scene_id", "scenes", "CASCADE"),
        sa.UniqueConstraint("scene_id", "character_id", name=op.f("uq_scene_state_scene_id_character_id")),
    )
    op.create_index("ix_scene_state_character_id", "scene_state", ["character_id"])


def _create_tracks_and_tokens(op: Operations) -> None:
    _table(
        op,
        "tracks",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("analyzer", sa.String(100), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("tempo_bpm", sa.Float(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=False),
        sa.Column("analysis", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("sha256", "analyzer", name=op.f("uq_tracks_sha256_analyzer")),
    )
    _table(
        op,
        "api_tokens",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("role", sa.String(50), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("name", name=op.f("uq_api_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'admin')", name=op.f("ck_api_tokens_role")),
    )
