"""Onset strength and change of harmony on an even subdivision of the pulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .onsets import OnsetEnvelope

# Steps to a pulse: divisible by 2, 3 and 4, for straight, ternary and sixteenth-note music.
STEPS = 12
# A minute and more of lags: no phrase is longer.
MAX_LAGS = 2_400


@dataclass(frozen=True)
class Lattice:
    """A recording, sampled at the steps of its pulse.

    Parameters
    ----------
    times : ndarray of float64, shape (n_steps,)
        Seconds; every `STEPS`-th is a pulse.
    bands : ndarray of float64, shape (4, n_steps)
        Strongest onset within half a step; about 1 for the strong onsets of each band.
    change : ndarray of float64, shape (n_steps,)
        How much the harmony changes there: mean 0, standard deviation 1.
    duration_seconds : float
        Length of the recording.
    """

    times: NDArray[np.float64]
    bands: NDArray[np.float64]
    change: NDArray[np.float64]
    duration_seconds: float

    def likeness(self) -> NDArray[np.float64]:
        """Return the correlation of the onsets with themselves so many steps later, 1 at none.

        Each is over the steps that both have; lags that leave less than a quarter of them are left out.
        """
        curves = self.bands - self.bands.mean(axis=1, keepdims=True)
        n_steps = curves.shape[1]
        n_lags = min(n_steps - n_steps // 4, MAX_LAGS)
        n_fft = 1 << (n_steps + n_lags).bit_length()
        power = np.sum(np.abs(np.fft.rfft(curves, n_fft)) ** 2, axis=0)
        products = np.fft.irfft(power, n_fft)[:n_lags]
        energy = np.concatenate([[0.0], np.cumsum(np.sum(curves**2, axis=0))])
        lags = np.arange(n_lags)
        early, late = energy[n_steps - lags], energy[-1] - energy[lags]
        return products / (np.sqrt(early * late) + 1e-9)


def lattice(envelope: OnsetEnvelope, pulses: NDArray[np.float64]) -> Lattice:
    """Sample an envelope on `STEPS` even steps of each pulse.

    Parameters
    ----------
    envelope : OnsetEnvelope
        Of the recording.
    pulses : ndarray of float64, shape (n,)
        Seconds in the clock of the envelope, ascending, at least two.
    """
    n_steps = (pulses.size - 1) * STEPS + 1
    times = np.interp(np.arange(n_steps) / STEPS, np.arange(pulses.size), pulses)
    reach = max(1, int(np.median(np.diff(times)) / 2 * envelope.frame_rate))
    frames = np.round(times * envelope.frame_rate).astype(int)
    last = envelope.bands.shape[1] - 1
    bands = np.zeros((envelope.bands.shape[0], n_steps))
    for place in (frames + d for d in range(-reach, reach + 1)):
        # Nothing was heard before the recording began, whatever its first stroke.
        inside = (place >= 0) & (place <= last)
        np.maximum(bands, envelope.bands[:, np.clip(place, 0, last)] * inside, out=bands)
    strong = np.percentile(bands, 95, axis=1, keepdims=True)
    bands = bands / (strong + 0.25 * strong.max(initial=0.0) + 1e-9)
    change = _harmonic_change(envelope, times, float(np.median(np.diff(pulses))))
    return Lattice(times, bands, change, envelope.duration_seconds)


def _harmonic_change(
    envelope: OnsetEnvelope, times: NDArray[np.float64], period: float
) -> NDArray[np.float64]:
    """Compare the harmony of a pulse before with that of a pulse after each time."""
    sums = np.zeros((envelope.harmony.shape[0] + 1, envelope.harmony.shape[1]))
    np.cumsum(envelope.harmony, axis=0, dtype=np.float64, out=sums[1:])
    last = sums.shape[0] - 1

    def direction(start: NDArray[np.float64], stop: NDArray[np.float64]) -> NDArray[np.float64]:
        first, end = (
            np.clip(np.round(t * envelope.harmony_rate).astype(int), 0, last) for t in (start, stop)
        )
        total = sums[np.maximum(end, first)] - sums[first]
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)

    span = min(max(period, 0.3), 0.8)
    # The harmony's window reaches 0.1 s to either side: keep clear of the change itself.
    parts = []
    for part in np.array_split(times, -(-times.size // 8192)):
        before, after = direction(part - span, part - 0.05), direction(part + 0.05, part + span)
        parts.append(1.0 - np.sum(before * after, axis=1))
    change = np.concatenate(parts)
    change -= change.mean()
    spread = float(change.std())
    return change / spread if spread > 1e-6 else np.zeros_like(change)
