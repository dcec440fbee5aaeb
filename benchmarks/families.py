"""Rhythms made up by family: 6/8, hand drums, breakbeats, electronic loops, ballads, waltzes, swing, fast bands.

Each family knows the habits of its players, as probabilities; no named rhythm is in it. All are drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from grooves import Groove
from numpy.typing import NDArray

Places = NDArray[np.int64]
Family = Callable[[np.random.Generator], Groove]
TONAL = ("piano", "pluck", "strum", "guitar", "chord", "stab", "string", "bellow")


class _Sheet:
    """Collects the lines of a rhythm; a step is a letter."""

    def __init__(self, rng: np.random.Generator, beats: int, per_beat: int) -> None:
        self.rng, self.beats, self.per_beat = rng, beats, per_beat
        self.steps = np.arange(beats * per_beat)
        self.lines: dict[str, list[str]] = {}

    def put(self, part: str, places: NDArray, letter: str = "x") -> None:
        line = self.lines.setdefault(part, ["."] * self.steps.size)
        for place in np.atleast_1d(places):
            line[int(place) % self.steps.size] = letter

    def maybe(self, part: str, probability: NDArray | float, letter: str = "x") -> None:
        chosen = self.rng.random(self.steps.size) < probability
        self.put(part, self.steps[chosen], letter)

    def every(self, n: int, start: int = 0) -> Places:
        return self.steps[start::n]

    def pick(self, *names: str) -> str:
        return str(self.rng.choice(names))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def groove(self, name: str, low: float, high: float, bar: int) -> Groove:
        bpm = float(low * (high / low) ** self.rng.random())
        parts = {part: "".join(line) for part, line in self.lines.items() if set(line) != {"."}}
        return Groove(name, self.beats, self.per_beat, (bpm, bpm), parts, bar)


def six_eight(rng: np.random.Generator) -> Groove:
    """Two or four dotted beats of three eighths, or six sixteenths."""
    bar, per_beat = (2 if rng.random() < 0.7 else 4), (6 if rng.random() < 0.25 else 3)
    s = _Sheet(rng, bar * int(rng.choice([1, 1, 2])), per_beat)
    beat, eighth = s.every(per_beat), s.every(per_beat // 3)
    ones, backs = beat[::2], beat[1::2]
    if s.chance(0.7):
        s.put("kick", s.every(bar * per_beat) if s.chance(0.4) else ones, "X")
        s.maybe("kick", np.where(np.isin(s.steps, eighth), 0.12, 0.0))
        s.put(s.pick("snare", "snare", "rim", "clap"), backs, s.pick("X", "x"))
        if s.chance(0.75):
            hat = s.pick("hat", "ride", "shaker", "tamb", "open")
            s.put(hat, eighth, s.pick("x", "o"))
            if s.chance(0.6):
                s.put(hat, beat, "X")
    if s.chance(0.6):
        part = s.pick("piano", "pluck", "strum", "guitar", "bellow")
        s.put(part, eighth, s.pick("x", "o"))
        s.put(part, beat, "X")
    elif s.chance(0.6):
        s.put(s.pick("chord", "strum", "stab"), np.concatenate([beat, beat + 2 * (per_beat // 3)]))
    if s.chance(0.7):
        s.put("bass", s.every(bar * per_beat) if s.chance(0.4) else beat, "X")
        s.maybe("bass", np.where(np.isin(s.steps, beat - per_beat // 3), 0.3, 0.0))
    if s.chance(0.3):
        s.put("pad", s.every(bar * per_beat))
    if len(s.lines) < 2:
        s.put("pluck", eighth, "o")
        s.put("pluck", ones, "X")
    return s.groove("six eight", 50, 124 if s.chance(0.3) else 90, bar)


def hand_drums(rng: np.random.Generator) -> Groove:
    """Congas, bongos, frame drums, shakers and claps, mostly without a kick."""
    ternary = rng.random() < 0.25
    s = _Sheet(rng, 4, 3 if ternary else 4)
    on = s.steps % s.per_beat == 0
    half = s.steps % s.per_beat == s.per_beat // 2
    first = s.steps % s.steps.size == 0
    high, low = s.pick("bongo", "conga", "slap", "rim"), s.pick("conga", "tom", "surdo", "tabla")
    density = rng.uniform(0.15, 0.95)
    s.maybe(high, np.where(on, 0.85, np.where(half, 0.8, 1.0) * density), s.pick("o", "x"))
    if s.chance(0.6):
        s.put(high, s.steps[on], "X")
    accents = np.where(first, 0.95, np.where(on, rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.3)))
    s.maybe(low, accents, "X")
    if s.chance(0.5):
        shaker = s.pick("shaker", "tamb", "hat", "tri")
        s.put(shaker, s.steps if s.chance(0.6) else s.steps[on | half], "o")
        s.put(shaker, s.steps[on] if s.chance(0.75) else s.steps[half], "X")
    if s.chance(0.35):
        s.put("clap", s.every(2 * s.per_beat, s.per_beat), "X")
    if s.chance(0.3):
        s.maybe(s.pick("cow", "bell", "rim"), np.where(on, 0.7, 0.25), "x")
    if s.chance(0.2):
        s.put("kick", s.every(2 * s.per_beat) if s.chance(0.5) else s.steps[on], "X")
    return s.groove("hand drums", 70, 150, 4)


def breakbeat(rng: np.random.Generator) -> Groove:
    """A drummer's two bars: the kick syncopates, the snare answers and is displaced, ghost notes between."""
    s = _Sheet(rng, 8, 4)
    place = s.steps % 16
    kick = np.select([place == 0, place == 2, place % 2 == 0, place > 0], [0.95, 0.45, 0.22, 0.07])
    kick[(place == 4) | (place == 12)] *= 0.2
    kick[16] *= rng.choice([1.0, 1.0, 0.6])
    s.maybe("kick", kick, "X")
    s.put("snare", s.every(8, 4), "X")
    if s.chance(0.3):
        s.lines["snare"][28] = "."
        s.put("snare", 30 if s.chance(0.5) else 26, "X")
    s.maybe("snare", np.where(np.isin(place, (7, 9, 15)), rng.uniform(0, 0.7), 0.0), "o")
    hat = s.pick("hat", "hat", "ride", "open", "tamb")
    kind = rng.random()
    s.put(hat, s.every(2) if kind < 0.6 else s.steps if kind < 0.85 else s.every(4), s.pick("x", "o"))
    if s.chance(0.5):
        s.put(hat, s.every(4), "X")
    if s.chance(0.3):
        s.maybe("bass", np.where(place == 0, 1.0, 0.2))
    if s.chance(0.15):
        s.put("crash", 0, "X")
    return s.groove("breakbeat", 76, 182, 4)


