"""SCRFD decoding, alignment and ArcFace features, on tiny networks and against independent computations."""

from __future__ import annotations

import numpy as np
import pytest
from support.networks import arcface_projection, scrfd_tables, write_arcface, write_boxes, write_scrfd
from tower_anime.consistency.detection.scrfd import ScrfdDetector
from tower_anime.consistency.encoders.arcface import ArcFaceEncoder
from tower_anime.consistency.networks.alignment import TEMPLATE, aligned_face, similarity_transform, template
from tower_anime.consistency.networks.network import Network
from tower_anime.errors import ModelFileError

POINTS = [0.5, 1.0, 2.5, 1.0, 1.5, 2.0, 0.7, 3.0, 2.3, 3.0]
FACE = {"stride": 16, "cell": (10, 8), "score": 0.9, "sides": [1, 2, 3, 4], "points": POINTS}
# The anchor is at (160, 128); distances are in strides.
BOX = [160 - 16, 128 - 32, 160 + 48, 128 + 64]
LANDMARKS = np.array(POINTS).reshape(5, 2) * 16 + [160, 128]


def noise(seed: int, height: int = 640, width: int = 640) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("n_outputs", [6, 9, 10, 15])
@pytest.mark.parametrize("has_batch_axis", [False, True])
def test_distances_and_landmarks_are_in_strides_from_the_anchor(tmp_path, n_outputs, has_batch_axis) -> None:
    path = write_scrfd(tmp_path / "det.onnx", n_outputs, [FACE], has_batch_axis=has_batch_axis)
    found = ScrfdDetector(Network(path)).detect(noise(0))
    np.testing.assert_allclose(found.boxes, [BOX])
    np.testing.assert_allclose(found.scores, [0.9], rtol=1e-6)
    if n_outputs in (9, 15):
        np.testing.assert_allclose(found.keypoints[0], LANDMARKS)
    else:
        assert found.keypoints is None


def test_the_order_of_the_outputs_does_not_matter(tmp_path) -> None:
    path = write_scrfd(tmp_path / "det.onnx", 9, [FACE], order=[8, 0, 4, 3, 7, 1, 2, 6, 5])
    found = ScrfdDetector(Network(path)).detect(noise(0))
    np.testing.assert_allclose(found.boxes, [BOX])
    np.testing.assert_allclose(found.keypoints[0], LANDMARKS)


def test_doubles_and_unsure_faces_are_dropped(tmp_path) -> None:
    double = {**FACE, "stride": 8, "cell": (20, 16), "score": 0.8, "sides": [2, 4, 6, 8]}
    unsure = {**FACE, "cell": (30, 30), "score": 0.49}
    found = ScrfdDetector(Network(write_scrfd(tmp_path / "d.onnx", 9, [FACE, double, unsure]))).detect(
        noise(0)
    )
    np.testing.assert_allclose(found.boxes, [BOX])


def test_a_wide_picture_lies_in_the_left_upper_corner_of_the_frame(tmp_path) -> None:
    found = ScrfdDetector(Network(write_scrfd(tmp_path / "d.onnx", 9, [FACE]))).detect(noise(0, 720, 1280))
    np.testing.assert_allclose(found.boxes, [[2 * side for side in BOX]])
    np.testing.assert_allclose(found.keypoints[0], 2 * LANDMARKS)


def test_a_network_of_any_size_is_given_a_16_to_9_frame(tmp_path) -> None:
    path = write_scrfd(tmp_path / "d.onnx", 9, [FACE], size=(640, 384), shape=(1, 3, "height", "width"))
    finder = ScrfdDetector(Network(path))
    assert finder.frame_of(noise(0, 720, 1280)) == (640, 384)
    np.testing.assert_allclose(finder.detect(noise(0, 720, 1280)).boxes, [[2 * side for side in BOX]])


def test_a_network_that_only_says_so_is_given_a_square(tmp_path) -> None:
    path = write_scrfd(tmp_path / "d.onnx", 9, [FACE], shape=(1, 3, "?", "?"))
    finder = ScrfdDetector(Network(path))
    assert finder.frame_of(noise(0, 720, 1280)) == (640, 640)
    np.testing.assert_allclose(finder.detect(noise(0, 720, 1280)).boxes, [[2 * side for side in BOX]])


@pytest.mark.parametrize("seed", range(5))
def test_the_alignment_is_the_least_squares_similarity(seed) -> None:
    points = np.random.default_rng(seed).uniform(0, 500, (5, 2))
    # x' = a x - b y + u, y' = b x + a y + v is linear in (a, b, u, v).
    rows = np.concatenate([np.array([[x, -y, 1, 0], [y, x, 0, 1]]) for x, y in points])
    a, b, u, v = np.linalg.lstsq(rows, TEMPLATE.ravel(), rcond=None)[0]
    np.testing.assert_allclose(similarity_transform(points, TEMPLATE), [[a, -b, u], [b, a, v]], atol=1e-9)


