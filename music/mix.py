"""Music, dialogue and effects on one timeline, as long as the picture and as loud as the platforms ask.

The edit list is ours and stays in 32-bit floats; libraries that cut and lay sound in 16-bit integers would
round every overlay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite, log10

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .ducking import Ducking, block_levels, duck_gain
from .loudness import integrated_lufs
from .peaks import limiter_gain
from .signal import Signal, resample, to_mono, to_stereo

SAMPLE_RATE = 48_000
# Levels before the final normalisation; only their distance is heard.
MUSIC_LUFS = -18.0
SPEECH_DBFS = -20.0
# An effect that would outlast the picture ends in a fade of this length.
CUT_FADE_SECONDS = 0.03
LOUDNESS_ROUNDS, LOUDNESS_TOLERANCE, LEAST_SLOPE = 5, 0.05, 0.3
# Peaks are never pushed further over the ceiling than this to gain loudness.
MOST_LIMITING_DB = 30.0

Audio = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DialogueClip:
    """A spoken line and the second of the picture at which it begins."""

    start_seconds: float
    signal: Signal
    name: str = "dialogue"


@dataclass(frozen=True, slots=True)
class EffectClip:
    """A sound and the second of the picture at which it begins; it is louder or softer by `gain_db`."""

    start_seconds: float
    signal: Signal
    gain_db: float = 0.0
    name: str = "effect"


@dataclass(frozen=True, slots=True)
class MixSettings:
    """How a mix is made.

    Parameters
    ----------
    ducking : Ducking
        How the music makes room for speech.
    fade_in_seconds, fade_out_seconds : float
        Fades at the start and the end of the music.
    music_db : float
        The music is so much louder or softer than usual, which is a little above speech.
    target_lufs : float
        Integrated loudness of the result; silence and less than 0.4 s stay as they are.
    peak_dbfs : float
        The true peak, looked for between the samples too, is nowhere above it.
    """

    ducking: Ducking = field(default_factory=Ducking)
    fade_in_seconds: float = 0.0
    fade_out_seconds: float = 2.0
    music_db: float = 0.0
    target_lufs: float = -14.0
    peak_dbfs: float = -1.0


@dataclass(frozen=True)
class Mixdown:
    """A finished mix and what it is made of.

    Parameters
    ----------
    samples : ndarray of float32, shape (2, n)
        Stereo at 48 kHz.
    stems : dict of str to ndarray of float32, shape (2, n)
        ``dialogue``, ``music`` and ``effects`` as they are heard in the mix; their sum is the mix.
    """

    samples: Audio
    stems: dict[str, Audio]


def mix(
    music: Signal | None,
    dialogue: Sequence[DialogueClip],
    *,
    duration_seconds: float | Fraction,
    effects: Sequence[EffectClip] = (),
    settings: MixSettings | None = None,
) -> Mixdown:
    """Mix music, dialogue and effects.

    Parameters
    ----------
    music : Signal or None
        What sounds from the first frame on; silence follows when it is short.
    dialogue : sequence of DialogueClip
        Lines at their times; each is brought to the level of normal speech.
    duration_seconds : float or Fraction
        Length of the picture.
    effects : sequence of EffectClip
        Sounds at their times, at their own level.
    settings : MixSettings, optional
        Levels, fades and ducking.

    Returns
    -------
    Mixdown
        ``round(duration_seconds * 48000)`` samples, and the stems.

    Raises
    ------
    InputError
        If a line or an effect begins before the picture, or a line lasts longer than it.
    """
    settings = settings or MixSettings()
    n_samples = int(Fraction(duration_seconds) * SAMPLE_RATE + Fraction(1, 2))
    stems = {
        "dialogue": _dialogue_track(dialogue, n_samples),
        "music": _music_bed(music, n_samples, settings),
        "effects": _effects_track(effects, n_samples),
    }
    if np.any(stems["dialogue"]):
        stems["music"] *= duck_gain(stems["dialogue"], SAMPLE_RATE, settings.ducking)
    total = stems["dialogue"] + stems["music"] + stems["effects"]
    gain = _master_gain(total, settings.target_lufs, 10 ** (settings.peak_dbfs / 20))
    return Mixdown(total * gain, {name: stem * gain for name, stem in stems.items()})


def _dialogue_track(dialogue: Sequence[DialogueClip], n_samples: int) -> Audio:
    track = np.zeros((2, n_samples), dtype=np.float32)
    for clip in dialogue:
        samples = to_stereo(resample(clip.signal.samples, clip.signal.sample_rate, SAMPLE_RATE))
        start = _start_of(clip.start_seconds, "line", clip.name)
        excess = (start + samples.shape[1] - n_samples) / SAMPLE_RATE
        # Less than a frame is the rounding of the picture's length, and not worth a word.
        if excess > 0.02:
            raise InputError(
                f"The line {clip.name} lasts {excess:.2f} s longer than the picture.",
                hint="Start it earlier, or make its shot longer.",
            )
        room = samples[:, : n_samples - start]
        track[:, start : start + room.shape[1]] += room * _speech_gain(samples)
    return track


def _effects_track(effects: Sequence[EffectClip], n_samples: int) -> Audio:
    track = np.zeros((2, n_samples), dtype=np.float32)
    for clip in effects:
        start = _start_of(clip.start_seconds, "effect", clip.name)
        samples = to_stereo(resample(clip.signal.samples, clip.signal.sample_rate, SAMPLE_RATE))
        room = samples[:, : max(n_samples - start, 0)] * np.float32(10 ** (clip.gain_db / 20))
        if room.shape[1] < samples.shape[1]:
            n_fade = min(room.shape[1], round(CUT_FADE_SECONDS * SAMPLE_RATE))
            room[:, room.shape[1] - n_fade :] *= np.linspace(1, 0, n_fade, dtype=np.float32)
        track[:, start : start + room.shape[1]] += room
    return track


def _start_of(seconds: float, kind: str, name: str) -> int:
    if seconds < 0:
        raise InputError(
            f"The {kind} {name} begins at {seconds:g} s, before the picture.",
            hint="Give a time of 0 s or later.",
        )
    if not isfinite(seconds):
        raise InputError(f"The {kind} {name} begins at {seconds:g} s.", hint="Give a time in seconds.")
    return round(seconds * SAMPLE_RATE)


def _speech_gain(samples: Audio) -> np.float32:
    """Return the gain that brings the spoken parts of a clip to normal level, 30 dB at most."""
    levels = block_levels(to_mono(samples), SAMPLE_RATE // 50)
    loudest = levels.max(initial=0.0)
    if loudest < 1e-4:
        return np.float32(1.0)
    active = levels[levels > 0.1 * loudest]
    spoken = float(np.sqrt(np.mean(active**2)))
    return np.float32(min(10 ** (SPEECH_DBFS / 20) / spoken, 10**1.5))


def _music_bed(music: Signal | None, n_samples: int, settings: MixSettings) -> Audio:
    bed = np.zeros((2, n_samples), dtype=np.float32)
    if music is None or music.n_samples == 0:
        return bed
    samples = to_stereo(resample(music.samples, music.sample_rate, SAMPLE_RATE))[:, :n_samples]
    lufs = integrated_lufs(samples, SAMPLE_RATE)
    level = MUSIC_LUFS + settings.music_db
    gain = 1.0 if lufs is None else 10 ** ((level - lufs) / 20)
    n_in, n_out = (
        min(samples.shape[1], round(seconds * SAMPLE_RATE))
        for seconds in (settings.fade_in_seconds, settings.fade_out_seconds)
    )
    bed[:, : samples.shape[1]] = samples * np.float32(gain)
    if n_out:
        bed[:, samples.shape[1] - n_out : samples.shape[1]] *= _falling(n_out)
    if n_in:
        bed[:, :n_in] *= _falling(n_in)[::-1]
    return bed


def _falling(n_samples: int) -> Audio:
    return np.cos(np.linspace(0, np.pi / 2, n_samples, dtype=np.float32)) ** 2


def _master_gain(samples: Audio, target_lufs: float, ceiling: float) -> Audio:
    """Return the gain to the target loudness under the ceiling.

    Limiting costs loudness, so the next volume follows from what the last step gained. Where single attacks
    stand far above the rest, the rest is not drawn up to them.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    most_db = 20 * log10(ceiling / max(peak, 1e-9)) + MOST_LIMITING_DB
    volume_db, slope, last = 0.0, 1.0, (0.0, 0.0)
    gain = limiter_gain(samples, ceiling, SAMPLE_RATE)
    for number in range(LOUDNESS_ROUNDS):
        lufs = integrated_lufs(samples * gain, SAMPLE_RATE)
        if lufs is None or (abs(lufs - target_lufs) < LOUDNESS_TOLERANCE and number):
            break
        if number and abs(volume_db - last[0]) > LOUDNESS_TOLERANCE:
            slope = min(max((lufs - last[1]) / (volume_db - last[0]), LEAST_SLOPE), 1.0)
        last = (volume_db, lufs)
        volume_db = min(volume_db + (target_lufs - lufs) / slope, most_db)
        volume = np.float32(10 ** (volume_db / 20))
        gain = volume * limiter_gain(samples * volume, ceiling, SAMPLE_RATE)
    return gain
