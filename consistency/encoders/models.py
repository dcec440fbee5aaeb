"""From installed model files to encoders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ModelFileError, UnknownEncoderError
from .catalog import (
    ARCFACE,
    CATALOG,
    CCIP,
    HEAD,
    INSIGHTFACE,
    PERSON,
    InstalledModel,
    ModelFinder,
    known_model,
)

if TYPE_CHECKING:
    from ..detection.yolo import YoloDetector
    from ..networks.network import Network
    from .base import IdentityEncoder

# Least score of a detection and largest overlap of two, as deepghs' own library uses its detectors.
_LIMITS = {HEAD: (0.4, 0.7), PERSON: (0.3, 0.5)}
# Of a CCIP file that is not in the catalogue: the default model's.
_CCIP_THRESHOLD = 0.64305
# Parts of file names by which face recognisers and detectors are usually called; only the order in which
# files are looked into.
_DETECTOR_HINTS = ("det", "scrfd", "retina")
_RECOGNISER_HINTS = ("w600k", "glint", "arcface", "rec", "webface", "mbf", "r50", "r100")
_DETECTOR_OUTPUTS = (6, 9, 10, 15)


def ccip_names(models: ModelFinder) -> list[str]:
    """Return all published CCIP models, and the others that are installed."""
    published = [model.name for model in CATALOG if model.kind == CCIP]
    return published + [model.name for model in models.installed(CCIP) if model.name not in published]


def pack_names(models: ModelFinder, kind: str) -> list[str]:
    """Return the installed packs of face models."""
    return [model.name for model in models.installed(kind)]


def ccip_encoder(models: ModelFinder, name: str, device: str) -> IdentityEncoder:
    """Load CCIP with whichever of the two detectors is installed.

    Raises
    ------
    UnknownEncoderError
        If no CCIP model has that name.
    MissingModelError
        If the model, or both detectors, are not installed: a whole picture is never taken for a person.
    """
    if name and name not in ccip_names(models):
        raise _unknown("ccip", name, ccip_names(models))
    chosen = _named(models.installed(CCIP), name)
    found = {kind: _named(models.installed(kind), "") for kind in (HEAD, PERSON)}
    lacking = [kind for kind in (HEAD, PERSON) if all(model is None for model in found.values())]
    if chosen is None or lacking:
        raise models.missing(([CCIP] if chosen is None else []) + lacking, name)
    from .ccip import CcipEncoder

    detectors = {kind: _detector(model, kind, device) for kind, model in found.items() if model is not None}
    known = known_model(chosen.name)
    threshold = _CCIP_THRESHOLD if known is None or known.threshold is None else known.threshold
    features = _network(chosen, chosen.files[0], device)
    return CcipEncoder(features, detectors, model=chosen.name, threshold=threshold)


def arcface_encoder(models: ModelFinder, name: str, device: str) -> IdentityEncoder:
    """Load a pair of face detector and face recogniser.

    Raises
    ------
    MissingModelError
        If no pack, or not the named one, is installed.
    ModelFileError
        If the pack has no such pair.
    """
    pack = _named(models.installed(ARCFACE), name)
    if pack is None:
        raise models.missing([ARCFACE], name)
    from .arcface import ArcFaceEncoder

    detector = _first(pack, _DETECTOR_HINTS, device, is_detector=True)
    recogniser = _first(pack, _RECOGNISER_HINTS, device, is_detector=False)
    return ArcFaceEncoder(detector, recogniser, pack=pack.name)


def insightface_encoder(models: ModelFinder, name: str, device: str) -> IdentityEncoder:
    """Load a pack through the package insightface.

    Raises
    ------
    MissingModelError
        If the package or the pack is not installed.
    """
    pack = _named(models.installed(INSIGHTFACE), name)
    if pack is None:
        raise models.missing([INSIGHTFACE], name)
    from .insightface_pack import InsightFaceEncoder

    return InsightFaceEncoder(pack.files[0].parent, is_cpu_only=device == "cpu")


def head_detector(models: ModelFinder, device: str) -> YoloDetector | None:
    """Load the installed detector of drawn heads; None where there is none.

    Raises
    ------
    ModelFileError
        If its file is damaged or of another kind.
    """
    found = _named(models.installed(HEAD), "")
    return None if found is None else _detector(found, HEAD, device)


def _named(found: Sequence[InstalledModel], name: str) -> InstalledModel | None:
    return next((model for model in found if name in ("", model.name)), None)


def _unknown(kind: str, name: str, known: Sequence[str]) -> UnknownEncoderError:
    return UnknownEncoderError(
        f"No {kind} model is called {name!r}.", field="encoder", hint=f"Known: {', '.join(known)}."
    )


def _detector(model: InstalledModel, kind: str, device: str) -> YoloDetector:
    from ..detection.yolo import YoloDetector

    min_score, max_overlap = _LIMITS[kind]
    network = _network(model, model.files[0], device)
    return YoloDetector(network, name=model.name, min_score=min_score, max_overlap=max_overlap, label=kind)


def _network(model: InstalledModel, path: Path, device: str) -> Network:
    from ..networks.network import Network

    return Network(path, sha256=model.sha256.get(path.name), device=device)


def _first(pack: InstalledModel, hints: Sequence[str], device: str, *, is_detector: bool) -> Network:
    """Return the first file of a pack that has the outputs of a detector, or of a recogniser."""
    files = sorted(
        pack.files, key=lambda path: (not any(hint in path.name.lower() for hint in hints), path.name)
    )
    for path in files:
        network = _network(pack, path, device)
        if _is_detector(network) if is_detector else _is_recogniser(network):
            return network
    what = "face detector (an SCRFD file)" if is_detector else "face recogniser (an ArcFace file)"
    raise ModelFileError(
        f"The pack {pack.files[0].parent} has no {what}.",
        hint="Put a detector and a recogniser into it, such as det_10g.onnx and w600k_r50.onnx.",
        field="model",
    )


def _is_detector(network: Network) -> bool:
    return network.n_outputs in _DETECTOR_OUTPUTS


def _is_recogniser(network: Network) -> bool:
    """Whether it takes square pictures of 112 pixels or more, by sixteens: insightface's own rule."""
    shape = network.input_shape
    if len(shape) != 4 or network.n_outputs != 1 or shape[2] is None or shape[2] != shape[3]:
        return False
    return shape[2] >= 112 and shape[2] % 16 == 0
