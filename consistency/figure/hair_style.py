"""The style of somebody's hair: where around the head it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .heads import HAIR
from .shares import code_length, share_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .anatomy import Anatomy
    from .regions import Box

# Where hair is or is not by its style, in head radii: left, right, top, bottom. Those at the side are looked
# at on both sides, and pictures are mirrored, so the fuller side comes first. Beside each: how much the
# fuller and the emptier side count, by logistic regression on the differences between people who differ in
# style alone against those between pictures of one person (all five hands, seeds 201 and 203; the AUC
# of a hand left out of it is the same within 0.01); and how much hair is usual there.
_SIDES: tuple[tuple[Box, tuple[float, float], tuple[float, float]], ...] = (
    ((1.25, 1.9, -0.8, 0.2), (0.9, 1.0), (0.59, 0.36)),  # tails, spikes
    ((0.9, 1.3, 0.3, 1.0), (1.1, 1.6), (0.53, 0.34)),  # down to the cheeks
    ((1.3, 2.1, 0.6, 1.7), (0.9, 0.3), (0.31, 0.14)),  # tails, waves
    ((0.6, 1.25, 1.25, 2.0), (0.5, 0.1), (0.12, 0.05)),  # down to the shoulders
    ((0.5, 1.5, 2.2, 3.3), (1.0, 0.1), (0.06, 0.01)),  # below them
    ((0.0, 0.3, -0.5, -0.2), (0.5, 0.5), (0.39, 0.27)),  # the fringe: its middle,
    ((0.3, 0.6, -0.5, -0.2), (0.0, 0.5), (0.54, 0.29)),  # over the eyes,
    ((0.6, 0.9, -0.5, -0.2), (0.5, 0.0), (0.8, 0.47)),  # and at the temples
)
_TOP: tuple[Box, float, float] = ((-0.6, 0.6, -2.0, -1.45), 0.4, 0.43)  # a bun, spikes
_WEIGHTS = np.array([weight for _, pair, _ in _SIDES for weight in pair] + [_TOP[1]])
_USUAL = np.array([share for *_, pair in _SIDES for share in pair] + [_TOP[2]])
N_STYLE = code_length(len(_WEIGHTS))
_SEEN_SHARE = 0.3


def hair_style(figure: Anatomy) -> NDArray[np.float64]:
    """Return the style of the hair: its share in zones around the head, as `share_code`.

    What is outside the picture is as usual.

    Returns
    -------
    ndarray of float64, shape (272,)
        Of length 1.
    """
    sums = np.zeros(np.add(figure.parts[HAIR].shape, 1))
    sums[1:, 1:] = figure.parts[HAIR].cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    shares: list[float] = []
    for box, *_ in _SIDES:
        left, right, top, bottom = box
        sides = [_share(sums, figure, side) for side in (box, (-right, -left, top, bottom))]
        seen = [side for side in sides if side is not None]
        shares += [max(seen, default=np.nan), min(seen, default=np.nan)]
    above = _share(sums, figure, _TOP[0])
    shares.append(np.nan if above is None else above)
    known = np.array(shares)
    return share_code(np.where(np.isfinite(known), known, _USUAL), _WEIGHTS)


def _share(sums: NDArray[np.float64], figure: Anatomy, box: Box) -> float | None:
    """Return the share of hair in a box around the head; None where it is mostly outside the picture."""
    x, y, radius = figure.head.x, figure.head.y, figure.head.radius
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    left, right = (min(max(round(x + side * radius), 0), width) for side in box[:2])
    top, bottom = (min(max(round(y + side * radius), 0), height) for side in box[2:])
    area = (right - left) * (bottom - top)
    if area < max(_SEEN_SHARE * (box[1] - box[0]) * (box[3] - box[2]) * radius**2, 1):
        return None
    return float(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]) / area
