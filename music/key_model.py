"""Rates the 24 keys of a recording by what sounds in it, seen from each tonic."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .chords import N_CHORDS, find_chords
from .chroma import Chroma

WEIGHTS = Path(__file__).with_name("key_weights.npz")
N_FEATURES = 192
# Music opens and closes within these many frames, about two seconds.
EDGE_FRAMES = 8
# Frames below this share of the loud ones have no chord.
QUIET = 0.1


@cache
def _weights() -> tuple[NDArray[np.float64], float]:
    with np.load(WEIGHTS) as stored:
        return stored["weights"].astype(np.float64), float(stored["minor_bias"])


def key_odds(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of each key, shape (24,): the major ones from C to B, then the minor ones.

    A conditional logit model with the same weights for every tonic. ``benchmarks/fit_key.py`` made them.

    Parameters
    ----------
    features : ndarray of float64, shape (12, 192)
        From `key_features`.
    """
    weights, minor_bias = _weights()
    scores = (features @ weights.T + [0.0, minor_bias]).T.ravel()
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()


def key_features(chroma: Chroma) -> NDArray[np.float64]:
    """Describe a recording as it is heard from each of the twelve tonics.

    Square roots of: the mean of treble and bass by pitch class, and the share of each chord; the chords
    that open and close; and the square roots of the shares of the changes of chord that come from the
    tonic's major or minor chord, or go to it.

    Parameters
    ----------
    chroma : Chroma
        With at least one frame.

    Returns
    -------
    ndarray of float64, shape (12, 192)
        A row for each tonic.
    """
    treble, bass = (_mean_shares(register) for register in (chroma.treble, chroma.bass))
    levels = np.linalg.norm(chroma.treble, axis=1)
    chords = find_chords(chroma)[levels > QUIET * np.percentile(levels, 90)]
    opening, closing = (_shares(part) for part in (chords[:EDGE_FRAMES], chords[-EDGE_FRAMES:]))
    changes = np.zeros((N_CHORDS, N_CHORDS))
    is_change = np.diff(chords) != 0
    np.add.at(changes, (chords[:-1][is_change], chords[1:][is_change]), 1.0)
    changes = np.sqrt(changes / max(changes.sum(), 1.0))
    rows = []
    for tonic in range(12):
        order = np.concatenate([np.roll(np.arange(12), -tonic), 12 + np.roll(np.arange(12), -tonic)])
        seen = changes[np.ix_(order, order)]
        parts = [np.roll(treble, -tonic), np.roll(bass, -tonic), np.sqrt(_shares(chords))[order]]
        parts += [opening[order], closing[order], seen[:, 0], seen[:, 12], seen[0], seen[12]]
        rows.append(np.concatenate(parts))
    return np.array(rows)


def _mean_shares(register: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the square root of each pitch class's share; loud frames count little more than soft ones."""
    levels = np.linalg.norm(register, axis=1, keepdims=True)
    mean = (register / (levels + 0.3 * levels.mean() + 1e-9)).mean(axis=0)
    return np.sqrt(mean / max(float(mean.sum()), 1e-9))


def _shares(chords: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.bincount(chords, minlength=N_CHORDS) / max(chords.size, 1)
