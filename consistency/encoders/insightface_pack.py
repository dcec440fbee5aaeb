"""Semi-realistic faces through the package insightface, for packs of models that it knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import MissingPackageError, ModelFileError
from ..detection.boxes import Detections
from .arcface import THRESHOLD
from .base import Encodings, Sighting, dominant, join_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RULES = "1"
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
# One pass: `prepare` without a size would detect at 128 and at 640 pixels.
DETECTION_SIZES = ((640, 640),)


class InsightFaceEncoder:
    """Embeds each face as insightface's ``FaceAnalysis`` does.

    Parameters
    ----------
    pack : Path
        Folder of the pack, ``…/models/NAME``; nothing is downloaded.
    detection_sizes : sequence of (int, int)
        Widths and heights of the detector's input; the next is tried where the one before found no
        face. Since insightface 1.0 only ``prepare(det_size=…)`` changes the size: assigning the
        detector's ``input_size``, as older code does, repeats the same pass.
    is_cpu_only : bool
        Whether to stay off the GPU.

    Raises
    ------
    MissingPackageError
        If insightface 1.0 or newer is not installed.
    ModelFileError
        If the pack has no detector or no recogniser.
    """

    name = "insightface"
    views = ("face",)
    thresholds = (THRESHOLD,)
    emphasis = 1.0

    def __init__(
        self,
        pack: Path,
        *,
        detection_sizes: Sequence[tuple[int, int]] = DETECTION_SIZES,
        is_cpu_only: bool = False,
    ) -> None:
        package = _package()
        self._sizes = list(detection_sizes)
        providers = list(_PROVIDERS[1:] if is_cpu_only else _PROVIDERS)
        try:
            self._app = package.app.FaceAnalysis(
                name=pack.name,
                root=str(pack.parent.parent),
                allowed_modules=["detection", "recognition"],
                providers=providers,
            )
        except (AssertionError, RuntimeError, ValueError, OSError) as error:
            raise ModelFileError(
                f"insightface cannot load the pack {pack} ({error or 'it has no detector'}).",
                hint="Unpack it so that the .onnx files lie in that folder.",
                field="model",
            ) from error
        if "recognition" not in self._app.models:
            raise ModelFileError(f"The pack {pack} has no face recogniser.", field="model")
        self._app.prepare(ctx_id=-1 if is_cpu_only else 0, det_size=self._sizes[0])
        self.dimension = int(self._app.models["recognition"].output_shape[1])
        self.version = f"{_RULES} insightface {package.__version__} {pack.name}"[:100]

    def sight(
        self, images: Sequence[NDArray[np.uint8]], *, n_figures: int | None = None
    ) -> list[list[Sighting]]:
        """Encode the faces of each picture, the largest first; see `IdentityEncoder.sight`."""
        return [self._sight(images[at]) for at in range(len(images))]

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Encodings:
        """Encode the dominant face of each picture; see `IdentityEncoder.encode`."""
        return dominant(self.sight(images), self.dimension)

    @property
    def n_threads(self) -> int:
        """One picture after the other: insightface's detector keeps state; see `FaceEncoder`."""
        return 1

    def frame_of(self, image: NDArray[np.uint8], side: int) -> tuple[int, int]:
        """Return what the detector is given, always a square; see `FaceEncoder.frame_of`."""
        fixed = getattr(self._app.det_model, "static_input_size", None)
        return (side, side) if fixed is None else tuple(fixed)

    def locate(self, image: NDArray[np.uint8], side: int) -> Detections:
        """Find faces with their landmarks; see `FaceEncoder.locate`."""
        # Named for this call alone: what `prepare` has set for the scores stays as it is.
        found, points = self._app.det_model.detect(_bgr(image), input_size=(side, side))
        limit = np.tile([image.shape[1], image.shape[0]], 2)
        boxes = np.clip(found[:, :4].astype(np.float64), 0, limit)
        if points is None:
            raise ModelFileError(
                "The detector of this pack finds faces without landmarks, so they cannot be aligned.",
                hint="Use a pack whose detector has 9 or 15 outputs, such as det_10g.onnx.",
                field="model",
            )
        return Detections(boxes, found[:, 4].astype(np.float64), points.astype(np.float64))

    def raw_embedding(self, image: NDArray[np.uint8], keypoints: NDArray[np.floating]) -> NDArray[np.float32]:
        """Embed one face, at the length that the network gives; see `FaceEncoder.raw_embedding`."""
        face = _package().app.common.Face(kps=np.asarray(keypoints, np.float32))
        return np.asarray(self._app.models["recognition"].get(_bgr(image), face), np.float32)

    def _sight(self, image: NDArray[np.uint8]) -> list[Sighting]:
        faces = self._faces(_bgr(image))
        limit = np.tile([image.shape[1], image.shape[0]], 2)
        boxes = [np.clip(np.rint(face.bbox), 0, limit).astype(int) for face in faces]
        order = sorted(range(len(faces)), key=lambda at: -np.prod(boxes[at][2:] - boxes[at][:2]))
        return [
            Sighting(join_views([faces[at].embedding], self.dimension), tuple(int(v) for v in boxes[at]))  # type: ignore[arg-type]
            for at in order
            if faces[at].embedding is not None
        ]

    def _faces(self, bgr: NDArray[np.uint8]) -> list[Any]:
        """Detect and embed, at the first size that finds a face."""
        for size in self._sizes:
            if len(self._sizes) > 1:
                self._app.prepare(ctx_id=0, det_size=size)
            faces = self._app.get(bgr)
            if faces:
                return faces
        return []


def _bgr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image[..., ::-1])


def _package() -> Any:
    remedy = (
        "Run `python -m pip install 'insightface>=1.0'`; it brings the CPU onnxruntime and the GUI "
        "opencv-python along, so where onnxruntime-gpu is used run `python -m pip uninstall -y onnxruntime` "
        "and `python -m pip install --force-reinstall onnxruntime-gpu` after it. The encoder arcface needs "
        "none of it."
    )
    try:
        import insightface
        import insightface.app
    except ImportError as error:
        raise MissingPackageError(
            "The encoder insightface needs the package of that name.", field="encoder", hint=remedy
        ) from error
    if int(str(insightface.__version__).split(".", maxsplit=1)[0]) < 1:
        raise MissingPackageError(
            f"insightface {insightface.__version__} is too old.", field="encoder", hint=remedy
        )
    return insightface
