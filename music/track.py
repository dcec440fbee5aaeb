"""A piece of music and what was heard in it, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Beats of a recording.

    Parameters
    ----------
    tempo_bpm : float or None
        Beats per minute; None when the recording has no steady beat.
    tempo_alternatives_bpm : tuple of float
        Other readings of the same rhythm (half, double, three against two), likeliest first.
    confidence : float
        0–1: how much of the onset energy the beats explain.
    beat_times, downbeat_times : ndarray of float64, shape (n,)
        Seconds from the start of the recording, ascending; empty without a beat.
    beats_per_bar : int
        3 or 4; 0 without a beat.
    """

    tempo_bpm: float | None
    beat_times: NDArray[np.float64]
    downbeat_times: NDArray[np.float64]
    confidence: float = 0.0
    tempo_alternatives_bpm: tuple[float, ...] = ()
    beats_per_bar: int = 0

    @property
    def has_beat(self) -> bool:
        """Whether there are beats to cut on."""
        return self.tempo_bpm is not None and self.beat_times.size > 1


@dataclass(frozen=True, slots=True)
class TrackAnalysis:
    """What was measured of a recording.

    Parameters
    ----------
    beats : BeatGrid
        Its beats.
    key : str or None
        As ``A minor`` or ``F# major``; None when nothing tonal was heard.
    energy : float
        0 (silent or calm) to 1 (dense and loud).
    loudness_lufs : float or None
        Integrated loudness by EBU R128; None for silence.
    duration_seconds : float
        Length of the recording.
    mood : tuple of str
        Tags derived from tempo, mode and energy, most fitting first.
    """

    beats: BeatGrid
    key: str | None
    energy: float
    loudness_lufs: float | None
    duration_seconds: float
    mood: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            "tempo_bpm": self.beats.tempo_bpm,
            "tempo_alternatives_bpm": list(self.beats.tempo_alternatives_bpm),
            "confidence": self.beats.confidence,
            "beat_times": self.beats.beat_times.tolist(),
            "downbeat_times": self.beats.downbeat_times.tolist(),
            "beats_per_bar": self.beats.beats_per_bar,
            "key": self.key,
            "energy": self.energy,
            "loudness_lufs": self.loudness_lufs,
            "duration_seconds": self.duration_seconds,
            "mood": list(self.mood),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> TrackAnalysis:
        """Rebuild an analysis from `as_json`."""
        beats = BeatGrid(
            tempo_bpm=stored["tempo_bpm"],
            beat_times=np.asarray(stored["beat_times"], dtype=np.float64),
            downbeat_times=np.asarray(stored["downbeat_times"], dtype=np.float64),
            confidence=stored["confidence"],
            tempo_alternatives_bpm=tuple(stored["tempo_alternatives_bpm"]),
            beats_per_bar=stored["beats_per_bar"],
        )
        return cls(
            beats=beats,
            key=stored["key"],
            energy=stored["energy"],
            loudness_lufs=stored["loudness_lufs"],
            duration_seconds=stored["duration_seconds"],
            mood=tuple(stored["mood"]),
        )


@dataclass(frozen=True, slots=True)
class Track:
    """A recording that may be synchronised with picture.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        Digest of the file; analyses are cached under it.
    licence : str
        What the user may do with it; ``user-supplied`` when nothing else is known.
    tags : tuple of str
        Mood tags that the user gave, beside the measured ones.
    """

    path: Path
    sha256: str
    analysis: TrackAnalysis
    licence: str = "user-supplied"
    tags: tuple[str, ...] = field(default_factory=tuple)
