"""Measure how long a hundred thousand tracks take to rank.

``python benchmarks/matching.py [N_TRACKS]``
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from tower_anime.music.key import PITCH_CLASSES
from tower_anime.music.matching import MatchWish, rank
from tower_anime.music.moods import SYNONYMS
from tower_anime.music.track import TrackSummary
from tower_anime.music.track_table import TrackTable


def library(n_tracks: int) -> list[TrackSummary]:
    rng = np.random.default_rng(0)
    moods = list(SYNONYMS)
    return [
        TrackSummary(
            sha256=f"{n:064x}",
            path=Path(f"/music/{moods[n % len(moods)]}/track {n}.flac"),
            tempo_bpm=None if n % 10 == 0 else float(rng.uniform(60, 200)),
            duration_seconds=float(rng.uniform(20, 400)),
            confidence=float(rng.random()),
            key=f"{PITCH_CLASSES[n % 12]} {'minor' if n % 3 else 'major'}",
            energy=float(rng.random()),
            mood=(moods[(7 * n) % len(moods)],),
        )
        for n in range(n_tracks)
    ]


def main() -> None:
    n_tracks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = library(n_tracks)
    started = time.perf_counter()
    table = TrackTable(rows)
    print(f"{n_tracks} tracks into columns: {time.perf_counter() - started:.2f} s, once")
    rng = np.random.default_rng(1)
    for n_shots in (10, 60, 1000):
        wish = MatchWish(
            tuple(rng.uniform(0.5, 6, n_shots)), "a tense chase in the rain", None, "A minor", 0.7
        )
        times = []
        for _ in range(9):
            started = time.perf_counter()
            rank(table, wish, limit=25)
            times.append(time.perf_counter() - started)
        print(f"{n_shots} shots: {1e3 * np.median(times):.0f} ms, at best {1e3 * min(times):.0f} ms")


if __name__ == "__main__":
    main()
