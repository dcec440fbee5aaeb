"""Faces with five landmarks by SCRFD networks, as insightface publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ModelFileError
from ..networks.network import Network
from ..networks.resampling import Letterbox, Placement, Scaling, frame_size, letterboxed
from .boxes import Detections, suppress

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCALING = Scaling((127.5, 127.5, 127.5), (128.0, 128.0, 128.0))
_MIN_SCORE, _MAX_OVERLAP = 0.5, 0.4
SIDE, _MULTIPLE = 640, 32
# Outputs of a network: its strides, its anchors a place, and whether it tells landmarks.
_KINDS = {
    6: ((8, 16, 32), 2, False),
    9: ((8, 16, 32), 2, True),
    10: ((8, 16, 32, 64, 128), 1, False),
    15: ((8, 16, 32, 64, 128), 1, True),
}
_N_NUMBERS = (1, 4, 10)


class ScrfdDetector:
    """An SCRFD network as an ONNX file.

    The network takes ``(RGB - 127.5) / 128`` with the picture in the left upper corner. For each stride
    it gives scores in [0, 1], distances of the four sides from the anchor, and with landmarks their ten
    offsets, the last two in strides. A network of any input size is given the picture's own shape at most
    640 pixels long, a third less work for a 16:9 frame than a square; on demand less, for a face that is
    larger than its anchors.

    Parameters
    ----------
    network : Network
        The loaded file.

    Raises
    ------
    ModelFileError
        If the network does not take pictures, or its outputs are not those of SCRFD.

    References
    ----------
    Guo et al. (2021), "Sample and Computation Redistribution for Efficient Face Detection".
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        network.require_pictures()
        if network.n_outputs not in _KINDS:
            raise ModelFileError(
                f"{network.path} has {network.n_outputs} outputs; a face detector of the SCRFD kind "
                "has 6, 9, 10 or 15.",
                hint="This is another model: put the right file there.",
                field="model",
            )
        self._strides, self._n_anchors, self.has_keypoints = _KINDS[network.n_outputs]
        self._is_square = False
        wide = np.zeros((360, 640, 3), np.uint8)
        if self.frame_of(wide) != (SIDE, SIDE) and not self._is_consistent(self.frame_of(wide)):
            # Files whose shapes were fixed for a square although they say that any size will do.
            self._is_square = True
        size = self.frame_of(wide)
        self._decoded(network.tried((1, 3, size[1], size[0])), size)

    def frame_of(self, image: NDArray[np.uint8], side: int = SIDE) -> tuple[int, int]:
        """Return width and height of what the network is given for a picture.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        side : int
            Longest side in pixels, a multiple of 32; a network of fixed size has its own.
        """
        height, width = self.network.input_shape[2:]
        if height is not None and width is not None:
            return width, height
        return (SIDE, SIDE) if self._is_square else frame_size(image, side, _MULTIPLE)

    def detect(self, image: NDArray[np.uint8], side: int = SIDE) -> Detections:
        """Find the faces in a picture.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        side : int
            As for `frame_of`.
        """
        frame = self.frame(image, side)
        return self.read(self.network.run(frame.batch), frame.placement, image)

    def frame(self, image: NDArray[np.uint8], side: int = SIDE) -> Letterbox:
        """Prepare a picture for the network; parameters as for `frame_of`."""
        width, height = self.frame_of(image, side)
        return letterboxed(image, width, height, _SCALING, margin=0.0, is_centred=False)

    def read(
        self, outputs: Sequence[NDArray[np.float32]], placement: Placement, image: NDArray[np.uint8]
    ) -> Detections:
        """Tell the faces that the network found in a picture.

        Parameters
        ----------
        outputs : sequence of ndarray of float32
            All that the network gave.
        placement : Placement
            Of the picture in what the network was given.
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        """
        boxes, scores, points = self._decoded(outputs, placement.size)
        corners = placement.to_picture(boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        kept = suppress(corners, scores, _MAX_OVERLAP)
        corners = np.clip(corners, 0, np.tile([image.shape[1], image.shape[0]], 2))
        landmarks = None if points is None else placement.to_picture(points[kept])
        return Detections(corners[kept], scores[kept], landmarks)

    def _is_consistent(self, size: tuple[int, int]) -> bool:
        try:
            self._decoded(self.network.tried((1, 3, size[1], size[0])), size)
        except ModelFileError:
            return False
        return True

    def _decoded(
        self, outputs: Sequence[NDArray[np.float32]], size: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
        """Return boxes, scores and landmarks, in pixels of the frame, of what is sure enough."""
        levels = zip(self._by_stride(outputs, size), self._strides, strict=True)
        # Most strides of a frame hold no face; the finest alone has thousands of places.
        found = [
            _level(group, sure, stride, self._n_anchors, size[0])
            for group, stride in levels
            if (sure := np.flatnonzero(group[0] >= _MIN_SCORE)).size
        ]
        if not found:
            return np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)) if self.has_keypoints else None
        boxes, scores, points = (np.concatenate(part) for part in zip(*found, strict=True))
        return boxes, scores, points if self.has_keypoints else None

    def _by_stride(
        self, outputs: Sequence[NDArray[np.float32]], size: tuple[int, int]
    ) -> list[list[NDArray[np.float32]]]:
        """Sort outputs by what they tell, whatever their names and order, finest stride first."""
        flat = [output.reshape(-1, output.shape[-1]) for output in outputs]
        sorts = [
            sorted((one for one in flat if one.shape[1] == n_numbers), key=len, reverse=True)
            for n_numbers in (_N_NUMBERS if self.has_keypoints else _N_NUMBERS[:2])
        ]
        n_rows = [-(-size[0] // step) * -(-size[1] // step) * self._n_anchors for step in self._strides]
        if any([len(one) for one in sort] != n_rows for sort in sorts):
            shapes = ", ".join(str(list(output.shape)) for output in outputs)
            raise ModelFileError(
                f"{self.network.path} gives {shapes} for {size[0]}×{size[1]} pixels; a face detector of the "
                f"SCRFD kind gives {n_rows} rows of scores, boxes and landmarks.",
                hint="This is another model: put the right file there.",
                field="model",
            )
        return [list(group) for group in zip(*sorts, strict=True)]


def _level(
    group: Sequence[NDArray[np.float32]], sure: NDArray[np.intp], stride: int, n_anchors: int, width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Decode the sure anchors of one stride: its scores, distances and, where told, landmarks."""
    scores, distances = group[0][:, 0], group[1]
    cells, n_columns = sure // n_anchors, -(-width // stride)
    anchors = np.stack([cells % n_columns, cells // n_columns], axis=1) * float(stride)
    sides = distances[sure].astype(np.float64) * stride
    boxes = np.concatenate([anchors - sides[:, :2], anchors + sides[:, 2:]], axis=1)
    points = np.zeros((len(sure), 5, 2))
    if len(group) > 2:
        points = anchors[:, None] + group[2][sure].astype(np.float64).reshape(-1, 5, 2) * stride
    return boxes, scores[sure].astype(np.float64), points
