"""Files that jobs produced."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from ..production.asset import Asset
from .database import Database
from .statements import MAX_ID, measured, page_size, require
from .tables import AssetRow, JobRow, ProjectRow, StyleRow


class AssetRepository:
    """Stores what is known of produced files; the files themselves are not its business."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        file_path: Path,
        file_type: str,
        sha256: str,
        size_bytes: int,
        job_id: int | None = None,
        project_id: int | None = None,
        style_reference_id: int | None = None,
        width: int | None = None,
        height: int | None = None,
        fps: float | None = None,
        duration_seconds: float | None = None,
        metadata: dict[str, Any] | None = None,
        quality_metrics: dict[str, Any] | None = None,
        licence: str = "",
    ) -> Asset:
        """Store a file's row, in the place of the row of what was at that path before.

        Parameters
        ----------
        style_reference_id : int, optional
            The style of the library that was transferred to it.

        Raises
        ------
        NotFoundError
            If there is no such job, project or style.
        """
        row = AssetRow(
            file_path=str(file_path),
            file_type=file_type,
            sha256=sha256,
            size_bytes=size_bytes,
            job_id=job_id,
            project_id=project_id,
            style_reference_id=style_reference_id,
            width=width,
            height=height,
            fps=measured(fps),
            duration_seconds=measured(duration_seconds),
            metadata_=metadata or {},
            quality_metrics=quality_metrics or {},
            licence=licence,
        )
        with self._database.session() as session:
            for table, row_id, noun in (
                (JobRow, job_id, "job"),
                (ProjectRow, project_id, "project"),
                (StyleRow, style_reference_id, "style"),
            ):
                if row_id is not None:
                    require(session, table, row_id, noun)
            session.execute(delete(AssetRow).where(AssetRow.file_path == row.file_path))
            session.add(row)
            session.flush()
            return _asset(row)

    def get(self, asset_id: int) -> Asset:
        """Return an asset by its id, or raise NotFoundError."""
        with self._database.session(read_only=True) as session:
            return _asset(require(session, AssetRow, asset_id, "asset"))

    def list(
        self,
        *,
        project_id: int | None = None,
        job_id: int | None = None,
        file_type: str | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> builtins.list[Asset]:
        """Return assets, newest first, from the one before `before_id`."""
        page = select(AssetRow).order_by(AssetRow.id.desc()).limit(page_size(limit))
        if project_id is not None:
            page = page.where(AssetRow.project_id == min(project_id, MAX_ID))
        if job_id is not None:
            page = page.where(AssetRow.job_id == min(job_id, MAX_ID))
        if file_type is not None:
            page = page.where(AssetRow.file_type == file_type)
        if before_id is not None:
            page = page.where(AssetRow.id < min(before_id, MAX_ID))
        with self._database.session(read_only=True) as session:
            return [_asset(row) for row in session.scalars(page)]


def _asset(row: AssetRow) -> Asset:
    return Asset(
        id=row.id,
        file_path=Path(row.file_path),
        file_type=row.file_type,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        job_id=row.job_id,
        project_id=row.project_id,
        style_reference_id=row.style_reference_id,
        width=row.width,
        height=row.height,
        fps=row.fps,
        duration_seconds=row.duration_seconds,
        metadata=row.metadata_,
        quality_metrics=row.quality_metrics,
        licence=row.licence,
        created_at=row.created_at,
    )
