"""Make ``music/key_weights.npz``.

``python benchmarks/fit_key.py BILLBOARD [N_SONGS]``. BILLBOARD is a folder with the McGill Billboard annotations 2.0
(CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011): ``billboard-2.0-chordino``, ``billboard-2.0-salami_chords`` and
``billboard-2.0.1-lab``. Of its recordings there are chroma and chords, which is all that is needed. Half of the
weight of the fit is theirs, half that of songs by ``tonal_songs.py`` with the `FITTED` progressions.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import mir_eval
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tonal_songs import NOTES, RATE, tonal_song
from tower_anime.music.chroma import Chroma, measure_chroma
from tower_anime.music.key_model import N_FEATURES, WEIGHTS, key_features

LENGTHS = (12, 20, 30, 30, 45)
FIRST_SEED = 10_000
PENALTY = 1e-4
# Chordino's frames are 46 ms long and begin with A; five make one of ours.
FRAME_SECONDS, FRAMES_PER_FRAME = 2048 / 44_100, 5
NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
KEYS = [f"{note} {mode}" for mode in ("major", "minor") for note in NOTES]
Example = tuple[NDArray[np.float64], int]


def synthesised(seed: int) -> Example:
    song = tonal_song(seed, seconds=LENGTHS[seed % len(LENGTHS)])
    return key_features(measure_chroma(song.samples, RATE)), KEYS.index(song.key)


def recorded(folder: Path) -> list[Example]:
    """Return one example for each song of Billboard that keeps its tonic."""
    found: dict[str, Example] = {}
    for annotation in sorted(folder.glob("billboard-2.0-salami_chords/*/salami_chords.txt")):
        text, entry = annotation.read_text(encoding="utf-8"), annotation.parent.name
        tonics = {pitch_class(name) for name in re.findall(r"# tonic: (\S+)", text)}
        labels = folder / "billboard-2.0.1-lab" / entry / "full.lab"
        title = "".join(re.findall(r"# (?:title|artist): .*", text))
        if len(tonics) != 1 or title in found:
            continue
        tonic = tonics.pop()
        minor, major = tonic_seconds(labels.read_text(encoding="utf-8"), tonic)
        if minor + major > 10:
            chroma = read_chroma(folder / "billboard-2.0-chordino" / entry / "bothchroma.csv")
            found[title] = key_features(chroma), tonic + 12 * (minor > major)
    return list(found.values())


def pitch_class(name: str) -> int:
    return (NATURAL[name[0]] + name.count("#") - name[1:].count("b")) % 12


def tonic_seconds(labels: str, tonic: int) -> tuple[float, float]:
    """Return how long minor and major chords on the tonic sound."""
    seconds = [0.0, 0.0]
    for line in labels.splitlines():
        found = re.match(r"(\S+)\s+(\S+)\s+([A-G][b#]*)(?::([^/\s]*))?", line)
        if found and pitch_class(found[3]) == tonic:
            is_minor = (found[4] or "maj").startswith(("min", "dim", "hdim"))
            seconds[not is_minor] += float(found[2]) - float(found[1])
    return seconds[0], seconds[1]


def read_chroma(path: Path) -> Chroma:
    rows = [line.split(",")[2:] for line in path.read_text(encoding="utf-8").splitlines()]
    values = np.array(rows, dtype=np.float64)
    n = len(values) // FRAMES_PER_FRAME
    means = values[: n * FRAMES_PER_FRAME].reshape(n, FRAMES_PER_FRAME, 24).mean(axis=1)
    bass, treble = np.roll(means[:, :12], -3, axis=1), np.roll(means[:, 12:], -3, axis=1)
    return Chroma(bass, treble, 1 / (FRAMES_PER_FRAME * FRAME_SECONDS), 0.0, 1.0)


def fitted(examples: list[Example], shares: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the weights, shape (2, 192), of greatest penalised likelihood, and the bias of minor."""
    features = np.stack([x for x, _ in examples])
    truth = np.array([y for _, y in examples])
    rows = np.arange(len(examples))

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = parameters[:-1].reshape(2, N_FEATURES), parameters[-1]
        scores = np.einsum("nkd,md->nmk", features, weights)
        scores[:, 1] += bias
        scores = scores.reshape(-1, 24)
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        odds /= odds.sum(axis=1, keepdims=True)
        value = -np.sum(shares * np.log(odds[rows, truth] + 1e-12)) + PENALTY / 2 * np.sum(weights**2)
        odds[rows, truth] -= 1.0
        slopes = (shares[:, None] * odds).reshape(-1, 2, 12)
        by_weight = np.einsum("nmk,nkd->md", slopes, features) + PENALTY * weights
        return float(value), np.append(by_weight.ravel(), slopes[:, 1].sum())

    best = minimize(
        loss, np.zeros(2 * N_FEATURES + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}
    ).x
    return best[:-1].reshape(2, N_FEATURES), float(best[-1])


def score(examples: list[Example], weights: NDArray[np.float64], bias: float) -> float:
    found = [int((x @ weights.T + [0.0, bias]).T.argmax()) for x, _ in examples]
    return float(
        np.mean(
            [mir_eval.key.weighted_score(KEYS[y], KEYS[k]) for (_, y), k in zip(examples, found, strict=True)]
        )
    )


def fit_all(*groups: list[Example]) -> tuple[NDArray[np.float64], float]:
    """Fit groups that count for as much as each other."""
    shares = np.concatenate([np.full(len(g), 1 / len(g) / len(groups)) for g in groups])
    return fitted([example for group in groups for example in group], shares)


def main(folder: str, n_songs: str = "2000") -> None:
    real = recorded(Path(folder))
    with ProcessPoolExecutor(1) as pool:
        songs = list(pool.map(synthesised, range(FIRST_SEED, FIRST_SEED + int(n_songs)), chunksize=20))
    part = np.random.default_rng(0).permutation(len(real)) % 5
    unseen = []
    for n in range(5):
        weights, bias = fit_all(songs, [e for e, p in zip(real, part, strict=True) if p != n])
        unseen.append(score([e for e, p in zip(real, part, strict=True) if p == n], weights, bias))
    weights, bias = fit_all(songs, real)
    print(
        f"{len(real)} recordings, each fifth by the rest: {np.mean(unseen):.3f}; songs: {score(songs, weights, bias):.3f}"
    )
    np.savez_compressed(WEIGHTS, weights=weights.astype(np.float32), minor_bias=np.float32(bias))


if __name__ == "__main__":
    main(*sys.argv[1:])
