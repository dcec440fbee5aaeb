"""How a picture is cut and moves, for people: a sentence, a range of tempi, and a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..music.shots import PictureAnalysis


@dataclass(frozen=True)
class PictureTempo:
    """A picture that was watched."""

    picture: PictureAnalysis

    @property
    def bpm_range(self) -> tuple[float, float]:
        """Tempi that fit the movement, else the one of the cutting, else zeros."""
        motion = self.picture.motion
        if motion.tempo_range_bpm is not None:
            return motion.tempo_range_bpm
        cut_tempo = motion.cut_tempo_bpm or 0.0
        return cut_tempo, cut_tempo

    @property
    def shot_seconds(self) -> list[float]:
        """Lengths of the shots."""
        picture = self.picture
        edges = [0.0, *(transition.time for transition in picture.transitions), picture.duration_seconds]
        return [end - start for start, end in pairwise(edges)]

    @property
    def summary(self) -> str:
        """What was found, in a sentence."""
        picture = self.picture
        low, high = self.bpm_range
        tempo = f"{low:.0f}-{high:.0f} BPM" if high else "no tempo"
        return (
            f"{len(picture.transitions)} transitions, {picture.cuts_per_minute:.1f} cuts per minute; "
            f"{tempo} (confidence {picture.motion.confidence:.2f})."
        )

    def drawing(self) -> NDArray[np.uint8]:
        """Draw movement over time with the cuts; shape (height, width, 3), RGB."""
        import numpy as np

        from ..production.waveform_png import waveform_picture

        curve = np.asarray(self.picture.motion.curve, dtype=np.float32)
        heights = curve / max(float(curve.max(initial=0.0)), 1e-6)
        cuts = [transition.time for transition in self.picture.transitions]
        return np.asarray(waveform_picture(heights, self.picture.duration_seconds, cut_times=cuts))
