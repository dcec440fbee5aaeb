"""Encoders by name: what is chosen, what is missing, and what is let go of."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from support.networks import write_arcface, write_boxes, write_ccip, write_scrfd
from tower_anime.consistency.encoders.catalog import CATALOG, CCIP
from tower_anime.consistency.encoders.registry import EncoderRegistry
from tower_anime.errors import MissingModelError, MissingPackageError, ModelFileError, UnknownEncoderError
from tower_anime.services.encoders import open_encoders
from tower_anime.settings import Settings

DEFAULT = "ccip-caformer-24-randaug-pruned"
LARGE = "ccip-caformer_b36-24"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tower"


@pytest.fixture
def encoders(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> EncoderRegistry:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    settings = Settings(tmp_path, "sqlite://", model_folders=(folder,), comfy_models=(tmp_path / "models",))
    return open_encoders(settings)


def put_detectors(folder: Path, *kinds: str) -> None:
    names = {"head": "head_detect_v2.0_s", "person": "person_detect_v1.3_s"}
    for kind in kinds or names:
        table = np.zeros((5, 60), np.float32)
        table[:, 0] = [320, 320, 300, 500, 0.9]
        write_boxes(folder / kind / names[kind] / "model.onnx", table)


def test_auto_is_the_best_that_is_installed_and_says_which(encoders, folder) -> None:
    assert encoders.resolve("auto").name == "appearance"
    put_detectors(folder)
    write_ccip(folder / "ccip" / LARGE / "model_feat.onnx")
    assert LARGE in encoders.resolve("auto").version
    encoders.unload_all()
    write_ccip(folder / "ccip" / DEFAULT / "model_feat.onnx")
    chosen = encoders.resolve("auto")
    assert (chosen.name, DEFAULT in chosen.version) == ("ccip", True)


def test_a_damaged_file_is_not_the_same_as_a_missing_one(encoders, folder) -> None:
    put_detectors(folder)
    (folder / "ccip" / DEFAULT).mkdir(parents=True)
    (folder / "ccip" / DEFAULT / "model_feat.onnx").write_text("<html>")
    with pytest.raises(ModelFileError, match="web page"):
        encoders.resolve("auto")


@pytest.mark.parametrize("model", [model for model in CATALOG if model.kind == CCIP], ids=lambda m: m.name)
def test_every_published_ccip_model_brings_its_own_threshold(encoders, folder, model) -> None:
    put_detectors(folder)
    write_ccip(folder / "ccip" / model.name / "model_feat.onnx")
    encoder = encoders.get(f"ccip:{model.name}")
    assert encoder.thresholds == (model.threshold,) * 2
    assert model.name in encoder.version and f"ccip:{model.name}" in encoders.names()


def test_published_differences_are_cosines() -> None:
    thresholds = {model.name: model.threshold for model in CATALOG if model.kind == CCIP}
    assert thresholds[DEFAULT] == pytest.approx(0.6431, abs=1e-4)
    assert thresholds[LARGE] == pytest.approx(0.5735, abs=1e-4)
    assert len(thresholds) == 9


def test_what_is_missing_is_named_with_command_folder_and_file(encoders, folder) -> None:
    with pytest.raises(MissingModelError) as caught:
        encoders.get("ccip")
    told = str(caught.value)
    assert f"tower models get {DEFAULT} head_detect_v2.0_s person_detect_v1.3_s" in told
    assert str(folder / "ccip" / DEFAULT) in told and "https://huggingface.co/deepghs/ccip_onnx" in told
    write_ccip(folder / "ccip" / DEFAULT / "model_feat.onnx")
    # Without a detector the whole picture is not taken for a person.
    with pytest.raises(MissingModelError, match="head_detect"):
        encoders.get("ccip")
    put_detectors(folder, "person")
    assert encoders.get("ccip").views == ("person",)


def test_an_unknown_name_is_answered_with_the_known_ones(encoders) -> None:
    for name in ("magic", "ccip:magic", "ccip:", "appearance:x"):
        with pytest.raises(UnknownEncoderError) as caught:
            encoders.get(name)
        assert DEFAULT in str(caught.value)
    with pytest.raises(MissingModelError, match="CLIP_VISION"):
        encoders.get("clip_vision")


@pytest.mark.parametrize("place", ["{name}.onnx", "ccip/{name}.onnx", "{name}/model_feat.onnx"])
def test_files_are_found_in_the_plainer_places_too(encoders, folder, place) -> None:
    put_detectors(folder)
    write_ccip(folder / place.format(name=DEFAULT))
    assert DEFAULT in encoders.get("ccip").version


def test_files_of_other_packs_are_found(encoders, tmp_path) -> None:
    shared = tmp_path / "models"
    table = np.zeros((5, 60), np.float32)
    write_boxes(shared / "ultralytics" / "bbox" / "head_detect_v2.0_s.onnx", table)
    write_ccip(shared / "onnx" / f"{DEFAULT}.onnx")
    assert encoders.get("ccip").views == ("head",)
    pack = shared / "insightface" / "models" / "buffalo_l"
    write_scrfd(pack / "det_10g.onnx", 9, [])
    write_arcface(pack / "w600k_r50.onnx")
    write_boxes(pack / "1k3d68.onnx", table, shape=(1, 3, 192, 192))
    assert "buffalo_l" in encoders.get("arcface").version
    assert {"arcface:buffalo_l", "insightface:buffalo_l"} <= set(encoders.names())


def test_a_pair_may_lie_in_the_folder_itself(encoders, folder) -> None:
    write_scrfd(folder / "arcface" / "det.onnx", 9, [])
    write_arcface(folder / "arcface" / "rec.onnx")
    assert "arcface:arcface" in encoders.names() and encoders.get("arcface").views == ("face",)


def test_without_the_package_insightface_says_what_to_install(encoders, tmp_path) -> None:
    if importlib.util.find_spec("insightface"):
        pytest.skip("insightface is installed")
    pack = tmp_path / "models" / "insightface" / "models" / "tiny"
    write_scrfd(pack / "det.onnx", 9, [])
    write_arcface(pack / "rec.onnx")
    with pytest.raises(MissingPackageError, match=r"insightface>=1\.0"):
        encoders.get("insightface:tiny")
    with pytest.raises(MissingModelError, match="other"):
        encoders.get("insightface:other")


def test_a_pack_without_a_recogniser_is_told(encoders, folder) -> None:
    with pytest.raises(MissingModelError, match="auraface"):
        encoders.get("arcface")
    write_scrfd(folder / "arcface" / "mine" / "a.onnx", 9, [])
    write_scrfd(folder / "arcface" / "mine" / "b.onnx", 9, [])
    with pytest.raises(ModelFileError, match="no face recogniser"):
        encoders.get("arcface:mine")
    with pytest.raises(MissingModelError, match="other"):
        encoders.get("arcface:other")


def test_unloading_lets_go_and_loading_again_gives_the_same_numbers(encoders, folder) -> None:
    put_detectors(folder)
    write_ccip(folder / "ccip" / DEFAULT / "model_feat.onnx")
    image = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    first = encoders.get("ccip")
    assert encoders.get("ccip") is first
    before = first.encode([image]).embeddings
    encoders.unload("ccip")
    assert encoders.get("ccip") is not first
    assert (encoders.get("ccip").encode([image]).embeddings == before).all()


def test_a_clip_vision_is_an_encoder_of_its_own_name(encoders) -> None:
    def embed(images):
        return np.array([[image.mean(), image.std(), 1.0] for image in images], np.float32)

    name = encoders.add_clip_vision("abc", embed)
    assert name == "clip_vision:abc" and name in encoders.names()
    encoder = encoders.get(name)
    assert (encoder.name, encoder.dimension, encoder.views) == (name, 3, ("figure",))
    assert encoders.add_clip_vision("def", embed) == "clip_vision:def"
    with pytest.raises(UnknownEncoderError):
        encoders.get(name)
