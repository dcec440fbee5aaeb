"""Music under dialogue, as long as the picture and as loud as the platforms ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .loudness import integrated_lufs
from .signal import Signal, resample, to_mono, to_stereo

SAMPLE_RATE = 48_000
# Levels before the final normalisation; only their distance is heard.
MUSIC_LUFS = -18.0
SPEECH_DBFS = -20.0
# The level of speech at which ducking sets in: 20 dB under normal speech, above breath and room.
DUCK_THRESHOLD_DBFS = -40.0
CONTROL_RATE = 200
LIMITER_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class DialogueClip:
    """A spoken line and the second of the picture at which it begins."""

    start_seconds: float
    signal: Signal
    name: str = "dialogue"


@dataclass(frozen=True, slots=True)
class Ducking:
    """How music makes room for speech.

    Parameters
    ----------
    ratio : float
        By how much speech above the threshold lowers the music: of 6 dB, 5 are taken at ratio 6.
    attack_seconds, release_seconds : float
        Time constants; the attack happens before the word, by look-ahead.
    max_db : float
        The music is never lowered by more.
    """

    ratio: float = 6.0
    attack_seconds: float = 0.2
    release_seconds: float = 1.0
    max_db: float = 18.0


def mix(
    music: Signal | None,
    dialogue: Sequence[DialogueClip],
    *,
    duration_seconds: float | Fraction,
    ducking: Ducking | None = None,
    fade_out_seconds: float = 2.0,
    target_lufs: float = -14.0,
    peak_dbfs: float = -1.0,
) -> NDArray[np.float32]:
    """Mix music and dialogue.

    Parameters
    ----------
    music : Signal or None
        What sounds from the first frame on; silence follows when it is short.
    dialogue : sequence of DialogueClip
        Lines at their times; each is brought to the level of normal speech.
    duration_seconds : float or Fraction
        Length of the picture.
    ducking : Ducking, optional
        How the music makes room.
    fade_out_seconds : float
        Length of the fade at the end of the music.
    target_lufs : float
        Integrated loudness of the result; silence and less than 0.4 s stay as they are.
    peak_dbfs : float
        No sample is above it.

    Returns
    -------
    ndarray of float32, shape (2, round(duration_seconds * 48000))
        Stereo at 48 kHz.

    Raises
    ------
    InputError
        If a line begins before the picture or lasts longer than it.
    """
    n_samples = int(Fraction(duration_seconds) * SAMPLE_RATE + Fraction(1, 2))
    speech = _dialogue_track(dialogue, n_samples)
    bed = _music_bed(music, n_samples, fade_out_seconds)
    if np.any(speech):
        bed *= _duck_gain(speech, ducking or Ducking())
    return _mastered(bed + speech, target_lufs, 10 ** (peak_dbfs / 20))


def _dialogue_track(dialogue: Sequence[DialogueClip], n_samples: int) -> NDArray[np.float32]:
    track = np.zeros((2, n_samples), dtype=np.float32)
    for clip in dialogue:
        samples = to_stereo(resample(clip.signal.samples, clip.signal.sample_rate, SAMPLE_RATE))
        start = round(clip.start_seconds * SAMPLE_RATE)
        excess = (start + samples.shape[1] - n_samples) / SAMPLE_RATE
        if clip.start_seconds < 0:
            raise InputError(
                f"The line {clip.name} begins at {clip.start_seconds:g} s, before the picture.",
                hint="Give a time of 0 s or later.",
            )
        # Less than a frame is the rounding of the picture's length, and not worth a word.
        if excess > 0.02:
            raise InputError(
                f"The line {clip.name} lasts {excess:.2f} s longer than the picture.",
                hint="Start it earlier, or make its shot longer.",
            )
        room = samples[:, : n_samples - start]
        track[:, start : start + room.shape[1]] += room * _speech_gain(samples)
    return track


def _speech_gain(samples: NDArray[np.float32]) -> np.float32:
    """Return the gain that brings the spoken parts of a clip to normal level, 30 dB at most."""
    levels = _block_levels(to_mono(samples), SAMPLE_RATE // 50)
    loudest = levels.max(initial=0.0)
    if loudest < 1e-4:
        return np.float32(1.0)
    active = levels[levels > 0.1 * loudest]
    spoken = float(np.sqrt(np.mean(active**2)))
    return np.float32(min(10 ** (SPEECH_DBFS / 20) / spoken, 10**1.5))


def _block_levels(mono: NDArray[np.float32], n_block: int) -> NDArray[np.float64]:
    padded = np.pad(mono, (0, -mono.size % n_block))
    return np.sqrt(np.mean(np.square(padded.reshape(-1, n_block), dtype=np.float64), axis=1))


def _music_bed(music: Signal | None, n_samples: int, fade_out_seconds: float) -> NDArray[np.float32]:
    bed = np.zeros((2, n_samples), dtype=np.float32)
    if music is None or music.n_samples == 0:
        return bed
    samples = to_stereo(resample(music.samples, music.sample_rate, SAMPLE_RATE))[:, :n_samples]
    lufs = integrated_lufs(samples, SAMPLE_RATE)
    gain = 1.0 if lufs is None else 10 ** ((MUSIC_LUFS - lufs) / 20)
    n_fade = min(samples.shape[1], round(fade_out_seconds * SAMPLE_RATE))
    bed[:, : samples.shape[1]] = samples * np.float32(gain)
    if n_fade:
        fade = np.cos(np.linspace(0, np.pi / 2, n_fade, dtype=np.float32)) ** 2
        bed[:, samples.shape[1] - n_fade : samples.shape[1]] *= fade
    return bed


def _duck_gain(speech: NDArray[np.float32], ducking: Ducking) -> NDArray[np.float32]:
    """Return the gain of the music for each sample, at most 1."""
    from scipy.ndimage import maximum_filter1d

    levels = _block_levels(to_mono(speech), SAMPLE_RATE // CONTROL_RATE)
    decibels = 20 * np.log10(np.maximum(levels, 1e-6))
    wanted = np.clip((decibels - DUCK_THRESHOLD_DBFS) * (1 - 1 / ducking.ratio), 0.0, ducking.max_db)
    # The running maximum looks ahead, and keeps hold of a word until it is over.
    n_ahead = max(1, round(ducking.attack_seconds * CONTROL_RATE))
    wanted = maximum_filter1d(wanted, n_ahead, origin=-(n_ahead // 2), mode="nearest")
    reduction = _follow(wanted, ducking)
    blocks = np.arange(reduction.size) * (SAMPLE_RATE // CONTROL_RATE)
    samples = np.interp(np.arange(speech.shape[1]), blocks, reduction)
    return (10 ** (-samples / 20)).astype(np.float32)


def _follow(wanted: NDArray[np.float64], ducking: Ducking) -> NDArray[np.float64]:
    rise = 1 - np.exp(-3.0 / max(ducking.attack_seconds * CONTROL_RATE, 1e-9))
    fall = 1 - np.exp(-3.0 / max(ducking.release_seconds * CONTROL_RATE, 1e-9))
    followed, state = [], 0.0
    for target in wanted.tolist():
        state += (target - state) * (rise if target > state else fall)
        followed.append(state)
    return np.asarray(followed)


def _mastered(samples: NDArray[np.float32], target_lufs: float, ceiling: float) -> NDArray[np.float32]:
    """Bring to the target loudness under the ceiling; limiting costs loudness, so try again."""
    gain = 1.0
    limited = _limited(samples, ceiling)
    for _ in range(6):
        lufs = integrated_lufs(limited, SAMPLE_RATE)
        if lufs is None or (abs(lufs - target_lufs) < 0.05 and gain != 1.0):
            break
        gain *= 10 ** ((target_lufs - lufs) / 20)
        limited = _limited(samples * np.float32(gain), ceiling)
    return limited


def _limited(samples: NDArray[np.float32], ceiling: float) -> NDArray[np.float32]:
    """Limit with look-ahead: a running minimum of the gain, smoothed over the same window."""
    peaks = np.abs(samples).max(axis=0, initial=0.0)
    if peaks.max(initial=0.0) <= ceiling:
        return samples
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    n_window = 2 * round(LIMITER_SECONDS * SAMPLE_RATE) + 1
    needed = ceiling / np.maximum(peaks, ceiling)
    gain = uniform_filter1d(minimum_filter1d(needed, n_window, mode="nearest"), n_window, mode="nearest")
    return np.clip(samples * gain, -ceiling, ceiling).astype(np.float32)
