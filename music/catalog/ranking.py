"""Tracks of catalogues in order: how near their tempo is to the wished one, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .catalog_track import CatalogTrack
from .protocol import MAX_BPM, MIN_BPM, CatalogQuery

# A tempo and its half or double carry the same cuts; what is folded counts a little less.
_FOLDS = ((1.0, "", 1.0), (2.0, "doubled", 0.9), (0.5, "halved", 0.9))
# One standard deviation, in octaves, outside of the range: 4 %, as tempi are commonly compared.
_SPREAD_OCTAVES = math.log2(1.04)
_UNKNOWN_TEMPO = 0.3
_TEMPO_WEIGHT, _WORD_WEIGHT = 0.7, 0.3


@dataclass(frozen=True, slots=True)
class RankedTrack:
    """A track and how well it answers what was asked.

    Parameters
    ----------
    score : float
        0–1.
    reasons : tuple of str
        One clause for each criterion, the right to use it included.
    """

    track: CatalogTrack
    score: float
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the track with `score` and `reasons`."""
        return {**self.track.as_json(), "score": round(self.score, 4), "reasons": list(self.reasons)}


def rank_tracks(tracks: Sequence[CatalogTrack], query: CatalogQuery) -> list[RankedTrack]:
    """Rank tracks by tempo, by the cuts that their beats can carry, and by words in common with the query.

    Without a wished tempo the catalogue's own order decides between equal ones.

    Parameters
    ----------
    tracks : sequence of CatalogTrack
        In the order of the catalogue.
    query : CatalogQuery
        For the tempo range, the shots, the term and the genre.

    Returns
    -------
    list of RankedTrack
        Best first.
    """
    return sorted((_ranked(track, query) for track in tracks), key=lambda ranked: -ranked.score)


def _ranked(track: CatalogTrack, query: CatalogQuery) -> RankedTrack:
    reasons, parts = [], []
    if query.min_bpm or query.max_bpm:
        fit, reason = tempo_fit(track.tempo_bpm, query.min_bpm or MIN_BPM, query.max_bpm or MAX_BPM)
        source = f", by {track.tempo_source}" if track.tempo_source else ""
        parts.append((fit, _TEMPO_WEIGHT))
        reasons.append(reason + source)
    if query.shot_seconds:
        fit, reason = cut_fit(track.tempo_bpm, query.shot_seconds)
        parts.append((fit, _TEMPO_WEIGHT))
        reasons.append(reason)
    asked = _words(f"{query.term} {query.genre}")
    if asked:
        own = _words(" ".join((track.title, track.artist, track.album, *track.genres, *track.tags)))
        common = [word for word in asked if word in own]
        parts.append((len(common) / len(asked), _WORD_WEIGHT))
        reasons.append(f"has {', '.join(common)}" if common else "found by other words")
    reasons.append(
        f"{track.licence.name}: {'may' if track.licence.may_sync else 'may not'} be put under picture"
    )
    total = sum(weight for _, weight in parts)
    score = sum(value * weight for value, weight in parts) / total if total else 1.0
    return RankedTrack(track, score, tuple(reasons))


def tempo_fit(tempo_bpm: float | None, low: float, high: float) -> tuple[float, str]:
    """Rate a tempo against a range; half and double of it count nine tenths.

    Returns
    -------
    float
        1 inside of the range, falling off by a normal curve of 4 %; 0.3 for an unknown tempo.
    str
        Why.
    """
    if tempo_bpm is None:
        return _UNKNOWN_TEMPO, "its tempo is not known"
    best, reason = 0.0, f"{tempo_bpm:.0f} BPM is outside of {low:g}–{high:g}"
    for factor, word, worth in _FOLDS:
        folded = tempo_bpm * factor
        distance = max(math.log2(low / folded), math.log2(folded / high), 0.0)
        fit = worth * math.exp(-0.5 * (distance / _SPREAD_OCTAVES) ** 2)
        if fit > best + 1e-9:
            best = fit
            if fit > 0.1:
                told = f"{tempo_bpm:.0f} BPM" + (f" ({word}: {folded:.0f})" if word else "")
                reason = f"{told} is {'in' if distance == 0 else 'near'} {low:g}–{high:g}"
    return best, reason


def cut_fit(tempo_bpm: float | None, shot_seconds: Sequence[float]) -> tuple[float, str]:
    """Rate how near shots are to 1, 2, 4, 8, 16, 3 or 6 beats of a tempo.

    Returns
    -------
    float
        0–1, the mean over the shots; 0.3 for an unknown tempo.
    str
        Why.
    """
    # Imported here: it brings numpy, which a list of providers need not wait for.
    from ..matching import FOLD_TOLERANCE, FOLDS

    if tempo_bpm is None:
        return _UNKNOWN_TEMPO, "nobody tells a tempo to lay the cuts on"
    beats = [seconds * tempo_bpm / 60.0 for seconds in shot_seconds]
    distances = [min(abs(math.log(count / fold)) for fold in FOLDS) for count in beats]
    fits = [math.exp(-0.5 * (distance / FOLD_TOLERANCE) ** 2) for distance in distances]
    n_near = sum(distance <= 1.5 * FOLD_TOLERANCE for distance in distances)
    return sum(fits) / len(fits), f"{n_near} of {len(beats)} shots are near a musical length"


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\w+", text.casefold())))
