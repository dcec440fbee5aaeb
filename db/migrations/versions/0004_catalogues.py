"""Music: the files of watched folders, playlists, and which licences a project uses.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade(op: Operations) -> None:
    _create_music_files(op)
    _create_playlists(op)
    _create_licence_uses(op)


def _given(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _table(op: Operations, name: str, *items: Any) -> None:
    op.create_table(
        name,
        _given("id", sa.Integer()),
        *items,
        _given("created_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sqlite_autoincrement=True,
    )


def _belongs(op: Operations, table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_project_id")
    return sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=name, ondelete="CASCADE")


def _create_music_files(op: Operations) -> None:
    _table(
        op,
        "music_files",
        _given("path_key", sa.String(64)),
        _given("path", sa.Text()),
        _given("size", sa.BigInteger()),
        _given("mtime_ns", sa.BigInteger()),
        _given("state", sa.String(20)),
        _given("reason", sa.Text()),
        _given("sha256", sa.String(64)),
        *(_given(name, sa.Text()) for name in ("title", "artist", "album")),
        *(_given(name, JSON) for name in ("genres", "moods")),
        sa.Column("tempo_bpm", sa.Float(), nullable=True),
        sa.Column("key", sa.String(20), nullable=True),
        _given("isrc", sa.String(12)),
        _given("licence", JSON),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        _given("words", sa.Text()),
        sa.UniqueConstraint("path_key", name=op.f("uq_music_files_path_key")),
        sa.CheckConstraint("state IN ('found', 'read', 'unreadable')", name=op.f("ck_music_files_state")),
    )
    op.create_index("ix_music_files_state_sha256", "music_files", ["state", "sha256"])


def _create_playlists(op: Operations) -> None:
    _table(
        op,
        "playlists",
        sa.Column("project_id", sa.Integer(), nullable=True),
        _given("name", sa.String(255)),
        _given("description", sa.Text()),
        _given("provider", sa.String(50)),
        _given("remote_id", sa.String(255)),
        _given("n_sent", sa.Integer()),
        _given("tracks", JSON),
        _given("updated_at", MOMENT),
        _belongs(op, "playlists"),
    )
    op.create_index("ix_playlists_project_id", "playlists", ["project_id"])


def _create_licence_uses(op: Operations) -> None:
    _table(
        op,
        "licence_uses",
        _given("project_id", sa.Integer()),
        _given("reference", sa.String(255)),
        _given("used_in", sa.String(255)),
        _given("track", JSON),
        _given("note", sa.Text()),
        _given("is_cleared", sa.Boolean()),
        _belongs(op, "licence_uses"),
        sa.UniqueConstraint(
            "project_id", "reference", "used_in", name=op.f("uq_licence_uses_project_id_reference_used_in")
        ),
    )
