"""What became of a picture and its music: figures, and a drawing of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ..music.shots import PictureAnalysis
    from ..music.sync import CutPlan
    from ..music.track import BeatGrid


# Of the drawing.
N_COLUMNS = 1200


@dataclass(frozen=True)
class Alignment:
    """A picture whose cuts meet music, or the plan of one.

    Parameters
    ----------
    picture : PictureAnalysis or None
        The picture as it was; None for shots that are not rendered yet.
    beats : BeatGrid
        Beats of the music as it is.
    plan : CutPlan
        The shots, the start and stretch of the music, and the beats that the cuts meet.
    n_frames_before : tuple of int
        Lengths of the shots as they were, or as they were wished.
    sound : ndarray of float32, shape (2, n)
        What is heard under the picture, at 48 kHz.
    notes : tuple of str
        What the user should know.
    stems : dict of str to ndarray of float32, shape (2, n)
        Dialogue, music and effects apart; their sum is `sound`.
    """

    picture: PictureAnalysis | None
    beats: BeatGrid
    plan: CutPlan
    n_frames_before: tuple[int, ...]
    sound: NDArray[np.float32]
    notes: tuple[str, ...] = ()
    stems: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The outcome in one sentence."""
        plan, n_cuts = self.plan, len(self.plan.cut_times)
        tempo = self.beats.tempo_bpm
        heard = "the music has no steady beat" if tempo is None else f"the music has {tempo:.1f} BPM"
        if n_cuts == 0:
            return f"No cut was found in the picture; {heard}."
        return (
            f"{plan.hit_rate:.0%} of {n_cuts} cuts are within one frame of a beat; {heard} (by chance "
            f"{plan.chance_hit_rate:.0%}, with the best single offset {plan.landing.ceiling_hit_rate:.0%})."
        )

    @property
    def largest_change(self) -> float:
        """The largest share of its length by which a shot changed."""
        changes = (
            abs(new - old) / old
            for old, new in zip(self.n_frames_before, self.plan.n_frames, strict=True)
            if old
        )
        return max(changes, default=0.0)

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for programs; times in seconds."""
        plan, picture = self.plan, self.picture
        return {
            "tempo_bpm": self.beats.tempo_bpm,
            "tempo_alternatives_bpm": list(self.beats.tempo_alternatives_bpm),
            "fps": str(plan.fps),
            "n_frames_before": sum(self.n_frames_before),
            "n_frames": sum(plan.n_frames),
            "shot_n_frames_before": list(self.n_frames_before),
            "shot_n_frames": list(plan.n_frames),
            "largest_change": self.largest_change,
            "duration_seconds": float(plan.duration_seconds),
            "cut_times_before": [] if picture is None else [t.time for t in picture.transitions],
            "cut_times": plan.cut_times.tolist(),
            "beat_times": plan.beat_times.tolist(),
            "music_start_seconds": plan.music_start_seconds,
            "music_stretch": plan.stretch,
            "music_loops": plan.loop is not None,
            "music_loop": None if plan.loop is None else asdict(plan.loop),
            **plan.landing.as_json(),
            "notes": list(self.notes),
            "summary": self.summary,
        }

    def drawing(self) -> NDArray[np.uint8]:
        """Draw the sound with beats, downbeats, cuts and shots; shape (height, width, 3), RGB."""
        import numpy as np

        from ..music.signal import to_mono
        from ..production.waveform import peaks
        from ..production.waveform_png import waveform_picture

        plan = self.plan
        picture = waveform_picture(
            peaks(to_mono(self.sound), N_COLUMNS),
            float(plan.duration_seconds),
            beat_times=plan.grid_times,
            downbeat_times=plan.bar_times,
            cut_times=plan.cut_times,
        )
        return np.asarray(picture)

    def write_drawing(self, path: Path) -> Path:
        """Write the drawing as PNG, whole or not at all; return its path.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        from PIL import Image

        from ..production.part_file import part_file

        with part_file(path) as part:
            Image.fromarray(self.drawing()).save(part, format="PNG")
        return path

    def write_stems(self, folder: Path) -> list[Path]:
        """Write dialogue, music and effects as WAV of 32-bit floats; return the paths.

        Raises
        ------
        StorageError
            If they cannot be written.
        """
        from ..production.sound_file import write_wav

        return [write_wav(folder / f"{name}.wav", samples) for name, samples in self.stems.items()]
