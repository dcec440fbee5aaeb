"""Rates the readings of a pulse with a small network."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .meter import ABRUPT_ON_BAR, ABRUPT_ON_BEAT, ACCENT_SHARE, WEAKEST_BEAT, Reading

FAST_BPM = 140.0
WEIGHTS = Path(__file__).with_name("meter_weights.npz")


@cache
def _layers() -> dict[str, NDArray[np.float32]]:
    with np.load(WEIGHTS) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def rated(found: list[Reading], features: NDArray[np.float32]) -> list[Reading]:
    """Return the readings with their probabilities, most likely first.

    One hidden layer rates every reading by itself; a softmax over all readings of the pulse makes the
    probabilities, as in a conditional logit model. ``benchmarks/fit_meter.py`` made the weights, from songs
    whose beats are known.

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
    scores = scores + _corrections(found, features)
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    order = np.argsort(-odds, kind="stable")
    return [replace(found[n], score=float(odds[n])) for n in order]


def _corrections(found: list[Reading], features: NDArray[np.float32]) -> NDArray[np.floating]:
    """Return what is known beside the songs for fitting, as logarithms of odds."""
    octaves_above = np.log2([reading.bpm / FAST_BPM for reading in found])
    is_metronome = (features[:, ACCENT_SHARE] > 0.88) & (features[:, WEAKEST_BEAT] > 0.7)
    return (
        # Files are mostly cut to their first beat; the songs for fitting were cut anywhere as often.
        features[:, ABRUPT_ON_BEAT]
        + 1.5 * features[:, ABRUPT_ON_BAR]
        # They had three times as many waltzes as music has, and more of them were fast.
        - 1.1 * np.array([reading.beats_per_bar == 3 for reading in found])
        - 3.0 * np.maximum(octaves_above, 0.0)
        # Even strokes with nothing between them are what one would tap to, at any tempo.
        + 3.0 * is_metronome
    )
