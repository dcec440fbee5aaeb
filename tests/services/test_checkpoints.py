"""Which checkpoint makes a picture, and at which size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tower_anime.errors import InputError, MissingModelError
from tower_anime.services.checkpoints import choose_checkpoint, native_side


def write(file: Path, *tensors: str) -> Path:
    """Write the header of a safetensors file with these names."""
    header = json.dumps({name: {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]} for name in tensors})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(header).to_bytes(8, "little") + header.encode())
    return file


@pytest.fixture
def models(tmp_path) -> list[Path]:
    own, other = tmp_path / "own", tmp_path / "other"
    write(own / "checkpoints" / "small.safetensors", "cond_stage_model.transformer.weight")
    write(other / "checkpoints" / "anime" / "large.safetensors", "conditioner.embedders.0.weight")
    (own / "checkpoints" / "notes.txt").write_text("no checkpoint")
    (own / "checkpoints" / "old.ckpt").write_bytes(b"\x80\x02")
    return [own, other]


def test_the_first_by_name_is_taken_of_all_folders(models) -> None:
    assert choose_checkpoint(models) == str(Path("anime") / "large.safetensors")
    assert choose_checkpoint(models, "small.safetensors") == "small.safetensors"


def test_one_that_is_not_there_is_refused_with_those_that_are(models) -> None:
    with pytest.raises(InputError) as refused:
        choose_checkpoint(models, "gone.safetensors")
    assert "small.safetensors" in refused.value.hint and "notes" not in refused.value.hint


def test_without_any_the_folder_is_named(tmp_path) -> None:
    with pytest.raises(MissingModelError) as missing:
        choose_checkpoint([tmp_path])
    assert str(tmp_path / "checkpoints") in missing.value.hint


@pytest.mark.parametrize(
    ("name", "side"),
    [("small.safetensors", 512), (str(Path("anime") / "large.safetensors"), 1024), ("old.ckpt", 512)],
)
def test_the_size_is_that_of_the_training(models, name, side) -> None:
    assert native_side(models, name) == side


@pytest.mark.parametrize(
    "content", [b"", b"<html>", (2**40).to_bytes(8, "little"), b"\x02" + bytes(7) + b"[]"]
)
def test_a_damaged_file_is_left_to_the_host(models, content) -> None:
    (models[0] / "checkpoints" / "bad.safetensors").write_bytes(content)
    assert native_side(models, "bad.safetensors") == 512
