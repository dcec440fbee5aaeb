"""Changes of one reference picture: the figure chosen in it, and how much it counts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ..consistency.character import Character, Reference
from ..errors import InputError, NotFoundError

if TYPE_CHECKING:
    from ..consistency.encoders.base import Box
    from ..consistency.references.check import ReferenceCheck
    from .characters import CharacterStudio


def change_reference(
    characters: CharacterStudio,
    character_id: int,
    reference_id: int,
    *,
    box: Box | None,
    weight: float | None = None,
) -> tuple[Character, ReferenceCheck]:
    """Choose the figure of a reference and its weight; that makes a new version of the character.

    Parameters
    ----------
    box : tuple of int or None
        The figure: left, top, right, bottom in pixels; None for the whole picture.
    weight : float, optional
        How much it counts in a score, above 0; as before when omitted.

    Returns
    -------
    Character
        With its new version.
    ReferenceCheck
        What was found in the chosen part.

    Raises
    ------
    NotFoundError
        If there is no such character, or its current version has no such reference.
    InputError
        If the box is not within the picture, the part in it is refused, or the weight is not positive.
    """
    from ..consistency.images import read_image
    from ..consistency.references.checking import check_references

    known = _find(characters.get(character_id), reference_id)
    weight = known.weight if weight is None else weight
    if not (math.isfinite(weight) and weight > 0):
        raise InputError(f"The weight {weight} is not above 0.", field="weight", hint="1 counts as usual.")
    [check] = check_references([read_image(known.path)], [known.path.name], boxes=[box])
    if not check.accepted:
        raise InputError(check.errors[0], field="box")
    changed = replace(known, id=None, box=box, weight=weight, warnings=check.warnings, report=check.report)
    return characters.replace_reference(character_id, reference_id, changed), check


def reference_at(character: Character, number: int) -> Reference:
    """Return a reference by its place in the list, from 1.

    Raises
    ------
    NotFoundError
        If there are fewer.
    """
    if not 1 <= number <= len(character.references):
        raise NotFoundError(
            f"{character.label} has no reference {number}.",
            field="number",
            hint=f"It has {len(character.references)}, counted from 1.",
        )
    return character.references[number - 1]


def _find(character: Character, reference_id: int) -> Reference:
    for reference in character.references:
        if reference.id == reference_id:
            return reference
    raise NotFoundError(
        f"There is no reference {reference_id} in the current version of {character.name!r}.",
        field="reference_id",
    )
