"""Vectors as they are stored: little-endian float32 bytes beside their dimension."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..errors import InputError
from .columns import now
from .statements import upsert
from .tables import CharacterRow, CharacterVersionRow, EmbeddingRow

logger = logging.getLogger(__name__)

STORED = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class StoredSighting:
    """What an encoder saw in one reference.

    Parameters
    ----------
    embedding : ndarray of float32, shape (dimension,)
        Finite values; all zero where no figure was found.
    box : tuple of int or None
        The figure: left, top, right, bottom in pixels of the picture.
    palette : dict
        Its colours as JSON; empty where they were not read.
    """

    embedding: NDArray[np.float32]
    box: tuple[int, int, int, int] | None = None
    palette: dict[str, Any] = field(default_factory=dict)


def vector_fault(vector: bytes, dimension: int) -> str:
    """Say what is wrong with a stored vector; empty when nothing is."""
    if len(vector) != STORED.itemsize * dimension:
        return f"has {len(vector)} bytes, not {STORED.itemsize} for each of {dimension} dimensions"
    return "" if np.isfinite(np.frombuffer(vector, STORED)).all() else "has values that are not finite"


def read_vectors(
    session: Session, version_id: int, encoder: str, encoder_version: str
) -> dict[str, NDArray[np.float32]]:
    """Return the sound vectors of a character's version, by the digest of the picture."""
    stored = select(EmbeddingRow).where(
        EmbeddingRow.character_version_id == version_id,
        EmbeddingRow.encoder == encoder,
        EmbeddingRow.encoder_version == encoder_version,
    )
    return {key: sighting.embedding for key, sighting in sound_sightings(session.scalars(stored)).items()}


def find_sightings(
    session: Session, character_id: int, encoder: str, encoder_version: str, keys: Collection[str]
) -> dict[str, StoredSighting]:
    """Return what an encoder saw in these references, of whichever version of the character."""
    version = CharacterVersionRow
    stored = select(EmbeddingRow).join(version, version.id == EmbeddingRow.character_version_id)
    stored = stored.where(
        version.character_id == character_id,
        EmbeddingRow.encoder == encoder,
        EmbeddingRow.encoder_version == encoder_version,
        EmbeddingRow.sha256.in_(keys),
    )
    return sound_sightings(session.scalars(stored))


def sound_sightings(rows: Iterable[EmbeddingRow]) -> dict[str, StoredSighting]:
    """Return the undamaged ones of stored rows, by `Reference.key`."""
    found: dict[str, StoredSighting] = {}
    for row in rows:
        fault = vector_fault(row.vector, row.dimension)
        if fault:
            logger.warning("Embedding %d %s; it is computed again.", row.id, fault)
            continue
        embedding = np.frombuffer(row.vector, STORED).astype(np.float32)
        box = tuple(row.box) if len(row.box) == 4 else None
        found[row.sha256] = StoredSighting(embedding, box, row.palette)
    return found


def write_sightings(
    session: Session,
    version: CharacterVersionRow,
    encoder: str,
    encoder_version: str,
    sightings: Mapping[str, StoredSighting],
) -> None:
    """Store sightings, and note in ``embedding_data`` of version and character which encoder saw them.

    Raises
    ------
    InputError
        If a vector is empty, not flat, or not finite.
    """
    rows = [
        {
            "character_version_id": version.id,
            "encoder": encoder,
            "encoder_version": encoder_version,
            "sha256": sha256,
            "created_at": now(),
            "box": list(sighting.box or ()),
            "palette": sighting.palette,
            **_encoded(sha256, sighting.embedding),
        }
        for sha256, sighting in sightings.items()
    ]
    upsert(session, EmbeddingRow, rows, ("character_version_id", "encoder", "encoder_version", "sha256"))
    if rows:
        seen = {"version": encoder_version, "dimension": rows[0]["dimension"]}
        version.embedding_data = {**version.embedding_data, encoder: seen}
        session.execute(
            update(CharacterRow)
            .where(
                CharacterRow.id == version.character_id,
                CharacterRow.current_version == version.version_number,
            )
            .values(embedding_data=version.embedding_data, updated_at=CharacterRow.updated_at)
        )


def _encoded(sha256: str, vector: NDArray[np.float32]) -> dict[str, Any]:
    values = np.asarray(vector, dtype=STORED)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise InputError(
            f"the embedding of {sha256[:12]}… is not a flat vector of finite numbers.",
            field="vectors",
            hint="Encode the picture again.",
        )
    return {"dimension": values.size, "vector": values.tobytes()}
