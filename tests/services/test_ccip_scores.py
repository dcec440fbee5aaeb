"""From files in a folder to a score: CCIP by name, with numbers computed here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.media import RUST, TEAL, draw_figure, write_references
from support.networks import ccip_numbers, write_boxes, write_ccip
from tower_anime import services
from tower_anime.consistency.networks.network import Network
from tower_anime.settings import load_settings

MODEL = "ccip-caformer-24-randaug-pruned"
HEAD, PERSON = (220, 60, 420, 260), (160, 40, 480, 600)
MEAN = np.array([0.48145466, 0.4578275, 0.40821073])[:, None, None]
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def write_detector(path: Path, box: tuple[int, ...]) -> None:
    """Write a detector that finds one box in a square picture of any size, in a frame of 640."""
    left, top, right, bottom = box
    table = np.zeros((5, 60), np.float32)
    table[:, 3] = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0.9]
    write_boxes(path, table)


def views(picture: np.ndarray) -> np.ndarray:
    """Compute both unit vectors of a picture in float64, from crops scaled by Pillow."""
    scale = picture.shape[0] / 640
    vectors = []
    for box in (HEAD, PERSON):
        left, top, right, bottom = (round(value * scale) for value in box)
        crop = Image.fromarray(picture[top:bottom, left:right])
        scaled = np.asarray(crop.resize((384, 384), Image.Resampling.BILINEAR), np.float64)
        vector = ccip_numbers((scaled.transpose(2, 0, 1) / 255 - MEAN) / DEVIATION)
        vectors.append(vector / np.linalg.norm(vector))
    return np.array(vectors)


@pytest.fixture
def opened(tmp_path: Path):
    folder = tmp_path / "models"
    write_ccip(folder / "ccip" / MODEL / "model_feat.onnx")
    write_detector(folder / "head" / "head_detect_v2.0_s" / "model.onnx", HEAD)
    write_detector(folder / "person" / "person_detect_v1.3_s" / "model.onnx", PERSON)
    environment = {"TOWER_HOME": str(tmp_path / "home"), "TOWER_MODELS": str(folder), "TOWER_DEVICE": "cpu"}
    opened = services.open_services(load_settings(environment))
    yield opened
    opened.close()


def test_known_references_are_not_encoded_again(opened, tmp_path, monkeypatch) -> None:
    runs: list[str] = []
    run = Network.run

    def counted(network, batch):
        runs.append(network.path.name)
        return run(network, batch)

    character = opened.characters.create("Teal")
    files = write_references(tmp_path / "refs", TEAL)
    character, _ = opened.characters.add_references(character.id, files)
    still = np.asarray(draw_figure(TEAL, size=(768, 768)))
    opened.identity.score(character, [still], encoder="ccip")
    monkeypatch.setattr(Network, "run", counted)
    opened.identity.score(character, [still], encoder="ccip")
    # One run of each detector, and the two views of the still.
    assert sorted(runs) == ["model.onnx"] * 2 + ["model_feat.onnx"] * 2
    again = services.open_services(opened.settings)
    again.identity.encoder("ccip")
    runs.clear()
    again.identity.score(character, [still], encoder="ccip")
    assert sorted(runs) == ["model.onnx"] * 2 + ["model_feat.onnx"] * 2
    again.close()


def test_the_score_is_the_mean_cosine_of_head_and_person_against_the_blended_threshold(
    opened, tmp_path
) -> None:
    write_references(tmp_path / "refs", TEAL)
    files = sorted((tmp_path / "refs").iterdir())
    character = opened.characters.create("Teal")
    character, _ = opened.characters.add_references(character.id, files)
    stills = [np.asarray(draw_figure(look, size=(768, 768), x=0.52)) for look in (TEAL, RUST)]
    references = opened.characters.reference_images(character)
    verdicts = opened.identity.score(character, stills, encoder="ccip")
    known = np.stack([views(image) for image in references])
    for still, verdict in zip(stills, verdicts, strict=True):
        cosines = np.einsum("vd,rvd->rv", views(still), known).mean(axis=0)
        assert verdict.similarity == pytest.approx(cosines.mean(), abs=2e-5)
        assert {view.view: view.similarity for view in verdict.views} == pytest.approx(
            {"head": cosines[0], "person": cosines[1]}, abs=2e-5
        )
        assert verdict.encoder == "ccip" and MODEL in verdict.encoder_version
    assert verdicts[0].similarity > verdicts[1].similarity
