"""The forms in which YOLO networks give boxes."""

from __future__ import annotations

import numpy as np
import pytest
from support.networks import write_boxes
from tower_anime.consistency.detection.boxes import pair_heads, suppress
from tower_anime.consistency.detection.yolo import YoloDetector
from tower_anime.consistency.networks.network import Network
from tower_anime.errors import ModelFileError

SQUARE = np.zeros((640, 640, 3), np.uint8)
ONE_CLASS = {"names": "{0: 'head'}", "imgsz": "[640, 640]"}


def detect(path, table, image=SQUARE, label="head", **options):
    network = Network(write_boxes(path / "head.onnx", np.asarray(table, np.float32), **options))
    finder = YoloDetector(network, name="tiny", min_score=0.4, max_overlap=0.7, label=label)
    return finder.detect(image)


def anchors(*rows: list[float], total: int = 60) -> np.ndarray:
    table = np.zeros((len(rows[0]), total), np.float32)
    table[:, 7 : 7 + len(rows)] = np.array(rows).T
    return table


@pytest.mark.parametrize("metadata", [None, ONE_CLASS])
def test_raw_output_is_centre_and_size(tmp_path, metadata) -> None:
    found = detect(tmp_path, anchors([100, 200, 40, 60, 0.8], [400, 300, 20, 20, 0.39]), metadata=metadata)
    np.testing.assert_allclose(found.boxes, [[80, 170, 120, 230]])
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-6)


@pytest.mark.parametrize("metadata", [None, ONE_CLASS])
def test_end_to_end_output_is_corners_score_and_class(tmp_path, metadata) -> None:
    rows = [[80, 170, 120, 230, 0.8, 0], [5, 5, 9, 9, 0.2, 0]] + [[0] * 6] * 28
    found = detect(tmp_path, rows, metadata=metadata)
    np.testing.assert_allclose(found.boxes, [[80, 170, 120, 230]])


def test_a_transposed_output_and_one_in_shares_of_the_frame_are_understood(tmp_path) -> None:
    boxes = np.zeros((60, 5), np.float32)
    boxes[3] = [100, 200, 40, 60, 0.8]
    np.testing.assert_allclose(detect(tmp_path, boxes).boxes, [[80, 170, 120, 230]])
    boxes[3, :4] /= 640
    np.testing.assert_allclose(detect(tmp_path, boxes).boxes, [[80, 170, 120, 230]], atol=1e-3)


def test_of_several_classes_the_one_that_is_asked_for_counts(tmp_path) -> None:
    table = anchors([100, 200, 40, 60, 0.9, 0.1], [400, 300, 20, 20, 0.1, 0.7])
    names = {"names": "{0: 'body', 1: 'head'}"}
    np.testing.assert_allclose(detect(tmp_path, table, metadata=names).boxes, [[390, 290, 410, 310]])
    both = detect(tmp_path, table, metadata={"names": "{0: 'cat', 1: 'dog'}"})
    np.testing.assert_allclose(both.scores, [0.9, 0.7], rtol=1e-6)


def test_names_of_tensors_do_not_matter(tmp_path) -> None:
    found = detect(tmp_path, anchors([100, 200, 40, 60, 0.8]), input_name="x", output_name="whatever")
    assert len(found) == 1


def test_a_network_of_any_size_gets_the_pictures_own_shape(tmp_path) -> None:
    table = anchors([100, 200, 40, 60, 0.8])
    network = Network(write_boxes(tmp_path / "head.onnx", table, shape=(1, 3, "height", "width")))
    finder = YoloDetector(network, name="tiny", min_score=0.4, max_overlap=0.7, label="head")
    assert finder.frame_of(np.zeros((720, 1280, 3), np.uint8)) == (640, 384)
    assert finder.frame_of(np.zeros((100, 70, 3), np.uint8)) == (96, 128)
    # 720p is halved, and 12 rows of margin lie above it in a frame of 384.
    found = finder.detect(np.zeros((720, 1280, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, [[160, 316, 240, 436]])


def test_boxes_end_at_the_picture(tmp_path) -> None:
    found = detect(tmp_path, anchors([10, 10, 60, 60, 0.8], [635, 400, 40, 40, 0.7]))
    np.testing.assert_allclose(found.boxes, [[0, 0, 40, 40], [615, 380, 640, 420]])


@pytest.mark.parametrize("table", [np.zeros((3, 60)), np.zeros((60, 8)), np.zeros((4, 4, 60))])
def test_another_output_is_told_when_the_file_is_loaded(tmp_path, table) -> None:
    network = Network(write_boxes(tmp_path / "head.onnx", np.asarray(table, np.float32)))
    with pytest.raises(ModelFileError, match="is expected"):
        YoloDetector(network, name="tiny", min_score=0.4, max_overlap=0.7, label="head")


def test_of_overlapping_boxes_the_surer_one_stays() -> None:
    boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 8], [20, 20, 29, 29], [0, 5, 9, 14]], float)
    scores = np.array([0.5, 0.9, 0.6, 0.4])
    # With both end pixels counted: 90 / 100 for the first two, 40 / 150 for the last with the second.
    assert suppress(boxes, scores, 0.7).tolist() == [1, 2, 3]
    assert suppress(boxes, scores, 0.9).tolist() == [1, 2, 0, 3]
    assert suppress(boxes, scores, 0.2).tolist() == [1, 2]
    assert suppress(boxes[:0], scores[:0], 0.5).tolist() == []


def test_heads_go_to_the_people_whose_box_holds_them() -> None:
    persons = np.array([[0, 0, 100, 300], [60, 0, 160, 300]], float)
    heads = np.array([[90, 5, 130, 45], [20, 5, 60, 45], [400, 0, 440, 40]], float)
    pairs = {(head, person) for head, person in pair_heads(heads, persons)}
    assert pairs == {(0, 1), (1, 0), (2, None)}
    assert pair_heads(heads[:0], persons) == [(None, 0), (None, 1)]
    assert pair_heads(heads[:1], persons[:0]) == [(0, None)]
