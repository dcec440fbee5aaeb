"""Test poses, which tell whether a model draws a character as its references show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..consistency.verdict import Status
from .picture_files import write_png

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .identity import IdentityService
    from .poses import PoseLibrary

# Draws a prompt and a negative prompt, the n-th of several; returns RGB, shape (height, width, 3).
Painter = Callable[[str, str, int], "NDArray[np.uint8]"]

# Four that show the body from the front, from the side, at rest and in motion.
NAMES = ("standing", "sitting", "walking", "waving")


def draw_test_poses(
    character: Character,
    painter: Painter,
    *,
    identity: IdentityService,
    poses: PoseLibrary,
    folder: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Draw the character in four poses, keep the pictures, and score each against the references.

    The poses are asked for in words; no ControlNet is used.

    Returns
    -------
    dict
        ``poses``: of each its name, prompt, file and verdict; ``n_passed``, and ``encoder``.
    """
    rows = []
    for number, name in enumerate(NAMES):
        progress(number, len(NAMES))
        prompt = _joined(character.prompt, character.version.prompt, poses.named(name).prompt)
        image = painter(prompt, character.negative_prompt, number)
        [verdict] = identity.score(character, [image], n_figures=1)
        file = f"{character.id}-v{character.version.number}-{name}.png"
        write_png(image, folder / file)
        rows.append({"pose": name, "prompt": prompt, "file": file, **verdict.as_json()})
    progress(len(NAMES), len(NAMES))
    return {
        "version": character.version.number,
        "n_passed": sum(row["status"] == Status.PASS.value for row in rows),
        "encoder": rows[0]["encoder"],
        "poses": rows,
    }


def _joined(*parts: str) -> str:
    return ", ".join(part.strip(" ,\n") for part in parts if part.strip(" ,\n"))
