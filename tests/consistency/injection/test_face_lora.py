"""The LoRA of FaceID files lands on the weights that it was trained for."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from support.adapters import SD15_WIDTHS, random_adapter  # noqa: E402
from tower_anime.consistency.injection.adapter_file import AdapterFile  # noqa: E402
from tower_anime.consistency.injection.face_lora import face_lora  # noqa: E402
from tower_anime.errors import ModelFileError  # noqa: E402

# SD 1.5 in the files' order: down, up, mid.
PLACES = [
    *(f"input_blocks.{n}.1.transformer_blocks.0" for n in (1, 2, 4, 5, 7, 8)),
    *(f"output_blocks.{n}.1.transformer_blocks.0" for n in range(3, 12)),
    "middle_block.1.transformer_blocks.0",
]


@pytest.fixture(scope="module")
def file() -> AdapterFile:
    adapter = random_adapter("faceid", widths=SD15_WIDTHS)
    return AdapterFile(Path("ip-adapter-faceid_sd15.bin"), adapter.image_proj, adapter.layers)


def without(file: AdapterFile, *names: str) -> AdapterFile:
    layers = {name: tensor for name, tensor in file.layers.items() if name not in names}
    return AdapterFile(file.path, file.image_proj, layers)


def test_every_attention_weight_of_the_model_gets_its_pair(file):
    patches = face_lora(file, PLACES)
    parts = ("to_q", "to_k", "to_v", "to_out.0")
    assert set(patches) == {f"{p}.attn{n}.{part}.weight" for p in PLACES for n in (1, 2) for part in parts}


@pytest.mark.parametrize(("place", "width"), list(zip(PLACES, SD15_WIDTHS, strict=True)))
def test_the_update_has_the_shape_of_the_weight(file, place, width):
    patches = face_lora(file, PLACES)
    for attention, context in (("attn1", width), ("attn2", 768)):
        for part, into in (("to_q", width), ("to_k", context), ("to_v", context), ("to_out.0", width)):
            up, down = patches[f"{place}.{attention}.{part}.weight"]
            assert (up @ down).shape == (width, into)


def test_the_order_is_down_up_mid(file):
    patches = face_lora(file, PLACES)
    for key, number in (
        ("input_blocks.1.1.transformer_blocks.0.attn1.to_q", "0.to_q"),
        ("input_blocks.1.1.transformer_blocks.0.attn2.to_v", "1.to_v"),
        ("output_blocks.3.1.transformer_blocks.0.attn1.to_k", "12.to_k"),
        ("middle_block.1.transformer_blocks.0.attn2.to_out.0", "31.to_out"),
    ):
        up, down = patches[f"{key}.weight"]
        assert up is file.layers[f"{number}_lora.up.weight"]
        assert down is file.layers[f"{number}_lora.down.weight"]


def test_a_file_without_a_lora_changes_nothing():
    adapter = random_adapter("plus")
    assert face_lora(AdapterFile(Path("plus.bin"), adapter.image_proj, adapter.layers), PLACES) == {}


def test_another_family_is_told_by_the_count(file):
    with pytest.raises(ModelFileError, match="LoRA for 32 attentions, and the model has 140"):
        face_lora(file, [f"block.{n}" for n in range(70)])


@pytest.mark.parametrize("half", ["up", "down"])
def test_half_a_pair_is_named(file, half):
    with pytest.raises(ModelFileError, match=r"lacks half of 5\.to_k_lora"):
        face_lora(without(file, f"5.to_k_lora.{half}.weight"), PLACES)


def test_ranks_that_differ_are_named(file):
    layers = {**file.layers, "5.to_k_lora.up.weight": torch.zeros(640, 3)}
    with pytest.raises(ModelFileError, match=r"5\.to_k_lora are \[640, 3\] and \[4, 768\]"):
        face_lora(AdapterFile(file.path, file.image_proj, layers), PLACES)
