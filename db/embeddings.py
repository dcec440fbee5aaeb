"""Vectors as they are stored: little-endian float32 bytes beside their dimension."""

from __future__ import annotations

import logging
from collections.abc import Mapping
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
    vectors: dict[str, NDArray[np.float32]] = {}
    for row in session.scalars(stored):
        fault = vector_fault(row.vector, row.dimension)
        if fault:
            logger.warning("Embedding %d %s; it is computed again.", row.id, fault)
        else:
            vectors[row.sha256] = np.frombuffer(row.vector, STORED).astype(np.float32)
    return vectors


def write_vectors(
    session: Session,
    version: CharacterVersionRow,
    encoder: str,
    encoder_version: str,
    vectors: Mapping[str, NDArray[np.float32]],
) -> None:
    """Store vectors, and note in ``embedding_data`` of version and character which encoder saw them.

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
            **_encoded(sha256, vector),
        }
        for sha256, vector in vectors.items()
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
