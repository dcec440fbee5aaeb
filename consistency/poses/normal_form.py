"""Poses freed of place, size and side, and the distance between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from .skeleton import L_HIP, L_SHOULDER, MIRRORED, NECK, R_HIP, R_SHOULDER

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Shoulder width of an adult in torsos, for figures whose hips are out of the picture.
_SHOULDERS_PER_TORSO = 0.68
# Spread of annotations for each joint, from COCO's key point evaluation; the neck, which COCO has
# not, is annotated as the middle of the shoulders and gets their value.
_SPREADS = np.array([
    0.026, 0.079, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062, 0.107,
    0.087, 0.089, 0.107, 0.087, 0.089, 0.025, 0.025, 0.035, 0.035,
])  # fmt: skip
# Share of its box that a person fills.
_FILLED = 0.53
_MIN_COMMON = 4


def normalised(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move a pose to the middle of its hips and scale its torso to 1.

    Where both hips are out of the picture the neck is the origin; where the torso cannot be measured,
    the shoulders' width is its 0.68th part.

    Parameters
    ----------
    points : ndarray of float64, shape (18, 2)
        In pixels, or any unit that is the same across and down.

    Returns
    -------
    ndarray of float64, shape (18, 2)
        The same wherever and however large the pose was photographed; missing joints stay missing.

    Raises
    ------
    InputError
        If neither torso nor shoulders are seen, so that there is no measure.
    """
    hips = points[[R_HIP, L_HIP]]
    seen = np.isfinite(hips).all(axis=1)
    middle = hips[seen].mean(axis=0) if seen.any() else points[NECK]
    torso = float(np.linalg.norm(points[NECK] - middle)) if seen.any() else np.nan
    shoulders = float(np.linalg.norm(points[R_SHOULDER] - points[L_SHOULDER]))
    scale = torso if torso > 0 else shoulders / _SHOULDERS_PER_TORSO
    if not scale > 0 or not np.isfinite(middle).all():
        raise InputError(
            "The pose has no torso to measure by: neck and a hip, or both shoulders, are needed.",
            field="keypoints",
            hint="Use a picture that shows the person at least down to the chest.",
        )
    return (points - middle) / scale


def mirrored(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pose as a mirror shows it: x reversed, left and right joints exchanged."""
    return points[list(MIRRORED)] * (-1.0, 1.0)


def pose_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Measure how far two poses are apart, wherever and however large they are.

    Both are normalised; the distance is 1 minus the object keypoint similarity of COCO, the mean over
    common joints of ``exp(-d² / (2 A k²))`` with k twice the joint's spread and A the area of the
    first figure.

    Parameters
    ----------
    first, second : ndarray of float64, shape (18, 2)
        Poses in any unit.

    Returns
    -------
    float or None
        In [0, 1], 0 for equal poses; None (unknown) with fewer than 4 common joints.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Microsoft COCO: common objects in context", ECCV 2014, and its key point
       evaluation.
    """
    a, b = normalised(first), normalised(second)
    common = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    if int(common.sum()) < _MIN_COMMON:
        return None
    width, height = np.nanmax(a, axis=0) - np.nanmin(a, axis=0)
    # A figure seen edge-on still has a body, half a torso wide.
    area = _FILLED * max(float(width), 0.5) * max(float(height), 0.5)
    squares = ((a - b)[common] ** 2).sum(axis=1)
    return float(1 - np.exp(-squares / (2 * area * (2 * _SPREADS[common]) ** 2)).mean())
