"""The chords of a recording, as far as its key needs them: one of 24 triads at each time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .chroma import Chroma

N_CHORDS = 24
# How much a frame's likeness to a chord counts against what a change of chord costs.
LIKENESS_WEIGHT, CHANGE_COST = 8.0, 4.0
BASS_SHARE, ROOT_WEIGHT = 0.5, 0.5


def find_chords(chroma: Chroma) -> NDArray[np.intp]:
    """Find the most likely chord of each frame.

    The path of greatest likeness to triads, with the bass on the root, less a cost for each change
    (Viterbi's algorithm).

    Parameters
    ----------
    chroma : Chroma
        With at least one frame.

    Returns
    -------
    ndarray of int, shape (n_frames,)
        0 to 11 the major triads from C to B, 12 to 23 the minor ones.

    References
    ----------
    .. [1] A. Sheh and D. Ellis, "Chord segmentation and recognition using EM-trained hidden Markov models",
       ISMIR 2003.
    """
    heard = _directions(np.sqrt(chroma.treble + BASS_SHARE * chroma.bass), is_centred=True)
    bass = _directions(np.sqrt(chroma.bass), is_centred=False)
    likeness = heard @ _triads().T + ROOT_WEIGHT * np.concatenate([bass, bass], axis=1)
    likeness *= LIKENESS_WEIGHT
    came_from = np.tile(np.arange(N_CHORDS), (chroma.n_frames, 1))
    scores = likeness[0].copy()
    for frame in range(1, chroma.n_frames):
        best = int(scores.argmax())
        changed = float(scores[best]) - CHANGE_COST
        came_from[frame, changed > scores] = best
        scores = np.maximum(scores, changed) + likeness[frame]
    path = np.empty(chroma.n_frames, dtype=np.intp)
    path[-1] = scores.argmax()
    for frame in range(chroma.n_frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path


def _triads() -> NDArray[np.float64]:
    major, minor = np.zeros(12), np.zeros(12)
    major[[0, 4, 7]] = 1.0
    minor[[0, 3, 7]] = 1.0
    chords = np.array([np.roll(triad, root) for triad in (major, minor) for root in range(12)])
    return _directions(chords, is_centred=True)


def _directions(rows: NDArray[np.float64], *, is_centred: bool) -> NDArray[np.float64]:
    if is_centred:
        rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