def electronic(rng: np.random.Generator) -> Groove:
    """Machines: a kick on every beat or none, bass between the kicks, hats on every sixteenth."""
    s = _Sheet(rng, int(rng.choice([4, 8])), 4)
    beat, off = s.every(4), s.every(4, 2)
    kind = rng.random()
    if kind < 0.55:
        s.put("kick", beat, "X")
    elif kind < 0.8:
        s.maybe("kick", np.where(s.steps % 16 == 0, 0.8, np.where(s.steps % 2 == 0, 0.25, 0.08)), "X")
    if s.chance(0.6):
        s.put(s.pick("clap", "snare"), s.every(8, 4), s.pick("X", "x"))
    hats = rng.random()
    if hats < 0.35:
        s.put("hat", s.steps, "o")
        s.put("hat", off if s.chance(0.6) else beat, "X")
    elif hats < 0.65:
        s.put(s.pick("open", "hat"), off, "X")
    elif hats < 0.8:
        s.put("hat", s.every(2), "x")
    style = rng.random()
    if style < 0.3:
        s.put("bass", off)
    elif style < 0.5:
        s.put("bass", s.steps[s.steps % 4 > 0])
    elif style < 0.65:
        s.put("bass", s.every(2) if s.chance(0.5) else s.steps)
    elif style < 0.9:
        s.maybe("bass", np.where(s.steps % 16 == 0, 0.8, 0.3))
    synth = s.pick("saw", "stab", "lead", "pluck", "chord")
    riff = rng.random(16) < np.where(np.arange(16) % 16 == 0, 0.7, rng.uniform(0.1, 0.45))
    if s.chance(0.7):
        s.put(synth, s.steps[riff[s.steps % 16]])
    elif s.chance(0.4):
        s.put(synth, s.steps, "o")
        s.put(synth, beat, "X")
    if s.chance(0.3):
        s.put("pad", s.every(16))
    if len(s.lines) < 2:
        s.put("kick", beat, "X")
    return s.groove("electronic", 88, 180, 4)


