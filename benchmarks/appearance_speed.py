"""How many 720p frames the appearance encoder scores in a second, in one thread and in two.

Needs numpy, scipy and Pillow alone. From a bare checkout::

    mkdir -p /tmp/packages && ln -sfn "$PWD" /tmp/packages/tower_anime
    PYTHONPATH=/tmp/packages OMP_NUM_THREADS=1 taskset -c 0,1 python benchmarks/appearance_speed.py

The ways take turns, because other programs disturb all of them.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np
from drawn import HANDS, draw, random_look, random_shot
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.networks.network import in_order

SEED, N_FRAMES, ROUNDS = 14, 48, 7


def main() -> None:
    rng, encoder = np.random.default_rng(SEED), AppearanceEncoder()
    drawn = [
        draw(random_look(rng), random_shot(rng, size=(1280, 720)), HANDS[number % len(HANDS)]).image
        for number in range(2 * len(HANDS))
    ]
    frames = [drawn[number % len(drawn)] for number in range(N_FRAMES)]

    def alone(workers: int) -> Callable[[], object]:
        return lambda: list(in_order(lambda frame: encoder.sight([frame], n_figures=1), frames, workers))

    ways = {
        "encoder.sight": lambda: encoder.sight(frames, n_figures=1),
        "one thread": alone(1),
        "two threads": alone(2),
    }
    for act in ways.values():
        act()
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, act in ways.items():
            measured[name].append(timed(act))
    affinity = getattr(os, "sched_getaffinity", None)
    print(f"{len(affinity(0)) if affinity else os.cpu_count()} cores to use, {N_FRAMES} frames of 1280×720")
    for name, rounds in measured.items():
        walls = [wall for wall, _ in rounds]
        cpu = statistics.median(cpu for _, cpu in rounds) / N_FRAMES * 1000
        print(
            f"{name:<14} median {N_FRAMES / statistics.median(walls):6.1f} frames/s, "
            f"best {N_FRAMES / min(walls):6.1f}, {cpu:.1f} ms of processor time a frame"
        )


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of the wall and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
