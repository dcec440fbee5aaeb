"""Synthetic voices: babble in the rhythm of a line, made from vowels and hisses. No words are spoken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
# First three formants (Hz) of five vowels.
VOWELS = {
    "a": (800, 1250, 2700), "e": (480, 2050, 2700), "i": (310, 2350, 3050), "o": (480, 900, 2600),
    "u": (340, 1150, 2500),
}  # fmt: skip
BANDWIDTHS = (80.0, 110.0, 170.0)
SYLLABLE_SECONDS = 0.155


@dataclass(frozen=True)
class Voice:
    pitch: float  # Hz
    formant_scale: float  # a shorter vocal tract has higher formants
    brightness: float


VOICES = {"Aoi": Voice(258.0, 1.16, 0.9), "Ren": Voice(162.0, 1.0, 0.75)}


def speak(voice: Voice, text: str, seed: int) -> NDArray[np.float32]:
    """Return mono samples (1, n) with one syllable for each vowel group of the text."""
    rng = np.random.default_rng(seed)
    syllables = re.findall(r"([^aeiouy,.!?…]*)([aeiouy]+)", text.lower())
    lengths = SYLLABLE_SECONDS * rng.uniform(0.8, 1.25, len(syllables))
    lengths[-1] *= 1.7
    starts = np.concatenate([[0.03], 0.03 + np.cumsum(lengths)])
    count = int((starts[-1] + 0.12) * SAMPLE_RATE)
    t = np.arange(count) / SAMPLE_RATE
    formants = _formant_tracks(voice, [vowel[0] for _, vowel in syllables], starts, t)
    voiced = _glottal(voice, t, formants, starts, ending=text.rstrip()[-1:], rng=rng)
    sound = voiced * _loudness(starts, t) + _hisses([head for head, _ in syllables], starts, count, rng)
    edge = np.clip(np.minimum(t, t[-1] - t) / 0.02, 0, 1)
    sound *= edge
    return (0.6 * sound / np.abs(sound).max()).astype(np.float32)[None]


def _formant_tracks(voice: Voice, vowels: list[str], starts: NDArray, t: NDArray) -> NDArray:
    table = {"y": "i", **{name: name for name in VOWELS}}
    targets = np.array([VOWELS[table[vowel]] for vowel in vowels], dtype=np.float64) * voice.formant_scale
    middles = (starts[:-1] + starts[1:]) / 2
    return np.stack([np.interp(t, middles, targets[:, k]) for k in range(3)])


def _glottal(
    voice: Voice, t: NDArray, formants: NDArray, starts: NDArray, *, ending: str, rng: np.random.Generator
) -> NDArray:
    """Sum the harmonics of the vocal cords, each as loud as the vocal tract lets it through."""
    progress = t / t[-1]
    tune = -0.16 * progress + 0.05 * np.sin(2 * np.pi * 1.9 * t)
    tune += {"?": 0.35, "!": 0.18}.get(ending, -0.05) * np.clip((progress - 0.72) / 0.28, 0, 1)
    steps = rng.normal(0, 0.035, len(starts))
    tune += np.interp(t, starts, steps)
    pitch = voice.pitch * 2**tune * (1 + 0.006 * np.sin(2 * np.pi * 5.3 * t))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    sound = np.zeros_like(t)
    for harmonic in range(1, int(5200 / voice.pitch)):
        frequency = harmonic * pitch
        gain = sum(
            weight / (1 + ((frequency - formant) / width) ** 2)
            for formant, width, weight in zip(formants, BANDWIDTHS, (1.0, 0.55, 0.28), strict=True)
        )
        sound += (gain + 0.012) * np.sin(harmonic * phase) / harmonic ** (1.0 - voice.brightness * 0.45)
    return sound


def _loudness(starts: NDArray, t: NDArray) -> NDArray:
    level = np.zeros_like(t)
    for start, stop in pairwise(starts):
        inside = np.clip((t - start) / 0.035, 0, 1) * np.clip((stop + 0.02 - t) / 0.05, 0, 1)
        level = np.maximum(level, inside)
    return 0.12 * (t < starts[-1]) + 0.88 * level


def _hisses(heads: list[str], starts: NDArray, count: int, rng: np.random.Generator) -> NDArray:
    """Noise where the text has s, f, h, t, k and the like."""
    hiss = np.zeros(count)
    for head, start in zip(heads, starts, strict=False):
        strength = 0.30 if re.search("[sfz]", head) else 0.18 if re.search("[tkpchx]", head) else 0.0
        length = int((0.07 if strength > 0.2 else 0.028) * SAMPLE_RATE)
        begin = max(int(start * SAMPLE_RATE) - length // 2, 0)
        burst = np.diff(rng.normal(0, 1, length + 1)) * np.hanning(length) * strength
        hiss[begin : begin + length] += burst[: count - begin]
    return hiss * 0.5
