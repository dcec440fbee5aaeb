"""Train the network that rates readings: softmax regression over the readings of each song, one hidden layer.

Three are trained from different seeds, and their mean is written as one network of three times the width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tower_anime.music.meter import N_OPENING

SEEDS = (0, 1, 2)
N_HIDDEN, N_EPOCHS, BATCH, DECAY, RATE = 40, 14, 32, 0.12, 6e-3
# Openings are hidden from this share of the songs, so that they are not relied on alone.
HIDDEN_OPENINGS, NOISE = 0.3, 0.1


@dataclass(frozen=True)
class Example:
    """The features of all readings of a song, and how the probability should be shared out."""

    features: NDArray[np.float32]
    wanted: NDArray[np.float64]


def fit(examples: list[Example]) -> dict[str, NDArray[np.floating]]:
    """Fit by the likelihood of the right readings.

    Parameters
    ----------
    examples : list of Example
        At least one.

    Returns
    -------
    dict of str to ndarray
        What ``music/meter_weights.npz`` holds.
    """
    everything = np.concatenate([example.features for example in examples[::8]])
    mean, spread = everything.mean(axis=0), everything.std(axis=0) + 0.05
    examples = [
        Example(np.clip((example.features - mean) / spread, -6, 6), example.wanted) for example in examples
    ]
    unknown = (-mean / spread)[-N_OPENING:]
    networks = [_trained(examples, unknown, seed) for seed in SEEDS]
    hidden, bias, output, direct = ([network[n].detach().numpy() for network in networks] for n in range(4))
    return {
        "mean": mean, "spread": spread, "hidden": np.concatenate(hidden, axis=1).astype(np.float16),
        "hidden_bias": np.concatenate(bias), "output": np.concatenate(output) / len(SEEDS),
        "direct": np.mean(direct, axis=0),
    }  # fmt: skip


def _trained(examples: list[Example], unknown: NDArray[np.float32], seed: int) -> list[torch.nn.Parameter]:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    n_features = examples[0].features.shape[1]
    hidden = torch.nn.Parameter(0.08 * torch.randn(n_features, N_HIDDEN))
    bias, output = (torch.nn.Parameter(0.1 * torch.randn(N_HIDDEN) * on) for on in (0, 1))
    direct = torch.nn.Parameter(torch.zeros(n_features))
    weights = [hidden, bias, output, direct]
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=DECAY)
    n_steps = N_EPOCHS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=n_steps)
    for epoch in range(N_EPOCHS):
        losses = []
        for x, wanted, is_reading in _batches(examples, unknown, rng):
            scores = torch.relu(x @ hidden + bias) @ output + x @ direct
            logs = torch.log_softmax(scores.masked_fill(~is_reading, -1e9), dim=1)
            loss = -(wanted * logs).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        print(f"network {seed + 1}, epoch {epoch + 1}: {np.mean(losses):.3f}", flush=True)
    return weights


def _batches(
    examples: list[Example], unknown: NDArray[np.float32], rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield inputs, shape (n_songs, n_readings, n_features), wanted shares, and which readings there are."""
    order = rng.permutation(len(examples))
    for start in range(0, order.size, BATCH):
        batch = [examples[n] for n in order[start : start + BATCH]]
        n_most = max(example.wanted.size for example in batch)
        inputs = np.zeros((len(batch), n_most, batch[0].features.shape[1]), dtype=np.float32)
        wanted, is_reading = np.zeros(inputs.shape[:2], np.float32), np.zeros(inputs.shape[:2], bool)
        for n, example in enumerate(batch):
            size = example.wanted.size
            inputs[n, :size], wanted[n, :size], is_reading[n, :size] = example.features, example.wanted, True
            if rng.random() < HIDDEN_OPENINGS:
                inputs[n, :size, -N_OPENING:] = unknown
        inputs += NOISE * rng.standard_normal(inputs.shape, dtype=np.float32)
        yield torch.from_numpy(inputs), torch.from_numpy(wanted), torch.from_numpy(is_reading)