def test_a_turned_and_scaled_template_is_turned_back_exactly() -> None:
    angle, scale, shift = 0.4, 2.5, np.array([90.0, 40.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = similarity_transform(TEMPLATE @ turn.T + shift, TEMPLATE)
    np.testing.assert_allclose(matrix[:, :2], np.linalg.inv(turn), atol=1e-12)
    np.testing.assert_allclose(template(224), TEMPLATE * 2)
    np.testing.assert_allclose(template(128), np.add(TEMPLATE, (8, 0)))


def test_an_aligned_face_is_the_picture_where_its_landmarks_are_the_template() -> None:
    image = noise(3, 300, 300)
    cut = aligned_face(image, np.add(TEMPLATE, (40, 60)), 112)
    assert (cut == image[60:172, 40:152].transpose(2, 0, 1)).all()
    half = aligned_face(image, np.add(TEMPLATE, (40.5, 60)), 112).astype(float)
    expected = (image[60:172, 40:152].astype(float) + image[60:172, 41:153]) / 2
    assert np.abs(half - expected.transpose(2, 0, 1)).max() <= 0.5
    beside = aligned_face(image, np.subtract(TEMPLATE, (56, 0)), 112)
    assert not beside[:, :, :55].any() and (beside[:, :, 56:] == image[:112, :56].transpose(2, 0, 1)).all()


@pytest.mark.parametrize("shift", [(-500, 10), (10, -500), (290, 40), (40, 290), (5000, 5000), (-(10**7), 0)])
def test_what_leaves_the_picture_is_black(shift) -> None:
    image = noise(3, 300, 300)
    cut = aligned_face(image, np.add(TEMPLATE, shift), 112)
    columns, rows = np.arange(112)[None] + shift[0], np.arange(112)[:, None] + shift[1]
    is_inside = (columns >= 0) & (columns < 300) & (rows >= 0) & (rows < 300)
    expected = image[np.clip(rows, 0, 299), np.clip(columns, 0, 299)] * is_inside[..., None]
    assert (cut == expected.transpose(2, 0, 1)).all()


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), np.nan)])
def test_landmarks_that_lie_in_one_place_or_nowhere_give_black(points) -> None:
    assert not aligned_face(noise(3, 300, 300), points, 112).any()


def features(crop: np.ndarray) -> np.ndarray:
    """Compute in float64 what the tiny recogniser gives for an aligned face, shape (3, 112, 112)."""
    scaled = (crop.astype(np.float64) - 127.5) / 127.5
    vector = scaled.reshape(3, 7, 16, 7, 16).mean(axis=(2, 4)).ravel() @ arcface_projection()
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("batch", ["None", 1])
@pytest.mark.parametrize("scales_itself", [False, True])
def test_embeddings_are_the_features_of_the_aligned_face(tmp_path, batch, scales_itself) -> None:
    detector = Network(write_scrfd(tmp_path / "det.onnx", 9, [FACE]))
    recogniser = Network(write_arcface(tmp_path / "rec.onnx", batch=batch, scales_itself=scales_itself))
    encoder = ArcFaceEncoder(detector, recogniser, pack="tiny")
    images = [noise(1), noise(2)]
    seen = [sightings[0] for sightings in encoder.sight(images)]
    expected = [features(aligned_face(image, LANDMARKS, 112)) for image in images]
    for sighting, vector in zip(seen, expected, strict=True):
        np.testing.assert_allclose(sighting.embedding, vector, atol=1e-5)
        assert sighting.box == tuple(BOX)
    assert seen[0].embedding @ seen[1].embedding == pytest.approx(expected[0] @ expected[1], abs=1e-5)
    assert encoder.views == ("face",) and encoder.thresholds == (0.32,) and "tiny" in encoder.version


def test_the_larger_face_comes_first_and_nobody_is_nobody(tmp_path) -> None:
    small = {**FACE, "cell": (30, 30), "score": 0.95, "sides": [0.5, 0.5, 0.5, 0.5]}
    recogniser = Network(write_arcface(tmp_path / "rec.onnx"))
    encoder = ArcFaceEncoder(
        Network(write_scrfd(tmp_path / "det.onnx", 9, [small, FACE])), recogniser, pack="tiny"
    )
    assert [s.box for s in encoder.sight([noise(1)])[0]] == [tuple(BOX), (472, 472, 488, 488)]
    nobody = ArcFaceEncoder(Network(write_scrfd(tmp_path / "none.onnx", 9, [])), recogniser, pack="tiny")
    assert nobody.sight([noise(1)]) == [[]] and not nobody.encode([noise(1)]).found.any()


def test_a_detector_without_landmarks_is_refused_by_name(tmp_path) -> None:
    detector = Network(write_scrfd(tmp_path / "det.onnx", 6, [FACE]))
    with pytest.raises(ModelFileError, match="without landmarks"):
        ArcFaceEncoder(detector, Network(write_arcface(tmp_path / "rec.onnx")), pack="tiny")


def test_another_network_is_told_when_it_is_loaded(tmp_path) -> None:
    with pytest.raises(ModelFileError, match="1 outputs"):
        ScrfdDetector(Network(write_boxes(tmp_path / "yolo.onnx", np.zeros((5, 60)))))
    wrong = write_scrfd(tmp_path / "det.onnx", 9, [FACE], size=(320, 320), shape=(1, 3, 640, 640))
    with pytest.raises(ModelFileError, match="SCRFD"):
        ScrfdDetector(Network(wrong))
    assert [len(table) for table in scrfd_tables(9, (640, 640), [])[:3]] == [12800, 3200, 800]
