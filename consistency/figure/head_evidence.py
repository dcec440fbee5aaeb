"""What speaks for a head at a place: how boxes for face, hair, chest and what is beside them differ.

The face is of few colours, lighter than what is around it, alike on both sides, and unlike chest and
background; the hair is unlike the face. No colour but that of skin, which only helps, is assumed, so green
hair at night is as good as brown hair by day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab
from .regions import Box, BoxSums

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Boxes around the centre of the face in head radii: left, right, top, bottom.
BOXES: dict[str, Box] = {
    "face": (-0.5, 0.5, -0.15, 0.65),
    "left cheek": (-0.65, -0.05, -0.1, 0.6),
    "right cheek": (0.05, 0.65, -0.1, 0.6),
    "crown": (-0.6, 0.6, -1.2, -0.75),
    "left hair": (-1.2, -0.9, -0.8, 0.0),
    "right hair": (0.9, 1.2, -0.8, 0.0),
    "chest": (-0.7, 0.7, 1.6, 2.7),
    "above": (-0.9, 0.9, -2.3, -1.6),
    "left": (-2.5, -1.7, -1.2, 0.8),
    "right": (1.7, 2.5, -1.2, 0.8),
    "left eye": (-0.6, -0.2, -0.1, 0.35),
    "right eye": (0.2, 0.6, -0.1, 0.35),
    "nose": (-0.15, 0.15, -0.1, 0.35),
    "chin": (-0.5, 0.5, 0.45, 0.75),
}
# Those that tell where a head is.
WHERE_BOXES = tuple(BOXES)[:10]

_CHANNELS = ("area", "light", "salience", "skin", "neutral skin", "edges")
# Pixels that are thought to be in every box already, of the picture's own mix of colours, so that boxes
# of few pixels, or outside the picture, look like nothing in particular.
_PRIOR_AREA = 0.3

# Weights of the evidence of where a head is, fitted by conditional logistic regression over all places of
# pictures by the hands ``cel``, ``plain`` and ``painted`` (benchmarks/drawn, seed 101). Heads by the
# hands ``chibi`` and ``bold``, which were not used, are found nearly as often.
_WHERE = {
    "face salience": 4.64,
    "hair salience": -4.15,
    "face light": 12.61,
    "face and chest": 3.37,
    "face and background": 3.58,
    "all apart": 1.06,
    "face disorder": 1.62,
    "hair disorder": -0.66,
    "face edges": 13.01,
    "skin": 2.41,
    "neutral skin": 3.45,
    "alike cheeks": 1.84,
    "small": -0.7,
    "low": -6.24,
    "cut": 20.33,
}

# Weights of the evidence that there is a head at all, fitted by logistic regression on the best places of
# the same pictures against those of backgrounds, noise and plain shapes without anybody.
_WHETHER = {
    "face salience": 1.25,
    "hair salience": -1.05,
    "face light": -3.93,
    "face and background": 1.33,
    "all apart": 2.54,
    "face disorder": 1.56,
    "hair disorder": 0.72,
    "face edges": 9.93,
    "skin": 1.75,
    "neutral skin": 0.56,
    "alike cheeks": 3.82,
    "dark eyes": 8.56,
    "hair and face": 1.86,
    "hair and background": 1.93,
    "chest and background": 1.48,
    "alike hair": 1.09,
    "crown and sides": 2.02,
    "eyes": -1.81,
    "chest salience": 2.37,
    "beside edges": 14.93,
    "where": 0.22,
}
_WHETHER_OFFSET = -19.55

# Radii to try, in heights of the picture.
SIZES = np.geomspace(0.055, 0.36, 9)


def head_channels(
    linear: NDArray[np.float32],
    colours: NDArray[np.float32],
    groups: NDArray[np.int64],
    salience: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return what the boxes are summed over: one channel a colour group, and `_CHANNELS`."""
    light = colours[..., 0] / 60
    square = linear.reshape(-1, 3) ** 2
    grey = (square * square).mean(axis=0) ** 0.25 + 1e-3
    neutral = oklab(np.minimum(linear / grey * np.float32(0.6), 1))
    edges = np.zeros_like(light)
    edges[:-1] = np.abs(light[1:] - light[:-1])
    edges[:, :-1] += np.abs(light[:, 1:] - light[:, :-1])
    others = [np.ones_like(light), light, salience, _skin(colours / _UNITS), _skin(neutral), edges]
    n_groups = int(groups.max()) + 1
    channels = np.empty((n_groups + len(others), *light.shape), np.float32)
    np.equal(groups, np.arange(n_groups)[:, None, None], out=channels[:n_groups], casting="unsafe")
    np.stack(others, out=channels[n_groups:])
    return channels


_UNITS = np.array([60, 200, 200], dtype=np.float32)


