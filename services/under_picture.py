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
PEAK_DBFS, AAC_ROUNDS = -1.0, 4
# What AAC may take away before the mix is made louder for it, and the most that is made up for.
AAC_LOSS_LU, MOST_AAC_LOSS_LU = 0.1, 2.0


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
    from ..music.signal import Signal, decode
    from ..production.clip import has_sound, picture_start

    if not has_sound(video):
        return None, ()
    if not options.keeps_sound:
        return None, ("The picture's own sound was left out.",)
    sound = decode(video)
    # Where the sound begins before the picture, what is heard before the first frame is left out.
    lead = round(picture_start(video) * sound.sample_rate)
    heard = Signal(sound.samples[:, lead:], sound.sample_rate)
    return retimed_sound(heard, before, plan.n_frames, plan.fps), ()


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
    settings = MixSettings(fade_out_seconds=_fade_seconds(plan.bar_times, float(plan.duration_seconds)))
    return mixed_for_aac(
        lambda lufs, peak: mix(
            under,
            lines,
            duration_seconds=plan.duration_seconds,
            settings=replace(settings, target_lufs=lufs, peak_dbfs=peak),
        ),
        options.target_lufs,
    )


def mixed_for_aac(
    make: Callable[[float, float], Mixdown], target_lufs: float, peak_dbfs: float = PEAK_DBFS
) -> Mixdown:
    """Mix so that what AAC gives back is as loud as wished and its true peak under a ceiling.

    AAC takes the highest tones away and overshoots sharp attacks.

    Parameters
    ----------
    make : callable
        Mixes to a loudness in LUFS, under a true peak in dBFS.
    target_lufs, peak_dbfs : float
        What is wished after AAC.
    """
    loss, ceiling = 0.0, peak_dbfs
    mixed = make(target_lufs, ceiling)
    for _ in range(AAC_ROUNDS - 1):
        now_lost, excess = _after_aac(mixed, peak_dbfs)
        if excess <= 0 and abs(now_lost - loss) <= AAC_LOSS_LU:
            return mixed
        loss = min(max(now_lost, -MOST_AAC_LOSS_LU), MOST_AAC_LOSS_LU)
        ceiling -= excess + 0.05 if excess > 0 else 0.0
        mixed = make(target_lufs + loss, ceiling)
    return _softer(mixed, max(_after_aac(mixed, peak_dbfs)[1], 0.0))


def _after_aac(mixed: Mixdown, peak_dbfs: float) -> tuple[float, float]:
    """Return by how much AAC makes a mix softer, in LU, and by how much its peak is too high, in dB."""
    from math import log10

    from ..music.loudness import integrated_lufs
    from ..music.mix import SAMPLE_RATE
    from ..music.peaks import true_peak
    from ..production.sound_file import heard_from_aac

    heard = heard_from_aac(mixed.samples)
    before, after = (integrated_lufs(samples, SAMPLE_RATE) for samples in (mixed.samples, heard))
    lost = 0.0 if before is None or after is None else before - after
    return lost, 20 * log10(max(true_peak(heard), 1e-9)) - peak_dbfs


def _softer(mixed: Mixdown, decibels: float) -> Mixdown:
    import numpy as np

    gain = np.float32(10 ** (-decibels / 20))
    return replace(
        mixed, samples=mixed.samples * gain, stems={name: stem * gain for name, stem in mixed.stems.items()}
    )


def _fade_seconds(bar_times: NDArray[np.float64], seconds: float) -> float:
    """Return the length of the last fade: from the last downbeat that leaves time for one."""
    left = seconds - bar_times
    usable = left[(left >= SHORTEST_FADE) & (left <= LONGEST_FADE)]
    return float(usable.min()) if usable.size else 2.0
