"""The sound under a synchronised picture: the music as its plan wants it, and what the picture says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..music.mix import Mixdown
    from ..music.signal import Signal
    from ..music.sync import CutPlan
    from ..music.track import BeatGrid

# Music ends in a fade that begins on a downbeat, within these lengths.
SHORTEST_FADE, LONGEST_FADE = 0.4, 4.0
PEAK_DBFS, AAC_ROUNDS = -1.0, 3


@dataclass(frozen=True)
class SyncOptions:
    """What may be done to picture and music.

    Parameters
    ----------
    mode : str
        ``fit``: the picture keeps its length, the music is fitted to it. ``recut``: each shot gets the
        length that puts the next cut on a beat.
    max_stretch : float
        Share by which the music may be slowed down or sped up, its pitch kept.
    max_retime : float
        In ``fit``, the share of its length by which a shot may change.
    max_change : float
        In ``recut``, the share by which a shot may easily change.
    bpm_hint : float, optional
        The tempo, when it is known.
    keeps_sound : bool
        Whether the picture's own sound is mixed in, with the music ducked under it.
    target_lufs : float
        Loudness of the result.
    """

    mode: str = "fit"
    max_stretch: float = 0.06
    max_retime: float = 0.08
    max_change: float = 0.35
    bpm_hint: float | None = None
    keeps_sound: bool = False
    target_lufs: float = -14.0


def own_sound(
    video: Path, before: Sequence[int], plan: CutPlan, options: SyncOptions
) -> tuple[Signal | None, tuple[str, ...]]:
    """Return the picture's own sound in its new lengths, if it is to be kept, and what there is to say."""
    from ..music.retimed_sound import retimed_sound
    from ..music.signal import decode
    from ..production.clip import has_sound

    if not has_sound(video):
        return None, ()
    if not options.keeps_sound:
        return None, ("The picture's own sound was left out.",)
    return retimed_sound(decode(video), before, plan.n_frames, plan.fps), ()


def sound_under(
    plan: CutPlan, music: Signal, beats: BeatGrid, own: Signal | None, options: SyncOptions
) -> Mixdown:
    """Return the music that a plan asks for, mixed with the picture's own sound."""
    from ..music.loop import music_segment
    from ..music.mix import DialogueClip, MixSettings, mix
    from ..music.stretch import stretch_to

    n_samples = round(music.n_samples * plan.stretch)
    under = music_segment(
        stretch_to(music, n_samples, anchor_seconds=beats.beat_times),
        start_seconds=plan.music_start_seconds,
        duration_seconds=float(plan.duration_seconds),
        loop=plan.loop,
    )
    lines = [] if own is None else [DialogueClip(0.0, own, "of the picture")]
    settings = MixSettings(
        target_lufs=options.target_lufs,
        fade_out_seconds=_fade_seconds(plan.bar_times, float(plan.duration_seconds)),
    )
    return mixed_for_aac(
        lambda peak: mix(
            under,
            lines,
            duration_seconds=plan.duration_seconds,
            settings=replace(settings, peak_dbfs=peak),
        )
    )


def mixed_for_aac(make: Callable[[float], Mixdown], peak_dbfs: float = PEAK_DBFS) -> Mixdown:
    """Mix under a ceiling low enough that the true peak stays under `peak_dbfs` after AAC as well."""
    from math import log10

    from ..music.peaks import true_peak
    from ..production.sound_file import heard_from_aac

    ceiling = peak_dbfs
    mixed = make(ceiling)
    for _ in range(AAC_ROUNDS):
        excess = 20 * log10(max(true_peak(heard_from_aac(mixed.samples)), 1e-9)) - peak_dbfs
        if excess <= 0:
            break
        ceiling -= excess + 0.05
        mixed = make(ceiling)
    return mixed


def _fade_seconds(bar_times: NDArray[np.float64], seconds: float) -> float:
    """Return the length of the last fade: from the last downbeat that leaves time for one."""
    left = seconds - bar_times
    usable = left[(left >= SHORTEST_FADE) & (left <= LONGEST_FADE)]
    return float(usable.min()) if usable.size else 2.0
