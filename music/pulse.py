"""A regular pulse through the onsets: dynamic programming, then robust smoothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TIGHTNESS = 800.0
REFINE_SECONDS = 0.03
SMOOTHING_PULSES = 6
# A pulse that strays from a straight line by less than this is steady: half a frame of film.
STEADY_SECONDS = 0.02
# So many of the pulses have to lie on the line; the rest may have slipped, as in a break without drums.
MIN_STEADY_SHARE = 0.7
# The line is sought within this much of the median period.
TEMPO_REACH = 0.02
MAX_TABLE = 2_000_000


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


def regular(
    times: NDArray[np.float64], strengths: NDArray[np.float64], duration_seconds: float
) -> tuple[NDArray[np.float64], float]:
    """Straighten a pulse, and extend it over the whole recording.

    When the tempo is steady all pulses are put on one line, which averages out what each onset is early or
    late; else they are smoothed over `SMOOTHING_PULSES` pulses to either side.

    Parameters
    ----------
    times, strengths : ndarray of float64, shape (n,)
        From `refine_times`, at least two.
    duration_seconds : float
        Length of the recording.

    Returns
    -------
    pulses : ndarray of float64
        From at most a pulse before 0 to at most a pulse after the end.
    jitter : float
        Mean distance of the onsets from the smoothed pulse, in periods.
    """
    period = float(np.median(np.diff(times)))
    gaps = np.maximum(1, np.round(np.diff(times) / period))
    numbers = np.concatenate([[0.0], np.cumsum(gaps)])
    smooth = _smoothed(numbers, times, strengths)
    jitter = float(np.mean(np.abs(times - smooth))) / period
    line = _steady_line(times, strengths, period)
    if line is not None:
        slope, origin = line
        first, last = np.floor(-origin / slope), np.ceil((duration_seconds - origin) / slope)
        return origin + slope * np.arange(first, last + 1), jitter
    filled = np.interp(np.arange(numbers[-1] + 1), numbers, smooth)
    n_edge = min(4, filled.size - 1)
    head, tail = (filled[n_edge] - filled[0]) / n_edge, (filled[-1] - filled[-1 - n_edge]) / n_edge
    before = np.arange(int(np.ceil(filled[0] / head)), 0, -1)
    after = np.arange(1, int(np.ceil(max(duration_seconds - filled[-1], 0.0) / tail)) + 1)
    return np.concatenate([filled[0] - before * head, filled, filled[-1] + after * tail]), jitter


def _steady_line(
    times: NDArray[np.float64], strengths: NDArray[np.float64], period: float
) -> tuple[float, float] | None:
    """Return period and origin of the one even pulse that most of the traced pulses lie on, if there is one.

    The period is found as the frequency at which the pulses, as weights on a circle, point the same way:
    a passage in which the trace slipped to the offbeat is outvoted there, where a regression would bend.
    """
    span = float(times[-1] - times[0])
    n_steps = int(np.ceil(2 * TEMPO_REACH * span / period / 0.1))
    tried = period * (1 + np.linspace(-TEMPO_REACH, TEMPO_REACH, n_steps + 1))
    # A few periods at a time: for hours of music the whole table would be gigabytes.
    parts = np.array_split(tried, -(-tried.size * times.size // MAX_TABLE))
    roots = np.sqrt(strengths)
    vectors = np.concatenate([np.exp(-2j * np.pi * times[None, :] / part[:, None]) @ roots for part in parts])
    best = int(np.argmax(np.abs(vectors)))
    slope = float(tried[best])
    origin = float(-np.angle(vectors[best]) / (2 * np.pi) * slope)
    numbers = np.round((times - origin) / slope)
    is_near = np.abs(times - origin - slope * numbers) < 1.5 * STEADY_SECONDS
    if is_near.mean() < MIN_STEADY_SHARE or is_near.sum() < 4:
        return None
    slope, origin = _robust_line(numbers[is_near], times[is_near], strengths[is_near])
    smooth = _smoothed(numbers[is_near], times[is_near], strengths[is_near])
    bend = np.abs(smooth - origin - slope * numbers[is_near])
    return (slope, origin) if np.percentile(bend, 95) < STEADY_SECONDS else None


def _robust_line(
    numbers: NDArray[np.float64], times: NDArray[np.float64], weights: NDArray[np.float64], n_rounds: int = 8
) -> tuple[float, float]:
    """Fit a line by iteratively reweighted least squares; far outliers lose all their weight."""
    current = weights + 1e-9
    slope = origin = 0.0
    for _ in range(n_rounds):
        total = current.sum()
        x, y = (current @ numbers) / total, (current @ times) / total
        spread = current @ (numbers - x) ** 2
        slope = float(current @ ((numbers - x) * (times - y)) / max(spread, 1e-12))
        origin = float(y - slope * x)
        residuals = times - origin - slope * numbers
        scale = max(1.4826 * float(np.median(np.abs(residuals))), 0.002)
        current = weights / (1 + (residuals / (1.5 * scale)) ** 2) ** 2 + 1e-9
    return slope, origin


def _smoothed(
    numbers: NDArray[np.float64], times: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit a line around each pulse and take its value there."""
    smooth = np.empty_like(times)
    for n in range(times.size):
        near = slice(max(0, n - SMOOTHING_PULSES), n + SMOOTHING_PULSES + 1)
        x = numbers[near] - numbers[n]
        kernel = np.exp(-0.5 * (2 * x / SMOOTHING_PULSES) ** 2) * weights[near]
        smooth[n] = _robust_line(x, times[near], kernel, 2)[1]
    return smooth
