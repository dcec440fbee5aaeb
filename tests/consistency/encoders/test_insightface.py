"""The package insightface, where it is installed: ``python -m pip install insightface``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageFilter
from support.networks import write_arcface, write_face_finder, write_scrfd

insightface = pytest.importorskip(
    "insightface", reason="insightface is not installed: its path is NOT tested"
)

from tower_anime.consistency.encoders.arcface import ArcFaceEncoder  # noqa: E402
from tower_anime.consistency.encoders.insightface_pack import InsightFaceEncoder  # noqa: E402
from tower_anime.consistency.networks.network import Network  # noqa: E402
from tower_anime.consistency.references.faces import find_faces  # noqa: E402

# Of scikit-image, which insightface aligns faces with.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

POINTS = [0.5, 1.0, 2.5, 1.0, 1.5, 2.0, 0.7, 3.0, 2.3, 3.0]
FACE = {"stride": 16, "cell": (10, 8), "score": 0.9, "sides": [1, 2, 3, 4], "points": POINTS}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return tmp_path / "insightface" / "models" / "tiny"


@pytest.mark.parametrize("size", [(640, 640), (720, 1280)])
def test_it_gives_the_embedding_of_the_bare_pair(pack, size) -> None:
    write_scrfd(pack / "det.onnx", 9, [FACE])
    write_arcface(pack / "rec.onnx")
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)))
    [[own]] = InsightFaceEncoder(pack, is_cpu_only=True).sight([image])
    bare = ArcFaceEncoder(Network(pack / "det.onnx"), Network(pack / "rec.onnx"), pack="tiny")
    [[other]] = bare.sight([image])
    assert own.box == other.box and own.embedding @ other.embedding > 0.9999


def test_another_detection_size_really_changes_what_the_detector_gets(pack, monkeypatch) -> None:
    write_face_finder(pack / "det.onnx")
    write_arcface(pack / "rec.onnx")
    encoder = InsightFaceEncoder(pack, detection_sizes=[(640, 640), (320, 320)], is_cpu_only=True)
    shapes, run = [], onnxruntime.InferenceSession.run

    def recorded(session, names, feed, *rest):
        shapes.append(next(iter(feed.values())).shape[2:])
        return run(session, names, feed, *rest)

    monkeypatch.setattr(onnxruntime.InferenceSession, "run", recorded)
    assert encoder.sight([np.zeros((640, 640, 3), np.uint8)]) == [[]]
    assert shapes == [(640, 640), (320, 320)]


def test_faces_for_adapters_are_those_of_the_bare_pair(pack) -> None:
    write_scrfd(pack / "det.onnx", 9, [FACE])
    write_arcface(pack / "rec.onnx")
    noise = np.random.default_rng(1).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)))
    encoder = InsightFaceEncoder(pack, is_cpu_only=True)
    bare = ArcFaceEncoder(Network(pack / "det.onnx"), Network(pack / "rec.onnx"), pack="tiny")
    [own] = find_faces([image], encoder, crop_side=224).found
    [other] = find_faces([image], bare, crop_side=224).found
    assert own.box == other.box and np.abs(own.crop.astype(int) - other.crop).max() <= 1
    assert own.normed @ other.normed > 0.9999 and np.linalg.norm(own.raw) > 1.5
    np.testing.assert_allclose(np.linalg.norm(own.raw), np.linalg.norm(other.raw), rtol=1e-2)
    # As FaceAnalysis itself gives them.
    [face] = encoder._app.get(np.ascontiguousarray(image[..., ::-1]))
    np.testing.assert_allclose(own.raw, face.embedding, rtol=1e-5, atol=1e-5)


def test_a_smaller_pass_reaches_the_network_and_leaves_the_size_of_the_scores_alone(pack) -> None:
    # The network measures its own input and finds nothing in 400 × 400 pixels or more.
    write_face_finder(pack / "det.onnx", max_pixels=400 * 400)
    write_arcface(pack / "rec.onnx")
    encoder = InsightFaceEncoder(pack, is_cpu_only=True)
    image = np.zeros((640, 640, 3), np.uint8)
    image[160:320, 160:320] = 255
    [face] = find_faces([image], encoder, crop_side=224).found
    assert face.how == "found at 384 pixels"
    assert encoder.sight([image]) == [[]]
