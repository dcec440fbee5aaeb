"""Boxes: overlap, suppression of doubles, and which head belongs to which person.

A box is left, top, right, bottom in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A head belongs to a person whose box holds at least this share of it.
_HELD = 0.5


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector found in a picture, the surest first.

    Parameters
    ----------
    boxes : ndarray of float64, shape (n, 4)
        Within the picture.
    scores : ndarray of float64, shape (n,)
        In [0, 1].
    keypoints : ndarray of float64, shape (n, 5, 2), or None
        Of faces: eyes, nose tip and mouth corners, left before right in the picture.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    keypoints: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.boxes)


def suppress(boxes: NDArray[np.float64], scores: NDArray[np.float64], max_overlap: float) -> NDArray[np.intp]:
    """Drop boxes that a surer one covers, greedily (non-maximum suppression).

    The overlap is intersection over union, with sides that count both end pixels
    (``right - left + 1``), as the published detectors are evaluated.

    Parameters
    ----------
    boxes : ndarray of float64, shape (n, 4)
    scores : ndarray of float64, shape (n,)
    max_overlap : float
        A box stays while its overlap with every surer one that stays is at most this.

    Returns
    -------
    ndarray of intp
        Indices of the boxes that stay, the surest first.
    """
    areas = _areas(boxes)
    waiting, kept = np.argsort(-scores, kind="stable"), []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        shared = _shared(boxes[best], boxes[waiting])
        waiting = waiting[shared / (areas[best] + areas[waiting] - shared) <= max_overlap]
    return np.array(kept, np.intp)


def pair_heads(
    heads: NDArray[np.float64], persons: NDArray[np.float64]
) -> list[tuple[int | None, int | None]]:
    """Say which head belongs to which person.

    A person takes at most one head, of which the person's box must hold at least half. Among the
    possible assignments the one with the largest sum of ``held share - distance`` is taken (Kuhn 1955),
    where the distance is that of the head's centre from the middle of the person's upper edge, in
    widths and heights of the person: of two people who overlap each keeps the own head.

    Parameters
    ----------
    heads : ndarray of float64, shape (n_heads, 4)
    persons : ndarray of float64, shape (n_persons, 4)

    Returns
    -------
    list of (int or None, int or None)
        A head and its person, by index; None where a figure shows only the other. Every head and
        every person is in it once.
    """
    from scipy.optimize import linear_sum_assignment

    held = np.stack([_shared(head, persons) for head in heads]) if len(heads) else np.zeros((0, len(persons)))
    held = held / np.maximum(_areas(heads)[:, None], 1e-9)
    gain = np.where(held >= _HELD, 10.0 + held - _distances(heads, persons), 0.0)
    pairs: list[tuple[int | None, int | None]] = []
    for head, person in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
        if gain[head, person] > 0:
            pairs.append((int(head), int(person)))
    with_head, with_person = {person for _, person in pairs}, {head for head, _ in pairs}
    pairs += [(None, person) for person in range(len(persons)) if person not in with_head]
    return pairs + [(head, None) for head in range(len(heads)) if head not in with_person]


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2] + 1, 0)
    return sides[..., 0] * sides[..., 1]


def _shared(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    low = np.maximum(box[:2], others[..., :2])
    sides = np.maximum(np.minimum(box[2:], others[..., 2:]) - low + 1, 0)
    return sides[..., 0] * sides[..., 1]


def _distances(heads: NDArray[np.float64], persons: NDArray[np.float64]) -> NDArray[np.float64]:
    centres = (heads[:, None, :2] + heads[:, None, 2:]) / 2
    tops = np.stack([(persons[:, 0] + persons[:, 2]) / 2, persons[:, 1]], axis=1)
    sides = np.maximum(persons[:, 2:] - persons[:, :2], 1e-9)
    return np.abs((centres - tops) / sides).sum(axis=2)
