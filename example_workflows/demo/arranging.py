"""From a song's score to a stereo recording."""

from __future__ import annotations

from collections.abc import Iterator

import instruments
import numpy as np
from instruments import SAMPLE_RATE, Samples
from numpy.typing import NDArray
from songs import Section, Song

TAIL_SECONDS = 3.0
# Where each voice sits (-1 left, 1 right) and how much of it goes to the reverb.
PLACES = {
    "kick": (0.0, 0.02), "snare": (0.05, 0.14), "clap": (-0.08, 0.2), "rim": (0.2, 0.2), "hat": (0.28, 0.05),
    "open": (0.28, 0.08), "shaker": (-0.3, 0.06), "ride": (-0.25, 0.1), "crash": (-0.2, 0.25),
    "tom": (0.1, 0.15), "bass": (0.0, 0.02), "keys": (-0.15, 0.22), "pluck": (0.32, 0.25), "pad": (0.0, 0.4),
    "strings": (-0.1, 0.32), "lead": (0.06, 0.28), "bell": (-0.35, 0.45),
}  # fmt: skip
LEVELS = {"lead": 0.95, "bass": 0.72, "keys": 0.55, "pluck": 0.48, "pad": 0.5, "strings": 0.55, "bell": 0.42}


class Desk:
    """Collects notes as dry and wet stereo sound."""

    def __init__(self, duration: float, seed: int) -> None:
        count = int(duration * SAMPLE_RATE)
        self.dry = np.zeros((2, count))
        self.wet = np.zeros((2, count))
        self.chance = np.random.default_rng(seed)

    def play(self, voice: str, sound: Samples, time: float, level: float = 1.0, loose: float = 0.0) -> None:
        """Add a sound at `time`; `loose` is how many seconds a player may be off the beat."""
        late = time + float(np.clip(self.chance.normal(0, loose / 2), -loose, loose)) if loose else time
        start = max(round(late * SAMPLE_RATE), 0)
        stop = min(start + len(sound), self.dry.shape[1])
        pan, send = PLACES[voice]
        angle = (pan + 1) * np.pi / 4
        gains = level * LEVELS.get(voice, 1.0) * np.array([[np.cos(angle)], [np.sin(angle)]])
        placed = gains * sound[None, : stop - start]
        self.dry[:, start:stop] += placed
        self.wet[:, start:stop] += send * placed


def render(song: Song) -> NDArray[np.float32]:
    """Return the whole song as stereo samples (2, n) at 48 kHz."""
    desk = Desk(song.first_downbeat + song.bars * _bar(song) + TAIL_SECONDS, seed=int(song.bpm))
    first = 0
    for section in song.sections:
        for index in range(section.bars):
            _play_bar(desk, song, section, first + index, index)
        first += section.bars
    _play_ending(desk, song)
    return _master(desk, song.loudness)


def midi_of(song: Song, degree: int) -> int:
    octave, step = divmod(degree - 1, 7)
    return song.tonic + 12 * octave + song.scale[step]


def _bar(song: Song) -> float:
    return song.beats_per_bar * 60.0 / song.bpm


def _play_bar(desk: Desk, song: Song, section: Section, bar: int, index: int) -> None:
    start = song.first_downbeat + bar * _bar(song)
    degree = song.chords[section.theme][index % 8]
    chord = _voicing(song, degree)
    last = index == section.bars - 1
    if "light" in section.layers or "drums" in section.layers:
        _play_drums(desk, song, start, full="drums" in section.layers, first=index == 0, fill=last)
    if "bass" in section.layers:
        _play_bass(desk, song, degree, start)
    _play_chords(desk, song, section, chord, start)
    if "lead" in section.layers:
        _play_melody(desk, song, section.theme, index % 8, start)


def _voicing(song: Song, degree: int) -> list[int]:
    """Return the triad folded around the octave below middle C, so that chords move by small steps."""
    notes = [midi_of(song, degree + step) for step in (0, 2, 4)]
    return sorted((note - 53) % 12 + 53 for note in notes)


def _steps(song: Song, pattern: str, start: float) -> Iterator[tuple[str, float, int]]:
    sixteenth = 15.0 / song.bpm
    for step, mark in enumerate(pattern):
        if mark != ".":
            late = song.groove.swing * sixteenth if step % 2 else 0.0
            yield mark, start + step * sixteenth + late, step


def _play_drums(desk: Desk, song: Song, start: float, *, full: bool, first: bool, fill: bool) -> None:
    patterns = song.groove.full if full else song.groove.light
    for name, pattern in patterns.items():
        for mark, time, step in _steps(song, pattern, start):
            accent = 1.0 if step % 4 == 0 else 0.82
            level = accent * (0.42 if mark == "o" else 1.0) * desk.chance.uniform(0.88, 1.06)
            # The drums that mark the beat are tight; the small ones breathe.
            loose = 0.002 if name in ("kick", "snare", "clap") else 0.006
            desk.play(name, instruments.drum(name, int(desk.chance.integers(4))), time, level, loose)
    if full and first:
        desk.play("crash", instruments.drum("crash"), start, 0.7)
    if full and fill:
        steps = len(next(iter(patterns.values())))
        for step in range(steps - 3, steps):
            desk.play(
                "tom",
                instruments.drum("tom", step % 3),
                start + step * 15.0 / song.bpm,
                0.35 + 0.1 * (step % 3),
            )


