"""The faces in reference pictures as image adapters take them: embedding, and aligned crop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...errors import InputError, ModelFileError
from ..networks.alignment import aligned_face
from ..networks.network import in_order
from .choosing import LARGEST, Choice, check_choice, chosen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..detection.boxes import Detections

# How a picture is looked at until a face is found: the detector's longest side in pixels, and the border
# added all around as a share of the longer side. The largest anchor of SCRFD is 512 pixels, so a face that
# fills a frame of 640 is found better where it is smaller; and a detector wants to see what is around a face.
PASSES = ((640, 0.0), (640, 0.5), (512, 0.0), (384, 0.0), (320, 0.0), (256, 0.0), (320, 0.5))
# A face of fewer pixels holds no identity.
_MIN_SIDE = 16
_MIN_LENGTH = 1e-6


class FaceEncoder(Protocol):
    """What `find_faces` needs of an encoder of faces, besides being an `IdentityEncoder`."""

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        ...

    @property
    def n_threads(self) -> int:
        """How many pictures may be looked at together."""
        ...

    def frame_of(self, image: NDArray[np.uint8], side: int) -> tuple[int, int]:
        """Return width and height of the tensor that the detector is given, asked for `side` pixels."""
        ...

    def locate(self, image: NDArray[np.uint8], side: int) -> Detections:
        """Find faces with their landmarks, in pixels of the picture.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        side : int
            Longest side of what the detector is given, a multiple of 32.
        """
        ...

    def raw_embedding(self, image: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.float32]:
        """Embed the face with these landmarks, shape (5, 2); of the length that the network gives."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FaceInput:
    """The chosen face of one picture.

    Parameters
    ----------
    index : int
        Which picture.
    normed : ndarray of float32, shape (dimension,)
        Embedding of Euclidean length 1, for FaceID adapters.
    raw : ndarray of float32, shape (dimension,)
        The same as the network gives it, for unnormalised portrait adapters and InstantID.
    crop : ndarray of uint8, shape (side, side, 3)
        RGB, turned and scaled so that the landmarks are where face recognisers expect them.
    box : tuple of int
        Left, top, right, bottom in pixels of the picture.
    how : str
        Empty, or what had to be done to find it.
    """

    index: int
    normed: NDArray[np.float32]
    raw: NDArray[np.float32]
    crop: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    how: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture without a usable face, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class FaceInputs:
    """The faces of some pictures; `found` and `skipped` together name every picture once."""

    found: tuple[FaceInput, ...]
    skipped: tuple[Skipped, ...]


def find_faces(
    images: Sequence[NDArray[np.uint8]],
    encoder: FaceEncoder,
    *,
    crop_side: int,
    choose: Choice | Mapping[int, Choice] = LARGEST,
) -> FaceInputs:
    """Find one face in each picture, embed it and cut it out.

    A picture in which the detector finds nothing is shown to it again, at smaller sizes and with a border,
    which close-ups need; what is found is mapped back to the picture. A pass that would give the network a
    tensor that it has had already is left out.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB; sizes may differ.
    encoder : FaceEncoder
        Finds and embeds.
    crop_side : int
        Of the aligned crops in pixels, a multiple of 112 or 128: 224 for SD 1.5, 256 for SDXL, 336 for
        Kolors.
    choose : Choice, or mapping of int to Choice
        Which face counts, see `chosen`; by the picture's index where it differs, others have the largest.

    Raises
    ------
    InputError
        If `crop_side` or `choose` cannot be.
    ModelFileError
        If a network's weights are damaged.

    References
    ----------
    Ye et al. (2023), "IP-Adapter", whose FaceID variants condition on ArcFace embeddings; alignment as in
    Deng et al. (2019), "ArcFace".
    """
    if crop_side <= 0 or (crop_side % 112 and crop_side % 128):
        raise InputError(
            f"A face crop of {crop_side} pixels is none that face models use.",
            field="crop_side",
            hint="Give a multiple of 112 or 128, such as 224, 256 or 336.",
        )
    choices = dict(choose) if isinstance(choose, Mapping) else dict.fromkeys(range(len(images)), choose)
    for choice in choices.values():
        check_choice(choice)

    def look(index: int) -> FaceInput | Skipped:
        return _face_of(images[index], index, encoder, crop_side, choices.get(index, LARGEST))

    seen = list(in_order(look, range(len(images)), encoder.n_threads))
    return FaceInputs(
        tuple(one for one in seen if isinstance(one, FaceInput)),
        tuple(one for one in seen if isinstance(one, Skipped)),
    )


def _face_of(
    image: NDArray[np.uint8], index: int, encoder: FaceEncoder, crop_side: int, choice: Choice
) -> FaceInput | Skipped:
    found = _located(image, encoder)
    if found is None:
        return Skipped(index, "no face was found, also not at smaller sizes and with a border")
    faces, how = found
    at = chosen(faces.boxes, choice)
    if at is None:
        return Skipped(index, f"face {choice} was chosen, counted from 0, and {len(faces)} were found")
    sides = faces.boxes[at, 2:] - faces.boxes[at, :2]
    if sides.min() < _MIN_SIDE:
        return Skipped(index, f"the face is only {sides[0]:.0f}×{sides[1]:.0f} pixels large")
    points = _landmarks(faces)[at]
    raw = encoder.raw_embedding(image, points)
    if not np.isfinite(raw).all():
        raise ModelFileError(
            "The face recogniser gives NaN for a face, so its weights are damaged.",
            field="model",
            hint="Delete the file and fetch it again.",
        )
    length = float(np.linalg.norm(raw.astype(np.float64)))
    if length < _MIN_LENGTH:
        return Skipped(index, "the face recogniser says nothing about the face")
    crop = np.ascontiguousarray(aligned_face(image, points, crop_side).transpose(1, 2, 0))
    left, top, right, bottom = (int(side) for side in np.rint(faces.boxes[at]))
    return FaceInput(index, (raw / length).astype(np.float32), raw, crop, (left, top, right, bottom), how)


def _located(image: NDArray[np.uint8], encoder: FaceEncoder) -> tuple[Detections, str] | None:
    """Return the faces of the first pass that finds any, and how it differs from the usual one."""
    for side, border, shown in _views(image, encoder):
        faces = encoder.locate(shown, side)
        if len(faces):
            return _mapped_back(faces, border, image), _how(side, border)
    return None


def _views(image: NDArray[np.uint8], encoder: FaceEncoder) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Yield side, border in pixels and picture of each pass that gives the detector something new."""
    done = set()
    for side, share in PASSES:
        border = round(share * max(image.shape[:2]))
        shown = np.pad(image, ((border, border), (border, border), (0, 0))) if border else image
        frame = (encoder.frame_of(shown, side), border)
        if frame not in done:
            done.add(frame)
            yield side, border, shown


def _how(side: int, border: int) -> str:
    if (side, border) == (PASSES[0][0], 0):
        return ""
    return f"found at {side} pixels{' with a border added' if border else ''}"


def _mapped_back(faces: Detections, border: int, image: NDArray[np.uint8]) -> Detections:
    if not border:
        return faces
    limit = np.tile([image.shape[1], image.shape[0]], 2)
    boxes = np.clip(faces.boxes - border, 0, limit)
    return type(faces)(boxes, faces.scores, _landmarks(faces) - border)


def _landmarks(faces: Detections) -> NDArray[np.float64]:
    if faces.keypoints is None:
        raise ModelFileError(
            "The face detector tells no landmarks, so faces cannot be aligned.",
            field="model",
            hint="Use a detector of the kind scrfd_…_bnkps.onnx.",
        )
    return faces.keypoints
