"""Fit the network of ``music/meter_model.py`` to songs whose beats are known.

``python benchmarks/fit_meter.py FOLDER [--songs N] [--target FILE.npz]`` plays the songs of ``training_songs.py`` one by
one, keeps what was heard of them in `FOLDER`, and fits. With the default number it remakes ``music/meter_weights.npz``;
that takes half an hour on one core, and needs torch. Run again it goes on where it was; delete the folder when the
onsets or the songs have changed. Nothing that ``beats.py`` measures is among the songs.
"""

from __future__ import annotations

import argparse
import pickle
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mir_eval
import numpy as np
from band import RATE
from numpy.typing import NDArray
from rating import Example, fit
from tower_anime.music.beats import pulse_lattice
from tower_anime.music.lattice import Lattice
from tower_anime.music.meter import Reading, describe
from tower_anime.music.onsets import LATENCY_SECONDS, OnsetEnvelope, onset_envelope
from training_songs import render

N_SONGS = 3_500
CHUNK = 250
# A song with fewer beats says nothing.
MIN_BEATS = 5


@dataclass(frozen=True)
class Heard:
    """What is kept of a song: its onsets, in half precision, and the truth."""

    name: str
    bpm: float
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]
    bar: int
    bands: NDArray[np.float16]
    harmony: NDArray[np.float16]
    frame_rate: float
    harmony_rate: float
    duration_seconds: float

    def envelope(self) -> OnsetEnvelope:
        """Return the onsets as `pulse_lattice` takes them."""
        bands, harmony = self.bands.astype(np.float32), self.harmony.astype(np.float32)
        return OnsetEnvelope(bands, harmony, self.frame_rate, self.harmony_rate, self.duration_seconds)


def hear(seed: int) -> Heard:
    """Play a song and measure its onsets."""
    song, bar = render(seed)
    heard = onset_envelope(song.samples, RATE)
    return Heard(
        song.name, song.bpm, song.beats, song.downbeats, bar, heard.bands.astype(np.float16),
        heard.harmony.astype(np.float16), heard.frame_rate, heard.harmony_rate, heard.duration_seconds,
    )  # fmt: skip


def all_heard(folder: Path, n_songs: int) -> Iterator[Heard]:
    """Yield the songs, in chunks from the folder where they were heard before."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, n_songs, CHUNK):
        path = folder / f"songs_{start:06d}.pickle"
        if not path.exists():
            songs = [hear(seed) for seed in range(start, start + CHUNK)]
            path.write_bytes(pickle.dumps(songs))
            print(f"{start + CHUNK} songs heard", flush=True)
        yield from pickle.loads(path.read_bytes())[: n_songs - start]


def example(song: Heard) -> Example | None:
    """Describe a song; None when it has no pulse, or no reading of it is right."""
    traced = pulse_lattice(song.envelope())
    if traced is None or song.beats.size < MIN_BEATS:
        return None
    found, features = describe(traced[0])
    right, near = rightness(found, traced[0], song) if found else (np.zeros(0), np.zeros(0))
    if not near.any():
        return None
    whole = right if right.any() else near
    return Example(features, 0.9 * whole / whole.sum() + 0.1 * near / near.sum())


def rightness(
    found: list[Reading], grid: Lattice, song: Heard
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Say of each reading whether beats and bars are right, and whether the beats are."""
    right, near = np.zeros(len(found)), np.zeros(len(found))

    def within(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return times[(times > song.beats[0] - 0.1) & (times < song.beats[-1] + 0.1)]

    scored: dict[tuple[int, int], bool] = {}
    for n, reading in enumerate(found):
        times = reading.beats(grid) + LATENCY_SECONDS
        key = reading.stride, reading.phase
        if key not in scored:
            beats = within(times)
            scored[key] = bool(
                beats.size and mir_eval.beat.f_measure(song.beats, beats, f_measure_threshold=0.05) > 0.8
            )
        bars = within(times[reading.first :: reading.beats_per_bar])
        if scored[key] and bars.size and song.downbeats.size:
            near[n] = 1.0
            on_bar = np.abs(song.downbeats[:, None] - bars[None, :]).min(axis=0) < 0.07
            right[n] = on_bar.mean() > 0.8 and reading.beats_per_bar == song.bar
    return right, near


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--songs", type=int, default=N_SONGS)
    options.add_argument("--target", type=Path, default=Path("meter_weights.npz"))
    wanted = options.parse_args()
    warnings.simplefilter("ignore")
    songs = all_heard(wanted.folder, wanted.songs)
    examples = [made for song in songs if (made := example(song)) is not None]
    print(f"{len(examples)} of {wanted.songs} songs have a pulse and a right reading")
    np.savez_compressed(wanted.target, **fit(examples))


if __name__ == "__main__":
    main()
