"""Character bibles, chosen figures, gate attempts, the studio, and what jobs used.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade(op: Operations) -> None:
    _widen(op, "characters", _column("bible", JSON, "{}"))
    with op.batch_alter_table("character_references") as batch:
        batch.add_column(_column("weight", sa.Float(), "1"))
        batch.add_column(_column("box", JSON, "[]"))
        batch.add_column(_column("report", JSON, "{}"))
        batch.create_check_constraint(op.f("ck_character_references_weight"), "weight > 0")
    _widen(op, "embeddings", _column("palette", JSON, "{}"))
    _widen(op, "embeddings", _column("box", JSON, "[]"))
    with op.batch_alter_table("quality_gates") as batch:
        batch.add_column(_column("encoder", sa.String(100), ""))
        batch.add_column(_column("encoder_version", sa.String(100), ""))
        batch.add_column(_column("run_key", sa.String(64), ""))
        batch.add_column(_column("attempt", sa.Integer(), "1"))
        batch.create_check_constraint(op.f("ck_quality_gates_attempt"), "attempt >= 1")
    op.create_index("ix_quality_gates_run_key", "quality_gates", ["run_key"])
    _create_studio_runs(op)
    _create_job_characters(op)
    _create_early_scores(op)


def _column(name: str, kind: Any, default: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _widen(op: Operations, table: str, column: sa.Column[Any]) -> None:
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)


def _table(op: Operations, name: str, *items: Any) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *items,
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sqlite_autoincrement=True,
    )


def _refers(op: Operations, table: str, column: str, target: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=on_delete
    )


def _create_studio_runs(op: Operations) -> None:
    _table(
        op,
        "studio_runs",
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("character_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("stages", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        _refers(op, "studio_runs", "project_id", "projects", "CASCADE"),
        _refers(op, "studio_runs", "character_id", "characters", "SET NULL"),
    )
    op.create_index("ix_studio_runs_project_id", "studio_runs", ["project_id"])
    op.create_index("ix_studio_runs_character_id", "studio_runs", ["character_id"])


def _create_job_characters(op: Operations) -> None:
    _table(
        op,
        "job_characters",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("character_version_id", sa.Integer(), nullable=False),
        _refers(op, "job_characters", "job_id", "production_jobs", "CASCADE"),
        _refers(op, "job_characters", "character_version_id", "character_versions", "CASCADE"),
        sa.UniqueConstraint(
            "job_id", "character_version_id", name=op.f("uq_job_characters_job_id_character_version_id")
        ),
    )
    op.create_index("ix_job_characters_character_version_id", "job_characters", ["character_version_id"])


def _create_early_scores(op: Operations) -> None:
    _table(
        op,
        "early_scores",
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("model_key", sa.String(64), nullable=False),
        sa.Column("encoder", sa.String(100), nullable=False),
        sa.Column("encoder_version", sa.String(100), nullable=False),
        sa.Column("fraction", sa.Float(), nullable=False),
        sa.Column("early_score", sa.Float(), nullable=False),
        sa.Column("final_score", sa.Float(), nullable=True),
        sa.Column("fate", sa.String(50), nullable=False),
        _refers(op, "early_scores", "job_id", "production_jobs", "SET NULL"),
        sa.CheckConstraint("fate IN ('finished', 'stopped', 'audit')", name=op.f("ck_early_scores_fate")),
        sa.CheckConstraint("fraction > 0 AND fraction < 1", name=op.f("ck_early_scores_fraction")),
    )
    op.create_index("ix_early_scores_job_id", "early_scores", ["job_id"])
    op.create_index(
        "ix_early_scores_model_key_encoder_fraction", "early_scores", ["model_key", "encoder", "fraction"]
    )
