"""A placeholder for music that is not made yet: plain chords and a pulse, exactly as planned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .key import PITCH_CLASSES
from .signal import Signal
from .theme import ThemePlan

SAMPLE_RATE = 44_100
TITLE = "PLACEHOLDER"
# One chord a bar, as semitones above the tonic; each begins and ends at home, so that the key is plain.
MAJOR_CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))
MINOR_CHORDS = ((0, 3, 7), (5, 8, 12), (7, 10, 14), (0, 3, 7))
PARTIALS = ((1, 1.0), (2, 0.35), (3, 0.12))
PEAK = 0.5
EDGE_SECONDS, END_SECONDS = 0.01, 0.4


def placeholder_title(plan: ThemePlan) -> str:
    """Return a title that nobody takes for a finished piece."""
    return f"{TITLE} - {plan.mood[0]}, {plan.bpm} BPM, {plan.key}"


def placeholder_bed(plan: ThemePlan) -> Signal:
    """Synthesise chords and a pulse in the tempo, key, metre and length of a plan.

    Additive tones with three partials, one chord a bar; a low thump on each downbeat, a lighter one on
    each other beat, and from an energy of 0.4 a tick between beats. Parts are as loud as their energy.
    Nothing is random: the same plan gives the same samples.

    Parameters
    ----------
    plan : ThemePlan
        The plan.

    Returns
    -------
    Signal
        Stereo at 44.1 kHz, the length of the picture to the sample, peak at −6 dBFS.
    """
    n_samples = round(plan.seconds * SAMPLE_RATE)
    mono = np.zeros(n_samples, dtype=np.float64)
    beat, bar = plan.beat_seconds, plan.beat_seconds * plan.beats_per_bar
    tonic, mode = plan.key.split(" ")
    # The tonic between F below middle C and the E above it, so that no chord growls or whistles.
    root = 53 + (PITCH_CLASSES.index(tonic) - 5) % 12
    chords = MINOR_CHORDS if mode == "minor" else MAJOR_CHORDS
    n_bars = int((plan.seconds + plan.offset_seconds) / bar) + 1
    for number in range(n_bars):
        start = number * bar - plan.offset_seconds
        chord = chords[0] if number == n_bars - 1 else chords[number % len(chords)]
        for step in (*chord, chord[0] - 12):
            _add(mono, start, _tone(root + step, bar))
        for place in range(plan.beats_per_bar):
            time = start + place * beat
            is_strong = place == 0 or (plan.beats_per_bar == 6 and place == 3)
            _add(mono, time, (3.0 if is_strong else 1.4) * _thump())
            if plan.energy >= 0.4:
                _add(mono, time + beat / 2, 0.25 * _tick())
    mono *= _levels(plan, n_samples)
    mono *= PEAK / max(float(np.abs(mono).max()), 1e-9)
    return Signal(np.stack([mono, mono]).astype(np.float32), SAMPLE_RATE)


def _tone(pitch: int, seconds: float) -> NDArray[np.float64]:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = 440.0 * 2 ** ((pitch - 69) / 12)
    sound = sum(level * np.sin(2 * np.pi * hertz * partial * time) for partial, level in PARTIALS)
    rise = np.minimum(1.0, np.minimum(time, seconds - time) / 0.03)
    return np.asarray(0.3 * sound * rise * np.exp(-0.4 * time))


def _thump() -> NDArray[np.float64]:
    """Return a drum: a sine that falls from 150 to 50 Hz."""
    time = np.arange(round(0.18 * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * (50 * time + 100 * 0.02 * (1 - np.exp(-time / 0.02)))
    return np.sin(phase) * np.exp(-time / 0.05) * np.minimum(1.0, time / 0.001)


def _tick() -> NDArray[np.float64]:
    """Return a short hiss, made of fixed noise."""
    time = np.arange(round(0.03 * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(0).standard_normal(time.size)
    return np.diff(noise, prepend=0.0) * np.exp(-time / 0.006)


def _levels(plan: ThemePlan, n_samples: int) -> NDArray[np.float64]:
    """Return how loud each sample is: by the energy of its part, with soft edges and an end."""
    time = np.arange(n_samples) / SAMPLE_RATE
    edges = [section.start_seconds for section in plan.sections]
    levels = [0.4 + 0.6 * section.energy for section in plan.sections]
    level = np.interp(time, *_ramps(edges, levels))
    end = min(END_SECONDS, plan.seconds / 4)
    rest = plan.seconds - time
    return level * np.minimum(1.0, time / EDGE_SECONDS) * np.clip(rest / end, 0.0, 1.0)


def _ramps(edges: list[float], levels: list[float]) -> tuple[list[float], list[float]]:
    """Return the corners of a curve that goes from level to level in 50 ms at each edge."""
    places, heights = [edges[0]], [levels[0]]
    for edge, before, after in zip(edges[1:], levels, levels[1:], strict=False):
        places += [edge - 0.025, edge + 0.025]
        heights += [before, after]
    return places, heights


def _add(sound: NDArray[np.float64], seconds: float, part: NDArray[np.float64]) -> None:
    """Mix a part into a sound at some second; what is before the start or beyond the end is left out."""
    start = round(seconds * SAMPLE_RATE)
    skipped = max(0, -start)
    room = sound[max(0, start) : max(0, start + part.size)]
    room += part[skipped : skipped + room.size]
