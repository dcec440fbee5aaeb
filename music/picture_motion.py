"""How a picture moves: its energy over time, and the tempo of its movement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .frame_features import FrameSeries

# Movement repeats within this range of periods if it has a tempo at all.
SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 1.5
# Listeners tap near this tempo; the spread is in octaves.
PREFERRED_BPM, SPREAD_OCTAVES = 118.0, 0.9
LOWEST_BPM, HIGHEST_BPM = 70.0, 190.0
MIN_CONFIDENCE = 0.15


@dataclass(frozen=True, slots=True)
class PictureMotion:
    """Energy and tempo of movement.

    Parameters
    ----------
    mean_energy, peak_energy : float
        Change from frame to frame without cuts, in [0, 1] of full scale: mean, and 95th percentile.
    curve : tuple of float
        Mean energy of each second.
    tempo_range_bpm : tuple of float or None
        Tempi that fit the movement; None when it has no rhythm.
    cut_tempo_bpm : float or None
        60 s over the median shot, doubled or halved into 70-190; None with fewer than three shots.
    confidence : float
        0-1: how much of the movement repeats at the tempo.
    """

    mean_energy: float = 0.0
    peak_energy: float = 0.0
    curve: tuple[float, ...] = ()
    tempo_range_bpm: tuple[float, float] | None = None
    cut_tempo_bpm: float | None = None
    confidence: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            "mean_energy": round(self.mean_energy, 5),
            "peak_energy": round(self.peak_energy, 5),
            "curve": [round(value, 5) for value in self.curve],
            "tempo_range_bpm": None if self.tempo_range_bpm is None else list(self.tempo_range_bpm),
            "cut_tempo_bpm": self.cut_tempo_bpm,
            "confidence": round(self.confidence, 3),
        }


def measure_motion(series: FrameSeries, transition_frames: NDArray[np.intp]) -> PictureMotion:
    """Measure energy and tempo of a video's movement.

    Parameters
    ----------
    series : FrameSeries
        Features of the frames.
    transition_frames : ndarray of int, shape (n,)
        Where shots change; these steps are no movement.

    Returns
    -------
    PictureMotion
        A range and a confidence rather than one tempo: movement names a tempo only roughly.
    """
    energy = series.steps.astype(np.float64)
    inside = transition_frames[transition_frames < len(energy)]
    energy[inside] = energy[np.maximum(inside - 1, 0)]
    fps = float(series.fps)
    tempo, confidence = _tempo(energy, fps)
    seconds = np.arange(0, len(energy), max(1, round(fps)))
    spread = 1.0 + 0.12 * (1.0 - confidence)
    return PictureMotion(
        float(energy.mean()),
        float(np.quantile(energy, 0.95)),
        tuple(float(energy[start : start + max(1, round(fps))].mean()) for start in seconds),
        None if tempo is None else (round(tempo / spread, 1), round(tempo * spread, 1)),
        _cut_tempo(inside / fps),
        confidence,
    )


def _tempo(energy: NDArray[np.float64], fps: float) -> tuple[float | None, float]:
    """Return tempo and confidence by autocorrelation of the energy's fast part."""
    longest, shortest = round(LONGEST_SECONDS * fps), max(2, round(SHORTEST_SECONDS * fps))
    if len(energy) < 4 * longest:
        return None, 0.0
    width = max(3, round(fps))
    fast = (
        energy
        - np.convolve(np.pad(energy, width // 2, "edge"), np.full(width, 1 / width), "valid")[: len(energy)]
    )
    power = float(fast @ fast)
    if power <= 1e-9:
        return None, 0.0
    lags = np.arange(shortest, longest + 1)
    likeness = np.array([fast[lag:] @ fast[:-lag] for lag in lags]) / power
    octaves = np.log2(60.0 * fps / lags / PREFERRED_BPM) / SPREAD_OCTAVES
    best = int(np.argmax(likeness * np.exp(-0.5 * octaves**2)))
    confidence = float(np.clip(likeness[best], 0.0, 1.0))
    if confidence < MIN_CONFIDENCE:
        return None, confidence
    return _folded(60.0 * fps / float(lags[best])), confidence


def _cut_tempo(times: NDArray[np.float64]) -> float | None:
    if len(times) < 3:
        return None
    return round(_folded(60.0 / float(np.median(np.diff(times)))), 1)


def _folded(bpm: float) -> float:
    while bpm < LOWEST_BPM:
        bpm *= 2.0
    while bpm > HIGHEST_BPM:
        bpm /= 2.0
    return bpm
