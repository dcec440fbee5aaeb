"""Fit the weights of ``music/meter.py`` to improvised songs, and try them on the named patterns.

``python benchmarks/fit_meter.py [n_songs]`` prints the two tables of weights to paste there.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor

import mir_eval
import numpy as np
from beats import FEELS, suite
from scipy.optimize import minimize
from songs import RATE, Song, improvised, song
from tower_anime.music.beats import pulse_lattice
from tower_anime.music.lattice import Lattice
from tower_anime.music.meter import BAR_WEIGHTS, LEVEL_WEIGHTS, bar_features, level_features, readings
from tower_anime.music.onsets import LATENCY_SECONDS, onset_envelope

# Signs that the evidence must have.
FALLING = {"haste", "octaves_squared", "slowness", "change_in_middle", "is_three", "other_likeness"}
Case = tuple[np.ndarray, np.ndarray, bool]


def render(seed: int) -> Song:
    pattern, bpm = improvised(seed)
    feel = ("", "", *FEELS)[seed % (len(FEELS) + 2)]
    looseness = (0.0, 0.15, 0.3)[seed // 10 % 3]
    return song(
        f"improvised{seed}", bpm, feel=feel, seconds=24, seed=seed, pattern=pattern, looseness=looseness
    )


def cases(job: int | tuple) -> tuple[Case | None, Case | None]:
    """Return features and rightness of all readings, and of all bars of the right reading."""
    improvised_one = isinstance(job, int)
    truth = render(job) if improvised_one else song(job[0], job[1], feel=job[2], seed=job[3])
    heard = pulse_lattice(onset_envelope(truth.samples, RATE))
    return (None, None) if heard is None else describe(heard[0], truth.beats, truth.downbeats, improvised_one)


def describe(
    grid: Lattice, beats: np.ndarray, downbeats: np.ndarray, improvised_one: bool
) -> tuple[Case | None, Case | None]:
    def within(times: np.ndarray) -> np.ndarray:
        return times[(times > beats[0] - 0.1) & (times < beats[-1] + 0.1)]

    options, rightness = [], []
    for r in readings(grid):
        options.append(list(level_features(grid, r.stride, r.phase, r.bpm).values()))
        times = within(grid.times[r.phase :: r.stride] + LATENCY_SECONDS)
        rightness.append(
            mir_eval.beat.f_measure(beats, times, f_measure_threshold=0.05) if times.size else 0.0
        )
    if not rightness or max(rightness) < 0.85:
        return None, None
    best = readings(grid)[int(np.argmax(rightness))]
    n_true = round(float(np.median(np.diff(downbeats)) / np.median(np.diff(beats))))
    bars, right_bars = [], []
    for length, first in [(n, f) for n in (4, 3) for f in range(n)]:
        bars.append(list(bar_features(grid, best.stride, best.phase, length, first).values()))
        times = within((grid.times[best.phase :: best.stride] + LATENCY_SECONDS)[first::length])
        score = mir_eval.beat.f_measure(downbeats, times) if times.size and length == n_true else 0.0
        right_bars.append(score)
    bar_case = (np.array(bars), np.array(right_bars), improvised_one) if n_true in (3, 4) else None
    return (np.array(options), np.array(rightness), improvised_one), bar_case


def fit(examples: list[Case], names: list[str], penalty: float = 0.02) -> np.ndarray:
    spread = np.concatenate([x for x, _, _ in examples]).std(axis=0) + 1e-6
    limits = [(None, 0) if name in FALLING else (0, None) for name in names]

    def loss(scaled: np.ndarray) -> tuple[float, np.ndarray]:
        weights, value, slope = scaled / spread, 0.0, np.zeros(scaled.size)
        for x, right, _ in examples:
            wanted = np.maximum(right - 0.6, 0) ** 2 * (right > right.max() - 0.1)
            wanted = wanted / max(wanted.sum(), 1e-9)
            scores = x @ weights
            odds = np.exp(scores - scores.max())
            odds /= odds.sum()
            value -= float(wanted @ np.log(odds + 1e-12))
            slope += x.T @ (odds - wanted)
        n = len(examples)
        return value / n + penalty * float(scaled @ scaled) / 2, slope / spread / n + penalty * scaled

    return minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", bounds=limits).x / spread


def report(title: str, examples: list[Case], names: list[str]) -> None:
    made_up, named = ([e for e in examples if e[2] is kind] for kind in (True, False))

    def rightness(weights: np.ndarray, of: list[Case]) -> str:
        chosen = [right[np.argmax(x @ weights)] for x, right, _ in of]
        return f"{np.mean(chosen):.3f} (best possible {np.mean([right.max() for _, right, _ in of]):.3f})"

    weights = fit(made_up, names)
    print(
        f"{title}: improvised songs {rightness(weights, made_up)}, named patterns {rightness(weights, named)}"
    )
    for name, weight in zip(names, weights, strict=True):
        print(f'    "{name}": {weight:.3f},')


def main() -> None:
    n_songs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    jobs = [*range(2000, 2000 + n_songs), *suite(quick=False, pattern=None, seed=5)]
    with ProcessPoolExecutor(2) as pool:
        pairs = list(pool.map(cases, jobs, chunksize=8))
    report("LEVEL_WEIGHTS", [a for a, _ in pairs if a is not None], list(LEVEL_WEIGHTS))
    report("BAR_WEIGHTS", [b for _, b in pairs if b is not None], list(BAR_WEIGHTS))


if __name__ == "__main__":
    main()
