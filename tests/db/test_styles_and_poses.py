"""Styles and poses in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update
from tower_anime.consistency.poses.pose import Pose
from tower_anime.consistency.styles.style import StyleLora, StyleSettings
from tower_anime.db.poses import PoseRepository
from tower_anime.db.styles import StyleRepository
from tower_anime.db.tables import PoseRow
from tower_anime.errors import ConflictError, InputError, NotFoundError, StorageError

SETTINGS = StyleSettings((StyleLora("ink.safetensors", 0.7, 0.5),), "euler", "karras", 24, 5.5)
POINTS = np.where(np.arange(36).reshape(18, 2) % 7 == 0, np.nan, np.arange(36).reshape(18, 2) / 10.0)


@pytest.fixture
def styles(database):
    return StyleRepository(database)


@pytest.fixture
def poses(database):
    return PoseRepository(database)


def test_a_style_comes_back_as_it_was_stored(styles, projects) -> None:
    project = projects.create("Lantern Street")
    made = styles.create(
        "Ink",
        project_id=project.id,
        prompt="ink",
        settings=SETTINGS,
        statistics={"contrast": 0.2},
        n_images=3,
        reference_image_path=Path("/pictures/ink.png"),
    )
    assert styles.get(made.id) == made == styles.find("Ink", project.id)
    assert made.label == "Lantern Street / Ink"
    assert (made.settings, made.statistics, made.n_images) == (SETTINGS, {"contrast": 0.2}, 3)
    assert made.reference_image_path == Path("/pictures/ink.png")


def test_names_are_taken_once_a_project(styles, projects) -> None:
    styles.create("Ink")
    styles.create("Ink", project_id=projects.create("Lantern Street").id)
    with pytest.raises(ConflictError, match="there is a style 'Ink' already"):
        styles.create("Ink")
    other = styles.create("Chalk")
    with pytest.raises(ConflictError):
        styles.update(other.id, name="Ink")


def test_an_update_leaves_the_rest_as_it_was(styles) -> None:
    made = styles.create("Ink", settings=SETTINGS, statistics={"contrast": 0.2}, n_images=1)
    changed = styles.update(made.id, prompt="brush ink")
    assert (changed.prompt, changed.settings, changed.statistics) == (
        "brush ink",
        SETTINGS,
        {"contrast": 0.2},
    )
    assert styles.update(made.id, settings=StyleSettings()).n_images == 1


@pytest.mark.parametrize(
    "wrong", [StyleSettings(cfg=101), StyleSettings(steps=0), StyleSettings((StyleLora("a", 99.0),))]
)
def test_settings_out_of_range_are_refused(styles, wrong) -> None:
    with pytest.raises(InputError, match="out of range"):
        styles.create("Ink", settings=wrong)
    assert styles.list() == []


def test_a_missing_style_names_those_that_exist(styles) -> None:
    styles.create("Ink")
    with pytest.raises(NotFoundError, match=r"no style 'Chalk'.*Known: Ink"):
        styles.find("Chalk")


def test_an_asset_loses_its_style_and_stays(styles, assets) -> None:
    style = styles.create("Ink")
    asset = assets.add(
        file_path=Path("/a.png"),
        file_type="image",
        sha256="0" * 64,
        size_bytes=1,
        style_reference_id=style.id,
    )
    assert assets.get(asset.id).style_reference_id == style.id
    styles.delete(style.id)
    assert assets.get(asset.id).style_reference_id is None


def test_a_pose_comes_back_with_its_missing_joints(poses) -> None:
    stored = poses.save(Pose("guard", POINTS, "on guard"))
    found = poses.find("guard")
    assert (found.id, found.prompt, found.n_joints) == (
        stored.id,
        "on guard",
        int((~np.isnan(POINTS).any(1)).sum()),
    )
    seen = ~np.isnan(POINTS).any(axis=1)
    np.testing.assert_allclose(found.points[seen], POINTS[seen])
    assert np.isnan(found.points[~seen]).all()


def test_saving_under_a_name_again_replaces_the_pose(poses) -> None:
    first = poses.save(Pose("guard", POINTS))
    again = poses.save(Pose("guard", POINTS + 1, "again"))
    assert again.id == first.id and [pose.prompt for pose in poses.list()] == ["again"]
    poses.delete(again.id)
    with pytest.raises(NotFoundError):
        poses.find("guard")


def test_a_pose_of_nobodys_project_is_refused(poses) -> None:
    with pytest.raises(NotFoundError, match="no project 9"):
        poses.save(Pose("guard", POINTS, project_id=9))


def test_a_damaged_pose_says_what_to_do(poses, database) -> None:
    poses.save(Pose("guard", POINTS))
    with database.session() as session:
        session.execute(update(PoseRow).values(keypoints={"joints": [1, 2]}))
    with pytest.raises(StorageError, match=r"stored pose 'guard' cannot be read\. Save it again"):
        poses.find("guard")
