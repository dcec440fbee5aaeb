"""A regular pulse through the onsets: dynamic programming, then robust smoothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TIGHTNESS = 400.0
REFINE_SECONDS = 0.03


def trace_pulse(curve: NDArray[np.float32], periods: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the evenly spaced frames that collect most onset strength.

    Parameters
    ----------
    curve : ndarray of float32, shape (n_frames,)
        Combined onset envelope.
    periods : ndarray of float64, shape (n_frames,)
        Expected distance of pulses around each frame, in frames.

    Returns
    -------
    ndarray of int64, shape (n_pulses,)
        Frames of the pulses, ascending.

    References
    ----------
    .. [1] D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36(1),
       2007.
    """
    n_frames = curve.size
    total = np.zeros(n_frames)
    origin = np.full(n_frames, -1, dtype=np.int64)
    levels = curve.astype(np.float64)
    table: dict[int, tuple[int, NDArray[np.float64]]] = {}
    whole = np.round(periods).astype(int)
    for frame in range(n_frames):
        period = int(whole[frame])
        if period not in table:
            lags = np.arange(max(1, round(period * 0.6)), round(period * 1.6) + 1)
            table[period] = int(lags[-1]), -TIGHTNESS * np.log(lags[::-1] / period) ** 2
        longest, costs = table[period]
        start = frame - longest
        if start < 0:
            costs = costs[-start:]
            start = 0
        if costs.size == 0:
            total[frame] = levels[frame]
            continue
        arriving = total[start : start + costs.size] + costs
        best = int(arriving.argmax())
        if arriving[best] > 0:
            origin[frame] = start + best
            total[frame] = levels[frame] + arriving[best]
        else:
            total[frame] = levels[frame]
    tail = n_frames - int(whole[-1])
    frame = max(tail, 0) + int(np.argmax(total[max(tail, 0) :]))
    pulses = []
    while frame >= 0:
        pulses.append(frame)
        frame = int(origin[frame])
    return np.array(pulses[::-1], dtype=np.int64)


def refine_times(
    curve: NDArray[np.float32], pulses: NDArray[np.int64], frame_rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move each pulse to the peak beside it, between frames.

    Returns
    -------
    times, strengths : ndarray of float64, shape (n_pulses,)
        Seconds, and the height of the peak.
    """
    reach = max(1, round(REFINE_SECONDS * frame_rate))
    padded = np.pad(curve.astype(np.float64), reach + 1)
    around = np.stack([padded[pulses + 1 + d] for d in range(2 * reach + 1)], axis=1)
    peak = around.argmax(axis=1)
    frames = pulses - reach + peak
    left, centre, right = (padded[frames + reach + 1 + d] for d in (-1, 0, 1))
    curvature = left - 2 * centre + right
    shift = np.where(curvature < -1e-9, 0.5 * (left - right) / np.minimum(curvature, -1e-9), 0.0)
    return (frames + np.clip(shift, -0.5, 0.5)) / frame_rate, centre
