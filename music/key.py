"""The key of a recording, from its chords and the weights of its twelve pitch classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .chroma import TARGET_RATE, measure_chroma
from .key_model import key_features, key_odds

__all__ = ["PITCH_CLASSES", "TARGET_RATE", "camelot", "camelot_distance", "estimate_key"]

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# Below this, what sounds is noise or drums (benchmarks/key.py).
MIN_TONALITY = 0.5


def camelot(key: str | None) -> str | None:
    """Return a key's code on the Camelot wheel, where neighbours mix well: ``A minor`` is ``8A``.

    Raises
    ------
    ValueError
        If `key` is not of the form that `estimate_key` gives.
    """
    if key is None:
        return None
    tonic, mode = key.split(" ")
    # The hour is the place on the circle of fifths; a minor key has that of its relative major.
    relative = PITCH_CLASSES.index(tonic) + (3 if mode == "minor" else 0)
    return f"{(7 * relative + 7) % 12 + 1}{'A' if mode == 'minor' else 'B'}"


def camelot_distance(one: str, other: str) -> int:
    """Count the steps between two codes of the wheel: hours around it, and one between minor and major.

    Parameters
    ----------
    one, other : str
        As ``8A``.

    Returns
    -------
    int
        0 to 7; up to 1 mixes well.
    """
    around = abs(int(one[:-1]) - int(other[:-1])) % 12
    return min(around, 12 - around) + (one[-1] != other[-1])


def estimate_key(mono: NDArray[np.float32], sample_rate: int) -> tuple[str | None, float]:
    """Estimate the key of a recording.

    Notes are told from their partials and from drums; what they, the bass and the chords are to each of the
    24 tonics is rated by a model that was fitted to recordings and songs in known keys.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.

    Returns
    -------
    str or None
        As ``A minor`` or ``F# major``; None when nothing tonal was heard.
    float
        0–1: the probability of this key among all; low where a relative or a neighbour is as likely.
    """
    chroma = measure_chroma(mono, sample_rate)
    if not chroma.n_frames or chroma.tonality < MIN_TONALITY:
        return None, 0.0
    odds = key_odds(key_features(chroma))
    best = int(odds.argmax())
    return f"{PITCH_CLASSES[best % 12]} {'major' if best < 12 else 'minor'}", float(odds[best])
