"""What tracks are listed and ranked by, in columns of their own.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade(op: Operations) -> None:
    with op.batch_alter_table("tracks") as batch:
        batch.add_column(sa.Column("title", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("artist", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("key", sa.String(20), nullable=True))
        batch.add_column(sa.Column("mood", JSON, nullable=False, server_default="[]"))
        for measured in ("confidence", "energy", "loudness_lufs"):
            batch.add_column(sa.Column(measured, sa.Float(), nullable=True))
    op.create_index("ix_tracks_analyzer_tempo_bpm", "tracks", ["analyzer", "tempo_bpm"])
