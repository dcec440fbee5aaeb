"""From references to what an image adapter takes, with the models of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.media import TEAL, draw_figure
from support.networks import write_arcface, write_boxes, write_face_finder, write_patch_detector
from tower_anime import services
from tower_anime.consistency.character import Reference
from tower_anime.consistency.encoders.arcface import ArcFaceEncoder
from tower_anime.consistency.networks.alignment import TEMPLATE
from tower_anime.errors import EmptyReferenceError, InputError, MissingModelError
from tower_anime.services.adapter_inputs import AdapterWants
from tower_anime.settings import load_settings

OFFSETS = (TEMPLATE / 112 * 2 - 1).ravel().tolist()
DARK = np.zeros((640, 640, 3), np.uint8)
FACE_ID = AdapterWants(face="normed", crop="face")


def bright(*corners: tuple[int, int]) -> np.ndarray:
    """A grey picture in which each bright cell is a face."""
    image = np.random.default_rng(len(corners)).integers(60, 120, (640, 640, 3), dtype=np.uint8)
    for left, top in corners:
        image[top : top + 32, left : left + 32] = 255
    return image


@pytest.fixture
def make(tmp_path: Path, monkeypatch):
    """Open services over a folder of models; packs that the user has elsewhere do not count."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    opened = []

    def open_with(*packs: str, head: bool = False) -> services.Services:
        folder = tmp_path / "models"
        for pack in packs:
            write_face_finder(folder / "arcface" / pack / "det.onnx", points=OFFSETS)
            write_arcface(folder / "arcface" / pack / "w600k.onnx")
        if head:
            write_patch_detector(folder / "head" / "head_detect_v2.0_s" / "model.onnx")
        given = {"TOWER_HOME": str(tmp_path / "home"), "TOWER_MODELS": str(folder), "TOWER_DEVICE": "cpu"}
        opened.append(services.open_services(load_settings(given)))
        return opened[-1]

    yield open_with
    for one in opened:
        one.close()


def test_face_id_gets_unit_embeddings_and_aligned_crops(make) -> None:
    with services.using(make("tiny")):
        given = services.current().adapter_inputs.prepare(
            [bright((128, 192)), bright((128, 192), (320, 320))], FACE_ID
        )
        assert given.faces.shape == (2, 512) and given.faces.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(given.faces, axis=1), 1.0, atol=1e-6)
        assert [picture.shape for picture in given.pictures] == [(224, 224, 3)] * 2
        assert given.used == (0, 1) and given.notes == ()
        raw = services.current().adapter_inputs.prepare([bright((128, 192))], AdapterWants(face="raw"))
        np.testing.assert_allclose(raw.faces[0] / np.linalg.norm(raw.faces[0]), given.faces[0], atol=1e-6)
        assert np.linalg.norm(raw.faces[0]) > 1.5


def test_a_reference_without_a_face_is_skipped_by_name(make, tmp_path) -> None:
    Image.fromarray(DARK).save(tmp_path / "back view.png")
    Image.fromarray(bright((128, 192))).save(tmp_path / "front.png")
    inputs = make("tiny").adapter_inputs
    given = inputs.prepare([tmp_path / "back view.png", tmp_path / "front.png"], FACE_ID)
    assert given.used == (1,) and len(given.pictures) == len(given.faces) == 1
    [note] = given.notes
    assert note.startswith("back view.png was skipped: no face was found")


def test_without_any_face_pictures_are_left_for_adapters_that_can_do_without(make) -> None:
    drawn = np.asarray(draw_figure(TEAL, ground=(215, 220, 235), x=0.5))
    given = make("tiny").adapter_inputs.prepare([DARK, drawn], FACE_ID)
    assert given.faces.shape == (0, 512) and given.used == (0, 1) and len(given.pictures) == 2
    assert (given.pictures[0] == DARK).all() and given.pictures[1].shape[0] < drawn.shape[0]
    text = " ".join(given.notes)
    assert "No reference shows a face" in text and "No head was found in Reference 1" in text
    assert "The head in Reference 2 was found without a head detector." in given.notes


