"""CCIP with its detectors, on tiny networks whose numbers are computed here in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.networks import ccip_numbers, write_boxes, write_ccip, write_patch_detector
from tower_anime.consistency.detection.yolo import YoloDetector
from tower_anime.consistency.encoders.ccip import CcipEncoder
from tower_anime.consistency.networks.network import Network

MEAN = np.array([0.48145466, 0.4578275, 0.40821073])[:, None, None]
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def as_ccip_wants(crop: np.ndarray) -> np.ndarray:
    """Prepare a crop as CCIP was published, in float64 after Pillow's filter."""
    scaled = np.asarray(Image.fromarray(crop).resize((384, 384), Image.Resampling.BILINEAR), np.float64)
    return (scaled.transpose(2, 0, 1) / 255.0 - MEAN) / DEVIATION


def detector(path: Path, kind: str) -> YoloDetector:
    limits = {"head": (0.4, 0.7), "person": (0.3, 0.5)}[kind]
    return YoloDetector(Network(path), name=path.stem, min_score=limits[0], max_overlap=limits[1], label=kind)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def noise(seed: int, height: int = 640, width: int = 640) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def unlike_blocks(seed: int) -> np.ndarray:
    """Noise on blocks of unlike colours, whose means are far from nought: those of noise alone cancel."""
    blocks = np.kron(noise(seed + 1, 10, 10), np.ones((64, 64, 1)))
    return (blocks * 0.75 + noise(seed) * 0.25).astype(np.uint8)


def row(left: float, top: float, right: float, bottom: float, score: float) -> list[float]:
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, score]


@pytest.fixture
def made(tmp_path: Path):
    """Make an encoder of constant detections: rows of (x, y, width, height, score) in a 640 frame."""

    def make(heads: list | None = None, persons: list | None = None, **ccip) -> CcipEncoder:
        write_ccip(tmp_path / "ccip.onnx", **ccip)
        detectors = {}
        for kind, rows in (("head", heads), ("person", persons)):
            if rows is not None:
                table = np.array(rows, np.float32).reshape(-1, 5).T
                table = np.pad(table, ((0, 0), (0, 50 - table.shape[1])))
                detectors[kind] = detector(write_boxes(tmp_path / f"{kind}.onnx", table), kind)
        return CcipEncoder(Network(tmp_path / "ccip.onnx"), detectors, model="tiny", threshold=0.6)

    return make


@pytest.mark.parametrize("batch", ["batch", 1])
@pytest.mark.parametrize("opset", [11, 17])
def test_head_and_person_are_two_views_with_the_published_preparation(made, batch, opset) -> None:
    head, person = (200, 40, 330, 190), (150, 30, 450, 620)
    encoder = made([row(*head, 0.9)], [row(*person, 0.8)], batch=batch, opset=opset)
    image = unlike_blocks(1)
    [[sighting]] = encoder.sight([image])
    assert encoder.views == ("head", "person") and encoder.dimension == 1536
    assert sighting.box == person
    for view, (left, top, right, bottom) in enumerate((head, person)):
        expected = unit(ccip_numbers(as_ccip_wants(image[top:bottom, left:right])))
        got = sighting.embedding[view * 768 : (view + 1) * 768]
        np.testing.assert_allclose(unit(got), expected, atol=2e-5)
        assert np.linalg.norm(got) == pytest.approx(np.sqrt(0.5), abs=1e-5)


