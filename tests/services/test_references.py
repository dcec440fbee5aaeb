"""Choosing a figure, and weighing a picture, makes a new version that is compared by it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.consistency.palettes.swatch_reading import read_swatches
from tower_anime.errors import InputError, NotFoundError
from tower_anime.services.references import change_reference, reference_at


def test_a_chosen_figure_and_its_weight_make_a_version(opened, tmp_path: Path) -> None:
    both = np.concatenate([np.asarray(draw_figure(look, size=(640, 720))) for look in (RUST, TEAL)], axis=1)
    Image.fromarray(both).save(tmp_path / "both.png")
    made, [check] = opened.characters.ensure("Teal", [tmp_path / "both.png"])
    assert "several_figures" in check.concerns
    assert made.references[0].report["figures"] == 2
    old = reference_at(made, 1)
    changed, found = change_reference(
        opened.characters, made.id, old.id or 0, box=(640, 0, 1280, 720), weight=2.0
    )
    [new] = changed.references
    assert (new.box, new.weight, new.sha256) == ((640, 0, 1280, 720), 2.0, old.sha256)
    assert new.key != old.key
    assert "several_figures" not in found.concerns
    [alone] = opened.characters.reference_images(changed)
    np.testing.assert_array_equal(alone, both[:, 640:])
    assert changed.version.number == made.version.number + 1
    teal = np.asarray(draw_figure(TEAL))
    [before], [after] = (opened.identity.score(one, [teal], encoder="appearance") for one in (made, changed))
    assert after.similarity > 0.7
    assert after.similarity >= before.similarity


def test_the_palette_is_that_of_the_chosen_figure(opened, tmp_path: Path) -> None:
    both = np.concatenate([np.asarray(draw_figure(look, size=(640, 720))) for look in (RUST, TEAL)], axis=1)
    Image.fromarray(both).save(tmp_path / "both.png")
    made, _ = opened.characters.ensure("Somebody", [tmp_path / "both.png"])
    hair = {}
    for name, left in (("rust", 0), ("teal", 640)):
        first = reference_at(opened.characters.get(made.id), 1).id or 0
        chosen, _ = change_reference(opened.characters, made.id, first, box=(left, 0, left + 640, 720))
        hair[name] = np.array(next(one.lab for one in opened.palettes.of(chosen) if one.name == "hair"))
    drawn = {name: _hair_of(look) for name, look in (("rust", RUST), ("teal", TEAL))}
    for name, found in hair.items():
        assert np.linalg.norm(found - drawn[name]) < 0.05
    assert np.linalg.norm(hair["rust"] - hair["teal"]) > 0.15


def _hair_of(look) -> np.ndarray:
    swatches = read_swatches(np.asarray(draw_figure(look, size=(640, 720))))
    return np.array(next(one.lab for one in swatches if one.name == "hair"))


def test_what_is_not_there_or_not_possible_changes_nothing(opened, tmp_path: Path) -> None:
    [path] = write_references(tmp_path, n=1)
    made, _ = opened.characters.ensure("Teal", [path])
    reference_id = reference_at(made, 1).id or 0
    with pytest.raises(InputError, match="768×768"):
        change_reference(opened.characters, made.id, reference_id, box=(0, 0, 900, 900))
    with pytest.raises(InputError, match="not above 0"):
        change_reference(opened.characters, made.id, reference_id, box=None, weight=0.0)
    with pytest.raises(NotFoundError, match="no reference 9999"):
        change_reference(opened.characters, made.id, 9999, box=None)
    with pytest.raises(NotFoundError, match="counted from 1"):
        reference_at(made, 2)
    assert opened.characters.get(made.id).version.number == made.version.number


def test_an_animation_is_no_reference(opened, tmp_path: Path) -> None:
    frames = [draw_figure(TEAL, size=(600, 600), x=x) for x in (0.4, 0.6)]
    path = tmp_path / "moving.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(InputError, match="animation of 2 frames"):
        opened.characters.ensure("Teal", [path])
