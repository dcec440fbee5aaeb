"""Which pitch classes sound in a recording, and in which register, over time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .signal import resample

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TARGET_RATE = 8_000
# Long enough to tell neighbours of the middle register apart; the next power of two is taken.
WINDOW_SECONDS = 0.42
BLOCK_FRAMES = 256
# The spectrum by thirds of a semitone, and the notes it is made of, as MIDI numbers.
BINS_PER_SEMITONE = 3
LOWEST_PITCH, HIGHEST_PITCH = 26, 102
LOWEST_NOTE, HIGHEST_NOTE = 28, 88
# A partial has this share of the one before, from the lowest note to the highest.
PARTIAL_DECAY, N_PARTIALS = (0.9, 0.6), 20
N_ROUNDS = 40
# What sounds for less than this many frames is a stroke.
SUSTAINED_FRAMES = 3
TUNING_FRAMES = 512
TUNING_HERTZ = (110.0, 1_800.0)


@dataclass(frozen=True)
class Chroma:
    """Pitch classes over time, from C to B.

    Parameters
    ----------
    bass, treble : ndarray of float64, shape (n_frames, 12)
        How strongly each pitch class sounds below and above about 200 Hz; at least 0.
    frame_rate : float
        Frames per second.
    tuning : float
        Distance from A = 440 Hz in semitones, −0.5 to 0.5.
    tonality : float
        0 to about 1: how much of the spectrum notes explain, and how well partials agree on a tuning.
    """

    bass: NDArray[np.float64]
    treble: NDArray[np.float64]
    frame_rate: float
    tuning: float
    tonality: float

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.treble)


def measure_chroma(mono: NDArray[np.float32], sample_rate: int) -> Chroma:
    """Measure the pitch classes of a recording, four to five times a second.

    The spectrum, by thirds of a semitone of the recording's own tuning, loses what does not last (strokes),
    then its mean over an octave (noise), and is divided by its spread there (timbre). Notes with their
    partials are fitted to it by non-negative least squares, so that partials are not taken for notes.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.

    Returns
    -------
    Chroma
        Without frames when the recording is silent or shorter than half a second.

    References
    ----------
    .. [1] M. Mauch and S. Dixon, "Approximate note transcription for the improved identification of
       difficult chords", ISMIR 2010.
    .. [2] D. FitzGerald, "Harmonic/percussive separation using median filtering", DAFx 2010.
    .. [3] D. D. Lee and H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000.
    """
    from scipy.ndimage import median_filter

    step = max(1, sample_rate // TARGET_RATE)
    mono = resample(mono, step, 1)
    rate = sample_rate / step
    n_window = 1 << round(np.log2(WINDOW_SECONDS * rate))
    hop = n_window // 2
    if mono.size < n_window or not np.any(mono):
        return Chroma(np.zeros((0, 12)), np.zeros((0, 12)), rate / hop, 0.0, 0.0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, n_window)[::hop]
    spread_out = frames[:: -(-len(frames) // TUNING_FRAMES)]
    tuning, agreement = _tuning(_magnitudes(spread_out), rate / n_window)
    bins = _semitone_bins(n_window // 2 + 1, rate / n_window, tuning)
    spectra = np.concatenate(
        [
            np.asarray(_magnitudes(frames[start : start + BLOCK_FRAMES]) @ bins)
            for start in range(0, len(frames), BLOCK_FRAMES)
        ]
    )
    spectra = _whitened(median_filter(spectra / max(spectra.max(), 1e-12), (SUSTAINED_FRAMES, 1)))
    notes = _notes(spectra)
    explained = np.minimum(spectra, notes @ _dictionary().T).sum() / max(float(spectra.sum()), 1e-9)
    pitches = np.arange(LOWEST_NOTE, HIGHEST_NOTE + 1)
    # Registers overlap for an octave; the ends are faded, since little is known there.
    is_bass = np.clip((54 - pitches) / 12, 0, 1) * np.clip((pitches - LOWEST_NOTE + 2) / 5, 0, 1)
    is_treble = np.clip((pitches - 43) / 12, 0, 1) * np.clip((HIGHEST_NOTE + 3 - pitches) / 18, 0, 1)
    folding = np.eye(12)[pitches % 12]
    return Chroma(
        bass=notes @ (is_bass[:, None] * folding),
        treble=notes @ (is_treble[:, None] * folding),
        frame_rate=rate / hop,
        tuning=tuning,
        tonality=float(explained) + 0.25 * agreement,
    )


def _magnitudes(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.fft import rfft

    return np.abs(np.asarray(rfft(frames * np.hamming(frames.shape[1]).astype(np.float32))))


def _tuning(spectra: NDArray[np.float32], bin_hz: float) -> tuple[float, float]:
    """Return the circular mean of the partials' distance from semitones, and how much they agree, 0–1."""
    from scipy.ndimage import uniform_filter1d

    first, last = (int(hertz / bin_hz) for hertz in TUNING_HERTZ)
    last = min(last, spectra.shape[1] - 2)
    middle = spectra[:, first:last]
    is_peak = (middle > spectra[:, first - 1 : last - 1]) & (middle >= spectra[:, first + 1 : last + 1])
    around = uniform_filter1d(spectra, 31, axis=1)[:, first:last]
    is_peak &= (middle > 2 * around) & (middle > 0.01 * spectra.max())
    frame, bins = np.nonzero(is_peak)
    if bins.size < 10:
        return 0.0, 0.0
    left, centre, right = (np.log(spectra[frame, bins + first + d] + 1e-12) for d in (-1, 0, 1))
    # The top of the parabola through a peak and its neighbours.
    shift = np.clip(0.5 * (left - right) / np.minimum(left - 2 * centre + right, -1e-9), -0.5, 0.5)
    pitches = 12 * np.log2((bins + first + shift) * bin_hz / 440.0)
    levels = np.exp(0.5 * centre)
    mean = complex(np.sum(levels * np.exp(2j * np.pi * pitches)) / np.sum(levels))
    return float(np.angle(mean)) / (2 * np.pi), abs(mean)


