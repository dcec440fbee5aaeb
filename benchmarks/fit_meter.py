"""Fit the network of ``music/meter_model.py`` to songs whose beats are known.

``python benchmarks/fit_meter.py [N_SONGS] [TARGET.npz]`` plays `N_SONGS` songs (4,000; an hour on one core), half
of improvised rhythms (``songs.py``), half of those of `grooves.FITTED`, and some of `grooves.BARE`, hears them, and
fits. Needs torch. The weights in the package were fitted to 700 further songs whose rhythms come out of a book of
drum machine patterns, which is not part of the project.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import mir_eval
import numpy as np
import torch
from band import RATE, perform
from grooves import BARE, FITTED, Groove
from numpy.typing import NDArray
from songs import Pattern, Song, improvised
from tower_anime.music.beats import pulse_lattice
from tower_anime.music.lattice import Lattice
from tower_anime.music.meter import Reading, describe
from tower_anime.music.onsets import LATENCY_SECONDS, onset_envelope

N_HIDDEN, N_EPOCHS, BATCH, DECAY = 32, 24, 32, 0.12
N_OPENING = 4
RENAMED = {"ghost": "snare", "arp": "pluck"}
Example = tuple[NDArray[np.float32], NDArray[np.float64]]


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


def render(seed: int) -> tuple[Song, int]:
    """Play a song; return it with the beats to its bar."""
    rng = np.random.default_rng([seed, 31])
    kind = rng.random()
    if kind < 0.1:
        groove = BARE[int(rng.integers(len(BARE)))]
        return perform(groove, seed, seconds=14.0, bare=True, looseness=0.0), groove.bar
    if kind < 0.5:
        groove = as_groove(*improvised(50_000 + seed), f"improvised {seed}")
    else:
        groove = FITTED[int(rng.integers(len(FITTED)))]
    bpm = None
    if kind > 0.5 and rng.random() < 0.3:
        # Tempi at which musicians would not play it too.
        middle = float(np.sqrt(groove.tempi[0] * groove.tempi[1]))
        bpm = float(np.clip(middle * 2 ** rng.uniform(-0.6, 0.6), 55, 200))
    return perform(groove, seed, seconds=float(rng.choice([11, 16, 22])), bpm=bpm), groove.bar


def cropped(song: Song, seconds: float) -> Song:
    """Leave out the beginning, so that the opening says nothing."""
    beats, downbeats = (times[times > seconds] - seconds for times in (song.beats, song.downbeats))
    return Song(song.name, song.samples[round(seconds * RATE) :], beats, downbeats, song.bpm, song.key)


def example(seed: int) -> Example | None:
    """Return the features of all readings of a song, and how the probability should be shared out."""
    song, bar = render(seed)
    rng = np.random.default_rng([seed, 4])
    if rng.random() < 0.25:
        song = cropped(song, rng.uniform(0, 4 * 60 / song.bpm))
    heard = pulse_lattice(onset_envelope(song.samples, RATE))
    if heard is None or song.beats.size < 6:
        return None
    found, features = describe(heard[0])
    right, near = rightness(found, heard[0], song, bar) if found else (np.zeros(0), np.zeros(0))
    if not near.any():
        return None
    whole = right if right.any() else near
    return features, 0.9 * whole / whole.sum() + 0.1 * near / near.sum()


def rightness(
    found: list[Reading], grid: Lattice, song: Song, bar: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Say of each reading whether beats and bars are right, and whether the beats are."""
    right, near = np.zeros(len(found)), np.zeros(len(found))

    def within(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return times[(times > song.beats[0] - 0.1) & (times < song.beats[-1] + 0.1)]

    for n, reading in enumerate(found):
        times = reading.beats(grid) + LATENCY_SECONDS
        beats, bars = within(times), within(times[reading.first :: reading.beats_per_bar])
        if beats.size and bars.size:
            near[n] = mir_eval.beat.f_measure(song.beats, beats, f_measure_threshold=0.05) > 0.8
            on_bar = np.abs(song.downbeats[:, None] - bars[None, :]).min(axis=0) < 0.07
            right[n] = near[n] and on_bar.mean() > 0.8 and reading.beats_per_bar == max(bar, 3 + (bar == 2))
    return right, near


def batches(examples: list[Example], rng: np.random.Generator) -> Iterator[list[Example]]:
    order = rng.permutation(len(examples))
    for start in range(0, order.size, BATCH):
        yield [examples[n] for n in order[start : start + BATCH]]


def fit(examples: list[Example]) -> dict[str, NDArray[np.floating]]:
    """Fit by the likelihood of the right readings; openings are hidden from a third of the songs."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    everything = np.concatenate([x for x, _ in examples[:400]])
    mean, spread = everything.mean(axis=0), everything.std(axis=0) + 0.05
    n_features = mean.size
    hidden = torch.nn.Parameter(0.08 * torch.randn(n_features, N_HIDDEN))
    bias, output = (torch.nn.Parameter(0.1 * torch.randn(N_HIDDEN) * on) for on in (0, 1))
    direct = torch.nn.Parameter(torch.zeros(n_features))
    weights = [hidden, bias, output, direct]
    optimizer = torch.optim.AdamW(weights, lr=6e-3, weight_decay=DECAY)
    n_steps = N_EPOCHS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=n_steps)
    for epoch in range(N_EPOCHS):
        losses = []
        for batch in batches(examples, rng):
            loss = torch.zeros(())
            for features, wanted in batch:
                x = np.clip((features - mean) / spread, -6, 6)
                if rng.random() < 0.35:
                    x[:, -N_OPENING:] = (-mean / spread)[-N_OPENING:]
                inputs = torch.from_numpy((x + 0.1 * rng.standard_normal(x.shape)).astype(np.float32))
                scores = torch.relu(inputs @ hidden + bias) @ output + inputs @ direct
                loss = loss - torch.from_numpy(wanted.astype(np.float32)) @ torch.log_softmax(scores, 0)
            loss = loss / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss))
        print(f"epoch {epoch + 1}: {np.mean(losses):.3f}", flush=True)
    return {
        "mean": mean, "spread": spread, "hidden": hidden.detach().numpy().astype(np.float16),
        "hidden_bias": bias.detach().numpy(), "output": output.detach().numpy(), "direct": direct.detach().numpy(),
    }  # fmt: skip


def main() -> None:
    warnings.simplefilter("ignore")
    n_songs = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("meter_weights.npz")
    examples = [made for seed in range(n_songs) if (made := example(seed)) is not None]
    print(f"{len(examples)} of {n_songs} songs have a pulse and a right reading")
    np.savez_compressed(target, **fit(examples))


if __name__ == "__main__":
    main()