def ballad(rng: np.random.Generator) -> Groove:
    """Slow: broken chords in eighths or sixteenths, chords by the bar, few drums."""
    s = _Sheet(rng, 4, 4)
    part = s.pick("piano", "pluck", "guitar", "strum", "bellow", "string")
    step = int(rng.choice([2, 2, 2, 1, 4]))
    s.put(part, s.every(step), s.pick("x", "o"))
    s.put(part, s.every(4) if s.chance(0.6) else s.every(8), "X")
    if s.chance(0.7):
        s.put("bass", s.every(16) if s.chance(0.4) else s.every(8), "X")
    if s.chance(0.5):
        s.put("kick", 0, "X")
        s.maybe("kick", np.where(np.isin(s.steps, (6, 8, 10)), 0.45, 0.0))
        s.put(s.pick("snare", "rim", "clap"), s.every(8, 4), s.pick("X", "x"))
        s.put(s.pick("hat", "ride", "shaker"), s.every(2 if s.chance(0.7) else 1), "o")
    if s.chance(0.3):
        s.put("pad", 0)
    if s.chance(0.4):
        s.maybe("melody", np.where(s.steps % 4 == 0, 0.5, np.where(s.steps % 2 == 0, 0.3, 0.0)))
    return s.groove("slow song", 54, 84, 4)