def test_missing_face_models_are_told_with_their_remedy(make) -> None:
    inputs = make().adapter_inputs
    with pytest.raises(MissingModelError, match="tower models get auraface"):
        inputs.prepare([bright((128, 192))], FACE_ID)
    with pytest.raises(MissingModelError, match="buffalo_l are not installed") as caught:
        inputs.prepare([bright((128, 192))], AdapterWants(face="normed", pack="buffalo_l"))
    assert "buffalo_l" in caught.value.hint and "tower models get auraface" in caught.value.hint
    # What needs no embedding goes on with heads.
    given = inputs.prepare([bright((128, 192))], AdapterWants(crop="face"))
    assert len(given.pictures) == 1 and "auraface is not installed" in given.notes[0]


def test_another_pack_than_the_adapters_is_used_with_a_note(make) -> None:
    inputs, image = make("buffalo_l", "other").adapter_inputs, bright((128, 192))
    wanted = AdapterWants(face="normed", pack="buffalo_l")
    assert inputs.prepare([image], wanted).notes == ()
    [note] = inputs.prepare([image], AdapterWants(face="normed", pack="antelopev2")).notes
    assert "antelopev2" in note and "not installed" in note


def test_heads_come_from_the_installed_detector(make) -> None:
    given = make(head=True).adapter_inputs.prepare([bright((320, 160))], AdapterWants(crop="head", margin=0))
    assert (given.pictures[0] == bright((320, 160))[144:208, 304:368]).all() and given.notes == ()


@pytest.mark.parametrize(
    ("fit", "shape"), [("letterbox", (60, 60)), ("centre", (40, 40)), ("squash", (40, 60))]
)
def test_whole_pictures_are_fitted_as_chosen(make, fit, shape) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    [picture] = make().adapter_inputs.prepare([image], AdapterWants(fit=fit)).pictures
    assert picture.shape[:2] == shape


def test_the_figure_chosen_in_a_reference_has_its_own_face_and_part(make, tmp_path) -> None:
    Image.fromarray(bright((64, 64), (512, 64))).save(tmp_path / "two.png")
    left, right = (
        Reference(tmp_path / "two.png", "a" * 64, 640, 640, box=box)
        for box in ((0, 0, 320, 640), (320, 0, 640, 640))
    )
    inputs = make("tiny").adapter_inputs
    one = inputs.prepare([left, right], FACE_ID)
    assert one.notes == () and not np.array_equal(one.pictures[0], one.pictures[1])
    whole = inputs.prepare([left], AdapterWants(fit="squash")).pictures[0]
    assert (whole == bright((64, 64), (512, 64))[:, :320]).all()


def test_a_picture_is_looked_at_once(make, monkeypatch) -> None:
    inputs, asked, own = make("tiny").adapter_inputs, [], ArcFaceEncoder.locate
    monkeypatch.setattr(ArcFaceEncoder, "locate", lambda *given: asked.append(1) or own(*given))
    first = inputs.prepare([bright((128, 192)), bright((128, 192))], FACE_ID)
    again = inputs.prepare([bright((128, 192))], FACE_ID)
    assert (
        len(asked) == 1
        and first.used == (0, 1)
        and (again.faces[0] == first.faces[1]).all()
        and again.used == (0,)
    )
    inputs.prepare([bright((128, 192))], AdapterWants(face="normed", crop="face", crop_side=256))
    assert len(asked) == 2


def test_a_new_head_detector_is_noticed(make, tmp_path) -> None:
    opened = make()
    wants = AdapterWants(crop="head", margin=0)
    before = opened.adapter_inputs.prepare([bright((320, 160))], wants)
    table = np.zeros((5, 60), np.float32)
    table[:, 3] = [100, 100, 40, 40, 0.9]
    write_boxes(tmp_path / "models" / "head" / "head_detect_v2.0_s" / "model.onnx", table)
    after = opened.adapter_inputs.prepare([bright((320, 160))], wants)
    assert after.pictures[0].shape == (40, 40, 3) != before.pictures[0].shape and after.notes == ()


def test_what_cannot_be_is_refused(make) -> None:
    inputs = make("tiny").adapter_inputs
    with pytest.raises(EmptyReferenceError):
        inputs.prepare([], FACE_ID)
    for wrong in (AdapterWants(face="half"), AdapterWants(crop="feet"), AdapterWants(fit="stretch")):
        with pytest.raises(InputError):
            inputs.prepare([bright((128, 192))], wrong)
