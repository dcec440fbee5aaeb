"""The pictures that the studio is given: decoded, checked, and called what the sender calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..consistency.character import Character, Reference
from ..errors import InputError
from ..production.studio_run import StudioRun

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.references.checking import ReferenceCheck

MAX_PICTURES = 8

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Report no progress."""


def examine(
    files: Sequence[Path],
    names: Sequence[str],
    progress: Progress = silent,
    *,
    boxes: Sequence[tuple[int, int, int, int] | None] | None = None,
) -> tuple[list[NDArray[np.uint8]], list[ReferenceCheck]]:
    """Decode and check pictures that are to define a character.

    Raises
    ------
    InputError
        If there are none or too many, or any is refused: it says of each why.
    """
    from ..consistency.images import read_still
    from ..consistency.references.checking import check_references

    if boxes is None and not 1 <= len(files) <= MAX_PICTURES:
        raise InputError(
            f"there are {len(files)} pictures.",
            field="reference_images",
            hint=f"Give 1 to {MAX_PICTURES}; more can be added later.",
        )
    images, refused = [], []
    for number, (path, name) in enumerate(zip(files, names, strict=True)):
        progress("references", number, len(files))
        try:
            images.append(read_still(path))
        except InputError as error:
            refused.append(str(error).replace(str(path), name))
    checks = [] if refused else check_references(images, names, boxes=boxes)
    refused += [" ".join(check.errors) for check in checks if not check.accepted]
    if refused:
        counted = "1 picture is" if len(refused) == 1 else f"{len(refused)} pictures are"
        raise InputError(f"{counted} refused. {' '.join(refused)}", field="reference_images")
    progress("references", len(files), len(files))
    return images, checks


def picture_names(character: Character, run: StudioRun) -> list[str]:
    """Return what each reference is called: as it was sent, else by its place."""
    sent = run.request.get("pictures", {})
    return [_name_of(reference, number, sent) for number, reference in enumerate(character.references, 1)]


def _name_of(reference: Reference, number: int, sent: dict[str, str]) -> str:
    return sent.get(reference.sha256, f"reference {number}")
