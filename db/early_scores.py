"""Scores of samples part of the way through sampling."""

from __future__ import annotations

import builtins

from sqlalchemy import select

from ..errors import InputError
from ..production.early_score import FATES, EarlyScore
from .database import Database
from .statements import MAX_ID, page_size, within
from .tables import EarlyScoreRow, JobRow


class EarlyScoreRepository:
    """Stores one row for each sample that was scored early."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, score: EarlyScore, *, job_id: int | None = None) -> None:
        """Store a sample; a job that was deleted meanwhile is left out.

        Raises
        ------
        InputError
            If the fate is not known, the fraction not between 0 and 1, or a score outside 0–1.
        """
        if score.fate not in FATES:
            raise InputError(
                f"the fate {score.fate!r} is not known.", field="fate", hint=f"Use {', '.join(FATES)}."
            )
        if not 0 < score.fraction < 1:
            raise InputError(f"the fraction {score.fraction} is not between 0 and 1.", field="fraction")
        row = EarlyScoreRow(
            model_key=score.model_key,
            encoder=score.encoder,
            encoder_version=score.encoder_version,
            fraction=score.fraction,
            early_score=within(score.early, 0, 1, "early_score"),
            final_score=within(score.final, 0, 1, "final_score"),
            fate=score.fate,
        )
        with self._database.session() as session:
            if job_id is not None:
                known = select(JobRow.id).where(JobRow.id == min(job_id, MAX_ID))
                row.job_id = session.scalar(known)
            session.add(row)

    def list(
        self, model_key: str, encoder: str, encoder_version: str, fraction: float, *, limit: int = 1000
    ) -> builtins.list[EarlyScore]:
        """Return the samples of one model, encoder, encoder version and fraction, newest first."""
        page = (
            select(EarlyScoreRow)
            .where(
                EarlyScoreRow.model_key == model_key,
                EarlyScoreRow.encoder == encoder,
                EarlyScoreRow.encoder_version == encoder_version,
                EarlyScoreRow.fraction.between(fraction - 1e-6, fraction + 1e-6),
            )
            .order_by(EarlyScoreRow.id.desc())
            .limit(page_size(limit))
        )
        with self._database.session(read_only=True) as session:
            return [_early_score(row) for row in session.scalars(page)]


def _early_score(row: EarlyScoreRow) -> EarlyScore:
    return EarlyScore(
        model_key=row.model_key,
        encoder=row.encoder,
        encoder_version=row.encoder_version,
        fraction=row.fraction,
        early=row.early_score,
        final=row.final_score,
        fate=row.fate,
    )
