"""Measure whether planned cuts land on the beats that are there, and not only on those that were found.

Run: python benchmarks/cuts.py [--quick]

The songs of ``beats.py``; on the beats that the tracker finds, ten shots of 1 to 4.5 s are planned for each.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import band
import numpy as np
from beats import held_out_suite, suite
from grooves import HELD_OUT
from songs import RATE, Song, song
from tower_anime.errors import NoBeatError
from tower_anime.music.beats import track_beats
from tower_anime.music.landing import nearest
from tower_anime.music.sync import plan_cuts

FPS = Fraction(24)


def songs(*, quick: bool) -> Iterator[tuple[str, Song, int]]:
    for pattern, bpm, feel, seed in suite(quick=quick, pattern=None):
        yield "named patterns", song(pattern, bpm, feel=feel, seed=seed), RATE
    for n, seed, seconds in held_out_suite(quick=quick):
        if seconds > 10:
            groove = HELD_OUT[n]
            length = max(seconds, 4 * groove.beats * 60 / groove.tempi[1])
            yield "held-out rhythms", band.perform(groove, seed, second=True, seconds=length), band.RATE


def hit_rate(truth: Song, rate: int, shots: np.ndarray) -> float:
    """Return the share of the cuts within one frame of a true beat; 0 where no beat was found."""
    try:
        plan = plan_cuts(
            shots, track_beats(truth.samples, rate), FPS, track_seconds=truth.samples.size / rate
        )
    except NoBeatError:
        return 0.0
    sounding = plan.music_start_seconds + plan.cut_times
    inside = sounding[sounding < truth.beats[-1] + 0.1]
    return float(np.mean(np.abs(inside - nearest(inside, truth.beats)) <= 1 / FPS))


def main(*, quick: bool) -> None:
    rng, rates = np.random.default_rng(5), defaultdict(list)
    for name, truth, rate in songs(quick=quick):
        longest = (truth.beats[-1] - 2) / 10
        shots = np.minimum(rng.uniform(1.0, 4.5, 10), longest)
        rates[name].append(hit_rate(truth, rate, shots))
    for name, found in rates.items():
        print(
            f"{name}: {len(found)} songs, {np.mean(found):.3f} of the cuts within a frame of a true beat, "
            f"{np.mean(np.array(found) >= 0.95):.2f} of the songs with 95 % of theirs"
        )


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
