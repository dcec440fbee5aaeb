"""Heads cut out of reference pictures, for image adapters that were trained on faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .choosing import LARGEST, Choice, chosen
from .framing import cut_square, square_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..detection.boxes import Detections

# The figure finder of the encoder that needs no model.
FIGURE = "appearance"
# A head with its hair in radii of the head without hair: to the sides, up and down from the face's centre.
_BESIDE, _ABOVE, _BELOW = 1.25, 1.45, 0.95
_MIN_PICTURE = 24
# Heads looked for where another than the surest is meant.
_MANY = 6


class HeadDetector(Protocol):
    """A network that finds heads, such as a `YoloDetector`."""

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Find the heads in an RGB picture."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HeadCrop:
    """A head cut out of a picture.

    Parameters
    ----------
    picture : ndarray of uint8, shape (side, side, 3)
        RGB at the picture's own resolution, edges continued where it reaches beyond the picture.
    box : tuple of int
        The head: left, top, right, bottom in pixels of the picture.
    found_by : str
        Name of the detector, or ``appearance``.
    """

    picture: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    found_by: str


def head_crop(
    image: NDArray[np.uint8],
    detector: HeadDetector | None = None,
    *,
    margin: float = 0.25,
    choose: Choice = LARGEST,
) -> HeadCrop | None:
    """Cut a head out as a square.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    detector : HeadDetector, optional
        Looks first; where it is absent or finds nothing, the figure finder of `appearance` does, for which
        the largest head is the surest one.
    margin : float
        What is added at each side, as a share of the head's longer side.
    choose : Choice
        Which head, see `chosen`.

    Returns
    -------
    HeadCrop or None
        None where no head, or not the chosen one, was found.

    Raises
    ------
    InputError
        If `choose` cannot be.
    """
    boxes, found_by = np.zeros((0, 4)), FIGURE
    if detector is not None:
        boxes, found_by = detector.detect(image).boxes, detector.name
    if not len(boxes):
        boxes, found_by = _figure_heads(image, 1 if choose == LARGEST else _MANY), FIGURE
    at = chosen(boxes, choose) if len(boxes) else None
    if at is None:
        return None
    left, top, right, bottom = (int(side) for side in np.rint(boxes[at]))
    square = square_around((left, top, right, bottom), margin)
    return HeadCrop(cut_square(image, square), (left, top, right, bottom), found_by)


def _figure_heads(image: NDArray[np.uint8], limit: int) -> NDArray[np.float64]:
    """Return the heads that the figure finder sees, with their hair, shape (n, 4)."""
    from ..figure.anatomy import read_anatomy

    if min(image.shape[:2]) < _MIN_PICTURE:
        return np.zeros((0, 4))
    rows = []
    for figure in read_anatomy(image, limit=limit):
        x, y, radius = (value / figure.scale for value in (figure.head.x, figure.head.y, figure.head.radius))
        beside = _BESIDE * radius
        rows.append((x - beside, y - _ABOVE * radius, x + beside, y + _BELOW * radius))
    limits = np.tile([image.shape[1], image.shape[0]], 2)
    return np.clip(np.array(rows, np.float64).reshape(-1, 4), 0, limits)
