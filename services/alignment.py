"""Finished picture given new shot lengths, so that its cuts land on the beats of given music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NoBeatError

if TYPE_CHECKING:
    from ..music.shots import PictureAnalysis
    from ..music.signal import Signal
    from ..music.sync import CutPlan
    from ..music.track import BeatGrid

# Shorter shots read as a glitch.
MIN_SHOT_SECONDS = 0.2


@dataclass(frozen=True)
class Alignment:
    """What became of the picture's cuts.

    Parameters
    ----------
    picture : PictureAnalysis
        The picture as it was.
    beats : BeatGrid
        Beats of the music.
    plan : CutPlan
        The new shots, and the beats that they meet.
    """

    picture: PictureAnalysis
    beats: BeatGrid
    plan: CutPlan

    @property
    def summary(self) -> str:
        """The outcome in one sentence."""
        n_cuts = len(self.plan.cut_times)
        if n_cuts == 0:
            return f"No cut was found in the picture; the music has {self.beats.tempo_bpm:.1f} BPM."
        return (
            f"{self.plan.hit_rate:.0%} of {n_cuts} cuts are within one frame of a beat at "
            f"{self.beats.tempo_bpm:.1f} BPM (by chance {self.plan.chance_hit_rate:.0%})."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for programs; times in seconds."""
        plan = self.plan
        return {
            "tempo_bpm": self.beats.tempo_bpm,
            "tempo_alternatives_bpm": list(self.beats.tempo_alternatives_bpm),
            "fps": str(plan.fps),
            "n_frames_before": self.picture.n_frames,
            "n_frames": sum(plan.n_frames),
            "shot_n_frames": list(plan.n_frames),
            "duration_seconds": float(plan.duration_seconds),
            "cut_times_before": [transition.time for transition in self.picture.transitions],
            "cut_times": plan.cut_times.tolist(),
            "beat_times": plan.beat_times.tolist(),
            "music_start_seconds": plan.music_start_seconds,
            "hit_rate": plan.hit_rate,
            "hit_rate_40ms": plan.hit_rate_40ms,
            "bias_seconds": plan.bias_seconds,
            "chance_hit_rate": plan.chance_hit_rate,
            "summary": self.summary,
        }


def align(
    video: Path,
    music: Signal,
    *,
    max_change: float,
    bpm_hint: float | None,
    output: Path,
    progress: Callable[[int, int], None] | None,
) -> Alignment:
    """Write `video` to `output` with its cuts on the beats of `music`, and the music under it.

    Parameters
    ----------
    max_change : float
        Share of its length by which a shot may easily change.
    bpm_hint : float, optional
        The tempo, when it is known.

    Raises
    ------
    NoBeatError
        If the music has no steady beat.
    UnreadableVideoError
        If the picture cannot be decoded.
    """
    from ..music.beats import track_beats
    from ..music.loop import music_segment
    from ..music.mix import mix
    from ..music.shots import find_transitions
    from ..music.signal import to_mono
    from ..music.sync import plan_cuts
    from ..production.retime import retime_video

    beats = track_beats(to_mono(music.samples), music.sample_rate, bpm_hint=bpm_hint)
    if not beats.has_beat:
        raise NoBeatError(
            "The music has no steady beat to cut on.", field="audio", hint="Connect music with a steady beat."
        )
    picture = find_transitions(video)
    bounds = [0, *(transition.frame for transition in picture.transitions), picture.n_frames]
    shots = list(pairwise(bounds))
    plan = plan_cuts(
        [float((end - start) / picture.fps) for start, end in shots],
        beats,
        picture.fps,
        min_seconds=MIN_SHOT_SECONDS,
        max_change=max_change,
        track_seconds=music.duration_seconds,
    )
    under = music_segment(
        music,
        start_seconds=plan.music_start_seconds,
        duration_seconds=float(plan.duration_seconds),
        loop=plan.loop,
    )
    audio = mix(under, [], duration_seconds=plan.duration_seconds)
    retime_video(video, shots, plan.n_frames, audio=audio, output=output, progress=progress)
    return Alignment(picture, beats, plan)
