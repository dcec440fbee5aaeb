"""The host's checkpoints: which one a picture is made with, and at which size it feels at home."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError, MissingModelError

FOLDER = "checkpoints"
_SUFFIXES = {".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin"}
# SDXL alone has two text encoders, which its checkpoints keep under this name.
_OF_SDXL = "conditioner.embedders."
_LONGEST_HEADER = 25 << 20
_SIDE, _SIDE_OF_SDXL = 512, 1024


def choose_checkpoint(directories: Sequence[Path], wished: str = "") -> str:
    """Return the name of a checkpoint as ComfyUI lists it: the wished one, else the first by name.

    Raises
    ------
    InputError
        If the wished one is not there.
    MissingModelError
        If there is none.
    """
    names = sorted(
        {
            str(file.relative_to(place))
            for place in (directory / FOLDER for directory in directories)
            for file in place.rglob("*")
            if file.suffix.lower() in _SUFFIXES and file.is_file()
        }
    )
    if wished and wished not in names:
        known = ", ".join(names[:10]) or "none is there"
        raise InputError(
            f"There is no checkpoint {wished!r}.", field="checkpoint", hint=f"ComfyUI has: {known}."
        )
    if not names:
        places = ", ".join(str(directory / FOLDER) for directory in directories) or "ComfyUI's checkpoints"
        raise MissingModelError(
            "There is no checkpoint to make pictures with.", hint=f"Put one into {places}."
        )
    return wished or names[0]


def native_side(directories: Sequence[Path], name: str) -> int:
    """Return the side of the squares that a checkpoint was trained on, in pixels: 1024 for SDXL, else 512."""
    places = [directory / FOLDER / name for directory in directories]
    return _SIDE_OF_SDXL if any(_is_sdxl(place) for place in places if place.is_file()) else _SIDE


def _is_sdxl(file: Path) -> bool:
    if file.suffix.lower() not in {".safetensors", ".sft"}:
        return False
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            names = json.loads(stream.read(length)) if length <= _LONGEST_HEADER else {}
    except (OSError, ValueError, RecursionError):
        # What is wrong with the file, the host says when it loads it.
        return False
    return any(name.startswith(_OF_SDXL) for name in names)
