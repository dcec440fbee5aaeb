"""Poses as values."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pose:
    """A named pose.

    Parameters
    ----------
    name : str
        What it is called.
    points : ndarray of float64, shape (18, 2)
        x to the right and y down of each COCO-18 joint; not a number where it is not seen.
    prompt : str
        What to write into a prompt where no ControlNet is at hand.
    id : int or None
        Row in ``poses``; None for one of the library's own.
    project_id, character_id : int or None
        Whose pose it is; None for everybody's.
    """

    name: str
    points: NDArray[np.float64]
    prompt: str = ""
    id: int | None = None
    project_id: int | None = None
    character_id: int | None = None

    @property
    def n_joints(self) -> int:
        """How many of its 18 joints are seen."""
        return sum(isfinite(x + y) for x, y in self.points.tolist())


def joints_as_json(points: NDArray[np.float64]) -> list[list[float] | None]:
    """Return joints for JSON: [x, y], or null for one that is not seen."""
    return [[round(x, 5), round(y, 5)] if isfinite(x + y) else None for x, y in points.tolist()]


def joints_from_json(stored: list[Any]) -> NDArray[np.float64]:
    """Read what `joints_as_json` wrote.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    import numpy as np

    if len(stored) != 18:
        raise ValueError(f"{len(stored)} joints")
    return np.array([(np.nan, np.nan) if joint is None else (joint[0], joint[1]) for joint in stored])
