"""Poses: the same wherever they are photographed, mirrored, fitted to other builds, and drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tower_anime.consistency.poses import skeleton as s
from tower_anime.consistency.poses.builds import ADULT, CHIBI, TEEN, build_of, retargeted
from tower_anime.consistency.poses.drawing import COLOURS, draw_pose, placed
from tower_anime.consistency.poses.keypoints import first_person, people_of, to_keypoints
from tower_anime.consistency.poses.library import library
from tower_anime.consistency.poses.normal_form import mirrored, normalised, pose_distance
from tower_anime.consistency.poses.pose import joints_as_json, joints_from_json
from tower_anime.errors import InputError

POSES = {pose.name: pose for pose in library()}
NAMED = {
    "standing", "walking", "running", "sitting", "kneeling", "jumping", "arms crossed", "waving", "pointing",
    "fighting stance", "lying", "back view", "hands on hips", "thinking",
}  # fmt: skip


def length(points: np.ndarray, start: int, end: int) -> float:
    return float(np.linalg.norm(points[end] - points[start]))


def pixels(name: str, width: int = 640, height: int = 480) -> np.ndarray:
    return placed(POSES[name].points, width, height)


def test_the_library_has_the_poses_that_people_ask_for() -> None:
    assert POSES.keys() >= NAMED and len(POSES) == 18
    assert all(pose.prompt and pose.n_joints >= 12 for pose in POSES.values())


def test_no_two_poses_are_alike() -> None:
    names = sorted(POSES.keys() - {"back view"})  # standing, seen from behind
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            assert pose_distance(POSES[first].points, POSES[second].points) > 0.05, (first, second)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(POSES)),
    scale=st.floats(0.2, 5.0),
    shift=st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)),
)
def test_place_and_size_of_the_photograph_do_not_matter(name, scale, shift) -> None:
    photographed = pixels(name) * scale + shift
    # Detectors tell pixels to a tenth.
    data = to_keypoints(np.round(photographed, 1), 4096, 4096)
    flat = data[0]["people"][0]["pose_keypoints_2d"]
    if max(abs(value) for value in flat) <= 2:
        return  # two pixels large: taken as shares of the canvas
    again = normalised(first_person(data))
    expected = normalised(pixels(name))
    size = np.nanmax(expected) - np.nanmin(expected)
    assert np.array_equal(np.isnan(again), np.isnan(expected))
    assert np.nanmax(np.abs(again - expected)) <= 0.01 * size


def test_the_origin_is_between_the_hips_and_the_torso_is_one() -> None:
    points = normalised(pixels("running") * 3 + 40)
    assert points[[s.R_HIP, s.L_HIP]].mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert np.linalg.norm(points[s.NECK]) == pytest.approx(1)


def test_without_hips_the_neck_is_the_origin_and_the_shoulders_the_measure() -> None:
    points = pixels("waving")
    points[[s.R_HIP, s.L_HIP, s.R_KNEE, s.L_KNEE, s.R_ANKLE, s.L_ANKLE]] = np.nan
    found = normalised(points)
    assert found[s.NECK] == pytest.approx([0, 0])
    assert length(found, s.R_SHOULDER, s.L_SHOULDER) == pytest.approx(0.68)
    full = normalised(pixels("waving"))
    np.testing.assert_allclose(found[s.R_WRIST], full[s.R_WRIST] - full[s.NECK], atol=0.01)


def test_nothing_to_measure_by_is_an_error() -> None:
    points = np.full((18, 2), np.nan)
    points[s.NOSE] = (5, 5)
    with pytest.raises(InputError, match="no torso"):
        normalised(points)


@pytest.mark.parametrize("name", sorted(POSES))
def test_a_mirror_turns_sides_and_twice_is_none(name: str) -> None:
    points = POSES[name].points
    np.testing.assert_allclose(mirrored(mirrored(points)), points)
    right, left = points[s.R_WRIST], mirrored(points)[s.L_WRIST]
    assert left == pytest.approx(right * (-1, 1))


def test_the_distance_is_zero_for_equal_poses_and_grows() -> None:
    standing = POSES["standing"].points
    assert pose_distance(standing, standing * 70 + 9) == pytest.approx(0, abs=1e-12)
    near, far = standing.copy(), standing.copy()
    near[s.R_WRIST] += 0.1
    far[s.R_WRIST] += 0.5
    assert 0 < pose_distance(standing, near) < pose_distance(standing, far) <= 1 / 18
    few = np.full((18, 2), np.nan)
    few[[s.NECK, s.R_SHOULDER, s.L_SHOULDER]] = standing[[s.NECK, s.R_SHOULDER, s.L_SHOULDER]]
    assert pose_distance(standing, few) is None


def test_a_moved_joint_costs_what_the_formula_says() -> None:
    standing = POSES["standing"].points
    moved = standing.copy()
    moved[s.L_ANKLE] += (0.2, 0.0)
    width, height = np.nanmax(standing, axis=0) - np.nanmin(standing, axis=0)
    similarity = np.exp(-(0.2**2) / (2 * 0.53 * max(width, 0.5) * height * (2 * 0.089) ** 2))
    assert pose_distance(standing, moved) == pytest.approx((1 - similarity) / 18)


@pytest.mark.parametrize("build", [TEEN, CHIBI, ADULT], ids=["teen", "chibi", "adult"])
def test_a_build_has_its_lengths_and_every_limb_its_direction(build) -> None:
    before, after = POSES["running"].points, retargeted(POSES["running"].points, build)
    for start, end, bone in (
        (s.R_SHOULDER, s.R_ELBOW, "upper_arm"),
        (s.L_ELBOW, s.L_WRIST, "forearm"),
        (s.R_HIP, s.R_KNEE, "thigh"),
        (s.L_KNEE, s.L_ANKLE, "shin"),
    ):
        assert length(after, start, end) == pytest.approx(getattr(build, bone), abs=1e-6)
        directions = [(pose[end] - pose[start]) / length(pose, start, end) for pose in (before, after)]
        np.testing.assert_allclose(directions[0], directions[1], atol=1e-9)


def test_a_build_is_measured_on_a_reference_and_given_to_a_pose() -> None:
    reference = retargeted(POSES["standing"].points, CHIBI) * 180 + 300
    measured = build_of(reference)
    for name in ("head", "shoulder", "upper_arm", "forearm", "hip", "thigh", "shin"):
        assert getattr(measured, name) == pytest.approx(getattr(CHIBI, name), rel=0.02), name
    jumping = retargeted(POSES["jumping"].points, measured)
    np.testing.assert_allclose(jumping, retargeted(POSES["jumping"].points, CHIBI), atol=0.03)


def test_a_foreshortened_limb_stays_so() -> None:
    sitting = POSES["sitting"].points
    ratio = length(sitting, s.R_HIP, s.R_KNEE) / ADULT.thigh
    chibi = retargeted(sitting, CHIBI)
    assert length(chibi, s.R_HIP, s.R_KNEE) / CHIBI.thigh == pytest.approx(ratio)


def test_key_points_of_every_form_are_read_alike() -> None:
    points = pixels("waving")
    [frame] = to_keypoints(points, 640, 480)
    flat = frame["people"][0]["pose_keypoints_2d"]
    shares = [value / (640, 480, 1)[index % 3] for index, value in enumerate(flat)]
    as_shares = {**frame, "people": [{"pose_keypoints_2d": shares, "face_keypoints_2d": None}]}
    feet = {**frame, "people": [{"pose_keypoints_2d": flat + [1.0, 2.0, 1.0] * 7}]}
    for form in (frame, [frame], [{**frame, "people": []}, frame], as_shares, [as_shares], feet):
        np.testing.assert_allclose(first_person(form), points, atol=1e-9)


def test_unsure_joints_are_missing_and_the_largest_person_is_taken() -> None:
    points = pixels("standing")
    [frame] = to_keypoints(points, 640, 480)
    unsure = list(frame["people"][0]["pose_keypoints_2d"])
    unsure[3 * s.R_WRIST + 2] = 0.4
    small = to_keypoints(points * 0.3, 640, 480)[0]["people"][0]
    found = first_person({**frame, "people": [small, {"pose_keypoints_2d": unsure}, None]})
    assert np.isnan(found[s.R_WRIST]).all()
    np.testing.assert_allclose(found[s.NOSE], points[s.NOSE])
    assert len(people_of({**frame, "people": [small, {"pose_keypoints_2d": None}]})[0]) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([], "an empty list"),
        ("pose", "a str"),
        ([{"animals": []}], "key points of animals"),
        ([{"people": [{"pose_keypoints_2d": [1.0] * 50}]}], "50 numbers"),
        ([{"people": [{"pose_keypoints_2d": ["x"] * 54}]}], "not numbers"),
        ([{"people": [], "canvas_width": -4}], "a canvas side of -4"),
        ([{"people": []}], "show nobody"),
        ([{"people": [{"pose_keypoints_2d": [float("nan")] * 54}]}], "show nobody"),
    ],
)
def test_other_forms_are_named(wrong, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        first_person(wrong)


def test_poses_survive_storage() -> None:
    points = POSES["back view"].points
    np.testing.assert_allclose(joints_from_json(joints_as_json(points)), points, atol=1e-5)


def test_from_behind_the_right_hand_is_on_the_right() -> None:
    assert POSES["standing"].points[s.R_WRIST][0] < 0 < POSES["back view"].points[s.R_WRIST][0]
    assert np.isnan(POSES["back view"].points[s.NOSE]).all()


@pytest.mark.parametrize("size", [(512, 512), (832, 1216), (320, 180)])
@pytest.mark.parametrize("name", ["standing", "lying", "jumping"])
def test_a_pose_is_placed_whole_in_the_middle(name: str, size) -> None:
    points = placed(POSES[name].points, *size, margin=0.1)
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    assert (low + high) / 2 == pytest.approx(np.array(size) / 2)
    assert (low >= 0.1 * np.array(size) - 1e-6).all() and (high <= 0.9 * np.array(size) + 1e-6).all()
    assert np.isclose(high - low, 0.8 * np.array(size)).any()


def test_joints_and_limbs_have_the_colours_of_openpose() -> None:
    assert COLOURS[:4] == ((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0)) and COLOURS[17] == (
        255,
        0,
        85,
    )
    points = pixels("standing", 512, 512)
    image = draw_pose([points], 512, 512)
    for joint in (s.NECK, s.R_WRIST, s.L_ANKLE):
        x, y = np.rint(points[joint]).astype(int)
        assert tuple(image[y, x]) == COLOURS[joint]
    # The sixth limb, from the left elbow to the left wrist, at 0.6 of the sixth hue.
    x, y = np.rint((points[s.L_ELBOW] + points[s.L_WRIST]) / 2).astype(int)
    assert tuple(image[y, x]) == tuple(round(0.6 * channel) for channel in COLOURS[5])
    assert (image.sum(axis=-1) == 0).mean() > 0.9


def test_missing_joints_draw_nothing() -> None:
    points = pixels("standing", 256, 256)
    whole = draw_pose([points], 256, 256)
    points[s.L_WRIST] = np.nan
    part = draw_pose([points], 256, 256)
    assert (part.any(axis=-1)).sum() < (whole.any(axis=-1)).sum()
    assert not draw_pose([np.full((18, 2), np.nan)], 64, 64).any()


@pytest.mark.parametrize("size", [(10, 512), (512, 9000)])
def test_sizes_that_cannot_be_drawn_are_refused(size) -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        placed(POSES["standing"].points, *size)
