"""POSE_KEYPOINT, the form in which ComfyUI's pose nodes hand key points on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from .skeleton import JOINTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Coordinates up to here are shares of the canvas: a figure two pixels large shows nothing.
_MAX_SHARE = 2.0
# Joints less sure than this are missing; detectors write 0 or 1.
_SURE = 1.0
_DEFAULT_SIDE = 512
_MAX_SIDE = 16384


def people_of(keypoints: Any) -> list[list[NDArray[np.float64]]]:
    """Read the people of each frame.

    Parameters
    ----------
    keypoints : list of dict, or dict
        One frame, or a list of frames: ``{"people": [{"pose_keypoints_2d": [x, y, c] * 18, …}],
        "canvas_width", "canvas_height"}``. Coordinates are pixels, or shares of the canvas when none
        is above 2. A joint with c below 1 is missing; parts may be null.

    Returns
    -------
    list of list of ndarray of float64, shape (18, 2)
        For each frame, each person in pixels; not a number where a joint is missing.

    Raises
    ------
    InputError
        If it has another form, or no frame.
    """
    frames = [keypoints] if isinstance(keypoints, Mapping) else keypoints
    if not isinstance(frames, Sequence) or isinstance(frames, (str, bytes)) or not frames:
        raise _unknown_form(f"a {type(keypoints).__name__}" if frames else "an empty list")
    return [_people(frame) for frame in frames]


def first_person(keypoints: Any) -> NDArray[np.float64]:
    """Return the largest person of the first frame that shows one.

    Raises
    ------
    InputError
        If nobody is in any frame, or the form is another.
    """
    for people in people_of(keypoints):
        if people:
            return max(people, key=_area)
    raise InputError(
        "The key points show nobody.",
        field="keypoints",
        hint="Detect a pose in a picture of a person, or lower the detector's threshold.",
    )


def to_keypoints(points: NDArray[np.float64], width: int, height: int) -> list[dict[str, Any]]:
    """Write one person as POSE_KEYPOINT, in pixels of a canvas.

    Parameters
    ----------
    points : ndarray of float64, shape (18, 2)
        In pixels; not a number where a joint is missing.
    width, height : int
        The canvas.
    """
    seen = np.asarray(np.isfinite(points).all(axis=1))
    flat: list[float] = []
    for joint in range(len(JOINTS)):
        flat += [*points[joint].tolist(), 1.0] if seen[joint] else [0.0, 0.0, 0.0]
    person = {
        "pose_keypoints_2d": flat,
        "face_keypoints_2d": None,
        "hand_left_keypoints_2d": None,
        "hand_right_keypoints_2d": None,
    }
    return [{"people": [person], "canvas_width": width, "canvas_height": height}]


def _people(frame: Any) -> list[NDArray[np.float64]]:
    if not isinstance(frame, Mapping) or not isinstance(frame.get("people"), Sequence):
        if isinstance(frame, Mapping) and "animals" in frame:
            raise _unknown_form("key points of animals")
        raise _unknown_form("a frame without people")
    width, height = (_side(frame.get(key)) for key in ("canvas_width", "canvas_height"))
    found = []
    for person in frame["people"]:
        flat = person.get("pose_keypoints_2d") if isinstance(person, Mapping) else None
        points = None if not flat else _points(flat, width, height)
        if points is not None:
            found.append(points)
    return found


def _side(value: Any) -> float:
    if value is None:
        return float(_DEFAULT_SIDE)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _MAX_SIDE:
        raise _unknown_form(f"a canvas side of {value!r}")
    return float(value)


def _points(flat: Any, width: float, height: float) -> NDArray[np.float64] | None:
    try:
        values = np.asarray(flat, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _unknown_form("joints that are not numbers") from error
    n_joints = len(JOINTS)
    if values.size < 3 * n_joints or values.size % 3:
        raise _unknown_form(f"{values.size} numbers for the joints")
    # COCO-18 comes first; detectors of feet append more.
    values = values.reshape(-1, 3)[:n_joints]
    seen = (values[:, 2] >= _SURE) & np.isfinite(values).all(axis=1)
    points = np.where(seen[:, None], values[:, :2], np.nan)
    if not seen.any():
        return None
    if float(np.abs(points[seen]).max()) <= _MAX_SHARE:
        points = points * (width, height)
    return points


def _area(points: NDArray[np.float64]) -> float:
    return float(np.prod(np.nanmax(points, axis=0) - np.nanmin(points, axis=0)))


def _unknown_form(what: str) -> InputError:
    return InputError(
        f"The key points are {what}.",
        field="keypoints",
        hint="Give POSE_KEYPOINT: frames with people whose pose_keypoints_2d are 18 × (x, y, c).",
    )
