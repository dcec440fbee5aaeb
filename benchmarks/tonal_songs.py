"""Songs in a known key: progressions as bands write them, played by instruments, drums and a studio of chance.

Nothing is shared with ``songs.py`` and ``band.py``. `FITTED` progressions helped to fit ``music/key_weights.npz``;
`HELD_OUT` ones never did.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

RATE = 22_050
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FloatArray = NDArray[np.float64]

# Chords by their degree, those of minor keys counted in natural minor; one line holds verse and chorus.
FITTED = {
    "major": (
        "I V vi IV", "I vi IV V", "I IV V I", "I IV I V", "vi IV I V | I V vi IV", "I iii IV V", "I IV vi V", "I V IV V",
        "I I IV I V IV I V", "ii V I I", "I ii IV V", "IV I V vi | I V vi IV", "I bVII IV I", "I V ii IV", "I vi ii V7",
        "IV V I I", "I IV", "I V7", "I iii vi IV", "I V vi iii IV I ii V7", "Imaj7 IVmaj7", "I7 IV7 I7 V7", "V IV I I",
        "I Isus I IV", "IV iv I I", "vi V IV V | I V vi IV", "I IV ii V", "I III7 vi IV", "I5 IV5 V5 IV5", "I V I IV V I",
        "ii7 V7 Imaj7 vi7", "I bVI bVII I",
    ),
    "minor": (
        "i VI III VII", "i iv v i", "i VII VI v", "i VI VII i", "i iv V7 i", "i VII VI VII", "i i iv V7", "i III VII iv",
        "i VI iv V", "iv VI VII i", "i v VI VII", "VI VII i i", "i iv", "i VII", "i iv VII III", "i V i iv i V7 i i",
        "i7 iv7", "i5 VI5 VII5 i5", "i VI III iv | i VI VII v", "iio V7 i i", "i bII i V", "i IV i IV", "i III VI V7",
        "VI III VII i", "i v iv v", "im i VI V7",
    ),
}  # fmt: skip
HELD_OUT = {
    "major": (
        "IV V iii vi | IV V I I", "I V vi iii IV I IV V", "I IV V IV", "I bVII I bVII IV I", "vi ii V7 I", "I II IV I",
        "Imaj7 vi7 ii7 V7", "I V vi V | IV I ii V", "iii vi ii V7 | I I IV V", "I iii IV iv", "I7 I7 IV7 I7 V7 IV7 I7 V7",
        "I5 V5 bVII5 IV5", "IV vi V I | I V IV I", "I vi iii IV",
    ),
    "minor": (
        "i VII VI V7", "i VI iv VII", "VI iv i V | i VI iv V", "i v VI III iv i iv V7", "iv VII III VI iio V7 i i",
        "i III iv VI", "i IV VI V", "VI VII v i | VI VII i i", "i5 VII5 VI5 VII5", "i7 iv7 VIImaj7 IIImaj7 VImaj7 iio V7 i",
        "i bII VII i", "i VII iv i",
    ),
}  # fmt: skip
NUMERALS = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
QUALITIES = {
    "": (), "7": (10,), "maj7": (11,), "o": (), "sus": (), "5": (), "m": (),
}  # fmt: skip


@dataclass(frozen=True)
class TonalSong:
    """A rendered song, its key as ``A minor``, and the progression."""

    samples: NDArray[np.float32]
    key: str
    progression: str


def chord_of(symbol: str, mode: str) -> tuple[int, tuple[int, ...]]:
    """Return the root above the tonic, and the semitones above the root, of a chord such as ``bVII`` or ``ii7``."""
    found = re.fullmatch(r"(b?)([iIvV]+)(maj7|7|o|sus|5|m)?", symbol)
    assert found is not None, symbol
    flat, numeral, quality = found[1], found[2], found[3] or ""
    # A borrowed chord is counted down from the degree of the major scale.
    degrees = SCALES["major"] if flat else SCALES[mode]
    root = (degrees[NUMERALS[numeral.lower()]] - bool(flat)) % 12
    third = 4 if numeral.isupper() else 3
    tones = {"o": (0, 3, 6), "sus": (0, 5, 7), "5": (0, 7, 12)}.get(quality, (0, third, 7))
    return root, tones + QUALITIES[quality]


class Instrument:
    """A voice whose timbre is drawn once.

    Parameters
    ----------
    rng : Generator
        For the timbre.
    kind : str
        ``additive``, ``organ``, ``fm``, ``string``, ``saw``, ``square`` or ``bowed``.
    """

    KINDS = ("additive", "organ", "fm", "string", "saw", "square", "bowed")

    def __init__(self, rng: np.random.Generator, kind: str | None = None) -> None:
        self.rng = rng
        self.kind = kind or str(rng.choice(self.KINDS))
        self.tilt, self.decay = rng.uniform(0.6, 2.2), rng.uniform(0.25, 2.5)
        self.attack, self.detune = rng.choice([0.003, 0.01, 0.06]), rng.normal(0, 0.03)
        self.stretch = rng.choice([0.0, rng.uniform(0, 4e-4)])
        self.drawbars = rng.uniform(0, 1, 9) * (rng.random(9) < 0.7)
        self.drawbars[1] = 1.0
        self.ratio, self.index = float(rng.choice([1, 2, 3, 4, 14])), rng.uniform(0.4, 3.0)
        self.vibrato = rng.uniform(0.002, 0.008)
        self.sounds: dict[tuple[float, float], FloatArray] = {}

    def play(self, midi: float, seconds: float) -> FloatArray:
        """Return a note of peak level 1, rendered once."""
        key = (round(midi, 3), round(seconds, 2))
        if key not in self.sounds:
            t = np.arange(max(int(seconds * RATE), 64)) / RATE
            wave = self._wave(440 * 2 ** ((midi + self.detune - 69) / 12), t)
            gate = np.minimum(1, t / self.attack) * np.minimum(1, (t[-1] - t) / 0.02 + 1e-3)
            self.sounds[key] = wave / (np.abs(wave).max() + 1e-9) * gate
        return self.sounds[key]

    def _wave(self, hertz: float, t: FloatArray) -> FloatArray:
        if self.kind == "string":
            return self._plucked(hertz, t)
        if self.kind == "fm":
            swing = self.index * np.exp(-t / self.decay)
            return np.sin(
                2 * np.pi * hertz * t + swing * np.sin(2 * np.pi * self.ratio * hertz * t)
            ) * np.exp(-t / (2 * self.decay))
        if self.kind == "organ":
            multiples = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8)
            return sum(
                (
                    g * np.sin(2 * np.pi * hertz * m * t)
                    for m, g in zip(multiples, self.drawbars, strict=True)
                    if hertz * m < 9000
                ),
                np.zeros(t.size),
            )
        phase = 2 * np.pi * hertz * t
        if self.kind == "bowed":
            phase = phase + self.vibrato * hertz / 5.5 * np.sin(2 * np.pi * 5.5 * t)
        step = 2 if self.kind == "square" else 1
        wave = np.zeros(t.size)
        for k in range(1, 25, step):
            if hertz * k > 9500:
                break
            fall = np.exp(-t * k**0.6 / self.decay) if self.kind == "additive" else 1.0
            stretched = k * np.sqrt(1 + self.stretch * k * k) if self.kind == "additive" else k
            wave += k**-self.tilt * np.sin(stretched * phase + self.rng.uniform(0, 6.28)) * fall
        return wave

    def _plucked(self, hertz: float, t: FloatArray) -> FloatArray:
        """A plucked string: a noise that goes round a delay line of exactly one period, and darkens."""
        period = RATE / hertz - 0.5
        whole = int(period)
        part = period - whole
        loss = 0.996 ** (hertz / 220)
        feedback = np.zeros(whole + 3)
        feedback[0] = 1.0
        # Half a sample of delay by the mean of neighbours, the rest by a straight line between two samples.
        for n, gain in ((whole, 1 - part), (whole + 1, part)):
            feedback[n] -= 0.5 * loss * gain
            feedback[n + 1] -= 0.5 * loss * gain
        burst = np.zeros(t.size)
        burst[:whole] = self.rng.uniform(-1, 1, whole)[: t.size]
        return lfilter([1.0], feedback, burst)


class Drums:
    """Kick, snare, toms and cymbals, all but the cymbals with a pitch of their own that is in no key."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.sounds = {
            "kick": self._membrane(
                rng, rng.uniform(40, 75), rng.uniform(0.08, 0.35), 0.08, rng.uniform(0.5, 4)
            ),
            "snare": self._membrane(rng, rng.uniform(150, 260), rng.uniform(0.05, 0.15), 0.7, 0.2),
            "tom": self._membrane(rng, rng.uniform(80, 180), rng.uniform(0.15, 0.4), 0.1, 0.4),
            "hat": 0.5 * self._noise(rng, 6000, rng.uniform(0.02, 0.08)),
            "clap": 0.8 * self._noise(rng, 1200, rng.uniform(0.05, 0.12)),
        }

    @staticmethod
    def _noise(rng: np.random.Generator, cutoff: float, seconds: float) -> FloatArray:
        t = np.arange(int(6 * seconds * RATE)) / RATE
        wave = sosfilt(butter(2, cutoff, "high", fs=RATE, output="sos"), rng.standard_normal(t.size))
        return wave / np.abs(wave).max() * np.exp(-t / seconds)

    @classmethod
    def _membrane(
        cls, rng: np.random.Generator, hertz: float, seconds: float, noisy: float, bend: float
    ) -> FloatArray:
        t = np.arange(int(5 * seconds * RATE)) / RATE
        phase = 2 * np.pi * hertz * (t + bend * 0.03 * (1 - np.exp(-t / 0.03)))
        wave = sum(
            np.sin(phase * r) * np.exp(-t * r / seconds) / (n + 1)
            for n, r in enumerate((1.0, 1.59, 2.14, 2.65))
        )
        rattle = cls._noise(rng, 800, 0.6 * seconds)
        n = min(t.size, rattle.size)
        mixed = (1 - noisy) * np.asarray(wave)
        mixed[:n] += noisy * rattle[:n]
        return mixed / np.abs(mixed).max()


