"""Faces of references as adapters take them, by networks that measure their own input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.networks import arcface_projection, write_arcface, write_face_finder, write_scrfd
from tower_anime.consistency.encoders.arcface import ArcFaceEncoder
from tower_anime.consistency.networks.alignment import TEMPLATE, aligned_face
from tower_anime.consistency.networks.network import Network
from tower_anime.consistency.references.choosing import chosen
from tower_anime.consistency.references.faces import PASSES, FaceInputs, find_faces
from tower_anime.errors import InputError, ModelFileError

# Landmarks of a face of two strides, in strides from its anchor.
OFFSETS = (TEMPLATE / 112 * 2 - 1).ravel().tolist()


def finder(tmp_path: Path, **limits: float) -> ArcFaceEncoder:
    detector = write_face_finder(tmp_path / "det.onnx", points=OFFSETS, **limits)
    return ArcFaceEncoder(Network(detector), Network(write_arcface(tmp_path / "rec.onnx")), pack="tiny")


def fixed_faces(tmp_path: Path, faces) -> ArcFaceEncoder:
    detector = write_scrfd(tmp_path / "fixed.onnx", 9, faces)
    return ArcFaceEncoder(Network(detector), Network(write_arcface(tmp_path / "rec.onnx")), pack="tiny")


def picture(left: int = 128, top: int = 192, side: int = 64, ground: int = 128) -> np.ndarray:
    """A grey picture with one bright square."""
    image = np.full((640, 640, 3), ground, np.uint8)
    image[top : top + side, left : left + side] = 255
    return image


def features(crop: np.ndarray) -> np.ndarray:
    """Compute in float64 what the tiny recogniser gives for an aligned face, shape (3, 112, 112)."""
    scaled = (crop.astype(np.float64) - 127.5) / 127.5
    return scaled.reshape(3, 7, 16, 7, 16).mean(axis=(2, 4)).ravel() @ arcface_projection()


def only(found: FaceInputs):
    assert not found.skipped
    return found.found[0]


@pytest.mark.parametrize("side", [224, 256, 336])
def test_a_face_is_embedded_raw_and_normed_and_cut_out_on_the_template(tmp_path, side) -> None:
    image = picture(side=32)
    face = only(find_faces([image], finder(tmp_path), crop_side=side))
    # The anchor of the bright cell is its corner; the face reaches a stride to each side.
    assert face.box == (96, 160, 160, 224) and face.how == ""
    landmarks = np.array(OFFSETS).reshape(5, 2) * 32 + [128, 192]
    np.testing.assert_allclose(face.raw, features(aligned_face(image, landmarks, 112)), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(face.normed, face.raw / np.linalg.norm(face.raw), atol=1e-6)
    assert face.crop.shape == (side, side, 3) and face.crop.dtype == np.uint8
    assert (face.crop == aligned_face(image, landmarks, side).transpose(1, 2, 0)).all()


def test_crops_of_128s_have_a_margin_that_crops_of_112s_have_not(tmp_path) -> None:
    image = np.random.default_rng(0).integers(0, 120, (640, 640, 3), dtype=np.uint8)
    image[192:224, 128:160] = 255
    narrow = only(find_faces([image], finder(tmp_path), crop_side=112)).crop
    wide = only(find_faces([image], finder(tmp_path), crop_side=128)).crop
    # Two of 128 share the scale of two of 112, with 8 pixels more at the left.
    assert np.abs(wide[:112, 8:120].astype(int) - narrow).max() <= 1


def test_embeddings_are_those_that_scores_are_made_of(tmp_path) -> None:
    encoder, image = finder(tmp_path), picture(side=32)
    face = only(find_faces([image], encoder, crop_side=224))
    [[sighting]] = encoder.sight([image])
    np.testing.assert_allclose(face.normed, sighting.embedding, atol=1e-6)
    assert face.box == sighting.box


def test_a_face_too_large_for_the_network_is_found_in_a_smaller_tensor(tmp_path) -> None:
    # The network finds nothing in a tensor of 400 × 400 or more: the first smaller one is 384 × 384.
    encoder = finder(tmp_path, max_pixels=400 * 400)
    image = picture(left=160, top=320, side=160)
    face = only(find_faces([image], encoder, crop_side=224))
    assert face.how == "found at 384 pixels"
    assert 96 <= face.box[0] < face.box[2] <= 384 and 256 <= face.box[1] < face.box[3] <= 544
    [sighting] = encoder.sight([image])
    assert sighting == [], "scores go on by one pass alone, or stored ones would not compare"


def test_a_face_that_fills_the_picture_is_found_with_a_border_and_mapped_back(tmp_path) -> None:
    # The grey picture alone has a mean of about 0; with a black border around it -0.75.
    encoder = finder(tmp_path, max_brightness=-0.5)
    face = only(find_faces([picture()], encoder, crop_side=224))
    # Half the picture's side is added all around, and 1280 pixels become 640: the bright square is one cell.
    assert face.how == "found at 640 pixels with a border added"
    assert face.box == (64, 128, 192, 256)
    landmarks = np.array(OFFSETS).reshape(5, 2) * 64 + [128, 192]
    assert (face.crop == aligned_face(picture(), landmarks, 224).transpose(1, 2, 0)).all()


def test_boxes_of_faces_in_a_border_stay_within_the_picture(tmp_path) -> None:
    face = only(find_faces([picture(0, 0)], finder(tmp_path, max_brightness=-0.5), crop_side=224))
    assert face.box == (0, 0, 64, 64)


def test_no_pass_is_made_twice(tmp_path, monkeypatch) -> None:
    encoder, seen = finder(tmp_path), []
    monkeypatch.setattr(encoder, "locate", lambda image, side, own=encoder.locate: seen.append(
        (encoder.frame_of(image, side), image.shape[:2])) or own(image, side))  # fmt: skip
    dark = np.zeros((640, 640, 3), np.uint8)
    assert find_faces([dark], encoder, crop_side=224).found == ()
    assert len(seen) == len(set(seen)) == len(PASSES)
    seen.clear()
    # A picture of 320 pixels is never enlarged, so that only 256 is smaller.
    find_faces([dark[:320, :320]], encoder, crop_side=224)
    assert [size for size, shape in seen if shape == (320, 320)] == [(320, 320), (256, 256)]


def test_a_network_of_fixed_size_is_asked_once_and_once_with_a_border(tmp_path, monkeypatch) -> None:
    encoder, seen = fixed_faces(tmp_path, []), []
    monkeypatch.setattr(encoder, "locate", lambda image, side, own=encoder.locate: seen.append(
        image.shape) or own(image, side))  # fmt: skip
    find_faces([np.zeros((640, 640, 3), np.uint8)], encoder, crop_side=224)
    assert seen == [(640, 640, 3), (1280, 1280, 3)]


def test_pictures_without_a_face_are_named_and_the_rest_is_used(tmp_path) -> None:
    dark = np.zeros((64, 64, 3), np.uint8)
    found = find_faces([dark, picture(side=32), dark], finder(tmp_path), crop_side=224)
    assert [face.index for face in found.found] == [1]
    assert [one.index for one in found.skipped] == [0, 2] and "no face" in found.skipped[0].reason
    nobody = find_faces([dark], finder(tmp_path), crop_side=224)
    assert nobody.found == () and len(nobody.skipped) == 1
    assert find_faces([], finder(tmp_path), crop_side=224) == FaceInputs((), ())


POINTS = [0.5, 1.0, 2.5, 1.0, 1.5, 2.0, 0.7, 3.0, 2.3, 3.0]


def face_at(column: int, row: int, half: float) -> dict:
    return {"stride": 16, "cell": (column, row), "score": 0.9, "sides": [half] * 4, "points": POINTS}


@pytest.mark.parametrize(
    ("choose", "column"),
    [
        ("largest", 20),
        (0, 4),
        (1, 20),
        (2, 32),
        ((500.0, 100.0), 32),
        ((0.0, 0.0, 100.0, 640.0), 4),
        # Both lie in the box: the larger one is meant.
        ((0.0, 0.0, 400.0, 640.0), 20),
        # None does: the nearest.
        ((600.0, 0.0, 640.0, 640.0), 32),
        ({0: 2}, 32),
        ({1: 2}, 20),
    ],
)
def test_the_chosen_face_is_the_one(tmp_path, choose, column) -> None:
    encoder = fixed_faces(tmp_path, [face_at(20, 10, 3), face_at(32, 10, 1), face_at(4, 10, 2)])
    noise = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    face = only(find_faces([noise], encoder, crop_side=224, choose=choose))
    assert (face.box[0] + face.box[2]) / 2 == column * 16


def test_a_face_that_is_not_there_or_tiny_is_a_reason_not_a_guess(tmp_path) -> None:
    encoder = fixed_faces(tmp_path, [face_at(20, 10, 0.25), face_at(4, 10, 2)])
    noise = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    [absent] = find_faces([noise], encoder, crop_side=224, choose=2).skipped
    assert "face 2 was chosen" in absent.reason and "2 were found" in absent.reason
    [tiny] = find_faces([noise], encoder, crop_side=224, choose=1).skipped
    assert tiny.reason == "the face is only 8×8 pixels large"


@pytest.mark.parametrize("choose", ["smallest", -1, True, (1.0, 2.0, 3.0), 1.5])
def test_a_choice_that_names_no_face_is_refused(tmp_path, choose) -> None:
    with pytest.raises(InputError, match="chooses no figure"):
        find_faces([picture()], finder(tmp_path), crop_side=224, choose=choose)
    with pytest.raises(InputError, match="200 pixels"):
        find_faces([picture()], finder(tmp_path), crop_side=200)


def test_a_recogniser_that_gives_nan_is_damaged(tmp_path) -> None:
    encoder = finder(tmp_path)
    encoder.raw_embedding = lambda image, keypoints: np.full(512, np.nan, np.float32)  # type: ignore[method-assign]
    with pytest.raises(ModelFileError, match="NaN"):
        find_faces([picture(side=32)], encoder, crop_side=224)


def test_boxes_are_chosen_by_area_place_and_nearness() -> None:
    boxes = np.array([[50, 0, 60, 10], [0, 0, 30, 30], [80, 0, 100, 20]], float)
    assert [chosen(boxes, choice) for choice in ("largest", 0, 1, 2, 3)] == [1, 1, 0, 2, None]
    assert chosen(boxes, (95.0, 5.0)) == 2 and chosen(boxes, (40.0, 0.0, 70.0, 20.0)) == 0
