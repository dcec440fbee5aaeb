"""The songs that ``fit_meter.py`` fits to, each from a seed: rhythms, tempi, and how they are cut.

Rhythms are improvised (``songs.py``), of a family (``families.py``), of `grooves.FITTED`, or of `grooves.BARE`.
"""

from __future__ import annotations

import numpy as np
from band import RATE, perform
from families import made_up
from grooves import BARE, FITTED, Groove
from songs import Pattern, Song, improvised

RENAMED = {"ghost": "snare", "arp": "pluck"}
SONG_SECONDS = (7.0, 10.0, 10.0, 14.0, 18.0, 24.0)


def as_groove(pattern: Pattern, bpm: float, name: str) -> Groove:
    """Write an improvised pattern down as a groove."""
    n_steps = pattern.beats * pattern.per_beat
    lines: dict[str, list[str]] = {}
    for part, hits in pattern.parts.items():
        line = lines.setdefault(RENAMED.get(part, part), ["."] * n_steps)
        for step, level in hits.items():
            line[int(step) % n_steps] = "X" if level > 0.85 else "x" if level > 0.5 else "o"
    parts = {part: "".join(line) for part, line in lines.items()}
    return Groove(name, pattern.beats, pattern.per_beat, (bpm, bpm), parts, pattern.beats)


def chosen(seed: int, rng: np.random.Generator) -> tuple[Groove, float, bool]:
    """Choose a rhythm and its tempo; say whether it is played bare."""
    kind = rng.random()
    if kind < 0.08:
        groove = BARE[int(rng.integers(len(BARE)))]
    elif kind < 0.33:
        groove = as_groove(*improvised(50_000 + seed), f"improvised {seed}")
    elif kind < 0.58:
        groove = FITTED[int(rng.integers(len(FITTED)))]
    else:
        groove = made_up(seed)
    low, high = groove.tempi
    bpm = float(low * (high / low) ** rng.random())
    if 0.33 < kind < 0.58 and rng.random() < 0.35:
        # Tempi at which musicians would not play it too.
        bpm = float(np.clip(bpm * 2 ** rng.uniform(-0.6, 0.6), 55, 205))
    return groove, bpm, kind < 0.08


def render(seed: int) -> tuple[Song, int]:
    """Play a song; return it with the beats to its bar."""
    rng = np.random.default_rng([seed, 31])
    groove, bpm, bare = chosen(seed, rng)
    varied = not bare and bool(rng.random() < 0.6)
    form = rng.random()
    if form < 0.25:
        return loop(groove, seed, bpm, rng, bare=bare, varied=varied), groove.bar
    # Two figures at least: a song may begin a bar late.
    seconds = max(float(rng.choice(SONG_SECONDS)), (2 * groove.beats + 0.5) * 60 / bpm)
    looseness = 0.0 if bare else None
    feel = "" if form < 0.45 else None
    song = perform(
        groove, seed, seconds=seconds, bpm=bpm, bare=bare, varied=varied, looseness=looseness, feel=feel
    )
    bar_seconds = groove.bar * 60 / bpm
    if form < 0.33:
        # An upbeat of one or two beats, or of half a one.
        upbeat = float(rng.choice([0.5, 1.0, 1.0, 2.0])) * 60 / bpm
        song = excerpt(song, song.downbeats[min(1, song.downbeats.size - 1)] - min(upbeat, 0.9 * bar_seconds))
    elif form < 0.45:
        length = song.samples.size / RATE
        start, rest = rng.uniform(0, 1.2 * bar_seconds), rng.uniform(0, bar_seconds)
        song = excerpt(song, min(start, 0.3 * length), max(length - rest, 0.7 * length))
    return song, groove.bar


def loop(
    groove: Groove,
    seed: int,
    bpm: float,
    rng: np.random.Generator,
    *,
    bare: bool = False,
    varied: bool = False,
    second: bool = False,
) -> Song:
    """Play one to eight figures, cut exactly to their length, and repeat them."""
    figure = groove.beats * 60 / bpm
    usual = [n for n in (1, 2, 4, 8) if n == 1 or n * figure < 17]
    n_figures = int(rng.choice(usual))
    looseness = 0.0 if bare else None
    once = perform(
        groove, seed, seconds=n_figures * figure + 0.01, bpm=bpm, feel="loop", bare=bare, varied=varied,
        looseness=looseness, second=second,
    )  # fmt: skip
    seconds = n_figures * figure
    n_samples = round(seconds * RATE)
    samples = np.pad(once.samples, (0, max(0, n_samples - once.samples.size)))[:n_samples]
    n_times = max(1, int(np.ceil(4 / seconds)), round(rng.uniform(4, 26) / seconds))
    beats, downbeats = (
        np.concatenate([times + n * seconds for n in range(n_times)])
        for times in (once.beats, once.downbeats)
    )
    return Song(once.name, np.tile(samples, n_times), beats, downbeats, bpm, once.key)


def excerpt(song: Song, start: float, stop: float = np.inf) -> Song:
    """Leave out the beginning, and the end."""
    start = max(start, 0.0)
    beats, downbeats = (
        times[(times > start - 0.01) & (times < stop)] - start for times in (song.beats, song.downbeats)
    )
    last = song.samples.size if not np.isfinite(stop) else round(stop * RATE)
    samples = song.samples[round(start * RATE) : last]
    return Song(song.name, samples, np.maximum(beats, 0.0), downbeats, song.bpm, song.key)
