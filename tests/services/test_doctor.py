"""What the doctor says of an installation's music."""

from __future__ import annotations

import pytest
from tower_anime.services.doctor import examine
from tower_anime.settings import load_settings


def music(home, **given):
    """Return the doctor's check of the music in an installation with these settings."""
    settings = load_settings({"TOWER_HOME": str(home), **given})
    [check] = [check for check in examine(settings) if check.name == "music"]
    return check


def test_without_keys_the_folder_and_the_open_catalogue_are_named(tmp_path) -> None:
    check = music(tmp_path)
    assert check.is_ok and str(tmp_path / "music") in check.detail
    assert check.detail.endswith("set up: Deezer")


def test_a_client_id_makes_jamendo_ready(tmp_path) -> None:
    assert music(tmp_path, TOWER_JAMENDO_CLIENT_ID="abc").detail.endswith("Deezer, Jamendo")


def test_a_folder_that_is_gone_is_named(tmp_path) -> None:
    check = music(tmp_path, TOWER_MUSIC=str(tmp_path / "songs"))
    assert not check.is_ok and str(tmp_path / "songs") in check.detail and check.hint


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"TOWER_APPLE_MUSIC_KEY": "key.p8"}, "TOWER_APPLE_MUSIC_KEY_ID"),
        ({"TOWER_APPLE_MUSIC_TOKEN": "not.a.token"}, "TOWER_APPLE_MUSIC_TOKEN"),
        (
            {
                "TOWER_APPLE_MUSIC_KEY": "gone.p8",
                "TOWER_APPLE_MUSIC_KEY_ID": "ABCDE12345",
                "TOWER_APPLE_MUSIC_TEAM_ID": "ABCDE12345",
            },
            "gone.p8",
        ),
    ],
)
def test_a_key_that_cannot_work_is_named(tmp_path, given, named) -> None:
    check = music(tmp_path, **given)
    assert not check.is_ok and named in check.detail and check.hint
