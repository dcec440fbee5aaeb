"""Anime characters by CCIP features of head and person, each found by a detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..detection.boxes import Detections, pair_heads
from ..detection.yolo import YoloDetector
from ..networks.network import Network, in_order
from ..networks.resampling import Letterbox, Placement, Scaling, resized
from .base import Box, Encodings, Sighting, dominant, join_views
from .features import FeatureNetwork, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD, PERSON = "head", "person"
SIDE, DIMENSION = 384, 768
# The statistics of CLIP's training pictures (Radford et al. 2021), by which CCIP was trained too.
SCALING = Scaling(
    (0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255),
    (0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255),
)
# Changes whenever an equal picture may give another embedding with equal files.
_RULES = "1"
# A head or person of fewer pixels a side is too small to be told from another.
_MIN_SIDE = 16
_MAX_VERSION = 100

Pictures = Sequence["NDArray[np.uint8]"]


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure: where its views are, and how sure and large it is."""

    boxes: Mapping[str, Box]
    weight: float


class CcipEncoder:
    """Embeds each figure by CCIP features of its head and of its whole person.

    CCIP ("contrastive anime character image pre-training", deepghs) takes a picture of one character,
    stretched to 384×384, and gives 768 numbers whose cosine tells characters apart. It sees clothes as
    well as faces, so head and person are two views, scored apart: near-misses differ in one of them.

    Parameters
    ----------
    features : Network
        The CCIP file, ``[n, 3, 384, 384]`` → ``[n, 768]``.
    detectors : mapping of str to YoloDetector
        Under ``head``, ``person`` or both; the encoder has the views that it has detectors for.
    model : str
        Name of the CCIP model.
    threshold : float
        Its published threshold, as a cosine.

    References
    ----------
    deepghs, https://huggingface.co/deepghs/ccip_onnx. Its second network, ``model_metrics.onnx``, gives
    ``(1 - cosine) / 2``, so that it is not needed and a published difference ``d`` is the cosine ``1 - 2 d``.
    """

    name = "ccip"
    emphasis = 1.0

    def __init__(
        self, features: Network, detectors: Mapping[str, YoloDetector], *, model: str, threshold: float
    ) -> None:
        self.views = tuple(view for view in (HEAD, PERSON) if view in detectors)
        self._detectors = [detectors[view] for view in self.views]
        self._features = FeatureNetwork(features, SCALING, side=SIDE, dimension=DIMENSION)
        self._is_on_gpu = features.is_on_gpu
        self.version = _version(model, features, self._detectors)
        self.dimension = DIMENSION * len(self.views)
        self.thresholds = (threshold,) * len(self.views)

    def sight(self, images: Pictures, *, n_figures: int | None = None) -> list[list[Sighting]]:
        """Encode the figures of each picture, the largest sure one first; see `IdentityEncoder.sight`.

        Detectors count by themselves: `n_figures` changes nothing, as a stranger may be the larger figure.
        """
        return spread(self._sight_some, images, is_on_gpu=self._is_on_gpu)

    def encode(self, images: Pictures) -> Encodings:
        """Encode the dominant figure of each picture; see `IdentityEncoder.encode`."""
        return dominant(self.sight(images), self.dimension)

    def _sight_some(self, images: Pictures, workers: int) -> list[list[Sighting]]:
        figures = self._figures(images, workers)
        # All crops, then all passes: see `spread`.
        crops = [
            _crop(image, box)
            for image, seen in zip(images, figures, strict=True)
            for figure in seen
            for box in figure.boxes.values()
        ]
        vectors = iter(self._vectors(crops, workers))
        return [[self._sighting(figure, vectors) for figure in seen] for seen in figures]

    def _vectors(self, crops: Pictures, workers: int) -> list[NDArray[np.float32]]:
        if self._is_on_gpu:
            return list(self._features.embed(crops))
        return [
            row
            for rows in in_order(self._features.embed, [[crop] for crop in crops], workers)
            for row in rows
        ]

    def _figures(self, images: Pictures, workers: int) -> list[list[_Figure]]:
        """Find the figures of each picture, the largest sure one first."""
        looks = [self._look(image, workers) for image in images]
        return [
            _joined(
                {
                    view: detector.read(*look, image)
                    for view, detector, look in zip(self.views, self._detectors, seen, strict=True)
                }
            )
            for image, seen in zip(images, looks, strict=True)
        ]

    def _look(self, image: NDArray[np.uint8], workers: int) -> list[tuple[NDArray[np.float32], Placement]]:
        """Run each detector on a picture, which is prepared once for those that take it in one size."""
        sizes = [detector.frame_of(image) for detector in self._detectors]
        frames: dict[tuple[int, int], Letterbox] = {}
        for size, detector in zip(sizes, self._detectors, strict=True):
            if size not in frames:
                frames[size] = detector.frame(image)
        pairs = list(zip(self._detectors, (frames[size] for size in sizes), strict=True))
        outputs = in_order(lambda pair: pair[0].run(pair[1]), pairs, workers)
        return [(output, frame.placement) for output, (_, frame) in zip(outputs, pairs, strict=True)]

    def _sighting(self, figure: _Figure, vectors: object) -> Sighting:
        blocks = [next(vectors) if view in figure.boxes else None for view in self.views]  # type: ignore[call-overload]
        box = figure.boxes.get(PERSON) or figure.boxes[HEAD]
        return Sighting(join_views(blocks, DIMENSION), box)


_NOTHING = Detections(np.zeros((0, 4)), np.zeros(0))


def _large(detections: Detections) -> Detections:
    """Round to whole pixels and drop what is too small."""
    boxes = np.rint(detections.boxes)
    kept = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= _MIN_SIDE if len(boxes) else np.zeros(0, bool)
    return Detections(boxes[kept], detections.scores[kept])


def _joined(found: Mapping[str, Detections]) -> list[_Figure]:
    """Make figures of heads and people, the largest sure one first."""
    heads, persons = (_large(found[view]) if view in found else _NOTHING for view in (HEAD, PERSON))
    figures = []
    for head, person in pair_heads(heads.boxes, persons.boxes):
        boxes, weights = {}, []
        for view, at, seen in ((HEAD, head, heads), (PERSON, person, persons)):
            if at is not None:
                boxes[view] = _box(seen.boxes[at])
                weights.append(float(seen.scores[at]) * _area(seen.boxes[at]))
        figures.append(_Figure(boxes, max(weights)))
    return sorted(figures, key=lambda figure: -figure.weight)


def _box(corners: NDArray[np.float64]) -> Box:
    left, top, right, bottom = (int(value) for value in corners)
    return left, top, right, bottom


def _area(corners: NDArray[np.float64]) -> float:
    return float((corners[2] - corners[0]) * (corners[3] - corners[1]))


def _crop(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    left, top, right, bottom = box
    return resized(image[top:bottom, left:right], SIDE, SIDE)


def _version(model: str, features: Network, detectors: Sequence[YoloDetector]) -> str:
    """Name the rules, the files and their contents: scores of other files do not compare."""
    names = "+".join(detector.name for detector in detectors)
    contents = "".join(detector.network.digest for detector in detectors)
    head = f"{_RULES} {model}@{features.digest[:8]}"
    tail = f"@{_short_digest(contents)}"
    return f"{head} {names[: _MAX_VERSION - len(head) - len(tail) - 1]}{tail}"


def _short_digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:8]