RHYTHMS: dict[str, tuple[str, ...]] = {
    "kick": ("x...x...x...x...", "x.....x.x.......", "x.......x.x.....", "x..x..x...x....."),
    "snare": ("....x.......x...", "........x.......", "....x.......x..x"),
    "hat": ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "xxxxxxxxxxxxxxxx"),
    "clap": ("....x.......x...",),
    "tom": ("..............xx", "x..x..x.........", "............xxxx"),
}
CHORD_RHYTHMS = ("x...............", "x.......x.......", "x...x...x...x...", "x..x..x.x..x..x.", "..x...x...x...x.",
                 "x.x.x.x.x.x.x.x.")  # fmt: skip
BASS_STYLES = ("root", "eighths", "fifths", "octaves", "walk", "third")


def tonal_song(seed: int, *, held_out: bool = False, seconds: float = 30.0) -> TonalSong:
    """Compose, play and record a song: mode, progression, band and studio are drawn from `seed`.

    Of the songs 8 % are a tune alone and 10 % have no tune; 25 % have no drums. Half end on the tonic, the
    others are cut off; 15 % begin amid their progression.
    """
    rng = np.random.default_rng([seed, 71, int(held_out)])
    mode = str(rng.choice(["major", "minor"]))
    table = (HELD_OUT if held_out else FITTED)[mode]
    progression = str(rng.choice(table))
    tonic = int(rng.integers(12))
    score = _Score(rng, mode, tonic, seconds, progression)
    return TonalSong(studio(score.play(), rng), f"{NOTES[tonic]} {mode}", progression)


