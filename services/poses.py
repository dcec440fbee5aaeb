"""Poses: the library's own and those that people stored, found by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.poses.pose import Pose
from ..db.poses import PoseRepository
from ..errors import ConflictError, NotFoundError
from .picture_files import png_of, write_png

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AS_IS = "as it is"


class PoseLibrary(PoseRepository):
    """All poses that have a name."""

    def all(self) -> list[Pose]:
        """Return the library's poses, then the stored ones."""
        from ..consistency.poses.library import library

        return [*library(), *self.list(limit=1000)]

    def names(self) -> list[str]:
        """Return the names that `named` accepts; a stored pose of a project goes by its bare name."""
        return list(dict.fromkeys(pose.name for pose in self.all()))

    def named(self, name: str) -> Pose:
        """Return a pose by its name.

        Raises
        ------
        NotFoundError
            If there is none; it names those that exist.
        """
        wanted = name.strip().replace("_", " ")
        for pose in self.all():
            if pose.name in (name, wanted):
                return pose
        raise NotFoundError(
            f"There is no pose {name!r}.", field="pose", hint=f"Known: {', '.join(self.names()[:30])}."
        )

    def store(self, name: str, keypoints: Any, *, prompt: str = "", project_id: int | None = None) -> Pose:
        """Store the largest person of POSE_KEYPOINT data as a pose, normalised.

        Raises
        ------
        InputError
            If nobody is in it, or there is no torso to measure by.
        ConflictError
            If the library has a pose of its own by that name.
        """
        from ..consistency.poses.keypoints import first_person
        from ..consistency.poses.library import library
        from ..consistency.poses.normal_form import normalised

        if name.strip() in {pose.name for pose in library()}:
            raise ConflictError(
                f"The library has its own pose {name.strip()!r}.", field="name", hint="Choose another name."
            )
        points = normalised(first_person(keypoints))
        return self.save(Pose(name, points, prompt.strip(), project_id=project_id))

    def read(self, keypoints: Any) -> Pose:
        """Return the largest person of POSE_KEYPOINT data as a pose without a name, normalised."""
        from ..consistency.poses.keypoints import first_person
        from ..consistency.poses.normal_form import normalised

        return Pose("", normalised(first_person(keypoints)))

    def fitted(
        self,
        pose: Pose,
        width: int,
        height: int,
        *,
        build: str = AS_IS,
        build_keypoints: Any = None,
        is_mirrored: bool = False,
        margin: float = 0.1,
    ) -> NDArray[np.float64]:
        """Fit a pose to a build and into a canvas.

        Parameters
        ----------
        pose : Pose
            The pose.
        width, height : int
            The canvas in pixels.
        build : str
            ``as it is``, ``adult``, ``teen`` or ``chibi``.
        build_keypoints : list or dict, optional
            POSE_KEYPOINT of a picture of the character standing, whose limbs it shall have; goes first.
        is_mirrored : bool
            Exchange left and right.
        margin : float
            Share of the canvas left free on each side.

        Returns
        -------
        ndarray of float64, shape (18, 2)
            In pixels.
        """
        from ..consistency.poses.builds import build_named, build_of, retargeted
        from ..consistency.poses.drawing import placed
        from ..consistency.poses.keypoints import first_person
        from ..consistency.poses.normal_form import mirrored

        points = mirrored(pose.points) if is_mirrored else pose.points
        if build_keypoints is not None:
            points = retargeted(points, build_of(first_person(build_keypoints)))
        elif build != AS_IS:
            points = retargeted(points, build_named(build))
        return placed(points, width, height, margin=margin)

    def keypoints(self, points: NDArray[np.float64], width: int, height: int) -> list[dict[str, Any]]:
        """Write fitted points as POSE_KEYPOINT."""
        from ..consistency.poses.keypoints import to_keypoints

        return to_keypoints(points, width, height)

    def drawn(self, points: NDArray[np.float64], width: int, height: int) -> NDArray[np.uint8]:
        """Draw fitted points as an OpenPose picture."""
        from ..consistency.poses.drawing import draw_pose

        return draw_pose([points], width, height)

    def draw_file(self, pose: Pose, target: Path, *, width: int, height: int, **fit: Any) -> Path:
        """Write a pose as an OpenPose picture (PNG) and return `target`; `fit` as for `fitted`."""
        return write_png(self.drawn(self.fitted(pose, width, height, **fit), width, height), target)

    def picture(self, pose: Pose, *, width: int, height: int, **fit: Any) -> bytes:
        """Draw a pose as an OpenPose picture and encode it as PNG; `fit` as for `fitted`."""
        return png_of(self.drawn(self.fitted(pose, width, height, **fit), width, height))

    def nearest(self, pose: Pose) -> list[tuple[str, float]]:
        """Return the named poses with their distance in [0, 1], the nearest first."""
        from ..consistency.poses.normal_form import pose_distance

        measured = [(other.name, pose_distance(other.points, pose.points)) for other in self.all()]
        known = [(name, distance) for name, distance in measured if distance is not None]
        return sorted(known, key=lambda pair: pair[1])
