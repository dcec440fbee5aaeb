"""The sound of shots that got new lengths: every shot's own part, stretched, in its new place."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .signal import Signal
from .stretch import stretch_to

# What a shot's sound borrows from its neighbours, so that it starts and ends in the midst of sound.
SEAM_SECONDS = 0.02


def retimed_sound(
    sound: Signal, old_frames: Sequence[int], new_frames: Sequence[int], fps: Fraction
) -> Signal:
    """Give the sound of each shot the shot's new length, its pitch kept.

    Parameters
    ----------
    sound : Signal
        The sound of the picture as it was; what is longer is left out, and silence follows when it ends
        early.
    old_frames, new_frames : sequence of int
        Lengths of the shots before and after.
    fps : Fraction
        Frames per second.

    Returns
    -------
    Signal
        As long as the new picture, or shorter when no shot changes and the sound ends early.
    """
    rate = sound.sample_rate
    old_edges, new_edges = (_edges(frames, fps, rate) for frames in (old_frames, new_frames))
    if tuple(old_frames) == tuple(new_frames):
        return Signal(sound.samples[:, : new_edges[-1]], rate)
    samples = np.pad(sound.samples, ((0, 0), (0, max(old_edges[-1] - sound.n_samples, 0))))
    out = np.zeros((samples.shape[0], new_edges[-1]), dtype=np.float32)
    n_seam = round(SEAM_SECONDS * rate)
    for number in range(len(old_frames)):
        start, end = old_edges[number], old_edges[number + 1]
        at, until = new_edges[number], new_edges[number + 1]
        before, after = min(n_seam, start, at), min(n_seam, samples.shape[1] - end)
        piece = Signal(samples[:, start - before : end + after], rate)
        stretched = stretch_to(piece, until - at + before + after).samples
        _lay(out, stretched, at - before, before)
    return Signal(out, rate)


def _edges(frames: Sequence[int], fps: Fraction, rate: int) -> list[int]:
    totals = np.concatenate([[0], np.cumsum(np.asarray(frames, dtype=np.int64))])
    return [round(int(total) * rate / fps) for total in totals]


def _lay(out: NDArray[np.float32], piece: NDArray[np.float32], at: int, n_fade: int) -> None:
    """Lay a piece over what is there, fading over into it at its start."""
    room = piece[:, : out.shape[1] - at].copy()
    if n_fade:
        rise = np.linspace(0, 1, n_fade, dtype=np.float32)
        room[:, :n_fade] = room[:, :n_fade] * rise + out[:, at : at + n_fade] * (1 - rise)
    out[:, at : at + room.shape[1]] = room