class _Score:
    def __init__(
        self, rng: np.random.Generator, mode: str, tonic: int, seconds: float, progression: str
    ) -> None:
        self.rng, self.mode, self.tonic = rng, mode, tonic
        self.tuning = float(np.clip(rng.normal(0, 0.15), -0.4, 0.4))
        self.step = 60 / rng.uniform(70, 170) / 4
        self.steps_per_chord = int(rng.choice([8, 16, 16, 32]))
        self.n_steps = int(seconds / self.step)
        self.chords = self._form(progression)
        self.mix, self.beat = np.zeros((2, int(seconds * RATE) + 4 * RATE))
        self.levels = {
            "chords": rng.uniform(0.1, 0.25),
            "bass": rng.uniform(0.15, 0.5),
            "tune": rng.uniform(0.1, 0.4),
        }

    def _form(self, progression: str) -> list[tuple[int, tuple[int, ...]]]:
        """Return the chord of each span: every part four times around, then the next."""
        parts = [[chord_of(s, self.mode) for s in part.split()] for part in progression.split("|")]
        n_chords = -(-self.n_steps // self.steps_per_chord)
        line: list[tuple[int, tuple[int, ...]]] = []
        while len(line) < n_chords + 8:
            for part in parts:
                line += part * (2 if len(part) > 4 else 4 if len(parts) == 1 else 2)
        if self.rng.random() < 0.15:
            line = line[int(self.rng.integers(1, 4)) :]
        line = line[:n_chords]
        if self.rng.random() < 0.5:
            line[-1] = (0, (0, 4 if self.mode == "major" else 3, 7))
        return line

    def chord_at(self, step: int) -> tuple[int, tuple[int, ...]]:
        return self.chords[min(step // self.steps_per_chord, len(self.chords) - 1)]

    def play(self) -> FloatArray:
        """Return the mix of all that is played."""
        rng = self.rng
        kind = rng.choice(["band", "no tune", "no chords", "tune alone"], p=[0.72, 0.1, 0.1, 0.08])
        if kind in ("band", "no tune"):
            self._play_chords()
            if rng.random() < 0.4:
                self._play_chords()
        if kind != "tune alone" and (kind == "no chords" or rng.random() < 0.85):
            self._play_bass()
        if kind != "no tune" and (kind != "band" or rng.random() < 0.7):
            self._play_tune(alone=kind == "tune alone")
        if kind != "tune alone" and rng.random() < 0.75:
            self._play_drums()
        mix = self.mix / (np.abs(self.mix).max() + 1e-9)
        if rng.random() < 0.2:
            mix = np.tanh(rng.uniform(1, 5) * mix)
        drums = self.beat / (np.abs(self.beat).max() + 1e-9)
        if rng.random() < 0.2:
            mix = mix / (1 + 5 * lfilter([4e-4], [1, -0.9996], np.abs(drums)) / 0.05)
        return mix + rng.uniform(0.2, 1.6) * drums

    def _put(self, track: FloatArray, step: float, wave: FloatArray, level: float) -> None:
        begin = max(round((step * self.step + self.rng.normal(0, 0.004)) * RATE), 0)
        room = track[begin : begin + wave.size]
        room += level * wave[: room.size]

    def _pitch(self, semitones: int, low: int) -> float:
        """Return the MIDI pitch of a note, counted from the tonic, in the octave above `low`."""
        return low + (semitones + self.tonic - low) % 12 + self.tuning

    def _play_chords(self) -> None:
        rng, voice = self.rng, Instrument(self.rng)
        rhythm = str(rng.choice(CHORD_RHYTHMS))
        low, is_arpeggio = int(rng.integers(46, 66)), rng.random() < 0.25
        hits = [n for n, c in enumerate(rhythm) if c == "x"]
        length = 16 / len(hits) * self.step * rng.choice([0.5, 0.95])
        for bar in range(0, self.n_steps, 16):
            for n, hit in enumerate(hits):
                step = bar + hit
                root, tones = self.chord_at(step)
                chosen = [tones[n % len(tones)]] if is_arpeggio else tones
                for tone in chosen:
                    level = self.levels["chords"] * rng.uniform(0.7, 1.0)
                    self._put(self.mix, step, voice.play(self._pitch(root + tone, low), length), level)

    def _play_bass(self) -> None:
        rng = self.rng
        voice = Instrument(rng, str(rng.choice(["additive", "fm", "string", "saw", "square", "organ"])))
        style = str(rng.choice(BASS_STYLES))
        every = {"root": self.steps_per_chord, "walk": 4, "third": 4}.get(style, 2)
        low = int(rng.integers(28, 36))
        for step in range(0, self.n_steps, every):
            root, tones = self.chord_at(step)
            n = step % self.steps_per_chord // every
            above = {
                "fifths": (0, 0, 7, 0)[n % 4], "octaves": 0, "third": tones[1] if n % 4 == 2 else 0,
                "walk": (0, tones[1], tones[2], tones[1])[n % 4],
            }.get(style, 0)  # fmt: skip
            pitch = self._pitch(root + above, low) + (12 if style == "octaves" and n % 2 else 0)
            self._put(self.mix, step, voice.play(pitch, 0.9 * every * self.step), self.levels["bass"])

    def _play_tune(self, *, alone: bool) -> None:
        """Play a tune: chord notes on beats, steps of the scale between, ends of phrases on chord notes."""
        rng, voice = self.rng, Instrument(self.rng)
        scale, low, step = SCALES[self.mode], int(rng.integers(60, 70)), 0
        place = 7 * int(rng.integers(0, 2))
        while step < self.n_steps:
            length = int(rng.choice([2, 2, 4, 4, 6, 8]))
            if rng.random() < (0.05 if alone else 0.2):
                step += length
                continue
            place = int(np.clip(place + rng.choice([-2, -1, -1, 0, 1, 1, 2]), -5, 9))
            semitones = 12 * (place // 7) + scale[place % 7]
            root, tones = self.chord_at(step)
            tones_here = [(root + tone) % 12 for tone in tones]
            is_last = step + length >= self.n_steps - 2
            if step % 8 == 0 or is_last:
                away = [(t - semitones + 6) % 12 - 6 for t in ([0] if alone and is_last else tones_here)]
                semitones += min(away, key=abs)
            elif self.mode == "minor" and semitones % 12 == 10 and 11 in tones_here:
                semitones += 1
            pitch = low + (self.tonic - low) % 12 + semitones + self.tuning
            self._put(self.mix, step, voice.play(pitch, 0.95 * length * self.step), self.levels["tune"])
            step += length

    def _play_drums(self) -> None:
        kit, rng = Drums(self.rng), self.rng
        for part, rhythms in RHYTHMS.items():
            if rng.random() < (0.25 if part in ("tom", "clap") else 0.8):
                rhythm, level = str(rng.choice(rhythms)), rng.uniform(0.3, 1.0)
                for step in range(self.n_steps):
                    if rhythm[step % 16] == "x":
                        self._put(self.beat, step, kit.sounds[part], level * rng.uniform(0.8, 1.0))


def percussion(seed: int, seconds: float = 20.0) -> NDArray[np.float32]:
    """Play drums alone, which are in no key."""
    rng = np.random.default_rng([seed, 72])
    score = _Score(rng, "major", 0, seconds, "I")
    while not score.beat.any():
        score._play_drums()
    return studio(score.beat, rng)


def studio(mix: FloatArray, rng: np.random.Generator) -> NDArray[np.float32]:
    """Pass a mix through reverb, compression, a dull or thin playback, hiss and hard limiting, each by chance."""
    effects: tuple[tuple[float, Callable[[FloatArray, np.random.Generator], FloatArray]], ...] = (
        (0.5, _reverb), (0.4, _compressed), (0.25, _dull), (0.15, _thin), (0.25, _hiss),
    )  # fmt: skip
    mix = mix / (np.abs(mix).max() + 1e-9)
    for chance, effect in effects:
        if rng.random() < chance:
            mix = effect(mix, rng)
    mix = np.tanh(mix / (np.abs(mix).max() + 1e-9) * rng.uniform(0.7, 3.0))
    return (mix * rng.uniform(0.2, 0.95)).astype(np.float32)


def _reverb(mix: FloatArray, rng: np.random.Generator) -> FloatArray:
    n = int(rng.uniform(0.3, 2.2) * RATE)
    tail = rng.standard_normal(n) * np.exp(-6.0 * np.arange(n) / n)
    return mix + rng.uniform(0.1, 0.8) * fftconvolve(mix, tail / np.linalg.norm(tail))[: mix.size]


def _compressed(mix: FloatArray, rng: np.random.Generator) -> FloatArray:
    level = np.sqrt(lfilter([1e-3], [1, -0.999], mix**2) + 1e-9)
    return mix * np.minimum(1.0, (0.12 / level) ** rng.uniform(0.3, 0.9))


def _dull(mix: FloatArray, rng: np.random.Generator) -> FloatArray:
    return sosfilt(butter(1, rng.uniform(600, 5000), fs=RATE, output="sos"), mix)


def _thin(mix: FloatArray, rng: np.random.Generator) -> FloatArray:
    return sosfilt(butter(2, rng.uniform(120, 400), "high", fs=RATE, output="sos"), mix)


def _hiss(mix: FloatArray, rng: np.random.Generator) -> FloatArray:
    return mix + rng.uniform(0.001, 0.05) * rng.standard_normal(mix.size)
