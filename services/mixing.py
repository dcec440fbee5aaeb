"""A mix from the parts that a graph or a request hands over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log10
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..music.mix import Mixdown
    from ..music.signal import Signal

    Samples = tuple[NDArray[np.float32], int]

MAX_SECONDS = 4 * 3600


@dataclass(frozen=True)
class MixOrder:
    """What is to be mixed.

    Parameters
    ----------
    duration_seconds : Fraction
        Length of the picture.
    music : tuple of ndarray and int, or None
        Samples, shape (n_channels, n), and sample rate.
    lines, effects : sequence of such tuples
        Spoken lines and sounds.
    line_starts, effect_starts : sequence of float
        The second of the picture at which each begins.
    loops_music : bool
        Whether music that is too short goes on in its loop; else silence follows its fade.
    """

    duration_seconds: Fraction
    music: Samples | None = None
    lines: Sequence[Samples] = ()
    line_starts: Sequence[float] = ()
    effects: Sequence[Samples] = ()
    effect_starts: Sequence[float] = ()
    loops_music: bool = True
    duck_ratio: float = 6.0
    duck_attack_seconds: float = 0.2
    duck_release_seconds: float = 1.0
    music_db: float = 0.0
    fade_in_seconds: float = 0.0
    fade_out_seconds: float = 2.0
    target_lufs: float = -14.0
    peak_dbfs: float = -1.0


def mix_order(order: MixOrder) -> Mixdown:
    """Mix what was ordered.

    Raises
    ------
    InputError
        If starts are missing, a line does not fit, or the length is none.
    """
    from ..music.ducking import Ducking
    from ..music.mix import DialogueClip, EffectClip, MixSettings, mix
    from ..music.signal import Signal

    if not 0 < order.duration_seconds <= MAX_SECONDS:
        raise InputError(
            f"A mix of {float(order.duration_seconds):g} s cannot be made.",
            field="duration_seconds",
            hint="Give more than 0 s and at most 4 hours, or connect the picture.",
        )
    line_starts = _starts("dialogue", len(order.lines), order.line_starts)
    effect_starts = _starts("effect", len(order.effects), order.effect_starts)
    ducking = Ducking(order.duck_ratio, order.duck_attack_seconds, order.duck_release_seconds)
    return mix(
        None if order.music is None else _music(Signal(*order.music), order),
        [
            DialogueClip(start, Signal(*line), f"no. {number}")
            for number, (start, line) in enumerate(zip(line_starts, order.lines, strict=True), 1)
        ],
        duration_seconds=order.duration_seconds,
        effects=[
            EffectClip(start, Signal(*sound), name=f"no. {number}")
            for number, (start, sound) in enumerate(zip(effect_starts, order.effects, strict=True), 1)
        ],
        settings=replace(
            MixSettings(),
            ducking=ducking,
            fade_in_seconds=order.fade_in_seconds,
            fade_out_seconds=order.fade_out_seconds,
            music_db=order.music_db,
            target_lufs=order.target_lufs,
            peak_dbfs=order.peak_dbfs,
        ),
    )


def _starts(kind: str, n_sounds: int, starts: Sequence[float]) -> list[float]:
    """Return one start for each sound; a single sound without one begins at 0."""
    given = list(starts) or ([0.0] if n_sounds == 1 else [])
    if len(given) != n_sounds:
        raise InputError(
            f"There are {n_sounds} {kind} sounds and {len(given)} start times.",
            field=f"{kind}_starts",
            hint="Give one second for each, in order, such as: 0.5, 3.2.",
        )
    return given


def _music(music: Signal, order: MixOrder) -> Signal:
    """Let music go on in its loop when it is shorter than the picture and has a beat."""
    from ..music.loop import find_loop, music_segment
    from .heard_music import hear

    seconds = float(order.duration_seconds)
    if not order.loops_music or not music.n_samples or music.duration_seconds >= seconds - 0.5:
        return music
    heard = hear(music)
    if not heard.beats.has_beat:
        return music
    loop = heard.loop or find_loop(heard.beats, music.duration_seconds)
    return music_segment(music, start_seconds=0.0, duration_seconds=seconds, loop=loop)


def mix_levels(mixed: Mixdown) -> dict[str, Any]:
    """Return length, loudness and true peak of a mix, and a sentence of them."""
    from ..music.loudness import integrated_lufs
    from ..music.mix import SAMPLE_RATE
    from ..music.peaks import true_peak

    n_samples = int(mixed.samples.shape[1])
    lufs, peak = integrated_lufs(mixed.samples, SAMPLE_RATE), true_peak(mixed.samples)
    peak_db = 20 * log10(peak) if peak > 0 else None
    heard = "silence" if lufs is None or peak_db is None else f"{lufs:.1f} LUFS, true peak {peak_db:.1f} dB"
    return {
        "n_samples": n_samples,
        "sample_rate": SAMPLE_RATE,
        "duration_seconds": n_samples / SAMPLE_RATE,
        "loudness_lufs": lufs,
        "true_peak_dbfs": peak_db,
        "summary": f"{n_samples / SAMPLE_RATE:.3f} s: {heard}.",
    }
