"""Poses that people stored beside the library's own."""

from __future__ import annotations

import builtins

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..consistency.poses.pose import Pose, joints_as_json, joints_from_json
from ..errors import StorageError
from .database import Database
from .names import clean_name
from .statements import MAX_ID, page_size, require, unknown
from .tables import CharacterRow, PoseRow, ProjectRow


class PoseRepository:
    """Stores poses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, pose: Pose) -> Pose:
        """Store a pose, in place of one of the same name in the same project.

        Raises
        ------
        InputError, NotFoundError
            If the name is not possible, or there is no such project or character.
        """
        name = clean_name(pose.name)
        with self._database.session() as session:
            if pose.project_id is not None:
                require(session, ProjectRow, pose.project_id, "project")
            if pose.character_id is not None:
                require(session, CharacterRow, pose.character_id, "character")
            row = _by_name(session, name, pose.project_id)
            if row is None:
                row = PoseRow(name=name, project_id=pose.project_id)
                session.add(row)
            row.character_id = pose.character_id
            row.keypoints = {"joints": joints_as_json(pose.points), "prompt": pose.prompt}
            session.flush()
            return _pose(row)

    def find(self, name: str, project_id: int | None = None) -> Pose:
        """Return a stored pose by its name in a project, or among those of no project.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        name = clean_name(name)
        with self._database.session(read_only=True) as session:
            row = _by_name(session, name, project_id)
            if row is None:
                known = session.scalars(select(PoseRow.name).order_by(PoseRow.name).limit(21)).all()
                raise unknown("pose", name, known)
            return _pose(row)

    def list(
        self, *, project_id: int | None = None, limit: int = 200, after_id: int = 0
    ) -> builtins.list[Pose]:
        """Return stored poses in the order they were made: a project's, or all."""
        page = select(PoseRow).where(PoseRow.id > min(after_id, MAX_ID)).order_by(PoseRow.id)
        if project_id is not None:
            page = page.where(PoseRow.project_id == project_id)
        with self._database.session(read_only=True) as session:
            return [_pose(row) for row in session.scalars(page.limit(page_size(limit)))]

    def delete(self, pose_id: int) -> None:
        """Delete a stored pose."""
        with self._database.session() as session:
            session.delete(require(session, PoseRow, pose_id, "pose"))


def _by_name(session: Session, name: str, project_id: int | None) -> PoseRow | None:
    return session.scalar(
        select(PoseRow).where(PoseRow.name == name, PoseRow.project_id.is_not_distinct_from(project_id))
    )


def _pose(row: PoseRow) -> Pose:
    try:
        points = joints_from_json(row.keypoints["joints"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StorageError(
            f"the stored pose {row.name!r} cannot be read.", hint="Save it again under the same name."
        ) from error
    return Pose(
        name=row.name,
        points=points,
        prompt=row.keypoints.get("prompt", ""),
        id=row.id,
        project_id=row.project_id,
        character_id=row.character_id,
    )
