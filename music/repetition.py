"""Repetition and length as evidence: loops, and most music, repeat after whole bars, and end with one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lattice import STEPS, Lattice

# Only short files are likely to be loops.
LOOP_SECONDS = 40.0
# The longest repetition looked for, in steps: four bars of four pulses.
LONGEST = 16 * STEPS
# A repetition twice as long has to be this much more alike.
COST_OF_DOUBLE = 0.03
N_BARS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Repetition:
    """How a recording repeats.

    Parameters
    ----------
    likeness : ndarray of float64, shape (n_lags,)
        Of the onsets with themselves, by steps of the lattice.
    lag, strength : float
        Where it repeats best, in steps, and how alike it is there.
    n_steps : float
        Length of the recording in steps; 0 when it is too long for a loop.
    """

    likeness: NDArray[np.float64]
    lag: float
    strength: float
    n_steps: float

    def at(self, lags: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the likeness after so many steps; 0 where too little is left to compare."""
        last = self.likeness.size - 1
        return np.where(lags <= last, self.likeness[np.minimum(lags, last)], 0.0)

    def wholes(self, stride: int, length: int) -> NDArray[np.float64]:
        """Tell whether the repetition, then the recording, are whole beats, bars, and a usual number of bars.

        Parameters
        ----------
        stride : int
            Steps to a beat.
        length : int
            Beats to a bar.

        Returns
        -------
        ndarray of float64, shape (6,)
            From 0 to 1.
        """
        repeats = self.strength * _wholes(self.lag / stride, length, 1.0 / stride)
        n_beats = self.n_steps / stride
        return np.concatenate([repeats, _wholes(n_beats, length, 0.03 + 0.002 * n_beats)])


def _wholes(n_beats: float, length: int, tolerance: float) -> NDArray[np.float64]:
    if n_beats < 1:
        return np.zeros(3)
    n_bars = n_beats / length
    usual = min(N_BARS, key=lambda n: abs(np.log(n / n_bars)))
    away = np.array([n_beats - round(n_beats), length * (n_bars - round(n_bars)), n_beats - length * usual])
    return np.exp(-0.5 * (away / tolerance) ** 2)


def variation(
    channels: NDArray[np.float64], period: int, lags: NDArray[np.int64]
) -> tuple[NDArray[np.float64], float]:
    """Measure how what is not the same at every period repeats.

    The mean period is taken away first: without that, music with a stroke on every beat is alike after any
    number of beats, whatever the bar.

    Parameters
    ----------
    channels : ndarray of float64, shape (n_channels, n_steps)
        Of a lattice.
    period : int
        Steps.
    lags : ndarray of int64, shape (n_lags,)
        Steps.

    Returns
    -------
    likeness : ndarray of float64, shape (n_lags,)
        Correlation from -1 to 1; 0 where less than a quarter is left to compare, or where nothing varies.
    share : float
        Of all energy, what varies.
    """
    n_periods = channels.shape[1] // period
    steps = np.arange(channels.shape[1]) % period
    mean = channels[:, : n_periods * period].reshape(channels.shape[0], n_periods, period).mean(axis=1)
    rest = channels - mean[:, steps]
    energy = float((rest**2).sum())
    total = float(((channels - channels.mean(axis=1, keepdims=True)) ** 2).sum())
    likeness = np.zeros(len(lags))
    if energy > 1e-6 * total + 1e-12:
        for n, lag in enumerate(lags):
            if 0 < lag <= 0.75 * rest.shape[1]:
                early, late = rest[:, :-lag], rest[:, lag:]
                likeness[n] = (early * late).sum() / (
                    np.sqrt((early**2).sum() * (late**2).sum()) + 0.02 * total + 1e-9
                )
    return likeness, energy / (total + 1e-9)


def repetition(grid: Lattice) -> Repetition:
    """Measure how a recording repeats.

    Parameters
    ----------
    grid : Lattice
        On the pulse.
    """
    likeness = grid.likeness()
    lags = np.arange(STEPS, min(likeness.size, LONGEST + 2))
    lag, strength = 0.0, 0.0
    if lags.size:
        values = likeness[lags]
        best = int(np.argmax(values - COST_OF_DOUBLE * np.log2(lags / STEPS)))
        lag, strength = float(lags[best]), max(float(values[best]), 0.0)
    is_short = grid.duration_seconds < LOOP_SECONDS
    step = float(np.median(np.diff(grid.times)))
    return Repetition(likeness, lag, strength, grid.duration_seconds / step * is_short)
