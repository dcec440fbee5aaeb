"""Onset envelopes: how strongly notes and strokes begin, by band of frequency, over time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .signal import resample

# Low: kick and bass. Low-mid: the body of snare and chords. Mid: attacks. High: cymbals.
BAND_EDGES_HZ = (30.0, 160.0, 500.0, 3_000.0, 10_500.0)
FRAMES_PER_SECOND = 100
WINDOW_SECONDS = 0.046
FILTERS_PER_OCTAVE = 5
LAG_FRAMES = 2
# The envelope peaks this much before the stroke: with a centred window the rise is steepest while the
# stroke enters it. Measured on strokes of known time (benchmarks/beats.py).
LATENCY_SECONDS = 0.013
# Levels below the peak of the recording by more than 50 dB count as nothing.
COMPRESSION = 300.0
BLOCK_FRAMES = 2048
# A frame of harmony is as long as this many of the envelope.
HARMONY_HOPS = 4
# Pieces of a minute, with as much around each as the windows and the resampling reach.
CORE_FRAMES, MARGIN_SECONDS = 6_000, 0.4
LEAD_FRAMES = 6


@dataclass(frozen=True)
class OnsetEnvelope:
    """Onset strength over time.

    Parameters
    ----------
    bands : ndarray of float32, shape (4, n_frames)
        Spectral flux in the bands of `BAND_EDGES_HZ`, before any normalisation.
    harmony : ndarray of float32, shape (n_harmony_frames, n_semitones)
        Compressed spectrum by semitone, each frame at unit length (or 0 when silent).
    frame_rate, harmony_rate : float
        Frames per second of both; frame 0 is at second 0.
    duration_seconds : float
        Length of the recording.
    """

    bands: NDArray[np.float32]
    harmony: NDArray[np.float32]
    frame_rate: float
    harmony_rate: float
    duration_seconds: float


def onset_envelope(mono: NDArray[np.float32], sample_rate: int) -> OnsetEnvelope:
    """Measure onset strength in four bands, hundred times a second.

    Spectral flux of a logarithmic, log-compressed filter bank; the frame before is widened by a maximum
    over neighbouring filters, so that vibrato is not taken for onsets.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.

    Returns
    -------
    OnsetEnvelope
        All zeros for silence.

    References
    ----------
    .. [1] S. Böck and G. Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013.
    """
    stream = OnsetStream(sample_rate)
    stream.feed(mono)
    return stream.envelope()


class OnsetStream:
    """Measures an onset envelope of a recording that arrives piece by piece.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._step = max(1, sample_rate // 20_000)
        self._rate = sample_rate / self._step
        self._hop = max(1, round(self._rate / FRAMES_PER_SECOND))
        self._n_window = 2 * round(WINDOW_SECONDS * self._rate / 2)
        # A length that is a small multiple of a power of two transforms fast.
        n_fft = -(-self._n_window // 128) * 128
        self._filters, self._centres = _filter_bank(n_fft, self._rate)
        # Samples of one frame of harmony: every piece is worked on in multiples of it.
        self._unit = self._step * self._hop * HARMONY_HOPS
        n_margin = -(-int(MARGIN_SECONDS * sample_rate) // self._unit)
        self._n_margin, self._n_core = n_margin * self._unit, max(1, CORE_FRAMES // HARMONY_HOPS) * self._unit
        self._waiting = np.zeros(self._n_margin, np.float32)
        self._pieces: list[NDArray[np.float32]] = []
        self._lead = np.zeros((0, 0), np.float32)
        self._levels: list[NDArray[np.float32]] = []
        self._harmonies: list[NDArray[np.float32]] = []
        self._n_samples = 0

    def feed(self, mono: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n,)."""
        self._n_samples += mono.size
        self._pieces.append(mono)
        needed = 2 * self._n_margin + self._n_core
        if self._waiting.size + sum(piece.size for piece in self._pieces) < needed:
            return
        waiting = np.concatenate([self._waiting, *self._pieces])
        self._pieces = []
        start = 0
        while waiting.size - start >= needed:
            self._measure(waiting[start : start + needed], self._n_core)
            start += self._n_core
        self._waiting = waiting[start:].copy()

    def envelope(self) -> OnsetEnvelope:
        """Measure what is left, and return the envelope of all that was fed."""
        rest = np.concatenate([self._waiting, *self._pieces])
        self._pieces = []
        self._measure(np.pad(rest, (0, self._n_margin)), rest.size - self._n_margin)
        harmony = np.concatenate(self._harmonies)
        # A stroke on the very first sample rises out of the silence before it.
        levels = np.concatenate([self._lead, *self._levels])
        self._levels.clear()
        bands = _flux(levels, self._centres)
        bands[:, LEAD_FRAMES] = bands[:, : LEAD_FRAMES + 1].max(axis=1)
        lengths = np.linalg.norm(harmony, axis=1, keepdims=True)
        harmony /= np.maximum(lengths, 1e-3 * lengths.max(initial=0.0) + 1e-9)
        return OnsetEnvelope(
            bands=bands[:, LEAD_FRAMES:],
            harmony=harmony,
            frame_rate=self._rate / self._hop,
            harmony_rate=self._rate / (self._hop * HARMONY_HOPS),
            duration_seconds=self._n_samples / self._sample_rate,
        )

    def _measure(self, samples: NDArray[np.float32], n_core: int) -> None:
        """Measure `n_core` samples that have a margin on both sides."""
        low = resample(samples, self._step, 1) if self._step > 1 else samples
        frames, hop = self._n_margin // (self._step * self._hop), self._hop
        n_frames = max(-(-n_core // (self._step * hop)), 1)
        levels = _filtered(low, self._n_window, hop, self._filters)
        if not self._levels:
            self._lead = levels[frames - LEAD_FRAMES : frames]
        self._levels.append(levels[frames : frames + n_frames])
        harmony = _harmony(low, self._rate, hop * HARMONY_HOPS)
        first, n_harmony = frames // HARMONY_HOPS, -(-n_frames // HARMONY_HOPS)
        self._harmonies.append(harmony[first : first + n_harmony])


def _filter_bank(n_fft: int, rate: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return triangular filters, shape (n_bins, n_filters), and their centres in hertz."""
    low, high = BAND_EDGES_HZ[0], min(BAND_EDGES_HZ[-1], 0.48 * rate)
    n_centres = int(np.log2(high / low) * FILTERS_PER_OCTAVE)
    bin_hz = rate / n_fft
    edges = low * 2 ** (np.arange(n_centres + 2) / FILTERS_PER_OCTAVE)
    # At low frequencies several filters would fall onto one bin: keep them a bin apart.
    edges = np.unique(np.round(edges / bin_hz)) * bin_hz
    frequencies = np.arange(n_fft // 2 + 1) * bin_hz
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    filters = np.clip(np.minimum(rising, falling), 0.0, None)
    return filters.astype(np.float32), edges[1:-1]


def _filtered(
    samples: NDArray[np.float32], n_window: int, hop: int, filters: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the magnitude of each filter and frame, frames centred on multiples of `hop`."""
    # Three times as fast as numpy's.
    from scipy.fft import rfft

    n_fft = 2 * (filters.shape[0] - 1)
    padded = np.pad(samples, (n_window // 2, n_window // 2 + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_window)[::hop]
    window = np.hanning(n_window + 1)[:-1].astype(np.float32)
    levels = np.empty((frames.shape[0], filters.shape[1]), dtype=np.float32)
    for start in range(0, frames.shape[0], BLOCK_FRAMES):
        spectra = np.asarray(rfft(frames[start : start + BLOCK_FRAMES] * window, n_fft))
        levels[start : start + BLOCK_FRAMES] = np.abs(spectra) @ filters
    return levels


def _flux(levels: NDArray[np.float32], centres: NDArray[np.float64]) -> NDArray[np.float32]:
    from scipy.ndimage import maximum_filter1d

    bands = np.zeros((len(BAND_EDGES_HZ) - 1, levels.shape[0]), dtype=np.float32)
    peak = float(np.percentile(levels.max(axis=1, initial=0.0), 99)) if levels.size else 0.0
    if peak <= 1e-6:
        return bands
    for start in range(0, levels.shape[0], CORE_FRAMES):
        # Two frames more on either side: those that rises are measured from, and moved by.
        first = max(start - LAG_FRAMES, 0)
        piece = levels[first : start + CORE_FRAMES + LAG_FRAMES]
        compressed = np.log1p(piece * np.float32(COMPRESSION / peak))
        before = maximum_filter1d(compressed, 3, axis=1)
        rises = np.zeros_like(compressed)
        rises[LAG_FRAMES:] = np.maximum(compressed[LAG_FRAMES:] - before[:-LAG_FRAMES], 0.0)
        # The rise is between two frames: put it in their middle, which is a whole frame for an even lag.
        rises = np.roll(rises, -(LAG_FRAMES // 2), axis=0)[start - first :][:CORE_FRAMES]
        for band, (low, high) in enumerate(pairwise(BAND_EDGES_HZ)):
            inside = (centres >= low) & (centres < high)
            if inside.any():
                bands[band, start : start + rises.shape[0]] = rises[:, inside].mean(axis=1)
    return bands


def _harmony(samples: NDArray[np.float32], rate: float, hop: int) -> NDArray[np.float32]:
    """Return a spectrum by semitones from 65 Hz to 1.4 kHz, for telling chords apart."""
    n_window = 1 << round(np.log2(0.19 * rate))
    bin_hz = rate / n_window
    frequencies = np.arange(1, n_window // 2 + 1) * bin_hz
    semitones = np.round(12 * np.log2(frequencies / 65.4)).astype(int)
    inside = (semitones >= 0) & (semitones < 54)
    folding = np.zeros((n_window // 2 + 1, 54), dtype=np.float32)
    folding[np.flatnonzero(inside) + 1, semitones[inside]] = 1.0
    levels = _filtered(samples, n_window, hop, folding)
    return np.sqrt(levels)


def flattened(envelope: OnsetEnvelope) -> NDArray[np.float32]:
    """Bring the bands to comparable strength and take away their slow part.

    Returns
    -------
    ndarray of float32, shape (4, n_frames)
        Onset strength, at least 0; bands in which little happens stay small.
    """
    from scipy.ndimage import uniform_filter1d

    spreads = envelope.bands.std(axis=1, keepdims=True)
    weights = np.array([[1.0], [0.8], [0.8], [0.6]]) / (spreads + 0.35 * spreads.max(initial=0.0) + 1e-9)
    curves = weights * envelope.bands
    n_around = int(0.8 * envelope.frame_rate) | 1
    return np.maximum(curves - uniform_filter1d(curves, n_around, axis=1, mode="nearest"), 0.0).astype(
        np.float32
    )


def combined(curves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add flattened bands up to one curve of standard deviation 1 (or 0 everywhere)."""
    curve = curves.sum(axis=0)
    spread = float(curve.std())
    return curve / np.float32(spread) if spread > 1e-6 else np.zeros_like(curve)


def count_onsets(envelope: OnsetEnvelope) -> int:
    """Count the peaks of the combined envelope that stand out."""
    curve = combined(flattened(envelope))
    if curve.size < 3:
        return 0
    is_peak = (curve[1:-1] > curve[:-2]) & (curve[1:-1] >= curve[2:]) & (curve[1:-1] > 1.0)
    return int(np.count_nonzero(is_peak))
