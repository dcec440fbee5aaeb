"""Rates the readings of a pulse with a small network."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .meter import Reading

WEIGHTS = Path(__file__).with_name("meter_weights.npz")


@cache
def _layers() -> dict[str, NDArray[np.float32]]:
    with np.load(WEIGHTS) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def rated(found: list[Reading], features: NDArray[np.float32]) -> list[Reading]:
    """Return the readings with their probabilities: best beats first, and of each the likeliest bars first.

    One hidden layer rates every reading by itself; a softmax over all readings of the pulse makes the
    probabilities, as in a conditional logit model. ``benchmarks/fit_meter.py`` made the weights, from songs
    whose beats are known. The best beats are those that are worth most on average, see `_agreement`.

    Parameters
    ----------
    found : list of Reading
        From `describe`.
    features : ndarray of float32, shape (n_readings, n_features)
        Of the same readings.
    """
    if not found:
        return []
    layers = _layers()
    inputs = np.clip((features - layers["mean"]) / layers["spread"], -6.0, 6.0)
    hidden = np.maximum(inputs @ layers["hidden"] + layers["hidden_bias"], 0.0)
    scores = hidden @ layers["output"] + inputs @ layers["direct"]
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    pairs = np.array([(reading.stride, reading.phase) for reading in found])
    beats, kind = np.unique(pairs, axis=0, return_inverse=True)
    worth = _agreement(beats) @ np.bincount(kind.ravel(), weights=odds)
    order = np.lexsort((-odds, -worth[kind.ravel()]))
    return [replace(found[n], score=float(odds[n])) for n in order]


def _agreement(beats: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what beats are worth when others are the right ones, by pairs of stride and phase.

    Half of it is the F-measure, a quarter each that the tempo is right, and that it is or is an octave away.
    So between beats that are about as likely, those are chosen that are least wrong if others are right.
    """
    strides, phases = beats[:, 0], beats[:, 1]
    divisor, multiple = np.gcd.outer(strides, strides), np.lcm.outer(strides, strides)
    meet = np.subtract.outer(phases, phases) % divisor == 0
    f_measure = meet * 2.0 / multiple / (1.0 / strides[:, None] + 1.0 / strides[None, :])
    ratio = strides[:, None] / strides[None, :]
    is_same, is_octave = ratio == 1.0, np.isin(ratio, (0.5, 1.0, 2.0))
    return 0.5 * f_measure + 0.25 * is_same + 0.25 * is_octave
