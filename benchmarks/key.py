"""Measure the key on songs that are in a known one.

``python benchmarks/key.py [--songs N] [--seed N]``: songs of ``tonal_songs.py`` with `HELD_OUT` progressions and, for
comparison, `FITTED` ones on other seeds; the named patterns of ``songs.py``; and the second band's songs of
``grooves.py``. Songs in which nothing sounds but drums are left out of the last two, and rated apart: they have no key.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator

import band
import beats
import mir_eval
import numpy as np
import songs
import tonal_songs
from numpy.typing import NDArray
from tower_anime.music.key import estimate_key

Example = tuple[NDArray[np.float32], int, str | None]
LENGTHS = (12, 20, 30, 30, 45)
TONAL_PARTS = band.CHORDS | {"bass", "pluck", "melody", "lead", "bellow", "arp"}


def composed(n: int, seed: int, *, held_out: bool) -> Iterator[Example]:
    for number in range(seed, seed + n):
        song = tonal_songs.tonal_song(number, held_out=held_out, seconds=LENGTHS[number % len(LENGTHS)])
        yield song.samples, tonal_songs.RATE, song.key


def patterns(seed: int) -> Iterator[Example]:
    for name, bpm, feel, number in beats.suite(quick=True, pattern=None, seed=seed):
        song = songs.song(name, bpm, feel=feel, seed=number)
        is_tonal = bool(set(songs.PATTERNS[name].parts) & TONAL_PARTS)
        yield song.samples, songs.RATE, song.key if is_tonal else None


def grooves(seed: int) -> Iterator[Example]:
    """The second band; what it plays besides the groove is known once it has played."""
    played: set[str] = set()
    play = band.Band.play

    def noted(self: band.Band, part: str, midi: float, seconds: float) -> NDArray[np.float64]:
        played.add(part)
        return play(self, part, midi, seconds)

    band.Band.play = noted
    try:
        for n, number, seconds in beats.held_out_suite(quick=False, seed=seed):
            played.clear()
            groove = beats.HELD_OUT[n]
            least = 4 * groove.beats * 60 / groove.tempi[1]
            song = band.perform(groove, number, second=True, seconds=max(seconds or 0.0, least))
            yield song.samples, band.RATE, song.key if played & TONAL_PARTS else None
    finally:
        band.Band.play = play


def drums(n: int, seed: int) -> Iterator[Example]:
    for number in range(seed, seed + n):
        yield tonal_songs.percussion(number), tonal_songs.RATE, None


def measure(name: str, examples: Iterator[Example]) -> None:
    scores: Counter[float] = Counter()
    sure: dict[bool, list[float]] = {True: [], False: []}
    n_silent = n_wrongly_tonal = 0
    seconds = minutes = 0.0
    for samples, rate, truth in examples:
        started = time.process_time()
        found, confidence = estimate_key(samples, rate)
        seconds += time.process_time() - started
        minutes += samples.size / rate / 60
        if truth is None:
            n_silent += 1
            n_wrongly_tonal += found is not None
            continue
        score = 0.0 if found is None else mir_eval.key.weighted_score(truth, found)
        scores[score] += 1
        sure[confidence >= 0.8].append(float(score == 1.0))
    n = scores.total()
    parts = [f"{name:34}"]
    if n:
        parts.append(
            f"n {n:3} weighted {sum(s * c for s, c in scores.items()) / n:.3f} right {scores[1.0] / n:.3f}"
        )
        parts.append(
            " ".join(
                f"{what} {scores[s] / n:.2f}"
                for s, what in ((0.5, "fifth"), (0.3, "relative"), (0.2, "parallel"))
            )
        )
        parts += [
            f"{'sure' if s else 'unsure'} {len(r)}: right {np.mean(r):.2f}" for s, r in sure.items() if r
        ]
    if n_silent:
        parts.append(f"without a key {n_silent}, of which {n_wrongly_tonal} got one")
    print(*parts, f"{seconds / minutes:.3f} s a minute", sep="; ", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--songs", type=int, default=300)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    n, seed = chosen.songs, chosen.seed
    measure("held-out progressions", composed(n, seed, held_out=True))
    measure("progressions of the fit", composed(n, seed, held_out=False))
    measure("named patterns (songs.py)", patterns(seed))
    measure("second band (grooves.py)", grooves(seed))
    measure("drums alone", drums(n // 4, seed))


if __name__ == "__main__":
    main()
