"""Measure the beat tracker on songs whose beats are known.

``python benchmarks/beats.py [--quick] [--pattern NAME]``; librosa is measured beside when it is installed. The named
patterns of ``songs.py`` and the held-out and the hard rhythms of ``grooves.py``, played by another band, had no part in
the fit.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import band
import mir_eval
import numpy as np
import training_songs
from grooves import HARD, HELD_OUT
from songs import PATTERNS, RATE, Song, beatless, song
from tower_anime.music.beats import track_beats
from tower_anime.music.key import estimate_key
from tower_anime.music.track import BeatGrid

TEMPI = (55, 63, 72, 80, 89, 97, 105, 113, 120, 128, 137, 146, 155, 165, 176, 188, 200)
FEELS = ("", "drift", "accelerando", "human", "lead_in", "silent_start", "fills", "break")
SILENT_KINDS = ("silence", "noise", "drone", "speech", "rain", "swells")
# A pattern is only played at tempi at which musicians play it.
RANGES = {
    "half_time": (105, 200), "dnb": (146, 200), "six_eight": (55, 97), "punk": (137, 200),
    "sync16": (55, 128), "funk": (72, 128), "house_stabs": (97, 146), "four_floor": (89, 165),
    "reggaeton": (80, 113), "shuffle": (63, 155), "swing": (72, 200), "arpeggio": (55, 146),
    "ballad": (55, 97),
}  # fmt: skip


def suite(*, quick: bool, pattern: str | None, seed: int = 0) -> Iterator[tuple[str, float, str, int]]:
    for i, name in enumerate(PATTERNS):
        low, high = RANGES.get(name, (55, 200))
        fitting = [t for t in TEMPI if low <= t <= high]
        for j, bpm in enumerate(fitting[::3] if quick else fitting):
            if pattern is None or name == pattern:
                yield name, bpm + 0.37 * ((i * 7 + j) % 5), FEELS[(i + j) % len(FEELS)] if j % 2 else "", seed


def held_out_suite(*, quick: bool, seed: int = 0) -> Iterator[tuple[int, int, float | None]]:
    """Each held-out rhythm by the second band: four songs of 24 s, one of 10 s."""
    for n in range(len(HELD_OUT)):
        for take in range(1 if quick else 5):
            yield n, 10_000 * seed + 1_000 * take + n, 10.0 if take == 4 else 24.0


def measure_held_out(job: tuple[int, int, float]) -> dict:
    groove = HELD_OUT[job[0]]
    truth = band.perform(
        groove, job[1], second=True, seconds=max(job[2], 4 * groove.beats * 60 / groove.tempi[1])
    )
    return measured(
        truth, band.RATE, ("held out" if job[2] > 10 else "held out, 10 s", truth.bpm, groove.name, job[1])
    )


def hard_suite(*, quick: bool) -> Iterator[tuple[int, int]]:
    """Each hard rhythm by the second band: two songs of 22 s, 10 s out of one, and a loop."""
    for n in range(len(HARD)):
        for take in range(2 if quick else 4):
            yield n, 777_000 + 100 * take + n


def measure_hard(job: tuple[int, int]) -> dict:
    groove, seed = HARD[job[0]], job[1]
    take = (seed - 777_000) // 100
    rng = np.random.default_rng([seed, 8])
    if take == 3:
        bpm = float(groove.tempi[0] * (groove.tempi[1] / groove.tempi[0]) ** rng.random())
        truth = training_songs.loop(groove, seed, bpm, rng, bare=True, second=True)
    else:
        truth = band.perform(groove, seed, second=True, seconds=16.0 if take == 2 else 22.0)
        if take == 2:
            start = rng.uniform(0, 3)
            truth = training_songs.excerpt(truth, start, start + 10)
    name = ("hard", "hard", "hard, 10 s", "hard, loops")[take]
    return measured(truth, band.RATE, (name, truth.bpm, groove.name, seed))


def measure(job: tuple[str, float, str, int]) -> dict:
    return measured(song(job[0], job[1], feel=job[2], seed=job[3]), RATE, job)


def measured(truth: Song, rate: int, job: tuple) -> dict:
    started = time.process_time()
    found = track_beats(truth.samples, rate)
    seconds = time.process_time() - started
    return {
        "job": job,
        "seconds_per_minute": seconds / (truth.samples.size / rate) * 60,
        "key": key_score(truth.key, estimate_key(truth.samples, rate)[0]),
        **scores(truth, found),
    }


def key_score(truth: str, found: str | None) -> float:
    """Return the weighted score; without chords there is no key, and nothing is scored."""
    return float("nan") if found is None else mir_eval.key.weighted_score(truth, found)


def scores(truth: Song, found: BeatGrid) -> dict:
    ratio = (found.tempo_bpm or 1.0) / (60 / float(np.median(np.diff(truth.beats))))
    beats = found.beat_times
    # Only what lies within the annotated beats counts: tracking on through a tail is no fault.
    beats = beats[(beats > truth.beats[0] - 0.1) & (beats < truth.beats[-1] + 0.1)]
    f = {t: mir_eval.beat.f_measure(truth.beats, beats, f_measure_threshold=t) for t in (0.07, 0.02)}
    near = (
        np.abs(truth.beats[:, None] - beats[None, :]).min(axis=1)
        if beats.size
        else np.full(truth.beats.size, 9)
    )
    signed = beats[:, None] - truth.beats[None, :] if beats.size else np.zeros((1, 1))
    signed = signed[np.arange(signed.shape[0]), np.abs(signed).argmin(axis=1)]
    bars = found.downbeat_times
    bars = bars[(bars > truth.beats[0] - 0.1) & (bars < truth.beats[-1] + 0.1)]
    return {
        "f70": f[0.07], "f20": f[0.02], "ratio": ratio, "confidence": found.confidence,
        "acc1": abs(ratio - 1) < 0.04,
        "acc2": any(abs(ratio / m - 1) < 0.04 for m in (1, 2, 3, 0.5, 1 / 3)),
        # The share of the found beats on which a cut would be right: halving is harmless here.
        "cut": float(np.mean(np.abs(signed) <= 0.0417)) if beats.size else 0.0,
        "bias": float(np.median(signed[np.abs(signed) < 0.07])) if np.any(np.abs(signed) < 0.07) else 0.0,
        "down": mir_eval.beat.f_measure(truth.downbeats, bars), "recall": float(np.mean(near < 0.07)),
    }  # fmt: skip


def table(rows: list[dict], key: Callable[[dict], str]) -> None:
    groups: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    fields = ("f70", "f20", "cut", "acc1", "acc2", "down", "bias", "key", "confidence", "seconds_per_minute")
    for name, group in groups.items():
        print(
            f"{name:14}{len(group):4} "
            + " ".join(f"{f[:5]} {np.nanmean([r.get(f, np.nan) for r in group]):6.3f}" for f in fields)
        )


def librosa_rows(jobs: list[tuple[str, float, str, int]]) -> list[dict]:
    import librosa

    rows = []
    for job in jobs:
        truth = song(job[0], job[1], feel=job[2], seed=job[3])
        started = time.process_time()
        tempo, times = librosa.beat.beat_track(y=truth.samples, sr=RATE, units="time")
        seconds = time.process_time() - started
        found = BeatGrid(float(np.atleast_1d(tempo)[0]), np.asarray(times), np.asarray(times)[::4])
        rows.append(
            {
                "job": job,
                "seconds_per_minute": seconds / truth.samples.size * RATE * 60,
                **scores(truth, found),
            }
        )
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--pattern")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--worst", type=int, default=0)
    options.add_argument("--processes", type=int, default=1)
    chosen = options.parse_args()
    jobs = list(suite(quick=chosen.quick, pattern=chosen.pattern, seed=chosen.seed))
    warnings.simplefilter("ignore")
    with ProcessPoolExecutor(chosen.processes) as pool:
        rows = list(pool.map(measure, jobs, chunksize=4))
        others = list(pool.map(measure_held_out, held_out_suite(quick=chosen.quick, seed=chosen.seed)))
        others += list(pool.map(measure_hard, hard_suite(quick=chosen.quick)))
    table(rows, lambda r: r["job"][0])
    print()
    table(rows, lambda r: r["job"][2] or "steady")
    print()
    table(rows, lambda r: "all")
    table(others, lambda r: r["job"][0])
    for row in sorted([*rows, *others], key=lambda r: r["f70"])[: chosen.worst]:
        print(row["job"], {k: round(float(v), 3) for k, v in row.items() if k != "job"})
    for kind in SILENT_KINDS:
        heard = [track_beats(beatless(kind, seed=s), RATE) for s in range(3)]
        print(
            f"{kind:14} beat reported in {sum(h.has_beat for h in heard)} of {len(heard)}",
            [round(h.confidence, 2) for h in heard],
        )
    if importlib.util.find_spec("librosa"):
        table(librosa_rows(jobs), lambda r: "librosa")


if __name__ == "__main__":
    main()
