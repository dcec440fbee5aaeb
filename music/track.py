"""A piece of music and what was heard in it, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What a track may be used for, when nobody said.
USER_SUPPLIED = "user-supplied"


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
        3 or 4, or what was wished for; 0 without a beat.
    tempo_confidence : float
        0–1: probability of this tempo among the readings of the rhythm.
    """

    tempo_bpm: float | None
    beat_times: NDArray[np.float64]
    downbeat_times: NDArray[np.float64]
    confidence: float = 0.0
    tempo_alternatives_bpm: tuple[float, ...] = ()
    beats_per_bar: int = 0
    tempo_confidence: float = 0.0

    @property
    def has_beat(self) -> bool:
        """Whether there are beats to cut on."""
        return self.tempo_bpm is not None and self.beat_times.size > 1

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            "tempo_bpm": self.tempo_bpm,
            "tempo_alternatives_bpm": list(self.tempo_alternatives_bpm),
            "confidence": self.confidence,
            "tempo_confidence": self.tempo_confidence,
            "beat_times": self.beat_times.tolist(),
            "downbeat_times": self.downbeat_times.tolist(),
            "beats_per_bar": self.beats_per_bar,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> BeatGrid:
        """Rebuild a grid from `as_json`."""
        return cls(
            tempo_bpm=stored["tempo_bpm"],
            beat_times=np.asarray(stored["beat_times"], dtype=np.float64),
            downbeat_times=np.asarray(stored["downbeat_times"], dtype=np.float64),
            confidence=stored["confidence"],
            tempo_alternatives_bpm=tuple(stored["tempo_alternatives_bpm"]),
            beats_per_bar=stored["beats_per_bar"],
            tempo_confidence=stored["tempo_confidence"],
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a recording.

    Parameters
    ----------
    name : str
        ``intro``, ``verse``, ``chorus``, ``bridge``, ``break``, ``outro``, or ``whole`` when there is one.
    letter : str
        The same letter where the same music comes again.
    level : float
        0 (quiet) to 1 (loud).
    """

    start_seconds: float
    end_seconds: float
    name: str
    letter: str
    level: float


@dataclass(frozen=True, slots=True)
class LoopPoints:
    """Two downbeats: from the second the music can jump back to the first.

    `likeness` says how alike the music is there, from −1 to 1.
    """

    start_seconds: float
    end_seconds: float
    likeness: float


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
    key_confidence : float
        0–1: probability of the key among all 24; low where a relative or a neighbour is as likely.
    camelot : str or None
        The key's code on the Camelot wheel, as ``8A``.
    true_peak_db : float or None
        dBTP; None for silence.
    energy_curve : tuple of float
        Level over time, 0–1, one every `energy_step_seconds`.
    sections : tuple of Section
        In order, without gaps.
    loop : LoopPoints or None
        Where it can be looped; None without a beat.
    """

    beats: BeatGrid
    key: str | None
    energy: float
    loudness_lufs: float | None
    duration_seconds: float
    mood: tuple[str, ...] = ()
    key_confidence: float = 0.0
    camelot: str | None = None
    true_peak_db: float | None = None
    energy_curve: tuple[float, ...] = ()
    energy_step_seconds: float = 0.5
    sections: tuple[Section, ...] = ()
    loop: LoopPoints | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            **self.beats.as_json(),
            "key": self.key,
            "key_confidence": self.key_confidence,
            "camelot": self.camelot,
            "energy": self.energy,
            "energy_curve": list(self.energy_curve),
            "energy_step_seconds": self.energy_step_seconds,
            "loudness_lufs": self.loudness_lufs,
            "true_peak_db": self.true_peak_db,
            "duration_seconds": self.duration_seconds,
            "mood": list(self.mood),
            "sections": [asdict(section) for section in self.sections],
            "loop": None if self.loop is None else asdict(self.loop),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> TrackAnalysis:
        """Rebuild an analysis from `as_json`."""
        plain = ("key", "energy", "loudness_lufs", "duration_seconds", "key_confidence", "camelot")
        plain += ("true_peak_db", "energy_step_seconds")
        loop = stored["loop"]
        return cls(
            beats=BeatGrid.from_json(stored),
            mood=tuple(stored["mood"]),
            energy_curve=tuple(stored["energy_curve"]),
            sections=tuple(Section(**section) for section in stored["sections"]),
            loop=None if loop is None else LoopPoints(**loop),
            **{name: stored[name] for name in plain},
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
    title, artist : str
        As its tags say; empty when they say nothing.
    """

    path: Path
    sha256: str
    analysis: TrackAnalysis
    licence: str = USER_SUPPLIED
    tags: tuple[str, ...] = field(default_factory=tuple)
    title: str = ""
    artist: str = ""

    @property
    def summary(self) -> TrackSummary:
        """Return what tracks are ranked by."""
        analysis = self.analysis
        return TrackSummary(
            sha256=self.sha256,
            path=self.path,
            tempo_bpm=analysis.beats.tempo_bpm if analysis.beats.has_beat else None,
            duration_seconds=analysis.duration_seconds,
            confidence=analysis.beats.confidence,
            key=analysis.key,
            energy=analysis.energy,
            loudness_lufs=analysis.loudness_lufs,
            mood=analysis.mood,
            tags=self.tags,
            licence=self.licence,
            title=self.title,
            artist=self.artist,
        )


@dataclass(frozen=True, slots=True)
class TrackSummary:
    """What tracks are listed and ranked by; the fields are those of `Track` and of its analysis."""

    sha256: str
    path: Path
    tempo_bpm: float | None
    duration_seconds: float
    confidence: float = 0.0
    key: str | None = None
    energy: float = 0.0
    loudness_lufs: float | None = None
    mood: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    licence: str = USER_SUPPLIED
    title: str = ""
    artist: str = ""
    id: int = 0

    @property
    def label(self) -> str:
        """The name to show."""
        name = self.title or self.path.stem
        return f"{self.artist} – {name}" if self.artist else name
