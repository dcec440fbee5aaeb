"""What was heard in recordings, under the digest of the file and the name of the analyzer."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ..errors import StorageError
from ..music.track import USER_SUPPLIED, Track, TrackAnalysis, TrackSummary
from .columns import now
from .database import Database
from .statements import MAX_ID, measured, page_size, require, upsert
from .tables import TrackRow

_SUMMARY = tuple(field.name for field in fields(TrackSummary))

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

    def store(self, track: Track, analyzer: str) -> int:
        """Keep the analysis of a track, in place of an earlier one by the same analyzer; return its id.

        The user's tags and licence of the same recording stay; those of the file fill what is empty.
        """
        given = self._given(track.sha256)
        if given is not None:
            track = replace(
                track,
                tags=given[0] or track.tags,
                licence=track.licence if given[1] == USER_SUPPLIED else given[1],
            )
        with self._database.session() as session:
            upsert(session, TrackRow, [_row(track, analyzer)], ("sha256", "analyzer"))
            stored = select(TrackRow.id).where(TrackRow.sha256 == track.sha256, TrackRow.analyzer == analyzer)
            return session.scalars(stored).one()

    def id_of(self, sha256: str, analyzer: str) -> int | None:
        """Return the id of a recording that `analyzer` heard; None when it did not."""
        stored = select(TrackRow.id).where(TrackRow.sha256 == sha256, TrackRow.analyzer == analyzer)
        with self._database.session(read_only=True) as session:
            return session.scalar(stored)

    def _given(self, sha256: str) -> tuple[tuple[str, ...], str] | None:
        stored = (
            select(TrackRow.tags, TrackRow.licence)
            .where(TrackRow.sha256 == sha256)
            .order_by(TrackRow.id.desc())
        )
        with self._database.session(read_only=True) as session:
            row = session.execute(stored.limit(1)).first()
        return None if row is None else (tuple(row.tags), row.licence)

    def list(
        self, analyzer: str, *, tempo: tuple[float, float] | None = None, limit: int = 200, after_id: int = 0
    ) -> builtins.list[TrackSummary]:
        """Return tracks in the order in which they were first heard.

        Parameters
        ----------
        tempo : (float, float), optional
            Only those with a tempo in this range, in BPM.
        """
        page = _summaries(analyzer).where(TrackRow.id > min(after_id, MAX_ID)).limit(page_size(limit))
        if tempo is not None:
            page = page.where(TrackRow.tempo_bpm.between(*tempo))
        return self._read(page)

    def all(self, analyzer: str) -> builtins.list[TrackSummary]:
        """Return all tracks that `analyzer` heard, to rank them."""
        return self._read(_summaries(analyzer))

    def state(self, analyzer: str) -> tuple[Any, ...]:
        """Return what differs as soon as `all` would: its number, its last, and its latest change."""
        counted = select(func.count(TrackRow.id), func.max(TrackRow.id), func.max(TrackRow.created_at))
        with self._database.session(read_only=True) as session:
            return tuple(session.execute(counted.where(TrackRow.analyzer == analyzer)).one())

    def get(self, track_id: int) -> Track:
        """Return a track with its analysis.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.session(read_only=True) as session:
            row = require(session, TrackRow, track_id, "track")
            try:
                analysis = TrackAnalysis.from_json(row.analysis)
            except (KeyError, TypeError, ValueError) as error:
                raise StorageError(
                    f"the stored analysis of track {track_id} cannot be read.", hint="Analyse the file again."
                ) from error
            path, tags = Path(row.path), tuple(row.tags)
            return Track(path, row.sha256, analysis, row.licence, tags, row.title, row.artist)

    def change(
        self, track_id: int, *, tags: Sequence[str] | None = None, licence: str | None = None
    ) -> TrackSummary:
        """Give a track other tags, or another licence.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.session() as session:
            row = require(session, TrackRow, track_id, "track")
            if tags is not None:
                row.tags = list(tags)
            if licence is not None:
                row.licence = licence
            row.created_at = now()
            analyzer = row.analyzer
        return self._read(_summaries(analyzer).where(TrackRow.id == track_id))[0]

    def _read(self, statement: Any) -> builtins.list[TrackSummary]:
        with self._database.session(read_only=True) as session:
            return [_summary(row) for row in session.execute(statement)]


def _summaries(analyzer: str) -> Any:
    # Not the analysis: the beats of a hundred thousand tracks are a gigabyte.
    columns = [getattr(TrackRow, name) for name in _SUMMARY]
    return select(*columns).where(TrackRow.analyzer == analyzer).order_by(TrackRow.id)


def _summary(row: Any) -> TrackSummary:
    fields = row._asdict()
    fields |= {"path": Path(row.path), "mood": tuple(row.mood), "tags": tuple(row.tags)}
    fields |= {"confidence": row.confidence or 0.0, "energy": row.energy or 0.0}
    return TrackSummary(**fields)


def _row(track: Track, analyzer: str) -> dict[str, Any]:
    summary = track.summary
    return {
        "sha256": track.sha256,
        "analyzer": analyzer,
        "path": str(track.path),
        "licence": track.licence,
        "tags": list(track.tags),
        "tempo_bpm": measured(track.analysis.beats.tempo_bpm),
        "duration_seconds": track.analysis.duration_seconds,
        "analysis": track.analysis.as_json(),
        "title": track.title,
        "artist": track.artist,
        "key": summary.key,
        "mood": list(summary.mood),
        "confidence": measured(summary.confidence),
        "energy": measured(summary.energy),
        "loudness_lufs": measured(summary.loudness_lufs),
        "created_at": now(),
    }
