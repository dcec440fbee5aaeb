"""The key of a recording, from the weights of its twelve pitch classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .signal import resample

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# Albrecht & Shanahan 2013, table 1: mean pitch-class distributions of pieces in major and minor.
MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
# Triads: tonic, third and fifth.
MAJOR_CHORD = (1.0, 0.0, 0.0, 0.0, 0.7, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0)
MINOR_CHORD = (1.0, 0.0, 0.0, 0.7, 0.0, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0)
OPENING_SECONDS, OPENING_WEIGHT = 2.5, 0.3
TARGET_RATE = 8_000
MIN_FREQUENCY, MAX_FREQUENCY = 55.0, 2_000.0
WINDOW_SECONDS = 0.5
# A partial stands out from the spectrum around it by this factor; noise and drums hardly ever do.
MIN_PROMINENCE = 4.0
MIN_TONALITY = 0.25
MIN_CORRELATION = 0.45


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

    Partials that stand out of the spectrum are folded into pitch classes after the tuning of the
    recording has been measured; the key is the profile that correlates best.

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
        0–1: lead over the best key with another tonic or mode.

    References
    ----------
    .. [1] J. Albrecht and D. Shanahan, "The use of large corpora to train a new type of key-finding
       algorithm", Music Perception 31(1), 2013.
    """
    weights = pitch_class_weights(mono, sample_rate)
    if weights is None:
        return None, 0.0
    correlations = _correlations(weights, MAJOR, MINOR)
    if not correlations.max() >= MIN_CORRELATION:
        return None, 0.0
    # A key and its relative have the same notes; music mostly opens on the tonic's chord.
    opening = pitch_class_weights(_opening(mono, sample_rate), sample_rate)
    if opening is not None:
        correlations = correlations + OPENING_WEIGHT * _correlations(opening, MAJOR_CHORD, MINOR_CHORD)
    order = np.argsort(correlations)[::-1]
    best = int(order[0])
    lead = float(correlations[best] - correlations[order[1]])
    mode = "major" if best < 12 else "minor"
    return f"{PITCH_CLASSES[best % 12]} {mode}", float(np.clip(lead / 0.2, 0.0, 1.0))


def _correlations(
    weights: NDArray[np.float64], major: tuple[float, ...], minor: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the correlation with each key, the twelve major ones first."""
    profiles = np.array([np.roll(profile, tonic) for profile in (major, minor) for tonic in range(12)])
    return np.nan_to_num([np.corrcoef(weights, profile)[0, 1] for profile in profiles])


def _opening(mono: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the first seconds that are not silent."""
    level = 0.05 * float(np.max(np.abs(mono), initial=0.0))
    start = int(np.argmax(np.abs(mono) > level))
    return mono[start : start + round(OPENING_SECONDS * sample_rate)]


def pitch_class_weights(mono: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64] | None:
    """Measure how much each pitch class sounds.

    Parameters
    ----------
    mono : ndarray of float32, shape (n,)
        Samples.
    sample_rate : int
        Samples per second.

    Returns
    -------
    ndarray of float64, shape (12,), or None
        Weights from C to B, sum 1; None when the recording has no partials that stand out.
    """
    step = max(1, sample_rate // TARGET_RATE)
    mono = resample(mono, step, 1)
    rate = sample_rate / step
    n_window = 1 << int(np.ceil(np.log2(WINDOW_SECONDS * rate)))
    if mono.size < n_window or not np.any(mono):
        return None
    spectra = _spectra(mono, n_window)
    pitches, levels, tonality = _partials(spectra, rate / n_window)
    if pitches.size == 0 or tonality < MIN_TONALITY:
        return None
    # The tuning is the circular mean of the partials' distance from the nearest semitone.
    tuning = np.angle(np.sum(levels * np.exp(2j * np.pi * pitches))) / (2 * np.pi)
    classes = pitches - tuning
    nearest = np.round(classes)
    levels = levels * np.exp(-0.5 * ((classes - nearest) / 0.2) ** 2)
    weights = np.bincount(nearest.astype(int) % 12, levels, minlength=12)
    return weights / weights.sum()


def _spectra(mono: NDArray[np.float32], n_window: int) -> NDArray[np.float32]:
    from scipy.fft import rfft

    frames = np.lib.stride_tricks.sliding_window_view(mono, n_window)[:: n_window // 2]
    window = np.hanning(n_window).astype(np.float32)
    return np.concatenate(
        [np.abs(np.asarray(rfft(block * window))) for block in np.array_split(frames, -(-len(frames) // 64))]
    )


def _partials(
    spectra: NDArray[np.float32], bin_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Find partials: MIDI pitch and level of each, and their share of all the energy."""
    from scipy.ndimage import uniform_filter1d

    first, last = int(MIN_FREQUENCY / bin_hz), min(int(MAX_FREQUENCY / bin_hz), spectra.shape[1] - 2)
    around = uniform_filter1d(spectra, 25, axis=1, mode="nearest")
    middle = spectra[:, first:last]
    is_peak = (middle > spectra[:, first - 1 : last - 1]) & (middle >= spectra[:, first + 1 : last + 1])
    # The frame's own level keeps the ripples of a fading tail from counting as much as a chord.
    is_peak &= (middle > MIN_PROMINENCE * 0.5 * around[:, first:last]) & (middle > 0.02 * spectra.max())
    frame, bins = np.nonzero(is_peak)
    bins = bins + first
    if bins.size == 0:
        return np.zeros(0), np.zeros(0), 0.0
    left, centre, right = (np.log(spectra[frame, bins + d].astype(np.float64) + 1e-12) for d in (-1, 0, 1))
    shift = 0.5 * (left - right) / np.minimum(left - 2 * centre + right, -1e-9)
    pitches = 69 + 12 * np.log2((bins + np.clip(shift, -0.5, 0.5)) * bin_hz / 440.0)
    peak_energy = sum(
        float(np.sum(np.square(spectra[frame, bins + d], dtype=np.float64))) for d in (-1, 0, 1)
    )
    all_energy = float(np.sum(np.square(spectra[:, first:last], dtype=np.float64)))
    # The square root, as hearing compresses: a loud bass must not be the whole key.
    return pitches, np.sqrt(np.exp(centre)), peak_energy / max(all_energy, 1e-12)