def _semitone_bins(n_bins: int, bin_hz: float, tuning: float) -> csr_matrix:
    """Return the matrix that brings a spectrum onto thirds of a semitone, by raised cosines."""
    from scipy.sparse import csr_matrix

    n = BINS_PER_SEMITONE
    pitches = np.arange(LOWEST_PITCH * n - 1, HIGHEST_PITCH * n + 2) / n
    centres = 440.0 * 2 ** ((pitches - 69 + tuning) / 12)
    widths = np.maximum(bin_hz, centres * (2 ** (1 / 12 / n) - 1))
    away = np.abs(np.arange(n_bins)[:, None] * bin_hz - centres) / widths
    shares = np.where(away < 1, 0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1)), 0.0)
    return csr_matrix(shares / np.maximum(shares.sum(axis=0), 1e-9), dtype=np.float32)


def _whitened(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what stands out of the octave around each pitch, in units of the spread there."""
    from scipy.ndimage import uniform_filter1d

    n_octave = 12 * BINS_PER_SEMITONE + 1
    mean = uniform_filter1d(spectra, n_octave, axis=1, mode="nearest")
    square = uniform_filter1d(np.square(spectra), n_octave, axis=1, mode="nearest")
    spread = np.sqrt(np.maximum(square - np.square(mean), 0.0))
    least = 1e-3 * spread.max(initial=0.0) + 1e-12
    return (np.maximum(spectra - mean, 0.0) / np.maximum(spread, least)).astype(np.float32)


@cache
def _dictionary() -> NDArray[np.float32]:
    """Return the spectrum of each note, shape (n_bins, n_notes): partials that fall geometrically."""
    n_bins = (HIGHEST_PITCH - LOWEST_PITCH) * BINS_PER_SEMITONE + 3
    pitches = np.arange(LOWEST_NOTE, HIGHEST_NOTE + 1)
    decays = np.linspace(*PARTIAL_DECAY, pitches.size)
    spectra = np.zeros((n_bins, pitches.size))
    for partial in range(1, N_PARTIALS + 1):
        places = (pitches + 12 * np.log2(partial) - LOWEST_PITCH) * BINS_PER_SEMITONE + 1
        # A partial is a lobe of two thirds of a semitone to either side.
        away = np.abs(np.arange(n_bins)[:, None] - places) / (2 / 3 * BINS_PER_SEMITONE)
        lobes = np.where(away < 1, 0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1)), 0.0)
        spectra += decays ** (partial - 1) * np.where(places <= n_bins - 1, lobes, 0.0)
    return spectra.astype(np.float32)


def _notes(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fit notes to spectra by multiplicative updates; shape (n_frames, n_notes)."""
    notes_of = _dictionary()
    together = notes_of.T @ notes_of
    wanted = spectra @ notes_of
    notes = wanted.copy()
    for _ in range(N_ROUNDS):
        notes *= wanted / (notes @ together + np.float32(1e-6))
    return notes