def _skin(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much colours in OKLab resemble skin, in [0, 1]."""
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    dark = np.maximum(0.6 - lab[..., 0], 0)
    away = ((hue - 55) / 35) ** 2 + ((chroma - 0.06) / 0.045) ** 2 + dark**2 / 0.04
    return np.exp(-away).astype(np.float32)


def box_sums(
    linear: NDArray[np.float32],
    colours: NDArray[np.float32],
    groups: NDArray[np.int64],
    salience: NDArray[np.float32],
) -> BoxSums:
    """Return sums over boxes around heads of any size; see `find_heads`."""
    return BoxSums(head_channels(linear, colours, groups, salience))


class Boxes:
    """Sums of the channels over each of the boxes, at many places."""

    def __init__(self, sums: BoxSums, boxes: dict[str, NDArray[np.float32]]) -> None:
        self._boxes = boxes
        self.height = sums.height
        self._n_groups = len(sums.totals) - len(_CHANNELS)
        overall = sums.totals[: self._n_groups, None] / np.float32(sums.height * sums.width)
        self._prior = overall * np.float32(_PRIOR_AREA)

    def mix(self, *names: str) -> NDArray[np.floating]:
        """Return the shares of the colour groups in boxes, shape (n_groups, n_places)."""
        total = self._sum(names)
        counts, area = total[: self._n_groups], total[self._n_groups]
        return (counts + self._prior) / (area + np.float32(_PRIOR_AREA))

    def mean(self, channel: str, *names: str) -> NDArray[np.floating]:
        """Return the mean of a channel in boxes, shape (n_places,)."""
        total = self._sum(names)
        area = np.maximum(total[self._n_groups], np.float32(0.5))
        return total[self._n_groups + _CHANNELS.index(channel)] / area

    def _sum(self, names: tuple[str, ...]) -> NDArray[np.float32]:
        total = self._boxes[names[0]]
        for name in names[1:]:
            total = total + self._boxes[name]
        return total

    @classmethod
    def at(cls, sums: BoxSums, places: NDArray[np.float64], names: tuple[str, ...] = tuple(BOXES)) -> Boxes:
        """Sum over boxes at places (rows of x, y and radius, in pixels)."""
        return cls(sums, {name: sums.at(places, BOXES[name]) for name in names})


_HAIR, _BESIDE = ("crown", "left hair", "right hair"), ("above", "left", "right")


def where_head(boxes: Boxes, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Score how likely the head is at each place, against the other places of the picture.

    Parameters
    ----------
    boxes : Boxes
        Sums over the boxes at the places.
    places : ndarray of float64, shape (n_places, 3)
        x, y and radius in pixels.
    """
    return _weigh(_WHERE, where_evidence(boxes, places))


def is_head(boxes: Boxes, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds that there is a head at each place at all; see `where_head`."""
    return _weigh(_WHETHER, whether_evidence(boxes, places)) + _WHETHER_OFFSET


def _weigh(weights: Mapping[str, float], found: Mapping[str, NDArray[np.floating]]) -> NDArray[np.float64]:
    return np.stack([weight * found[name] for name, weight in weights.items()]).sum(axis=0, dtype=np.float64)


def where_evidence(boxes: Boxes, places: NDArray[np.float64]) -> dict[str, NDArray[np.floating]]:
    """Measure how much each place resembles a head; see `where_head`."""
    face, chest, hair, beside = boxes.mix("face"), boxes.mix("chest"), boxes.mix(*_HAIR), boxes.mix(*_BESIDE)
    salience, face_disorder, hair_disorder = boxes.mean("salience", "face"), _disorder(face), _disorder(hair)
    alone = face_disorder + hair_disorder + _disorder(chest) + _disorder(beside)
    return {
        "face salience": salience,
        "hair salience": salience - boxes.mean("salience", *_HAIR),
        "face light": boxes.mean("light", "face"),
        "face and chest": _apart(face, chest),
        "face and background": _apart(face, beside),
        "all apart": _disorder((face + hair + chest + beside) / 4) - alone / 4,
        "face disorder": face_disorder,
        "hair disorder": hair_disorder,
        "face edges": boxes.mean("edges", "face"),
        "skin": boxes.mean("skin", "face"),
        "neutral skin": boxes.mean("neutral skin", "face"),
        "alike cheeks": 1 - _apart(boxes.mix("left cheek"), boxes.mix("right cheek")),
        "small": np.log(places[:, 2] / boxes.height) ** 2,
        "low": (places[:, 1] / boxes.height) ** 2,
        # Hair has to be in the picture at least in part.
        "cut": np.minimum(places[:, 1] / places[:, 2] - 1.1, 0),
    }


def whether_evidence(boxes: Boxes, places: NDArray[np.float64]) -> dict[str, NDArray[np.floating]]:
    """Measure what tells heads from patterns and things; see `where_head`."""
    hair, beside = boxes.mix(*_HAIR), boxes.mix(*_BESIDE)
    sides = boxes.mix("left hair", "right hair")
    found = where_evidence(boxes, places)
    return found | {
        "where": _weigh(_WHERE, found),
        "chest salience": boxes.mean("salience", "chest") - boxes.mean("salience", *_BESIDE),
        "beside edges": boxes.mean("edges", *_BESIDE),
        "dark eyes": 0.5 * (boxes.mean("light", "nose") + boxes.mean("light", "chin"))
        - boxes.mean("light", "left eye", "right eye"),
        "hair and face": _apart(hair, boxes.mix("face")),
        "hair and background": _apart(hair, beside),
        "chest and background": _apart(boxes.mix("chest"), beside),
        "alike hair": 1 - _apart(boxes.mix("left hair"), boxes.mix("right hair")),
        "crown and sides": 1 - _apart(boxes.mix("crown"), sides),
        "eyes": _apart(boxes.mix("left eye", "right eye"), boxes.mix("chin")),
    }


def _apart(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.floating]:
    """One minus the Bhattacharyya coefficient: 0 for equal colours, 1 for none in common."""
    return 1 - np.sqrt(first * second).sum(axis=0)


def _disorder(mixes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Entropy of the colours, in nats."""
    return -(mixes * np.log(mixes + 1e-6)).sum(axis=0)
