"""Music as lists of numbers, for nodes and routes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..music.schedule import BeatSchedule
    from ..music.track import TrackAnalysis

CURVES = ("pulse", "envelope", "bar_phase", "beat_phase")
SHAPES = ("decay", "attack", "triangle", "square")


@dataclass(frozen=True)
class BeatCurves:
    """A schedule, mapped to the range that somebody wants."""

    schedule: BeatSchedule
    analysis: TrackAnalysis
    start_seconds: float
    between: tuple[float, float]

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return self.schedule.n_frames

    @property
    def pulse(self) -> list[float]:
        """High on each beat."""
        return self.curve("pulse")

    @property
    def envelope(self) -> list[float]:
        """The level of the music."""
        return self.curve("envelope")

    @property
    def bar_phase(self) -> list[float]:
        """Rising through each bar."""
        return self.curve("bar_phase")

    def curve(self, name: str) -> list[float]:
        """Return a curve of `CURVES` as one number a frame."""
        from ..music.schedule import mapped

        return mapped(getattr(self.schedule, name), *self.between)

    def keyframes(self, name: str) -> str:
        """Return a curve as keyframes."""
        from ..music.schedule import keyframes

        tolerance = 0.01 * max(abs(self.between[1] - self.between[0]), 1e-6)
        return keyframes(self.curve(name), tolerance)

    @property
    def summary(self) -> str:
        """The outcome in one sentence."""
        tempo = self.analysis.beats.tempo_bpm
        if tempo is None:
            return f"{self.n_frames} frames; the music has no steady beat, so only its level is used."
        n_beats = self.schedule.beat_frames.size
        return f"{self.n_frames} frames with {n_beats} beats at {tempo:.1f} BPM."

    def as_json(self) -> dict[str, Any]:
        """Return frames of beats, downbeats and sections."""
        fps = self.schedule.fps
        sections = []
        for section in self.analysis.sections:
            frame = round((section.start_seconds - self.start_seconds) * fps)
            if section.end_seconds > self.start_seconds and frame < self.n_frames:
                sections.append({"name": section.name, "letter": section.letter, "frame": max(frame, 0)})
        return {
            "fps": str(fps),
            "n_frames": self.n_frames,
            "tempo_bpm": self.analysis.beats.tempo_bpm,
            "beat_frames": self.schedule.beat_frames.tolist(),
            "downbeat_frames": self.schedule.downbeat_frames.tolist(),
            "sections": sections,
            "summary": self.summary,
        }


def beat_curves(
    analysis: TrackAnalysis,
    *,
    fps: Fraction,
    n_frames: int,
    start_seconds: float,
    shape: str,
    pulse_seconds: float,
    accent: float,
    between: tuple[float, float],
) -> BeatCurves:
    """Schedule an analysis; without a number of frames, to the end of the music.

    Raises
    ------
    InputError
        If nothing of the music is left, or the picture is too long.
    """
    from ..music.schedule import PulseShape, schedule

    left = analysis.duration_seconds - start_seconds
    made = schedule(
        analysis.beats,
        analysis.energy_curve,
        analysis.energy_step_seconds,
        fps=fps,
        n_frames=n_frames or int(left * fps),
        start_seconds=start_seconds,
        pulse=PulseShape(shape, pulse_seconds, accent),
    )
    return BeatCurves(made, analysis, start_seconds, between)
