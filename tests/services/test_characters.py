"""Reference pictures: whole or refused, and none lost between two callers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.media import draw_figure, write_references
from tower_anime.errors import InputError


def test_pictures_added_at_once_are_all_kept(opened, tmp_path: Path) -> None:
    paths = write_references(tmp_path, n=4)
    character = opened.characters.create("Aoi")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: opened.characters.add_references(character.id, [path]), paths))
    assert len(opened.characters.get(character.id).references) == 4


def test_a_picture_that_is_there_already_changes_nothing(opened, tmp_path: Path) -> None:
    [path] = write_references(tmp_path, n=1)
    character = opened.characters.create("Aoi")
    once, _ = opened.characters.add_references(character.id, [path, path])
    again, _ = opened.characters.add_references(character.id, [path])
    assert len(once.references) == 1
    assert again.version.number == once.version.number


def test_one_refused_picture_refuses_all(opened, tmp_path: Path) -> None:
    [good] = write_references(tmp_path, n=1)
    draw_figure(size=(100, 100)).save(tmp_path / "small.png")
    character = opened.characters.create("Aoi")
    with pytest.raises(InputError, match="mine"):
        opened.characters.add_references(character.id, [good, tmp_path / "small.png"], names=["a", "mine"])
    assert opened.characters.get(character.id).references == ()
    assert not opened.settings.references.exists()


def test_a_name_in_two_projects_has_to_be_said_in_full(opened) -> None:
    for title in ("One", "Two"):
        opened.characters.create("Aoi", project_id=opened.projects.create(title).id)
    with pytest.raises(InputError, match="One / Aoi"):
        opened.characters.named("Aoi")
    assert opened.characters.named("Two / Aoi").project_name == "Two"
