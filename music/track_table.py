"""Tracks as columns, so that a hundred thousand are rated at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from .key import PITCH_CLASSES, camelot, camelot_distance
from .moods import SYNONYMS, canonical, is_mood, related, words_of
from .track import TrackSummary

# Lengths of shots, in beats, that sound intended.
FOLDS = (1, 2, 4, 8, 16, 3, 6)
# A shot changed by this much (relative, one standard deviation) is half spoilt.
FOLD_TOLERANCE = 0.12
# Fits are worked out for this many tempi and read off between them.
_TEMPI = np.geomspace(15.0, 480.0, 3072)
MAX_LENGTHS = 48
# By steps on the Camelot wheel.
KEY_SCORES = (1.0, 0.9, 0.55, 0.3, 0.15, 0.1, 0.1, 0.1)
UNKNOWN = 0.5
ENERGY_SPREAD = 0.3
_KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in PITCH_CLASSES)
_MOODS = tuple(SYNONYMS)


class TrackTable:
    """The columns of many tracks.

    Parameters
    ----------
    rows : sequence of TrackSummary
        The tracks; ratings are in their order.
    """

    def __init__(self, rows: Sequence[TrackSummary]) -> None:
        self.rows = rows
        self.tempi = np.array([row.tempo_bpm or 0.0 for row in rows], dtype=np.float64)
        self.has_beat = self.tempi > 0
        self._trust = 0.5 + 0.5 * np.minimum(np.array([row.confidence for row in rows]) * 1.5, 1.0)
        self._seconds = np.array([row.duration_seconds for row in rows], dtype=np.float64)
        self._energies = np.array([row.energy for row in rows], dtype=np.float64)
        self._keys = np.array([_key_number(row.key) for row in rows], dtype=np.intp)
        self._measured = np.array([_mood_bits(row.mood) for row in rows], dtype=np.int64)
        self._own = np.zeros(len(rows), dtype=np.int64)
        self._words: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            words = own_words(row)
            self._own[number] = _mood_bits(words)
            for word in words - set(_MOODS):
                self._words.setdefault(word, []).append(number)

    def carry(self, shots: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rate how near the shots are to whole numbers of beats, 0–1; 0 without a beat."""
        if shots.size == 0:
            return self.has_beat.astype(np.float64)
        lengths, counts = _few_lengths(shots)
        beats = lengths[None, :] * (_TEMPI / 60.0)[:, None]
        distance = np.full(beats.shape, np.inf)
        for fold in FOLDS:
            np.minimum(distance, np.abs(np.log(beats / fold)), out=distance)
        fits = np.exp(-0.5 * (distance / FOLD_TOLERANCE) ** 2) @ counts / counts.sum()
        found = np.interp(np.log(np.maximum(self.tempi, 1.0)), np.log(_TEMPI), fits)
        # A beat that was hardly heard is worth half of one that is beyond doubt.
        return np.where(self.has_beat, found * self._trust, 0.0)

    def legacy(self, video_bpm: float) -> NDArray[np.float64]:
        """Rate tempi by their distance from one, as the first version did: 1 − distance / 10, at least 0."""
        return np.where(self.has_beat, np.maximum(1.0 - np.abs(self.tempi - video_bpm) / 10.0, 0.0), 0.0)

    def length(self, needed: float) -> NDArray[np.float64]:
        """Rate lengths: 1 when long enough, falling with the square root."""
        if needed <= 0:
            return np.ones(len(self.rows))
        return np.sqrt(np.clip(self._seconds / needed, 0.0, 1.0))

    def key(self, previous: str) -> NDArray[np.float64]:
        """Rate keys by how well they follow another (``A minor`` or ``8A``); an unknown one is worth half."""
        code = previous if previous[:1].isdigit() else camelot(previous) or ""
        scores = [KEY_SCORES[min(camelot_distance(camelot(key) or "", code), 7)] for key in _KEYS]
        return np.array([*scores, UNKNOWN])[self._keys]

    def energy(self, motion: float) -> NDArray[np.float64]:
        """Rate energies by how near they are to the motion of the picture, both 0–1."""
        return np.exp(-0.5 * ((self._energies - motion) / ENERGY_SPREAD) ** 2)

    def mood(self, asked: Sequence[str]) -> NDArray[np.float64]:
        """Rate moods against asked words; half for all when none of the words says anything."""
        total, n_known = np.zeros(len(self.rows)), np.zeros(len(self.rows))
        for word in asked:
            values = self._likeness(canonical(word))
            known = np.ones(len(self.rows)) if is_mood(word) else (values > 0).astype(np.float64)
            total += values * known
            n_known += known
        return np.where(n_known > 0, total / np.maximum(n_known, 1.0), UNKNOWN)

    def _likeness(self, mood: str) -> NDArray[np.float64]:
        """Rate one mood: what the user said of a track is surer than what was measured."""
        values = np.zeros(len(self.rows))
        near, exact = _mood_bits(related(mood)), _mood_bits([mood])
        values[(self._measured & near) != 0] = 0.4
        values[(self._own & near) != 0] = 0.5
        values[(self._measured & exact) != 0] = 0.8
        values[(self._own & exact) != 0] = 1.0
        values[self._words.get(mood, [])] = 1.0
        return values


def own_words(row: TrackSummary) -> set[str]:
    """Return what the user says of a track: its tags, title, and the names of file and folder."""
    texts = (*row.tags, row.title, PurePath(row.path).stem, PurePath(row.path).parent.name)
    return {canonical(word) for text in texts for word in words_of(text)}


def _mood_bits(words: Sequence[str] | set[str]) -> int:
    return sum(1 << n for n, mood in enumerate(_MOODS) if mood in words)


def _key_number(key: str | None) -> int:
    return _KEYS.index(key) if key in _KEYS else len(_KEYS)


def _few_lengths(shots: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lengths that occur and how often; very many are put together with their neighbours."""
    shots = np.maximum(shots, 1e-3)
    lengths, counts = np.unique(np.round(shots, 3), return_counts=True)
    if lengths.size <= MAX_LENGTHS:
        return lengths, counts.astype(np.float64)
    edges = np.geomspace(lengths[0], lengths[-1] * 1.0001, MAX_LENGTHS + 1)
    sums, _ = np.histogram(shots, edges, weights=shots)
    counts, _ = np.histogram(shots, edges)
    filled = counts > 0
    return sums[filled] / counts[filled], counts[filled].astype(np.float64)
