"""What has to be known of music before it is put under picture: its beats, and where it can go round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..music.loop import Loop
    from ..music.signal import Signal
    from ..music.track import BeatGrid


@dataclass(frozen=True)
class HeardMusic:
    """Music that was listened to.

    Parameters
    ----------
    beats : BeatGrid
        Its beats.
    loop : Loop or None
        Measured places between which it goes round unnoticed; None when there are none.
    """

    beats: BeatGrid
    loop: Loop | None


def hear(music: Signal, bpm_hint: float | None = None) -> HeardMusic:
    """Track the beats of music, and measure its loop points and the seam between them."""
    from ..music.beats import BeatWishes, track_beats
    from ..music.onsets import onset_envelope
    from ..music.seam import measured_loop
    from ..music.signal import to_mono

    mono = to_mono(music.samples)
    envelope = onset_envelope(mono, music.sample_rate)
    beats = track_beats(
        mono, music.sample_rate, wishes=BeatWishes(bpm_hint=bpm_hint or None), envelope=envelope
    )
    return HeardMusic(beats, measured_loop(music, beats, envelope) if beats.has_beat else None)
