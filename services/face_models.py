"""Which of the installed face models describes faces for an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..consistency.encoders.catalog import ARCFACE, known_model
from ..errors import InputError, MissingModelError

if TYPE_CHECKING:
    from ..consistency.encoders.registry import EncoderRegistry
    from .models import ModelStore

FACE_DIMENSION = 512
# Kinds of face encoders, the one that needs no further package first.
_KINDS = (ARCFACE, "insightface")


def face_encoder(models: ModelStore, encoders: EncoderRegistry, pack: str, notes: list[str]) -> Any:
    """Return the encoder of the wanted pack, else of any that is installed.

    Parameters
    ----------
    models : ModelStore
        Knows which packs are installed.
    encoders : EncoderRegistry
        Loads them.
    pack : str
        The face models that the adapter was trained with; empty for any.
    notes : list of str
        Gets a sentence where another pack is taken.

    Returns
    -------
    FaceEncoder
        With embeddings of 512 numbers.

    Raises
    ------
    MissingModelError
        If no face models are installed; the hint says how to get them.
    InputError
        If the embeddings have another length.
    """
    packs = [model.name for model in models.installed(ARCFACE)]
    is_there = pack in packs
    missing: MissingModelError | None = None
    for name in [f"{ARCFACE}:{pack}"] if is_there else _KINDS:
        try:
            encoder: Any = encoders.get(name)
        except MissingModelError as error:
            missing = missing or error
            continue
        if encoder.dimension != FACE_DIMENSION:
            raise InputError(
                f"The face models of {name} give {encoder.dimension} numbers, not {FACE_DIMENSION}.",
                field="encoder",
                hint="Install buffalo_l or antelopev2.",
            )
        if pack and not is_there:
            notes.append(
                f"The adapter was trained with the face models {pack}, which are not installed; what "
                f"{packs[0] if packs else name} says of a face means something else to it."
            )
        return encoder
    raise _missing(models, pack, missing)


def _missing(models: ModelStore, pack: str, missing: MissingModelError | None) -> MissingModelError:
    """Return the error that names the pack which the adapter was trained with, and what else will do."""
    named = models.missing([ARCFACE], pack)
    if not pack or known_model(pack) is not None:
        return missing or named
    other = models.missing([ARCFACE]).hint or ""
    return MissingModelError(
        named.message,
        field="encoder",
        hint=f"{named.hint} Another pair finds faces too, but describes them in its own way: {other}",
    )
