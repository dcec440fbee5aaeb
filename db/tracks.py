"""What was heard in recordings, under the digest of the file and the name of the analyzer."""

from __future__ import annotations

import logging

from sqlalchemy import select

from ..music.track import Track, TrackAnalysis
from .columns import now
from .database import Database
from .statements import measured, upsert
from .tables import TrackRow

logger = logging.getLogger(__name__)


class TrackRepository:
    """Keeps analyses, so that a recording is analysed once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def analysis(self, sha256: str, analyzer: str) -> TrackAnalysis | None:
        """Return what `analyzer` heard; None when it has not heard the file.

        Parameters
        ----------
        sha256 : str
            Digest of the file.
        analyzer : str
            Name and version: another version hears anew.
        """
        stored = select(TrackRow.analysis).where(TrackRow.sha256 == sha256, TrackRow.analyzer == analyzer)
        with self._database.session(read_only=True) as session:
            analysis = session.scalar(stored)
        if analysis is None:
            return None
        try:
            return TrackAnalysis.from_json(analysis)
        except (KeyError, TypeError, ValueError):
            logger.warning(
                "The stored analysis of %s by %s cannot be read; analysing again.", sha256, analyzer
            )
            return None

    def store(self, track: Track, analyzer: str) -> None:
        """Keep the analysis of a track, in place of an earlier one by the same analyzer."""
        row = {
            "sha256": track.sha256,
            "analyzer": analyzer,
            "path": str(track.path),
            "licence": track.licence,
            "tags": list(track.tags),
            "tempo_bpm": measured(track.analysis.beats.tempo_bpm),
            "duration_seconds": track.analysis.duration_seconds,
            "analysis": track.analysis.as_json(),
            "created_at": now(),
        }
        with self._database.session() as session:
            upsert(session, TrackRow, [row], ("sha256", "analyzer"))