def waltz(rng: np.random.Generator) -> Groove:
    """Three beats: the bass alone on the first, chords or snares on the others."""
    per_beat = int(rng.choice([2, 2, 4, 3]))
    s = _Sheet(rng, 3 * int(rng.choice([1, 2])), per_beat)
    one = s.every(3 * per_beat)
    others = np.concatenate([one + per_beat, one + 2 * per_beat])
    if s.chance(0.55):
        s.put("kick", one, "X")
        s.put(s.pick("snare", "rim", "foot", "hat"), others if s.chance(0.7) else one + 2 * per_beat)
    if s.chance(0.5):
        hat = s.pick("hat", "ride", "tamb")
        s.put(hat, s.every(per_beat) if s.chance(0.6) else s.every(max(per_beat // 2, 1)), s.pick("x", "o"))
    if s.chance(0.8) or not s.lines:
        s.put("bass", one, "X")
    chords = s.pick("piano", "strum", "string", "stab", "chord", "guitar")
    style = rng.random()
    if style < 0.5:
        s.put(chords, others)
    elif style < 0.75:
        s.put(s.pick("pluck", "piano"), s.every(max(per_beat // 2, 1)), "x")
    elif style < 0.9:
        s.put(chords, s.every(per_beat), "x")
        s.put(chords, one, "X")
    if s.chance(0.4):
        s.maybe("melody", np.where(s.steps % per_beat == 0, 0.6, 0.2))
    if len(s.lines) < 2:
        s.put(chords, others)
    return s.groove("three four", 66, 200, 3)


def swung(rng: np.random.Generator) -> Groove:
    """Four beats of triplets: swing, shuffle, slow blues; ride or hats, walking bass, chords off the beat."""
    s = _Sheet(rng, 4 * int(rng.choice([1, 2])), 3)
    beat, backs = s.every(3), s.every(6, 3)
    ride = s.pick("ride", "hat", "foot", "shaker", "tamb")
    skips = s.every(6, 5) if s.chance(0.4) else s.every(3, 2)
    if s.chance(0.8):
        s.put(ride, np.concatenate([beat, skips]), s.pick("x", "o"))
        if s.chance(0.5):
            s.put(ride, backs if s.chance(0.5) else beat, "X")
    if s.chance(0.6):
        s.put(s.pick("snare", "foot", "rim", "clap"), backs, s.pick("X", "x"))
    if s.chance(0.55):
        s.put("kick", s.every(6) if s.chance(0.6) else s.every(12), "X")
        s.maybe("kick", np.where(s.steps % 3 == 2, 0.2, 0.0))
    if s.chance(0.75):
        s.put("bass", beat if s.chance(0.6) else s.every(6), "x")
        s.maybe("bass", np.where(s.steps % 3 == 2, 0.15, 0.0), "o")
    if s.chance(0.5):
        comp = s.pick("stab", "piano", "chord", "strum")
        s.maybe(comp, np.where(s.steps % 12 == 0, 0.5, np.where(s.steps % 3 == 2, 0.3, 0.12)))
    if s.chance(0.3):
        s.put("pad", s.every(12))
    if len(s.lines) < 2:
        s.put("ride", np.concatenate([beat, skips]))
        s.put("bass", beat)
    return s.groove("swung", 66, 216, 4)


def sparse(rng: np.random.Generator) -> Groove:
    """Few notes: whole and half notes of chords and bass, now and then a quarter."""
    s = _Sheet(rng, 4, 4)
    figures = ((0,), (0, 8), (0, 8), (0, 8, 12), (0, 12), (0, 6, 8), (0, 4, 8, 12), (0, 6, 12))
    for part in (s.pick("chord", "piano", "string", "pad", "strum"), "bass"):
        s.put(part, np.array(figures[int(rng.integers(len(figures)))]), s.pick("X", "x"))
    if s.chance(0.4):
        s.put(s.pick("kick", "rim", "clap", "snare"), np.array([0, 8]) + 4 * int(rng.integers(2)), "x")
    if s.chance(0.4):
        s.maybe(s.pick("melody", "pluck", "bellow"), np.where(s.steps % 4 == 0, 0.6, 0.1))
    if s.chance(0.3):
        s.put(s.pick("hat", "shaker"), s.every(4 if s.chance(0.6) else 2), "o")
    return s.groove("few notes", 58, 184, 4)


def fast_band(rng: np.random.Generator) -> Groove:
    """Backbeat at any tempo, mostly fast: opening songs, punk, pop, and the same slow."""
    s = _Sheet(rng, 4, 4)
    on, half = s.steps % 4 == 0, s.steps % 4 == 2
    kick = np.where(s.steps == 0, 1.0, np.where(on, 0.5, np.where(half, 0.25, 0.02)))
    kick[[4, 12]] *= 0.3
    s.maybe("kick", kick, "X")
    s.put(s.pick("snare", "snare", "clap"), s.every(8, 4), "X")
    hat = s.pick("hat", "open", "ride", "crash")
    s.put(hat, s.every(4 if hat == "crash" or s.chance(0.3) else 2), "x")
    if s.chance(0.7):
        s.put("bass", s.every(2) if s.chance(0.6) else s.every(4), "x")
    if s.chance(0.6):
        part = s.pick("guitar", "strum", "chord", "saw")
        s.put(part, s.every(2) if s.chance(0.5) else s.every(16) if s.chance(0.5) else s.every(4))
    low, high = (130, 206) if s.chance(0.65) else (58, 130)
    return s.groove("backbeat", low, high, 4)


FAMILIES: tuple[tuple[Family, float], ...] = (
    (six_eight, 0.15), (hand_drums, 0.16), (breakbeat, 0.14), (electronic, 0.17), (ballad, 0.06), (waltz, 0.1),
    (fast_band, 0.1), (swung, 0.08), (sparse, 0.04),
)  # fmt: skip


def made_up(seed: int) -> Groove:
    """Draw a family and a rhythm of it."""
    rng = np.random.default_rng([seed, 1203])
    shares = np.array([share for _, share in FAMILIES])
    family = FAMILIES[int(rng.choice(len(FAMILIES), p=shares / shares.sum()))][0]
    return family(rng)
