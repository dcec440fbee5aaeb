"""Semi-realistic faces by an SCRFD detector and an ArcFace recogniser, two bare ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ModelFileError
from ..detection.scrfd import ScrfdDetector
from ..networks.alignment import aligned_face
from ..networks.network import Network, in_order, n_workers
from ..networks.onnx_file import first_operation_names
from ..networks.resampling import Scaling
from .base import Encodings, Sighting, dominant, join_views
from .features import FeatureNetwork, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..detection.boxes import Detections

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
        return [self._sight(image, workers) for image in images]

    def _sight(self, image: NDArray[np.uint8], workers: int) -> list[Sighting]:
        found = self._detector.detect(image)
        points = found.keypoints
        if points is None or not len(found):
            return []
        sides = found.boxes[:, 2:] - found.boxes[:, :2]
        order = np.argsort(-sides.prod(axis=1) * found.scores, kind="stable")
        crops = [aligned_face(image, points[at], self._features.side) for at in order]
        if self._is_on_gpu:
            vectors = list(self._features.embed(crops))
        else:
            rows = in_order(self._features.embed, [[crop] for crop in crops], workers)
            vectors = [row for some in rows for row in some]
        return [
            Sighting(join_views([vector], self.dimension), _box(found.boxes[at]))
            for at, vector in zip(order, vectors, strict=True)
        ]


def _scales_itself(operations: Sequence[str]) -> bool:
    """Whether a recogniser's first operations are a subtraction and a multiplication, as in MXNet's files."""
    subtracts = any(name.startswith(("Sub", "_minus")) for name in operations)
    return subtracts and any(name.startswith(("Mul", "_mul")) for name in operations)


def _box(corners: NDArray[np.float64]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(value) for value in np.rint(corners))
    return left, top, right, bottom