def _play_bass(desk: Desk, song: Song, degree: int, start: float) -> None:
    root = (midi_of(song, degree) - 36) % 12 + 33
    offsets = {"1": 0, "5": 7, "8": 12}
    hits = list(_steps(song, song.bass_line, start))
    ends = [time for _, time, _ in hits[1:]] + [start + _bar(song)]
    for (mark, time, step), end in zip(hits, ends, strict=True):
        length = round(min(end - time, 1.4) * 0.92, 4)
        desk.play(
            "bass",
            instruments.bass(root + offsets[mark], length),
            time,
            1.0 if step % 8 == 0 else 0.85,
            0.003,
        )


def _play_chords(desk: Desk, song: Song, section: Section, chord: list[int], start: float) -> None:
    bar, beat = _bar(song), 60.0 / song.bpm
    for voice, tone in (("pad", instruments.pad), ("strings", instruments.strings)):
        if voice in section.layers:
            for note in chord:
                desk.play(
                    voice, tone(note + (12 if voice == "strings" else 0), round(bar * 0.97, 4)), start, 0.9
                )
    if "keys" in section.layers:
        _play_keys(desk, song, chord, start, beat)
    if "pluck" in section.layers:
        order = [0, 1, 2, 1, 0, 2, 1, 2]
        for step in range(2 * song.beats_per_bar):
            note = chord[order[step % 8]] + 12
            desk.play(
                "pluck",
                instruments.pluck(note, round(beat * 0.6, 4)),
                start + step * beat / 2,
                0.9 - 0.25 * (step % 2),
                0.004,
            )
    if "bell" in section.layers:
        for step, note in ((0, chord[2] + 24), (song.beats_per_bar - 1.5, chord[1] + 24)):
            desk.play("bell", instruments.bell(note, round(beat, 4)), start + step * beat, 0.6, 0.005)


def _play_keys(desk: Desk, song: Song, chord: list[int], start: float, beat: float) -> None:
    if song.comping == "waltz":
        for step in (1, 2):
            for note in chord:
                desk.play(
                    "keys",
                    instruments.piano(note + 12, round(beat * 0.8, 4)),
                    start + step * beat,
                    0.42,
                    0.006,
                )
        desk.play("keys", instruments.piano(chord[0], round(beat * 2, 4)), start, 0.9, 0.003)
        return
    figure = [
        chord[0],
        chord[1] + 12,
        chord[2],
        chord[0] + 12,
        chord[1],
        chord[2] + 12,
        chord[0] + 12,
        chord[2],
    ]
    for step, note in enumerate(figure[: 2 * song.beats_per_bar]):
        level = (1.0, 0.36, 0.8, 0.36)[step % 4]
        desk.play(
            "keys", instruments.piano(note, round(beat * 1.5, 4)), start + step * beat / 2, level, 0.005
        )


def _play_melody(desk: Desk, song: Song, theme: str, index: int, start: float) -> None:
    tone = {"flute": instruments.flute, "lead": instruments.lead}[song.lead_voice]
    raise_by = 12 if song.tonic < 65 else 0
    beat, time = 60.0 / song.bpm, start
    for token in song.melodies[theme].split("|")[index].split():
        degree, beats = token.split(":")
        length = float(beats) * beat
        if degree != "-":
            sound = tone(midi_of(song, int(degree)) + raise_by, round(length * 0.95, 4))
            desk.play("lead", sound, time, desk.chance.uniform(0.9, 1.02), 0.006)
        time += length


def _play_ending(desk: Desk, song: Song) -> None:
    """Let the last chord ring on the downbeat after the last bar."""
    time = song.first_downbeat + song.bars * _bar(song)
    for note in _voicing(song, 1):
        desk.play("keys", instruments.piano(note, 2.2), time, 0.8)
        desk.play("pad", instruments.pad(note, 1.6), time, 0.8)
    desk.play("bass", instruments.bass((song.tonic - 36) % 12 + 33, 1.4), time, 0.9)
    if song.bpm > 100:
        desk.play("kick", instruments.drum("kick"), time)
        desk.play("crash", instruments.drum("crash"), time, 0.7)


def _master(desk: Desk, loudness: float) -> NDArray[np.float32]:
    mix = desk.dry + _reverb(desk.wet)
    mix *= loudness / max(float(np.sqrt(np.mean(mix**2))), 1e-9)
    fade = np.clip((mix.shape[1] - np.arange(mix.shape[1])) / (1.2 * SAMPLE_RATE), 0, 1)
    # A soft knee keeps drum peaks below -1.5 dBFS with room for the codec's overshoot.
    return (0.84 * np.tanh(mix * fade / 0.84)).astype(np.float32)


def _reverb(wet: NDArray[np.float64]) -> NDArray[np.float64]:
    length = int(1.7 * SAMPLE_RATE)
    t = np.arange(length) / SAMPLE_RATE
    noise = np.random.default_rng(1).normal(0, 1, (2, length))
    # A running mean dulls the tail the way a room does.
    dull = np.cumsum(noise, axis=1)
    response = (dull[:, 6:] - dull[:, :-6]) / 6 * np.exp(-3.6 * t[6:]) * np.clip((t[6:] - 0.012) / 0.02, 0, 1)
    response *= 1.5 / np.sqrt((response**2).sum(axis=1, keepdims=True))
    size = 1 << int(wet.shape[1] + length).bit_length()
    spectrum = np.fft.rfft(wet, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[:, : wet.shape[1]]
