"""Heads, people and faces by the YOLO networks of deepghs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np

from ..networks.network import Network, wrong_shape
from ..networks.resampling import Letterbox, Placement, Scaling, frame_size, letterboxed
from .boxes import Detections, suppress

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNIT = Scaling((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
# The grey in which YOLO networks are trained to see nothing.
_MARGIN = 114.0
_STRIDE = 32
_DEFAULT_SIDE = 640
_N_TRIED = 64


class YoloDetector:
    """A YOLO network as an ONNX file.

    The network takes RGB in [0, 1] as ``[1, 3, height, width]``. It gives, in pixels of what it took,
    either ``[1, 4 + classes, n]`` or ``[1, n, 4 + classes]``: centre, size and a score for each class;
    or ``[1, n, 6]``: corners, score and class, doubles dropped already. Files without `imgsz` and `names`
    in their metadata are taken at 640 pixels with one class.

    Parameters
    ----------
    network : Network
        The loaded file.
    name : str
        Of the model.
    min_score : float
        A detection's score is above this.
    max_overlap : float
        Of two boxes that overlap more, the surer one stays.
    label : str
        The class to keep, where the file names several.

    Raises
    ------
    ModelFileError
        If the network does not take pictures or does not give boxes.

    References
    ----------
    Redmon et al. (2016), "You Only Look Once"; form of the files: Ultralytics' ONNX export.
    """

    def __init__(
        self, network: Network, *, name: str, min_score: float, max_overlap: float, label: str
    ) -> None:
        self.network = network
        self.name = name
        self._min_score = min_score
        self._max_overlap = max_overlap
        self._names = _names(network.metadata.get("names", ""))
        self._label = label
        network.require_pictures()
        self._side = _side(network.metadata.get("imgsz", ""))
        size = self.frame_of(np.zeros((_N_TRIED, _N_TRIED, 3), np.uint8))
        self._decoded(network.tried((1, 3, size[1], size[0]))[0], size)

    def frame_of(self, image: NDArray[np.uint8]) -> tuple[int, int]:
        """Return width and height of what the network is given for a picture."""
        height, width = self.network.input_shape[2:]
        if height is not None and width is not None:
            return width, height
        return frame_size(image, self._side, _STRIDE)

    def frame(self, image: NDArray[np.uint8]) -> Letterbox:
        """Prepare a picture; detectors with equal `frame_of` may share it."""
        width, height = self.frame_of(image)
        return letterboxed(image, width, height, _UNIT, margin=_MARGIN, is_centred=True)

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Find what the network was trained for.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        """
        frame = self.frame(image)
        return self.read(self.run(frame), frame.placement, image)

    def run(self, frame: Letterbox) -> NDArray[np.float32]:
        """Run the network on a picture that was prepared, and return what it gives for `read`."""
        return self.network.run(frame.batch)[0]

    def read(self, output: NDArray[np.float32], placement: Placement, image: NDArray[np.uint8]) -> Detections:
        """Tell what the network found in a picture.

        Parameters
        ----------
        output : ndarray of float32
            By `run`.
        placement : Placement
            Of the picture in what the network was given.
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        """
        boxes, scores = self._decoded(output, placement.size)
        limit = np.tile([image.shape[1], image.shape[0]], 2)
        corners = placement.to_picture(boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        corners = np.clip(corners, 0, limit)
        kept = suppress(corners, scores, self._max_overlap)
        return Detections(corners[kept], scores[kept])

    def _decoded(
        self, output: NDArray[np.float32], size: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the corners, in pixels of the frame, and the scores of what is sure enough."""
        if output.ndim != 3 or output.shape[0] != 1:
            raise wrong_shape(self.network, output.shape, "[1, 4 + classes, n] or [1, n, 6]")
        table, n_numbers = output[0], 4 + (len(self._names) or 1)
        rows, columns = table.shape
        if rows == n_numbers or (not self._names and 6 <= rows < columns):
            return self._by_class(table)
        if columns == 6:
            return self._final(table)
        if columns == n_numbers:
            boxes, scores = self._by_class(table.T)
            # Networks of the DETR kind tell shares of the frame instead of pixels.
            is_share = bool(len(boxes)) and float(np.abs(boxes).max()) <= 2.0
            return boxes * np.tile(size, 2) if is_share else boxes, scores
        raise wrong_shape(self.network, output.shape, f"{n_numbers} numbers a box, or 6")

    def _by_class(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        wanted = self._wanted()
        chances = rows[4:] if wanted is None or wanted >= len(rows) - 4 else rows[4 + wanted][None]
        best = chances.max(axis=0)
        # Cut by score before anything is copied: of 8,400 boxes a handful are left.
        sure = np.flatnonzero(best > self._min_score)
        x, y, width, height = rows[:4, sure].astype(np.float64)
        boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
        return boxes, best[sure].astype(np.float64)

    def _final(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        wanted = self._wanted()
        sure = rows[:, 4] > self._min_score
        if wanted is not None:
            sure &= rows[:, 5].astype(int) == wanted
        return rows[sure, :4].astype(np.float64), rows[sure, 4].astype(np.float64)

    def _wanted(self) -> int | None:
        """Index of the class to keep; None to keep all."""
        return next((index for index, name in self._names.items() if name == self._label), None)


def _names(stored: str) -> dict[int, str]:
    """Read the classes, stored as a Python dict; empty where they are not told."""
    try:
        names = ast.literal_eval(stored) if stored else {}
    except (ValueError, SyntaxError):
        return {}
    return {int(index): str(name) for index, name in names.items()} if isinstance(names, dict) else {}


def _side(stored: str) -> int:
    """Read the size of training, stored as ``[height, width]``."""
    try:
        sides = ast.literal_eval(stored) if stored else _DEFAULT_SIDE
    except (ValueError, SyntaxError):
        return _DEFAULT_SIDE
    longest = max(sides) if isinstance(sides, list | tuple) and sides else sides
    return longest if isinstance(longest, int) and longest >= _STRIDE else _DEFAULT_SIDE
