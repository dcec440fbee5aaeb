"""Songs with known beats: drum patterns, chords and bass from plain synthesis, all of it seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Song:
    """A rendered song and the truth about it."""

    name: str
    samples: NDArray[np.float32]
    beats: FloatArray
    downbeats: FloatArray
    bpm: float
    key: str


@dataclass(frozen=True)
class Pattern:
    """Steps of one bar at which each part sounds; `per_beat` steps make a beat."""

    beats: int
    per_beat: int
    parts: dict[str, dict[float, float]]
    chord_bars: float = 1.0


def steps(*positions: float, level: float = 1.0) -> dict[float, float]:
    return dict.fromkeys(positions, level)


def each(start: float, stop: float, by: float, *levels: float) -> dict[float, float]:
    places = np.arange(start, stop, by)
    return {float(p): levels[i % len(levels)] for i, p in enumerate(places)}


PATTERNS: dict[str, Pattern] = {
    "click": Pattern(4, 4, {"rim": {0: 1.0, 4: 0.8, 8: 0.8, 12: 0.8}}),
    "rock": Pattern(4, 4, {"kick": steps(0, 8, 10), "snare": steps(4, 12), "hat": each(0, 16, 2, 0.8, 0.5),
                           "bass": each(0, 16, 2, 1.0), "chord": steps(0)}),
    "four_floor": Pattern(4, 4, {"kick": each(0, 16, 4, 1.0), "clap": steps(4, 12, level=0.6),
                                 "open": each(2, 16, 4, 0.8), "bass": each(2, 16, 4, 1.0),
                                 "chord": steps(0)}),
    "house_stabs": Pattern(4, 4, {"kick": each(0, 16, 4, 1.0), "hat": each(0, 16, 1, 0.3, 0.2, 0.5, 0.2),
                                  "stab": steps(3, 6, 11, 14), "bass": steps(0, 3, 7, 10)}),
    "half_time": Pattern(4, 4, {"kick": steps(0, 7), "snare": steps(8), "hat": each(0, 16, 2, 0.7, 0.4),
                                "bass": steps(0, 7), "chord": steps(0)}),
    "swing": Pattern(4, 3, {"ride": {0: .8, 3: 1., 5: .6, 6: .8, 9: 1., 11: .6},
        "foot": steps(3, 9, level=0.7),
                            "kick": each(0, 12, 3, 0.35), "bass": each(0, 12, 3, 1.0),
                            "stab": steps(2, 8)}),
    "shuffle": Pattern(4, 3, {"kick": steps(0, 6), "snare": steps(3, 9),
                              "hat": {0: .8, 2: .5, 3: .8, 5: .5, 6: .8, 8: .5, 9: .8, 11: .5},
                              "bass": {0: 1., 2: .6, 3: 1., 5: .6, 6: 1., 8: .6, 9: 1., 11: .6},
                              "chord": steps(0)}),
    "sync16": Pattern(4, 4, {"kick": steps(0, 3, 6, 10), "snare": steps(4, 12),
        "hat": each(0, 16, 1, 0.6, 0.3),
                             "bass": steps(0, 3, 6, 10), "chord": steps(0)}),
    "funk": Pattern(4, 4, {"kick": steps(0, 2, 7, 10), "snare": steps(4, 12), "ghost": steps(6, 9, 15),
                           "hat": each(0, 16, 1, 0.6, 0.25, 0.4, 0.25), "bass": steps(0, 2, 5, 7, 10, 13)}),
    "waltz": Pattern(3, 4, {"kick": steps(0), "snare": steps(4, 8, level=0.5), "bass": steps(0),
                            "stab": steps(4, 8), "hat": each(0, 12, 4, 0.5)}),
    "six_eight": Pattern(2, 6, {"kick": steps(0), "snare": steps(6), "hat": each(0, 12, 2, 0.8, 0.4, 0.4),
                                "bass": steps(0, 4, 6, 10), "chord": steps(0)}),
    "dnb": Pattern(4, 4, {"kick": steps(0, 10), "snare": steps(4, 12), "ghost": steps(7, 9),
                          "hat": each(0, 16, 2, 0.7, 0.5), "bass": steps(0, 10), "chord": steps(0)}, 2.0),
    "reggaeton": Pattern(4, 4, {"kick": each(0, 16, 4, 1.0), "snare": steps(3, 6, 11, 14, level=0.8),
                                "hat": each(0, 16, 2, 0.4), "bass": steps(0, 8), "chord": steps(0)}),
    "punk": Pattern(4, 4, {"kick": steps(0, 8, 6), "snare": steps(4, 12), "open": each(0, 16, 4, 0.7),
                           "bass": each(0, 16, 2, 1.0), "stab": each(0, 16, 2, 0.6)}),
    "ballad": Pattern(4, 4, {"chord": steps(0), "arp": each(0, 16, 2, 0.8, 0.6),
        "kick": steps(0, level=0.5),
                             "snare": steps(8, level=0.25)}),
    "chords": Pattern(4, 4, {"chord": steps(0, 8), "bass": steps(0, 8, 12)}),
    "arpeggio": Pattern(4, 4, {"arp": each(0, 16, 2, 0.9, 0.6, 0.7, 0.6), "bass": steps(0),
        "pad": steps(0)}),
    "pulse": Pattern(4, 4, {"stab": each(0, 16, 4, 1.0, 0.7, 0.85, 0.7), "pad": steps(0)}),
}  # fmt: skip

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 4)),
}
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def decay(seconds: float, length: float) -> tuple[FloatArray, FloatArray]:
    times = np.arange(int(length * RATE)) / RATE
    return times, np.exp(-times / seconds)


def kit(rng: np.random.Generator) -> dict[str, FloatArray]:
    def noise(n: int, cutoff: float) -> FloatArray:
        spectrum = np.fft.rfft(rng.standard_normal(n))
        frequencies = np.fft.rfftfreq(n, 1 / RATE)
        high = np.fft.irfft(spectrum / (1 + (cutoff / np.maximum(frequencies, 1)) ** 4), n)
        return high / np.abs(high).max()

    base, drop = rng.uniform(42, 62), rng.uniform(60, 160)
    t, envelope = decay(rng.uniform(0.06, 0.16), 0.5)
    kick = np.sin(2 * np.pi * (base * t + drop * 0.03 * (1 - np.exp(-t / 0.03)))) * envelope
    kick[:200] += rng.uniform(0, 0.3) * rng.standard_normal(200) * np.linspace(1, 0, 200)
    t, envelope = decay(rng.uniform(0.04, 0.12), 0.35)
    tone = np.sin(2 * np.pi * rng.uniform(160, 240) * t) * np.exp(-t / 0.05)
    snare = 0.6 * noise(t.size, 1200) * envelope + 0.5 * tone
    parts = {"kick": kick, "snare": snare, "ghost": 0.3 * snare}
    for name, tau, length, cutoff, level in (
        ("hat", rng.uniform(0.015, 0.04), 0.15, 6500, 0.35), ("open", 0.1, 0.35, 6000, 0.4),
        ("ride", 0.15, 0.5, 5000, 0.35), ("foot", 0.02, 0.1, 4000, 0.3), ("clap", 0.06, 0.25, 1500, 0.6),
    ):  # fmt: skip
        t, envelope = decay(tau, length)
        parts[name] = level * noise(t.size, cutoff) * envelope
    t, envelope = decay(0.012, 0.08)
    parts["rim"] = np.sin(2 * np.pi * 1500 * t) * envelope
    return parts


def tone(midi: float, length: float, kind: str, rng: np.random.Generator) -> FloatArray:
    n = max(int(length * RATE), 64)
    t = np.arange(n) / RATE
    frequency = 440 * 2 ** ((midi - 69) / 12)
    n_partials = {"pluck": 10, "organ": 4, "saw": 14, "sine": 1, "pad": 6}[kind]
    wave = np.zeros(n)
    for k in range(1, n_partials + 1):
        if frequency * k > 9000:
            break
        damping = np.exp(-t * k * 1.5) if kind == "pluck" else 1.0
        wave += np.sin(2 * np.pi * frequency * k * t + rng.uniform(0, 6.28)) * damping / k
    attack = {"pluck": 0.003, "organ": 0.008, "saw": 0.006, "sine": 0.006, "pad": 0.15}[kind]
    fall = np.exp(-t / (length * 0.7)) if kind in ("pluck", "sine") else 1.0
    gate = np.minimum(1, t / attack) * np.minimum(1, (t[-1] - t) / 0.02 + 1e-3)
    return wave * fall * gate


def beat_clock(bpm: float, n_beats: int, feel: str) -> FloatArray:
    """Return the time of each beat, from 0."""
    position = np.arange(n_beats) / max(n_beats - 1, 1)
    rate = {
        "drift": 1 + 0.04 * np.sin(2 * np.pi * position * 1.5),
        "accelerando": 1 + 0.15 * position,
    }.get(feel, np.ones(n_beats))
    return np.concatenate([[0.0], np.cumsum(60 / (bpm * rate))[:-1]])


def improvised(seed: int) -> tuple[Pattern, float]:
    """Make up a pattern and its tempo: usual habits of drummers, no named rhythm."""
    rng = np.random.default_rng([seed, 77])
    triple, ternary = rng.random() < 0.15, rng.random() < 0.18
    beats, per_beat = (3 if triple else 4), (3 if ternary else 4)
    n_steps, bpm = beats * per_beat, float(np.clip(112 * 2 ** rng.normal(0, 0.42), 56, 200))
    fast = bpm > 130
    places = np.arange(n_steps)
    on_beat = places % per_beat == 0
    half = places % per_beat == (2 if ternary else per_beat // 2)
    parts: dict[str, dict[float, float]] = {}
    drums = rng.random() < 0.85
    kick_p = np.where(
        on_beat, rng.choice([0.25, 0.5, 1.0], p=[0.4, 0.3, 0.3]), np.where(half, 0.3, 0.0 if fast else 0.12)
    )
    kick_p[0] = 0.97
    snare_on = [
        b * per_beat for b in ((1, 2) if triple else ((2,) if fast and rng.random() < 0.3 else (1, 3)))
    ]
    kick_p[snare_on] *= rng.choice([0.1, 1.0])
    if drums:
        parts["kick"] = {float(p): 1.0 for p in places if rng.random() < kick_p[p]}
        if rng.random() < 0.75:
            parts[str(rng.choice(["snare", "clap"]))] = dict.fromkeys(map(float, snare_on), 1.0)
        if rng.random() < 0.2 and not fast:
            parts["ghost"] = {float(p): 1.0 for p in places if rng.random() < 0.15 and not on_beat[p]}
        hats = rng.choice(
            ["none", "beat", "half", "all", "off"],
            p=[0.15, 0.2, 0.4, 0.15 if not fast else 0.0, 0.1 if not fast else 0.25],
        )
        chosen = {
            "none": places < 0,
            "beat": on_beat,
            "half": on_beat | half,
            "all": places >= 0,
            "off": half,
        }[str(hats)]
        parts[str(rng.choice(["hat", "open", "ride"]))] = {
            float(p): 0.9 if on_beat[p] else 0.6 for p in places[chosen]
        }
    style = rng.choice(["root", "kick", "half", "beat", "off", "free", "none"])
    bass = {
        "root": places == 0,
        "kick": np.isin(places, list(parts.get("kick", {0.0: 1}))),
        "half": on_beat | half,
        "beat": on_beat,
        "off": half,
        "free": (places == 0) | (rng.random(n_steps) < np.where(on_beat, 0.4, 0.2)),
        "none": places < 0,
    }[str(style)]
    parts["bass"] = {float(p): 1.0 for p in places[bass]}
    comp = rng.choice(
        ["bar", "half_bar", "beat", "stabs", "arp", "pad", "none"]
        if drums
        else ["bar", "half_bar", "beat", "arp"]
    )
    if comp == "arp":
        parts["arp"] = {float(p): 0.9 if on_beat[p] else 0.6 for p in places[on_beat | half]}
        parts["pad"] = {0.0: 1.0}
    elif comp == "stabs":
        parts["stab"] = {float(p): 1.0 for p in places if rng.random() < 0.25}
    elif comp != "none":
        where = {
            "bar": places == 0,
            "half_bar": places % (2 * per_beat) == 0,
            "beat": on_beat,
            "pad": places == 0,
        }[str(comp)]
        parts["pad" if comp == "pad" else "chord"] = {float(p): 1.0 for p in places[where]}
    return Pattern(
        beats, per_beat, {k: v for k, v in parts.items() if v}, float(rng.choice([1.0, 1.0, 2.0]))
    ), bpm


def song(
    name: str,
    bpm: float,
    *,
    feel: str = "",
    seconds: float = 30.0,
    seed: int = 0,
    pattern: Pattern | None = None,
    looseness: float = 0.0,
) -> Song:
    """Render a pattern of `PATTERNS`, or another one under a name of its own.

    `feel` is empty, ``drift``, ``accelerando``, ``human`` (15 ms jitter and noise at 20 dB), ``lead_in``
    (4 s of pad before the drums), ``silent_start`` (3 s), ``fills`` (every fourth bar a roll) or ``break``
    (drums rest for 4 bars). `looseness` is the share of strokes that are left out at random, and half as many
    are added.
    """
    rng = np.random.default_rng([seed, len(name), int(bpm * 10), sum(map(ord, name + feel))])
    pattern = pattern or PATTERNS[name]
    n_beats = int(seconds * bpm / 60)
    start = rng.uniform(0, 0.4) + {"lead_in": 4.0, "silent_start": 3.0}.get(feel, 0.0)
    clock = beat_clock(bpm, n_beats + 8, feel) + start
    mix = np.zeros(int((clock[n_beats - 1] + 60 / bpm) * RATE))
    tonic, mode = int(rng.integers(12)), str(rng.choice(["major", "minor"]))
    drums, voice = kit(rng), str(rng.choice(["pluck", "organ", "saw"]))
    degrees = PROGRESSIONS[mode][int(rng.integers(3))]
    levels = {p: rng.uniform(0.7, 1.2) for p in pattern.parts}

    def add(at: float, wave: FloatArray) -> None:
        if feel == "human":
            at += float(np.clip(rng.normal(0, 0.012), -0.03, 0.03))
        begin = max(round(at * RATE), 0)
        room = mix[begin : begin + wave.size]
        room += wave[: room.size]

    def pitch(degree: int, octave: int) -> float:
        scale = SCALES[mode]
        return 12 * octave + tonic + scale[degree % 7] + 12 * (degree // 7)

    note = melodic(pattern, bpm, voice, pitch, rng)
    for bar in range(n_beats // pattern.beats + 1):
        root = degrees[int(bar / pattern.chord_bars) % len(degrees)]
        for part, hits in pattern.parts.items():
            resting = feel == "break" and part in drums and 6 <= bar < 10
            for step, level in (
                {} if resting else loosened(hits, pattern, looseness if bar % 2 else 0.0, rng)
            ).items():
                beat = bar * pattern.beats + step / pattern.per_beat
                if beat >= n_beats - 1e-9:
                    continue
                at = float(np.interp(beat, np.arange(clock.size), clock))
                gain = levels[part] * level * rng.uniform(0.85, 1.0)
                add(at, gain * (drums[part] if part in drums else note(part, root, step)))
        if feel == "fills" and bar % 4 == 3:
            for step in np.arange(pattern.beats - 1, pattern.beats, 0.25):
                beat = min(bar * pattern.beats + step, clock.size - 1)
                add(float(np.interp(beat, np.arange(clock.size), clock)), drums["snare"])
    if feel == "lead_in":
        add(0.0, 0.15 * sum(tone(pitch(d, 4), start + 0.3, "pad", rng) for d in (0, 2, 4)))
    if feel == "human":
        mix += rng.standard_normal(mix.size) * np.sqrt(np.mean(mix**2)) * 0.1
    mix = np.tanh(mix / np.abs(mix).max() * rng.uniform(0.8, 2.0)) * rng.uniform(0.3, 0.95)
    beats = clock[:n_beats]
    return Song(
        f"{name}-{bpm:g}-{feel}",
        mix.astype(np.float32),
        beats,
        beats[:: pattern.beats],
        bpm,
        f"{NOTES[tonic]} {mode}",
    )


def loosened(
    hits: dict[float, float], pattern: Pattern, looseness: float, rng: np.random.Generator
) -> dict[float, float]:
    """Leave out some strokes of a bar and add others."""
    if not looseness:
        return hits
    kept = {step: level for step, level in hits.items() if step == 0 or rng.random() > looseness}
    added = rng.integers(pattern.beats * pattern.per_beat, size=rng.binomial(len(hits), looseness / 2))
    return kept | {float(step): 0.7 for step in added}


def melodic(
    pattern: Pattern, bpm: float, voice: str, pitch: Callable[[int, int], float], rng: np.random.Generator
) -> Callable[[str, int, float], FloatArray]:
    """Return the function that plays a part's note, each distinct one rendered once."""
    beat, cache = 60 / bpm, {}

    def note(part: str, root: int, step: float) -> FloatArray:
        turn = int(step) if part == "arp" else 0
        if (part, root, turn) not in cache:
            bar = pattern.beats * beat
            if part == "bass":
                wave = 0.35 * tone(pitch(root, 3), 0.45 * beat, "saw" if voice == "saw" else "sine", rng)
            elif part == "arp":
                wave = 0.3 * tone(
                    pitch(root + (0, 2, 4, 7, 4, 2, 4, 2)[turn // 2 % 8], 5), 0.8 * beat, "pluck", rng
                )
            else:
                length = {"stab": 0.25 * beat, "pad": bar}.get(
                    part, bar * 0.95 / max(len(pattern.parts[part]), 1)
                )
                kind = "pad" if part == "pad" else voice
                wave = 0.13 * sum(
                    tone(pitch(root + d, 4 + (part != "pad")), length, kind, rng) for d in (0, 2, 4)
                )
            cache[part, root, turn] = wave
        return cache[part, root, turn]

    return note


def beatless(kind: str, *, seconds: float = 30.0, seed: int = 0) -> NDArray[np.float32]:
    """Render sound without a beat: ``silence``, ``noise``, ``drone``, ``speech``, ``rain`` or ``swells``."""
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    n = int(seconds * RATE)
    t = np.arange(n) / RATE
    if kind == "silence":
        return np.zeros(n, np.float32)
    if kind == "noise":
        return (0.2 * rng.standard_normal(n)).astype(np.float32)
    if kind == "drone":
        wave = sum(
            np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) / k
            for k, f in enumerate((55, 110.3, 164.7, 220.9), 1)
        )
        return (0.2 * wave * (1 + 0.3 * np.sin(2 * np.pi * 0.07 * t))).astype(np.float32)
    mix = np.zeros(n)
    gaps = {"speech": (0.09, 0.35), "rain": (0.005, 0.1), "swells": (2.0, 5.0)}[kind]
    at = 0.3
    while at < seconds - 6:
        length = {"speech": rng.uniform(0.08, 0.25), "rain": 0.02, "swells": 5.0}[kind]
        if kind == "speech":
            f0, m = rng.uniform(100, 180), int(length * RATE)
            wave = sum(
                np.sin(2 * np.pi * f0 * k * t[:m]) * np.exp(-(((k * f0 - rng.uniform(400, 1800)) / 500) ** 2))
                for k in range(1, 18)
            )
            wave = wave * np.hanning(m)
        elif kind == "rain":
            wave = (
                rng.standard_normal(int(0.02 * RATE))
                * np.exp(-np.arange(int(0.02 * RATE)) / 150)
                * rng.uniform(0.1, 1)
            )
        else:
            m = int(length * RATE)
            wave = np.sin(2 * np.pi * rng.choice([220, 247, 262, 294, 330]) * t[:m]) * np.hanning(m)
        begin = int(at * RATE)
        mix[begin : begin + wave.size] += wave[: n - begin]
        at += rng.uniform(*gaps) + (0.5 * (rng.random() < 0.15) if kind == "speech" else 0)
    return (0.4 * mix / np.abs(mix).max()).astype(np.float32)
