"""The route that scores the frames of one shot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from .pool import CpuPool
from .registrar import Registrar
from .schemas import CharacterPath, ScoreQuery, Shown
from .uploads import PictureUpload

if TYPE_CHECKING:
    from ...services import Services


class CopyShown(Shown):
    """A frame that looks copied from a reference."""

    frame: int
    reference: int
    similarity: float
    correlation: float
    is_mirrored: bool


class SequenceShown(Shown):
    """How well the frames of a shot keep a character."""

    status: Literal["pass", "fail", "unknown"]
    reason: str
    n_frames: int
    n_found: int
    coverage: float = Field(description="Share of the frames in which the character was found.")
    mean: float | None = Field(description="Of the scores of those frames; 0.5 is the threshold.")
    worst: float | None
    worst_frame: int | None
    slope_per_100_frames: float | None = Field(description="How much the drift rises.")
    longest_hold: int = Field(description="Most frames in a row that are the same picture.")
    drift: list[float | None] = Field(description="1 − similarity; null where it was not found.")
    trend: list[float | None]
    copies: list[CopyShown]
    encoder: str
    encoder_version: str
    threshold: float | None
    calibration: str
    mapping: str


def add_sequence_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the route of sequences."""

    @api.upload("/anime/characters/{character_id}/sequence", errors=(404,))
    async def score_sequence(path: CharacterPath, query: ScoreQuery, upload: PictureUpload) -> SequenceShown:
        """Score 1 to 20 frames of one shot against a character, in their order; nothing is stored of them."""
        from ...services.sequence import iterate_pictures

        character = await services.database.run(services.characters.get, path.character_id)
        async with upload.pictures() as pictures:
            score = await pool.run(
                services.identity.score_sequence,
                character,
                iterate_pictures(pictures.paths),
                encoder=query.encoder,
                threshold=query.threshold,
                mapping=query.mapping,
            )
        return SequenceShown.model_validate(score.as_json())
