"""Synthesised instruments: every function returns mono float64 samples at `SAMPLE_RATE`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
Samples = NDArray[np.float64]


def frequency(midi: float) -> float:
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def seconds(duration: float) -> Samples:
    return np.arange(int(duration * SAMPLE_RATE)) / SAMPLE_RATE


def envelope(t: Samples, attack: float, hold: float, release: float) -> Samples:
    rise = np.clip(t / attack, 0, 1)
    fall = np.clip(1 - (t - hold) / release, 0, 1)
    return np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2


@lru_cache(maxsize=256)
def piano(midi: int, duration: float) -> Samples:
    t, base = seconds(duration + 0.9), frequency(midi)
    tone = np.zeros_like(t)
    for partial in range(1, 11):
        pitch = base * partial * np.sqrt(1 + 0.00035 * partial**2)
        if pitch > 9000:
            break
        decay = 0.9 + 0.55 * partial * (base / 262) ** 0.5
        level = 1.0 / partial**1.45 * (0.75 if partial % 7 == 0 else 1.0)
        tone += level * np.exp(-decay * t) * np.sin(2 * np.pi * pitch * t + 0.7 * partial)
    knock = np.exp(-t * 180) * np.sin(2 * np.pi * 340 * t) * 0.12
    return (tone + knock) * envelope(t, 0.003, duration, 0.5) * 0.42


@lru_cache(maxsize=256)
def pluck(midi: int, duration: float) -> Samples:
    t, base = seconds(duration + 0.7), frequency(midi)
    tone = np.zeros_like(t)
    for partial in range(1, 15):
        if base * partial > 12000:
            break
        comb = np.sin(np.pi * partial * 0.21)
        tone += comb / partial * np.exp(-t * (2.6 + 1.1 * partial)) * np.sin(2 * np.pi * base * partial * t)
    return tone * envelope(t, 0.002, duration + 0.2, 0.5) * 0.55


@lru_cache(maxsize=128)
def pad(midi: int, duration: float) -> Samples:
    t = seconds(duration + 0.8)
    tone = np.zeros_like(t)
    for cents in (-9.0, 0.0, 8.0):
        base = frequency(midi + cents / 100)
        for partial in range(1, 8):
            tone += np.sin(2 * np.pi * base * partial * t + cents + partial) / partial**1.7
    return tone * envelope(t, 0.35, duration, 0.75) * 0.11


@lru_cache(maxsize=128)
def strings(midi: int, duration: float) -> Samples:
    t = seconds(duration + 0.35)
    tone = np.zeros_like(t)
    for cents in (-7.0, 6.0):
        base = frequency(midi + cents / 100)
        phase = 2 * np.pi * base * t + 0.05 * np.sin(2 * np.pi * 5.4 * t + cents)
        for partial in range(1, 12):
            tone += np.sin(partial * phase + partial) / partial**1.25
    return tone * envelope(t, 0.06, duration, 0.3) * 0.10


@lru_cache(maxsize=128)
def bass(midi: int, duration: float) -> Samples:
    t, base = seconds(duration + 0.08), frequency(midi)
    tone = sum(np.sin(2 * np.pi * base * k * t) * np.exp(-t * 1.4 * k) / k**1.1 for k in range(1, 7))
    return np.tanh(1.5 * tone) * envelope(t, 0.006, duration, 0.07) * np.exp(-0.6 * t) * 0.5


@lru_cache(maxsize=256)
def flute(midi: int, duration: float) -> Samples:
    t, base = seconds(duration + 0.12), frequency(midi)
    wobble = 0.16 * np.clip((t - 0.22) / 0.3, 0, 1) * np.sin(2 * np.pi * 5.1 * t)
    phase = 2 * np.pi * base * t + wobble
    tone = (
        np.sin(phase) + 0.34 * np.sin(2 * phase + 0.4) + 0.12 * np.sin(3 * phase) + 0.05 * np.sin(4 * phase)
    )
    breath = np.random.default_rng(midi).normal(0, 1, len(t)) * 0.018
    return (tone + breath) * envelope(t, 0.045, duration - 0.02, 0.13) * 0.34


@lru_cache(maxsize=256)
def lead(midi: int, duration: float) -> Samples:
    t = seconds(duration + 0.1)
    wobble = 0.12 * np.clip((t - 0.18) / 0.2, 0, 1) * np.sin(2 * np.pi * 5.8 * t)
    tone = np.zeros_like(t)
    for cents in (-6.0, 6.0):
        phase = 2 * np.pi * frequency(midi + cents / 100) * t + wobble
        for partial in range(1, 10):
            tone += np.sin(partial * phase) / partial ** (1.15 + 0.9 * (partial % 2 == 0))
    return tone * envelope(t, 0.012, duration - 0.02, 0.1) * np.exp(-0.5 * t) * 0.17


@lru_cache(maxsize=128)
def bell(midi: int, duration: float) -> Samples:
    t, base = seconds(duration + 1.2), frequency(midi)
    tone = np.sin(2 * np.pi * base * t + 1.6 * np.exp(-4 * t) * np.sin(2 * np.pi * 3.5 * base * t))
    return tone * np.exp(-2.6 * t) * envelope(t, 0.002, duration + 0.5, 0.7) * 0.3


def _noise(count: int, seed: int, brightness: int) -> Samples:
    """White noise, differentiated `brightness` times: each time takes 6 dB per octave off the lows."""
    noise = np.random.default_rng(seed).normal(0, 1, count + brightness)
    for _ in range(brightness):
        noise = np.diff(noise) / 1.41
    return noise


@lru_cache(maxsize=64)
def drum(name: str, take: int = 0) -> Samples:
    """Return one hit; `take` picks one of several slightly different ones."""
    t = seconds({"crash": 1.8, "ride": 0.7, "tom": 0.4}.get(name, 0.34))
    seed = 17 * take + len(name)
    if name == "kick":
        sweep = 2 * np.pi * (47 * t + 95 / 34 * (1 - np.exp(-34 * t)))
        return (np.sin(sweep) * np.exp(-8.5 * t) + 0.25 * _noise(len(t), seed, 1) * np.exp(-420 * t)) * 0.95
    if name == "snare":
        body = np.sin(2 * np.pi * (186 + take) * t) * np.exp(-22 * t) * 0.5
        return (body + _noise(len(t), seed, 1) * np.exp(-17 * t) * 0.42) * 0.8
    if name == "clap":
        bursts = sum(
            np.where(t >= late, np.exp(-90 * np.maximum(t - late, 0)), 0) for late in (0, 0.011, 0.02)
        )
        return _noise(len(t), seed, 1) * (bursts * 0.25 + 0.3 * np.exp(-20 * t) * (t > 0.02))
    if name == "rim":
        return (np.sin(2 * np.pi * 820 * t) + 0.6 * np.sin(2 * np.pi * 1710 * t)) * np.exp(-70 * t) * 0.42
    if name == "tom":
        return np.sin(2 * np.pi * (98 * t + 1.4 * (1 - np.exp(-18 * t)))) * np.exp(-9 * t) * 0.7
    decay, level = {
        "hat": (58, 0.20),
        "open": (11, 0.17),
        "shaker": (42, 0.12),
        "ride": (6, 0.10),
        "crash": (2.6, 0.2),
    }[name]
    swell = np.clip(t / 0.012, 0, 1) if name == "shaker" else 1.0
    return _noise(len(t), seed, 3) * np.exp(-decay * t) * swell * level
