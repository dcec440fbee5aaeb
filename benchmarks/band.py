"""Plays the rhythms of ``grooves.py``: instruments, players that are not exact, and a studio's effects.

Two bands share no instrument: the ``first`` is additive and subtractive synthesis, the ``second`` modal
drums, plucked-string feedback loops and frequency modulation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from grooves import Groove
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter
from songs import NOTES, PROGRESSIONS, SCALES, Song, beat_clock

# Half the rate of a CD: nothing above 10.5 kHz is analysed.
RATE = 22_050
FloatArray = NDArray[np.float64]
FEELS = ("", "", "", "drift", "accelerando", "lead_in", "silent_start", "fills", "break", "crop")


@dataclass
class Band:
    """Instruments with random settings; each is a function of pitch and length, drums ignore both."""

    rng: np.random.Generator
    second: bool
    is_varied: bool = False
    settings: dict[str, float] = field(default_factory=dict)
    sounds: dict[tuple, FloatArray] = field(default_factory=dict)

    def play(self, part: str, midi: float, seconds: float) -> FloatArray:
        """Return a note, rendered once."""
        key = (part, round(midi, 2), round(seconds, 3))
        if key not in self.sounds:
            drum = DRUMS.get(part)
            if drum is not None:
                self.sounds[key] = self._drum(part, *drum)
            else:
                make = self._second_voice if self.second else self._first_voice
                self.sounds[key] = make(part, midi, seconds)
        return self.sounds[key]

    def setting(self, name: str, low: float, high: float) -> float:
        if name not in self.settings:
            self.settings[name] = float(self.rng.uniform(low, high))
        return self.settings[name]

    def _drum(self, part: str, level: float, hertz: float, seconds: float, noisy: float) -> FloatArray:
        s = self.setting
        hertz = hertz * s(part + "pitch", 0.75, 1.3)
        seconds = seconds * s(part + "length", 0.6, 1.6)
        noisy = float(np.clip(noisy * s(part + "noise", 0.6, 1.4), 0, 1))
        t = np.arange(int(min(5 * seconds, 1.5) * RATE)) / RATE
        if self.second:
            # Modes of a membrane, or of a plate, that fade the faster the higher they are.
            ratios = np.array([1.0, 1.59, 2.14, 2.30, 2.65, 2.92])
            wave = sum(
                np.sin(2 * np.pi * hertz * r * t) * np.exp(-t * r / seconds) / (k + 1)
                for k, r in enumerate(ratios)
            )
            bend = 1.0 + s(part + "bend", 0.0, 0.6) * np.exp(-t / 0.02)
            wave = 0.5 * wave + np.sin(2 * np.pi * hertz * np.cumsum(bend) / RATE) * np.exp(-t / seconds)
        else:
            drop = s(part + "drop", 0.5, 3.0) if hertz < 150 else 0.2
            wave = np.sin(2 * np.pi * hertz * (t + drop * 0.03 * (1 - np.exp(-t / 0.03)))) * np.exp(
                -t / seconds
            )
        noise = self.rng.standard_normal(t.size)
        pole = float(np.exp(-2 * np.pi * min(hertz * (8 if hertz < 400 else 1), 8000) / RATE))
        noise = lfilter([1, -1], [1, -pole], noise)
        noise = noise / (np.abs(noise).max() + 1e-9) * np.exp(-t / (0.6 * seconds))
        attack = np.minimum(1, t / s(part + "attack", 0.0005, 0.004))
        wave = ((1 - noisy) * wave / (np.abs(wave).max() + 1e-9) + noisy * noise) * attack
        if self.is_varied:
            wave = self._passed(wave, hertz)
            level *= s(part + "mix", 0.5, 1.6)
        return level * s(part + "level", 0.6, 1.4) * wave

    def _passed(self, wave: FloatArray, hertz: float) -> FloatArray:
        """Play a drum as a sampler does: through a band of its spectrum, or driven hard."""
        if self.rng.random() < 0.35:
            low, high = hertz * self.rng.uniform(0.2, 1.2), hertz * self.rng.uniform(1.5, 12)
            wave = _low_pass(wave, min(high, 9000)) - _low_pass(wave, min(low, 4000))
        if self.rng.random() < 0.3:
            wave = np.tanh(self.rng.uniform(2, 8) * wave / (np.abs(wave).max() + 1e-9))
        return wave / (np.abs(wave).max() + 1e-9)

    def _first_voice(self, part: str, midi: float, seconds: float) -> FloatArray:
        level, attack, decay, n_partials, tilt = VOICES[part]
        t = np.arange(max(int(seconds * RATE), 64)) / RATE
        hertz = 440 * 2 ** ((midi - 69) / 12)
        wave = np.zeros(t.size)
        vibrato = 0.004 * np.sin(2 * np.pi * 5.5 * t) if part in ("melody", "string") else 0.0
        phase = 2 * np.pi * hertz * (t + vibrato / 5.5)
        tilt = tilt * self.setting(part + "tilt", 0.8, 1.3)
        formants = (self.setting("vowel", 350, 800), self.setting("vowel2", 1000, 2200))
        for k in range(1, n_partials + 1):
            if hertz * k > 9000:
                break
            gain = k**-tilt
            if part == "melody":
                gain *= 0.1 + sum(np.exp(-(((k * hertz - f) / 180) ** 2)) for f in formants)
            fall = np.exp(-t * (k**0.5) / decay) if decay else 1.0
            wave += gain * np.sin(k * phase + self.rng.uniform(0, 6.28)) * fall
        gate = np.minimum(1, t / attack) * np.minimum(1, (t[-1] - t) / 0.03 + 1e-3)
        return level * wave / (np.abs(wave).max() + 1e-9) * gate

    def _second_voice(self, part: str, midi: float, seconds: float) -> FloatArray:
        level, attack, decay, _, _ = VOICES[part]
        hertz = 440 * 2 ** ((midi - 69) / 12)
        t = np.arange(max(int(seconds * RATE), 64)) / RATE
        if part in ("pluck", "strum", "guitar", "piano", "bass", "bellow"):
            # A plucked string: noise that circulates through a short delay and a gentle low pass.
            period = max(2, round(RATE / hertz))
            burst = np.zeros(t.size)
            burst[: min(period, t.size)] = self.rng.uniform(-1, 1, min(period, t.size))
            loss = 0.5 * (0.999 ** (hertz / 200))
            feedback = np.zeros(period + 2)
            feedback[0], feedback[period], feedback[period + 1] = 1.0, -loss, -loss
            wave = lfilter([1.0], feedback, burst)
            if part == "guitar":
                wave = np.tanh(6 * wave)
        else:
            ratio = (1.0, 2.0, 3.01, 1.5)[int(self.setting(part + "ratio", 0, 3.99))]
            index = self.setting(part + "index", 0.8, 4.0)
            sweep = np.exp(-t / (decay or 10 * seconds))
            wave = np.sin(2 * np.pi * hertz * t + index * sweep * np.sin(2 * np.pi * hertz * ratio * t))
            if decay:
                wave *= np.exp(-t / decay)
        gate = np.minimum(1, t / attack) * np.minimum(1, (t[-1] - t) / 0.03 + 1e-3)
        return level * wave / (np.abs(wave).max() + 1e-9) * gate


# Level, hertz, seconds, share of noise.
DRUMS = {
    "kick": (1.0, 55, 0.16, 0.12), "snare": (0.8, 190, 0.09, 0.7), "clap": (0.6, 900, 0.09, 0.97),
    "rim": (0.5, 1500, 0.02, 0.4), "hat": (0.3, 7000, 0.03, 1.0), "open": (0.35, 6500, 0.14, 1.0),
    "ride": (0.3, 5000, 0.2, 0.85), "crash": (0.5, 4200, 0.5, 0.95), "foot": (0.25, 4500, 0.02, 1.0),
    "tamb": (0.3, 6000, 0.07, 0.95), "shaker": (0.2, 6500, 0.04, 1.0), "cow": (0.4, 800, 0.09, 0.1),
    "bell": (0.35, 1200, 0.15, 0.05), "tri": (0.25, 5200, 0.12, 0.2), "conga": (0.6, 240, 0.11, 0.2),
    "tom": (0.8, 110, 0.18, 0.15), "timp": (0.9, 80, 0.35, 0.1), "bongo": (0.5, 420, 0.06, 0.2),
    "slap": (0.5, 700, 0.03, 0.6), "surdo": (0.9, 75, 0.25, 0.15), "tabla": (0.6, 150, 0.2, 0.08),
}  # fmt: skip
# Level, attack, decay, partials, tilt.
VOICES = {
    "bass": (0.45, 0.005, 0.6, 8, 1.2), "chord": (0.13, 0.005, 1.2, 8, 1.2), "pad": (0.1, 0.15, 0.0, 10, 1.0),
    "piano": (0.16, 0.002, 0.7, 12, 1.1), "pluck": (0.22, 0.002, 0.4, 10, 1.0),
    "strum": (0.12, 0.002, 0.5, 10, 0.9), "string": (0.14, 0.04, 0.0, 12, 0.9),
    "brass": (0.14, 0.05, 0.0, 12, 0.8), "guitar": (0.14, 0.003, 0.0, 14, 0.7), "saw": (0.13, 0.01, 0.0, 16, 0.9),
    "stab": (0.15, 0.004, 0.3, 10, 0.9), "lead": (0.2, 0.005, 0.0, 14, 0.9),
    "melody": (0.3, 0.03, 0.0, 24, 0.6), "bellow": (0.25, 0.002, 0.5, 4, 0.5),
}  # fmt: skip
CHORDS = {"chord", "pad", "piano", "strum", "string", "brass", "guitar", "saw", "stab"}


def perform(groove: Groove, seed: int, *, second: bool = False, seconds: float = 24.0, feel: str | None = None,
            looseness: float | None = None, bpm: float | None = None, bare: bool = False,
            varied: bool = False) -> Song:  # fmt: skip
    """Play a groove: chords, fills, looseness, timing and effects are drawn from `seed`.

    A `bare` one gets no instruments besides those of the groove. Drums of a `varied` one are filtered and driven,
    and so is its mix.

    The feel ``crop`` begins somewhere in a bar, ``loop`` is cut to its bars; the others are those of `songs.song`.
    """
    rng = np.random.default_rng([seed, 5, int(second)])
    feel = str(rng.choice(FEELS)) if feel is None else feel
    low, high = groove.tempi
    bpm = float(low * (high / low) ** rng.random()) if bpm is None else bpm
    looseness = float(rng.choice([0, 0, 0.1, 0.2])) if looseness is None else looseness
    n_beats = int(seconds * bpm / 60) // groove.beats * groove.beats
    start = {"lead_in": 4.0, "silent_start": 2.0, "loop": 0.0}.get(
        feel, rng.choice([0.0, rng.uniform(0, 0.5)])
    )
    clock = beat_clock(bpm, n_beats + 8, feel) + start
    score = _Score(groove, rng, Band(rng, second, varied), clock, n_beats, feel, looseness, bare)
    mix = score.mix()
    if feel == "lead_in":
        tones = sum(score.band.play("pad", 48 + score.tonic + d, start) for d in (0, 7, 12))
        mix[: tones.size] += 0.8 * tones
    beats = clock[:n_beats]
    downbeats = beats[:: groove.bar]
    if feel == "crop":
        cut = rng.uniform(0, 4 * 60 / bpm)
        mix = mix[round(cut * RATE) :]
        beats, downbeats = (times[times > cut] - cut for times in (beats, downbeats))
    if varied:
        mix = equalised(mix, rng)
    mix = effects(mix[: int((beats[-1] + 60 / bpm) * RATE)], rng, bpm)
    return Song(groove.name, mix, beats, downbeats, bpm, f"{NOTES[score.tonic]} {score.mode}")


@dataclass
class _Score:
    groove: Groove
    rng: np.random.Generator
    band: Band
    clock: FloatArray
    n_beats: int
    feel: str
    looseness: float
    bare: bool

    def mix(self) -> FloatArray:
        """Play every bar; where a kick ducks the rest, it does so here."""
        rng, groove = self.rng, self.groove
        self.tonic, self.mode = int(rng.integers(12)), str(rng.choice(["major", "minor"]))
        self.degrees = PROGRESSIONS[self.mode][int(rng.integers(3))]
        self.chord_bars = float(rng.choice([1.0, 1.0, 2.0, 0.5]))
        self.swing = float(rng.choice([0.0, 0.0, 0.0, 0.12, 0.3])) if groove.per_beat == 4 else 0.0
        self.jitter = float(rng.choice([0.0, 0.003, 0.008, 0.013]))
        self.late = {part: float(rng.normal(0, 0.3 * self.jitter)) for part in groove.parts}
        length = int((self.clock[-1] + 2) * RATE)
        self.drums, self.tones = np.zeros(length), np.zeros(length)
        hits = self._arranged()
        for figure in range(self.n_beats // groove.beats):
            for part, places in hits.items():
                self._play_part(part, places, figure)
            if self.feel == "fills" and figure % 4 == 3:
                for step in np.arange(groove.beats - 1, groove.beats, 0.25):
                    self._put("snare", figure * groove.beats + step, 0.8, 60, 0.2)
        if self.rng.random() < 0.25:
            self._duck()
        return self.drums + self.tones

    def _arranged(self) -> dict[str, dict[int, float]]:
        """Leave out instruments, or add chords and a voice, so that no two songs sound alike."""
        hits, rng = self.groove.hits(), self.rng
        if self.bare:
            return hits
        per_bar = self.groove.bar * self.groove.per_beat
        n_steps = self.groove.beats * self.groove.per_beat
        if len(hits) > 3 and rng.random() < 0.15:
            del hits[str(rng.choice(list(hits)))]
        tonal = set(hits) & (CHORDS | {"bass", "pluck"})
        if not tonal and rng.random() < 0.65:
            kind = str(rng.choice(["pad", "chord", "piano", "string", "guitar"]))
            hits[kind] = dict.fromkeys(range(0, n_steps, per_bar), 1.0)
        if "bass" not in hits and rng.random() < 0.55:
            kicks = hits.get("kick", {0: 1.0})
            hits["bass"] = kicks if rng.random() < 0.5 else dict.fromkeys(range(0, n_steps, per_bar), 1.0)
        if "melody" not in hits and rng.random() < 0.3:
            half = max(self.groove.per_beat // 2, 1) if self.groove.per_beat != 3 else 1
            hits["melody"] = {n: 0.7 for n in range(0, n_steps, half) if rng.random() < 0.4}
        return {part: places for part, places in hits.items() if places}

    def _play_part(self, part: str, places: dict[int, float], figure: int) -> None:
        groove, rng = self.groove, self.rng
        if self.feel == "break" and part in DRUMS and 4 <= figure * groove.beats // groove.bar < 8:
            return
        loose = self.looseness if figure % 2 else 0.0
        for step, level in places.items():
            if loose and step and rng.random() < loose:
                continue
            beat = figure * groove.beats + step / groove.per_beat
            if groove.per_beat == 4 and step % 2:
                beat += self.swing / 4
            bar = int(beat // groove.bar)
            degree = self.degrees[int(bar / self.chord_bars) % len(self.degrees)]
            if part == "melody":
                degree += int(rng.integers(-3, 5))
            self._put(part, beat, level * rng.uniform(0.8, 1.0), degree, self._length(part, places))
        if loose and part in DRUMS and rng.random() < 2 * loose:
            extra = int(rng.integers(groove.beats * groove.per_beat))
            self._put(part, figure * groove.beats + extra / groove.per_beat, 0.5, 0, 0.2)

    def _length(self, part: str, places: dict[int, float]) -> float:
        beat = 60.0 / (60.0 / float(np.median(np.diff(self.clock))))
        each = self.groove.beats / max(len(places), 1) * beat
        return min(each * (0.5 if part in ("stab", "guitar", "strum") else 0.95), 4.0)

    def _put(self, part: str, beat: float, level: float, degree: int, seconds: float) -> None:
        at = float(np.interp(beat, np.arange(self.clock.size), self.clock))
        at += self.late.get(part, 0.0) + float(np.clip(self.rng.normal(0, self.jitter), -0.03, 0.03))
        scale = SCALES[self.mode]
        octave = 36 if part == "bass" else 60 if part in ("melody", "lead", "pluck", "bellow") else 48
        tones = (0, 2, 4) if part in CHORDS else (0,)
        spread = self.band.setting("spread", 0.004, 0.02) if part == "strum" else 0.0
        for n, d in enumerate(tones):
            place = degree + d
            pitch = octave + self.tonic + scale[place % 7] + 12 * (place // 7)
            wave = self.band.play(part, pitch if part not in DRUMS else 0, seconds)
            begin = max(round((at + n * spread) * RATE), 0)
            track = self.drums if part in DRUMS else self.tones
            room = track[begin : begin + wave.size]
            room += level * wave[: room.size]

    def _duck(self) -> None:
        level = np.abs(self.drums)
        envelope = lfilter([1 - 0.9996], [1, -0.9996], level)
        self.tones /= 1 + 6 * envelope / (envelope.max() + 1e-9)


def effects(mix: FloatArray, rng: np.random.Generator, bpm: float) -> NDArray[np.float32]:
    """Pass a mix through what a studio and a record player do to it."""
    mix = mix / (np.abs(mix).max() + 1e-9)
    if rng.random() < 0.4:
        n_tail = int(rng.uniform(0.3, 1.6) * RATE)
        tail = rng.standard_normal(n_tail) * np.exp(-6.0 * np.arange(n_tail) / n_tail)
        tail = lfilter([0.4], [1, -0.6], tail)
        mix = mix + rng.uniform(0.05, 0.35) * fftconvolve(mix, tail / np.sqrt(np.sum(tail**2)))[: mix.size]
    if rng.random() < 0.15:
        delay = round(60 / bpm * 0.75 * RATE)
        mix[delay:] += 0.3 * mix[:-delay]
    if rng.random() < 0.4:
        level = np.sqrt(lfilter([1 - 0.9995], [1, -0.9995], mix**2) + 1e-9)
        mix = mix * np.minimum(1.0, (0.15 / level) ** rng.uniform(0.2, 0.7))
    if rng.random() < 0.2:
        pole = float(np.exp(-2 * np.pi * rng.uniform(1500, 6000) / RATE))
        mix = lfilter([1 - pole], [1, -pole], mix)
    if rng.random() < 0.2:
        crackle = (rng.random(mix.size) < 4e-4) * rng.standard_normal(mix.size)
        mix = (
            mix + rng.uniform(0.02, 0.15) * crackle + rng.uniform(0.001, 0.01) * rng.standard_normal(mix.size)
        )
    mix = np.tanh(mix / (np.abs(mix).max() + 1e-9) * rng.uniform(0.7, 2.5))
    return (mix * rng.uniform(0.2, 0.95)).astype(np.float32)


def equalised(mix: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Raise or lower the lows, the middle and the highs by up to 10 dB, as small speakers or a remix do."""
    low = _low_pass(mix, rng.uniform(90, 220))
    middle = _low_pass(mix, rng.uniform(1500, 4000))
    gains = 10 ** (rng.uniform(-0.5, 0.5, 3) * rng.choice([0.0, 0.5, 1.0]))
    return gains[0] * low + gains[1] * (middle - low) + gains[2] * (mix - middle)


def _low_pass(wave: FloatArray, hertz: float) -> FloatArray:
    pole = float(np.exp(-2 * np.pi * hertz / RATE))
    return lfilter([1 - pole], [1, -pole], wave)


Player = Callable[[Groove, int], Song]