def test_the_cosine_of_two_figures_is_the_mean_of_the_views_cosines(made) -> None:
    encoder = made([row(200, 40, 330, 190, 0.9)], [row(150, 30, 450, 620, 0.8)])
    pictures = [noise(1), (noise(2) // 2 + 40).astype(np.uint8)]
    one, other = (sightings[0].embedding for sightings in encoder.sight(pictures))
    cosines = [
        unit(ccip_numbers(as_ccip_wants(pictures[0][y0:y1, x0:x1])))
        @ unit(ccip_numbers(as_ccip_wants(pictures[1][y0:y1, x0:x1])))
        for x0, y0, x1, y1 in ((200, 40, 330, 190), (150, 30, 450, 620))
    ]
    assert one @ other == pytest.approx(np.mean(cosines), abs=2e-5)


def test_every_person_gets_the_own_head_and_the_rest_is_seen_alone(made) -> None:
    heads = [row(80, 20, 180, 120, 0.8), row(300, 60, 400, 160, 0.9), row(500, 500, 560, 560, 0.7)]
    # The two boxes overlap, and the first one holds half of the second's head.
    persons = [row(40, 10, 350, 500, 0.8), row(260, 50, 480, 560, 0.7), row(420, 30, 640, 300, 0.6)]
    image = unlike_blocks(3)
    seen = made(heads, persons).sight([image])[0]
    halves = [(np.linalg.norm(s.embedding[:768]) > 0, np.linalg.norm(s.embedding[768:]) > 0) for s in seen]
    found = dict(zip([s.box for s in seen], halves, strict=True))
    assert found == {
        (40, 10, 350, 500): (True, True),
        (260, 50, 480, 560): (True, True),
        (420, 30, 640, 300): (False, True),
        (500, 500, 560, 560): (True, False),
    }
    crop = image[20:120, 80:180]
    first = next(s for s in seen if s.box == (40, 10, 350, 500))
    np.testing.assert_allclose(
        unit(first.embedding[:768]), unit(ccip_numbers(as_ccip_wants(crop))), atol=2e-5
    )


def test_the_largest_sure_figure_comes_first_and_nobody_is_left_out(made) -> None:
    persons = [row(0, 0, 100, 200, 0.95), row(200, 0, 600, 600, 0.6)]
    encoder = made([], persons)
    assert [s.box for s in encoder.sight([noise(4)])[0]] == [(200, 0, 600, 600), (0, 0, 100, 200)]
    assert len(encoder.sight([noise(4)], n_figures=1)[0]) == 2
    encodings = encoder.encode([noise(4)])
    assert encodings.found.tolist() == [True] and encodings.boxes.tolist() == [[200, 0, 600, 600]]


def test_a_picture_without_anybody_costs_one_pass_of_each_detector_and_nothing_else(made) -> None:
    encoder = made([row(0, 0, 90, 90, 0.1)], [])
    runs = count_runs(encoder)
    assert encoder.sight([noise(5)] * 3) == [[], [], []]
    assert runs == {"head": 3, "person": 3, "ccip": 0}
    encodings = encoder.encode([noise(5)])
    assert not encodings.found.any() and not encodings.embeddings.any()


def count_runs(encoder: CcipEncoder) -> dict[str, int]:
    runs = {}
    networks = [detector.network for detector in encoder._detectors] + [encoder._features._network]
    for network in networks:
        runs[network.path.stem] = 0

        def counted(batch, network=network, run=network.run):
            runs[network.path.stem] += 1
            return run(batch)

        network.run = counted
    return runs


@pytest.mark.parametrize("n_pictures", [1, 2, 3, 7])
def test_a_picture_has_the_same_embedding_whatever_is_beside_it(made, n_pictures) -> None:
    encoder = made([row(200, 40, 330, 190, 0.9)], [row(150, 30, 450, 620, 0.8)])
    [[alone]] = encoder.sight([noise(6)])
    together = encoder.sight([noise(10 + at) for at in range(n_pictures)] + [noise(6)])[-1][0]
    assert (alone.embedding == together.embedding).all()


def test_one_detector_alone_gives_one_view_and_says_so_in_the_version(made) -> None:
    both, persons = made([], []), made(None, [row(150, 30, 450, 620, 0.8)])
    assert persons.views == ("person",) and persons.dimension == 768
    assert both.version != persons.version
    assert "person" in persons.version and "head" not in persons.version
    assert "tiny" in persons.version and len(persons.version) <= 100


def test_other_weights_are_another_version(made) -> None:
    assert made([], [], seed=1).version != made([], [], seed=2).version


@pytest.mark.parametrize("size", [(640, 640), (360, 640), (720, 1280), (1280, 720), (300, 200)])
def test_a_detection_lies_where_the_patch_is_in_the_picture(tmp_path, size) -> None:
    """The frame's margin, shift and scale are undone: a bright square is found at its own place."""
    height, width = size
    scale = min(640 / width, 640 / height)
    offset = ((640 - round(width * scale)) // 2, (640 - round(height * scale)) // 2)
    image = np.full((height, width, 3), 20, np.uint8)
    # One cell of the frame, 32 pixels at (320, 320), as it lies in the picture.
    left, top = ((320 - offset[0]) / scale, (320 - offset[1]) / scale)
    side = 32 / scale
    image[round(top) : round(top + side), round(left) : round(left + side)] = 255
    finder = detector(write_patch_detector(tmp_path / "head.onnx"), "head")
    found = finder.detect(image)
    expected = [left - 16 / scale, top - 16 / scale, left + side + 16 / scale, top + side + 16 / scale]
    np.testing.assert_allclose(found.boxes[0], expected, atol=1.0 / scale)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (4000, 3)])
def test_slivers_of_pictures_show_nobody(made, size) -> None:
    encoder = made([row(200, 40, 330, 190, 0.9)], [row(150, 30, 450, 620, 0.8)])
    assert encoder.sight([noise(7, *size)]) == [[]]
