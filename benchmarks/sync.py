"""Measure how well cuts land on beats: planned shots, and music fitted to finished picture.

Run: python benchmarks/sync.py [N_FILMS] [FIRST_SEED]

Films have shots as drawn from what is usual (log-normal, 0.5 to 9 s), songs have tempi of 70 to 180 BPM, steady
or played by hand. The beats that are cut on are the true ones, so that only the choice of cuts is measured; the
ceiling is found here by trying every offset of the music in steps of a millisecond.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from fractions import Fraction

import numpy as np
from tower_anime.music.fitting import FitLimits, fit_music
from tower_anime.music.landing import nearest
from tower_anime.music.sync import plan_cuts
from tower_anime.music.track import BeatGrid

RATES = (
    Fraction(24),
    Fraction(24000, 1001),
    Fraction(25),
    Fraction(30),
    Fraction(30000, 1001),
    Fraction(60),
    Fraction(12),
)


def song(rng: np.random.Generator, seconds: float) -> BeatGrid:
    bpm = float(rng.uniform(70, 180))
    n = int(seconds * bpm / 60)
    gaps = np.full(n, 60 / bpm)
    if rng.random() < 0.3:
        gaps *= 1 + 0.02 * np.sin(np.arange(n) / 23) + rng.normal(0, 0.008, n)
    times = rng.uniform(0, 2) + np.cumsum(gaps) - gaps[0]
    per_bar = 3 if rng.random() < 0.2 else 4
    return BeatGrid(bpm, times, times[::per_bar], 0.9, (), per_bar)


def film(rng: np.random.Generator) -> np.ndarray:
    n = int(rng.integers(8, 45))
    return np.clip(rng.lognormal(np.log(2.4), 0.55, n), 0.5, 9.0)


def ceiling(cuts: np.ndarray, beats: np.ndarray, frame: float, spare: float) -> float:
    offsets = np.arange(0.0, spare, 0.001)
    rates = [np.mean(np.abs(cuts + o - nearest(cuts + o, beats)) <= frame + 1e-9) for o in offsets]
    return float(np.max(rates))


def main(n_films: int = 60, first_seed: int = 1) -> None:
    found = defaultdict(list)
    for seed in range(first_seed, first_seed + n_films):
        rng = np.random.default_rng(seed)
        fps = RATES[seed % len(RATES)]
        shots = film(rng)
        frames = [max(1, round(s * fps)) for s in shots]
        seconds = float(sum(frames) / fps)
        track = seconds + 2.0 + float(rng.uniform(0, 40))
        beats = song(rng, track)
        started = time.perf_counter()
        note(found, "plan", plan_cuts(shots.tolist(), beats, fps, track_seconds=track), started)
        cuts = np.cumsum(frames)[:-1] / float(fps)
        top = ceiling(cuts, beats.beat_times, 1 / float(fps), track - seconds)
        for name, limits in {
            "offset": FitLimits(),
            "stretch 8 %": FitLimits(max_stretch=0.08),
            "retime 4 %": FitLimits(max_retime=0.04),
            "retime 8 %": FitLimits(max_retime=0.08),
            "stretch 8 %, retime 8 %": FitLimits(max_stretch=0.08, max_retime=0.08),
        }.items():
            started = time.perf_counter()
            plan = fit_music(frames, beats, fps, track_seconds=track, limits=limits)
            note(found, name, plan, started)
            assert sum(plan.n_frames) == sum(frames)
            change = np.abs(np.array(plan.n_frames) - frames) / frames
            found[name, "change"].append(float(change.mean()))
            assert (
                change.max() <= limits.max_retime + 1e-9
                and abs(plan.stretch - 1) <= limits.max_stretch + 1e-9
            )
            if name == "offset":
                found["offset", "of ceiling"].append(plan.hit_rate / max(top, 1e-9))
    for name in dict.fromkeys(name for name, _ in found):
        print(
            f"{name:24}",
            *(f"{what} {np.mean(v):.4f}" for (n, what), v in found.items() if n == name),
            f"worst hits {np.min(found[name, 'hits']):.2f} worst bias {1000 * np.max(np.abs(found[name, 'bias'])):.1f} ms",
            f"films above 5 ms {np.sum(np.abs(found[name, 'bias']) > 0.005)}",
        )


def note(found: dict, name: str, plan, started: float) -> None:
    found[name, "hits"].append(plan.hit_rate)
    found[name, "40 ms"].append(plan.hit_rate_40ms)
    found[name, "chance"].append(plan.chance_hit_rate)
    found[name, "bias"].append(plan.bias_seconds)
    found[name, "s"].append(time.perf_counter() - started)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
