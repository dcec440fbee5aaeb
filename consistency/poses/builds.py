"""Builds: how long the limbs of a figure are, and poses fitted to another build."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import NotFoundError
from . import skeleton as s
from .normal_form import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths in torsos, from the neck to the middle of the hips.

    Parameters
    ----------
    head : float
        From the neck to the nose.
    shoulder, hip : float
        From the middle to one side.
    upper_arm, forearm, thigh, shin : float
        Each limb.
    """

    head: float
    shoulder: float
    upper_arm: float
    forearm: float
    hip: float
    thigh: float
    shin: float


# Adults of seven and a half heads, teenagers of six and a half, deformed figures of two and a half, as
# drawing manuals divide them.
ADULT = Build(head=0.40, shoulder=0.34, upper_arm=0.56, forearm=0.50, hip=0.18, thigh=0.84, shin=0.82)
TEEN = Build(head=0.48, shoulder=0.32, upper_arm=0.53, forearm=0.47, hip=0.17, thigh=0.80, shin=0.76)
CHIBI = Build(head=1.00, shoulder=0.38, upper_arm=0.42, forearm=0.36, hip=0.22, thigh=0.40, shin=0.36)
BUILDS = {"adult": ADULT, "teen": TEEN, "chibi": CHIBI}

# What hangs on each limb, so that it moves with it, and the length that the limb has.
_BONES = (
    (s.NECK, s.NOSE, "head", (s.R_EYE, s.L_EYE, s.R_EAR, s.L_EAR)),
    (s.NECK, s.R_SHOULDER, "shoulder", (s.R_ELBOW, s.R_WRIST)),
    (s.NECK, s.L_SHOULDER, "shoulder", (s.L_ELBOW, s.L_WRIST)),
    (s.R_SHOULDER, s.R_ELBOW, "upper_arm", (s.R_WRIST,)),
    (s.L_SHOULDER, s.L_ELBOW, "upper_arm", (s.L_WRIST,)),
    (s.R_ELBOW, s.R_WRIST, "forearm", ()),
    (s.L_ELBOW, s.L_WRIST, "forearm", ()),
    (s.R_HIP, s.R_KNEE, "thigh", (s.R_ANKLE,)),
    (s.L_HIP, s.L_KNEE, "thigh", (s.L_ANKLE,)),
    (s.R_KNEE, s.R_ANKLE, "shin", ()),
    (s.L_KNEE, s.L_ANKLE, "shin", ()),
)
_FACE = (s.R_EYE, s.L_EYE, s.R_EAR, s.L_EAR)


def build_named(name: str) -> Build:
    """Return the build with a name.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if name not in BUILDS:
        raise NotFoundError(
            f"There is no build {name!r}.", field="build", hint=f"Known: {', '.join(BUILDS)}."
        )
    return BUILDS[name]


def build_of(points: NDArray[np.float64]) -> Build:
    """Measure a build on a figure that stands upright and is seen from the front.

    Of a left and a right limb the longer counts, as the shorter is turned towards the viewer. What is
    not seen is an adult's.

    Parameters
    ----------
    points : ndarray of float64, shape (18, 2)
        The pose of a reference picture.

    Raises
    ------
    InputError
        If neither torso nor shoulders are seen.
    """
    pose = normalised(points)
    hips = _longest([_length(pose, s.R_HIP, s.L_HIP)]) / 2
    lengths = {"hip": hips if np.isfinite(hips) else ADULT.hip}
    for name, standard in asdict(ADULT).items():
        if name != "hip":
            pairs = [(a, b) for a, b, bone, _ in _BONES if bone == name]
            measured = _longest([_length(pose, a, b) for a, b in pairs])
            lengths[name] = measured if measured > 0 else standard
    return Build(**lengths)


def retargeted(points: NDArray[np.float64], build: Build, source: Build = ADULT) -> NDArray[np.float64]:
    """Give a pose the limbs of another build, with every direction kept.

    Each limb is scaled by the ratio of the two builds' lengths, so that one pointing at the viewer
    stays as foreshortened as it is. The face is scaled with the head.

    Parameters
    ----------
    points : ndarray of float64, shape (18, 2)
        The pose, in any unit.
    build : Build
        The build to have.
    source : Build
        The build that the pose has; the library's poses are adults'.

    Returns
    -------
    ndarray of float64, shape (18, 2)
        Normalised; missing joints stay missing.
    """
    pose = normalised(points)
    result = pose.copy()
    _spread_hips(result, build.hip / source.hip)
    for start, end, bone, after in _BONES:
        ratio = getattr(build, bone) / getattr(source, bone)
        if not np.isfinite(result[[start, end]]).all():
            continue
        shift = (ratio - 1) * (result[end] - result[start])
        result[[end, *after]] += shift
        if bone == "head":
            result[list(_FACE)] = result[end] + ratio * (result[list(_FACE)] - result[end])
    return result


def _spread_hips(pose: NDArray[np.float64], ratio: float) -> None:
    middle = pose[[s.R_HIP, s.L_HIP]].mean(axis=0)
    if np.isfinite(middle).all():
        for hip, after in ((s.R_HIP, (s.R_KNEE, s.R_ANKLE)), (s.L_HIP, (s.L_KNEE, s.L_ANKLE))):
            pose[[hip, *after]] += (ratio - 1) * (pose[hip] - middle)


def _length(pose: NDArray[np.float64], start: int, end: int) -> float:
    return float(np.linalg.norm(pose[end] - pose[start]))


def _longest(lengths: Iterable[float]) -> float:
    return max((length for length in lengths if np.isfinite(length)), default=float("nan"))
