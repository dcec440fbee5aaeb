"""Semi-realistic faces by an SCRFD detector and an ArcFace recogniser, two bare ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ModelFileError
from ..detection.boxes import Detections
from ..detection.scrfd import ScrfdDetector
from ..networks.alignment import aligned_face
from ..networks.network import Network, in_order, n_workers
from ..networks.onnx_file import first_operation_names
from ..networks.resampling import Scaling
from .base import Encodings, Sighting, dominant, join_views
from .features import FeatureNetwork, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..networks.resampling import Placement

# Cosine similarity from which DeepFace's table calls two faces one person (distance 0.68). Measured on
# photographs; nobody has published one for drawings.
THRESHOLD = 0.32
SCALING = Scaling((127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
# Files that scale by themselves take 0-255; they begin with these operations.
PLAIN = Scaling((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
_RULES = "1"
_MIN_SIDE = 112


class ArcFaceEncoder:
    """Embeds each face by the ArcFace features of its aligned crop.

    Parameters
    ----------
    detector : Network
        An SCRFD file with landmarks.
    recogniser : Network
        ``[n, 3, side, side]`` → ``[n, dimension]``, with a side that 16 divides, 112 or more.
    pack : str
        Name of the pair.

    Raises
    ------
    ModelFileError
        If the detector tells no landmarks, or a file is of another kind.

    References
    ----------
    Deng et al. (2019), "ArcFace: Additive Angular Margin Loss for Deep Face Recognition".
    """

    name = "arcface"
    views = ("face",)
    thresholds = (THRESHOLD,)
    emphasis = 1.0

    def __init__(self, detector: Network, recogniser: Network, *, pack: str) -> None:
        self._detector = ScrfdDetector(detector)
        if not self._detector.has_keypoints:
            raise ModelFileError(
                f"{detector.path} finds faces without landmarks, so they cannot be aligned.",
                hint="Use a detector of the kind scrfd_…_bnkps.onnx, with 9 or 15 outputs.",
                field="model",
            )
        scaling = PLAIN if _scales_itself(first_operation_names(recogniser.path)) else SCALING
        self._features = FeatureNetwork(recogniser, scaling, side=None)
        if self._features.side < _MIN_SIDE or self._features.side % 16:
            raise ModelFileError(
                f"{recogniser.path} takes {self._features.side} pixels; a face recogniser takes 112 or more.",
                hint="This is another model: put the right file there.",
                field="model",
            )
        self._is_on_gpu = recogniser.is_on_gpu
        self.dimension = self._features.dimension
        self.version = f"{_RULES} {pack[:60]}@{detector.digest[:8]}+{recogniser.digest[:8]}"

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode the faces of each picture, the largest sure one first; see `IdentityEncoder.sight`."""
        return spread(self._sight_some, images, is_on_gpu=self._is_on_gpu)

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant face of each picture; see `IdentityEncoder.encode`."""
        return dominant(self.sight(images), self.dimension)

    @property
    def n_threads(self) -> int:
        """Pictures that may be looked at together; see `FaceEncoder`."""
        return 1 if self._is_on_gpu else n_workers()

    def frame_of(self, image: NDArray[np.uint8], side: int) -> tuple[int, int]:
        """Return what the detector is given; see `FaceEncoder.frame_of`."""
        return self._detector.frame_of(image, side)

    def locate(self, image: NDArray[np.uint8], side: int) -> Detections:
        """Find faces with their landmarks; see `FaceEncoder.locate`."""
        return self._detector.detect(image, side)

    def raw_embedding(self, image: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.float32]:
        """Embed one face, at the length that the network gives; see `FaceEncoder.raw_embedding`."""
        return self._features.embed([aligned_face(image, keypoints, self._features.side)])[0]

    def _sight_some(self, images: Sequence[NDArray[np.uint8]], workers: int) -> list[list[Sighting]]:
        faces = [_largest_first(found) for found in self._detections(images)]
        # All crops, then all passes: see `spread`.
        crops = [
            aligned_face(image, landmarks, self._features.side)
            for image, found in zip(images, faces, strict=True)
            for landmarks in _keypoints(found)
        ]
        vectors = iter(self._vectors(crops, workers))
        return [
            [Sighting(join_views([next(vectors)], self.dimension), _box(corners)) for corners in found.boxes]
            for found in faces
        ]

    def _detections(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        looks = [self._look(image) for image in images]
        return [self._detector.read(*look, image) for look, image in zip(looks, images, strict=True)]

    def _look(self, image: NDArray[np.uint8]) -> tuple[list[NDArray[np.float32]], Placement]:
        frame = self._detector.frame(image)
        return self._detector.network.run(frame.batch), frame.placement

    def _vectors(self, crops: Sequence[NDArray[np.uint8]], workers: int) -> list[NDArray[np.float32]]:
        if self._is_on_gpu:
            return list(self._features.embed(crops))
        return [
            row
            for rows in in_order(self._features.embed, [[crop] for crop in crops], workers)
            for row in rows
        ]


def _largest_first(found: Detections) -> Detections:
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    order = np.argsort(-sides.prod(axis=1) * found.scores, kind="stable")
    return Detections(found.boxes[order], found.scores[order], _keypoints(found)[order])


def _keypoints(found: Detections) -> NDArray[np.float64]:
    return np.zeros((0, 5, 2)) if found.keypoints is None else found.keypoints


def _scales_itself(operations: Sequence[str]) -> bool:
    """Whether a recogniser's first operations are a subtraction and a multiplication, as in MXNet's files."""
    subtracts = any(name.startswith(("Sub", "_minus")) for name in operations)
    return subtracts and any(name.startswith(("Mul", "_mul")) for name in operations)


def _box(corners: NDArray[np.float64]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(value) for value in np.rint(corners))
    return left, top, right, bottom
