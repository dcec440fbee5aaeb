"""The period of the pulse over time, from the self-similarity of the onset envelope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_BPM, MAX_BPM = 60.0, 190.0
PERIOD_STEP = 0.015
WINDOW_SECONDS, HOP_SECONDS = 12.0, 3.0
# Multiples of the period that count, with weights: bars of two and four beats, and bars of three. A
# dotted rhythm repeats after three sixteenths, but not after twelve and twenty-four.
COMBS = ({1: 1.0, 2: 0.8, 4: 0.8, 8: 0.5}, {1: 1.0, 2: 0.4, 3: 0.9, 6: 0.7})
# Where the pulse is looked for first; the level of the beat is decided later, by evidence.
CENTRE_BPM, SPREAD_OCTAVES, PRIOR_WEIGHT = 115.0, 0.9, 0.12
TRANSITION_COST = 0.03
MAX_STATE_CHANGE = 3


def candidate_periods() -> NDArray[np.float64]:
    """Return the periods that are tried, in seconds, evenly spaced on a logarithmic scale."""
    n_steps = int(np.log(MAX_BPM / MIN_BPM) / PERIOD_STEP)
    return 60.0 / MAX_BPM * np.exp(PERIOD_STEP * np.arange(n_steps + 1))


def periodicity(
    curves: NDArray[np.float32], frame_rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure how well each period explains the envelope, window by window.

    A comb over the autocorrelation: the mean similarity after one period, and after bars of them.

    Parameters
    ----------
    curves : ndarray of float32, shape (n_bands, n_frames)
        Flattened onset envelopes.
    frame_rate : float
        Frames per second.

    Returns
    -------
    salience : ndarray of float64, shape (n_windows, n_periods)
        At most 1.
    centres : ndarray of float64, shape (n_windows,)
        Middle of each window, seconds.
    """
    n_frames = curves.shape[1]
    n_window = min(round(WINDOW_SECONDS * frame_rate), n_frames)
    hop = round(HOP_SECONDS * frame_rate)
    starts = np.arange(0, max(n_frames - n_window, 0) + hop, hop)
    starts = np.unique(np.minimum(starts, n_frames - n_window))
    saliences = [
        _salience(curves, part, n_window, frame_rate)
        for part in np.array_split(starts, -(-starts.size // 64))
    ]
    return np.concatenate(saliences), (starts + n_window / 2) / frame_rate


def _salience(
    curves: NDArray[np.float32], starts: NDArray[np.int64], n_window: int, frame_rate: float
) -> NDArray[np.float64]:
    windows = np.stack([curves[:, s : s + n_window] for s in starts]).astype(np.float64)
    windows = windows - windows.mean(axis=2, keepdims=True)
    n_fft = 1 << (2 * n_window - 1).bit_length()
    # Summed over the bands: a kick is like a kick, and not like a snare.
    power = np.sum(np.abs(np.fft.rfft(windows, n_fft)) ** 2, axis=1)
    similarity = np.fft.irfft(power, n_fft)[:, :n_window]
    # Unbiased, but not where only a third of the window is left to compare.
    overlap = np.maximum(n_window - np.arange(n_window), n_window / 3) / n_window
    similarity = similarity / (similarity[:, :1] + 1e-9) / overlap
    periods = candidate_periods() * frame_rate
    teeth = {k: _peak_near(similarity, periods * k) for comb in COMBS for k in comb}
    saliences = [
        np.sum([w * teeth[k] for k, w in comb.items()], axis=0) / sum(comb.values()) for comb in COMBS
    ]
    return np.max(saliences, axis=0)


def _peak_near(similarity: NDArray[np.float64], lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest similarity within half a step of the grid (at least a frame) around each lag."""
    last = similarity.shape[1] - 1
    reach = np.maximum(PERIOD_STEP / 2 * lags, 0.5)
    places = [np.clip(np.round(lags + f * reach).astype(int), 0, last) for f in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    best = np.max([similarity[:, place] for place in places], axis=0)
    return np.where(lags[None, :] <= last, best, 0.0)


def log_prior(periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the preference for middle tempi: 0 at its centre, falling with the square of octaves."""
    octaves = np.log2(60.0 / periods / CENTRE_BPM)
    return -0.5 * (octaves / SPREAD_OCTAVES) ** 2


def period_path(salience: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Follow the most salient period through the windows.

    Viterbi: the period may change by a few per cent from window to window, at a cost.

    Parameters
    ----------
    salience : ndarray of float64, shape (n_windows, n_periods)
        From `periodicity`.

    Returns
    -------
    periods : ndarray of float64, shape (n_windows,)
        Seconds.
    strength : float
        Mean salience along the path.
    """
    periods = candidate_periods()
    scores = salience + PRIOR_WEIGHT * log_prior(periods)
    total = scores[0].copy()
    origins = np.zeros(salience.shape, dtype=np.int64)
    shifts = np.arange(-MAX_STATE_CHANGE, MAX_STATE_CHANGE + 1)
    states = np.arange(periods.size)
    for window in range(1, salience.shape[0]):
        sources = np.clip(states[None, :] + shifts[:, None], 0, periods.size - 1)
        arriving = total[sources] - TRANSITION_COST * np.abs(shifts)[:, None]
        choice = arriving.argmax(axis=0)
        origins[window] = sources[choice, states]
        total = arriving[choice, states] + scores[window]
    path = [int(total.argmax())]
    for window in range(salience.shape[0] - 1, 0, -1):
        path.append(int(origins[window, path[-1]]))
    path_states = np.array(path[::-1])
    return periods[path_states], float(salience[np.arange(path_states.size), path_states].mean())
