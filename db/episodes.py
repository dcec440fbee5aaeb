"""Episodes with their scenes and shots."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..production.episode import EpisodeRecord, ShotRecord
from .columns import now
from .database import Database
from .names import clean_name
from .statements import MAX_ID, require
from .tables import EpisodeRow, JobRow, ProjectRow, SceneRow, ShotRow


class EpisodeRepository:
    """Stores episodes as they were last planned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        project_id: int,
        title: str,
        *,
        spec: dict[str, Any],
        shots: Sequence[ShotRecord],
        job_id: int | None = None,
    ) -> int:
        """Store an episode in place of the one with that title in the project.

        Parameters
        ----------
        shots : sequence of ShotRecord
            In any order; neighbours by position with the same scene title become one scene.

        Returns
        -------
        int
            Id of the episode; the same each time it is saved.

        Raises
        ------
        NotFoundError
            If there is no such project or job.
        """
        title = clean_name(title, field="title")
        with self._database.session() as session:
            require(session, ProjectRow, project_id, "project", locked=True)
            if job_id is not None:
                require(session, JobRow, job_id, "job")
            row = session.scalar(
                select(EpisodeRow).where(EpisodeRow.project_id == project_id, EpisodeRow.title == title)
            )
            if row is None:
                row = EpisodeRow(project_id=project_id, title=title)
                session.add(row)
            row.spec, row.job_id, row.updated_at = spec, job_id, now()
            session.flush()
            session.execute(delete(SceneRow).where(SceneRow.episode_id == row.id))
            _add_scenes(session, row.id, shots)
            return row.id

    def list(self, project_id: int) -> builtins.list[EpisodeRecord]:
        """Return a project's episodes with their shots, oldest first."""
        of_project = (
            select(EpisodeRow).where(EpisodeRow.project_id == min(project_id, MAX_ID)).order_by(EpisodeRow.id)
        )
        with self._database.session(read_only=True) as session:
            rows = session.scalars(of_project).all()
            shots = _shots(session, [row.id for row in rows])
            return [_episode(row, shots[row.id]) for row in rows]


def _add_scenes(session: Session, episode_id: int, shots: Iterable[ShotRecord]) -> None:
    in_order = sorted(shots, key=lambda shot: shot.position)
    for position, (title, of_scene) in enumerate(groupby(in_order, lambda shot: shot.scene), start=1):
        scene = SceneRow(episode_id=episode_id, position=position, title=title)
        session.add(scene)
        session.flush()
        session.add_all(_shot_row(scene.id, shot) for shot in of_scene)
    session.flush()


def _shot_row(scene_id: int, shot: ShotRecord) -> ShotRow:
    return ShotRow(
        scene_id=scene_id,
        asset_id=shot.asset_id,
        position=shot.position,
        source_path=None if shot.source_path is None else str(shot.source_path),
        planned_seconds=shot.planned_seconds,
        start_frame=shot.start_frame,
        n_frames=shot.n_frames,
        camera=shot.camera,
        characters=list(shot.characters),
        dialogue=shot.dialogue,
        details=shot.details,
    )


def _shots(session: Session, episode_ids: list[int]) -> dict[int, list[ShotRecord]]:
    shots: dict[int, list[ShotRecord]] = defaultdict(list)
    in_order = (
        select(SceneRow.episode_id, SceneRow.title, ShotRow)
        .join(ShotRow, ShotRow.scene_id == SceneRow.id)
        .where(SceneRow.episode_id.in_(episode_ids))
        .order_by(SceneRow.episode_id, SceneRow.position, ShotRow.position)
    )
    for episode_id, scene, row in session.execute(in_order):
        shots[episode_id].append(_shot(scene, row))
    return shots


def _shot(scene: str, row: ShotRow) -> ShotRecord:
    return ShotRecord(
        position=row.position,
        source_path=None if row.source_path is None else Path(row.source_path),
        planned_seconds=row.planned_seconds,
        start_frame=row.start_frame,
        n_frames=row.n_frames,
        scene=scene,
        camera=row.camera,
        characters=tuple(row.characters),
        dialogue=row.dialogue,
        details=row.details,
        asset_id=row.asset_id,
        id=row.id,
    )


def _episode(row: EpisodeRow, shots: list[ShotRecord]) -> EpisodeRecord:
    return EpisodeRecord(
        id=row.id,
        project_id=row.project_id,
        title=row.title,
        spec=row.spec,
        shots=tuple(shots),
        job_id=row.job_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
