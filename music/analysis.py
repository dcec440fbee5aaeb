"""Everything that is measured of one recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .beats import BeatWishes, track_beats
from .key import TARGET_RATE, camelot, estimate_key
from .loudness import LEVEL_SECONDS, LoudnessMeter, energy, level_curve, true_peak_db
from .onsets import OnsetEnvelope, OnsetStream, count_onsets
from .signal import Signal, decode_blocks, resample, to_mono
from .structure import Bars, find_loop_points, find_sections
from .track import BeatGrid, TrackAnalysis

# Results are cached under this name: raise the number when a measurement changes.
ANALYZER = "tower-3"
# The key of a long recording is that of its first minutes and of a part of every further few.
KEY_WHOLE_SECONDS, KEY_PART_SECONDS, KEY_PERIOD_SECONDS = 480.0, 30.0, 180.0


def analyze(
    source: Path | Signal,
    *,
    wishes: BeatWishes | None = None,
    progress: Callable[[float], None] | None = None,
    beats_from: Callable[[OnsetEnvelope], BeatGrid] | None = None,
) -> TrackAnalysis:
    """Measure beats, key, sections, energy, loudness and mood of a recording.

    A file is decoded and measured piece by piece, so that hours of it need little memory.

    Parameters
    ----------
    source : Path or Signal
        A file that PyAV reads, or samples.
    wishes : BeatWishes, optional
        What is known of its beats.
    progress : callable, optional
        Told the seconds that were heard so far.
    beats_from : callable, optional
        Finds the beats in place of `track_beats`.

    Returns
    -------
    TrackAnalysis
        What was heard; without a beat its `beats` are empty.

    Raises
    ------
    UnreadableAudioError
        If the file has no audio that can be decoded.
    """
    listener: Listener | None = None
    for block in [source] if isinstance(source, Signal) else decode_blocks(source):
        listener = listener or Listener(block.sample_rate)
        listener.feed(block.samples)
        if progress is not None:
            progress(listener.seconds)
    assert listener is not None  # `decode_blocks` gives at least one
    return listener.analysis(wishes or BeatWishes(), beats_from)


class Listener:
    """Measures a recording that arrives piece by piece.

    Parameters
    ----------
    sample_rate : int
        Samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._onsets = OnsetStream(sample_rate)
        self._loudness = LoudnessMeter(sample_rate)
        self._levels: list[NDArray[np.float32]] = []
        self._level_rest = np.zeros(0, np.float32)
        self._for_key: list[NDArray[np.float32]] = []
        self._energies: list[tuple[float, int]] = []
        self._peak: float | None = None
        self._n_samples = 0

    @property
    def seconds(self) -> float:
        """What was heard so far."""
        return self._n_samples / self._rate

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n_channels, n)."""
        mono = to_mono(samples)
        if self.seconds < KEY_WHOLE_SECONDS or self.seconds % KEY_PERIOD_SECONDS < KEY_PART_SECONDS:
            self._for_key.append(resample(mono, self._key_step, 1))
        self._n_samples += mono.size
        self._onsets.feed(mono)
        self._loudness.feed(samples)
        self._energies.append((energy(mono, self._rate), mono.size))
        peak = true_peak_db(samples)
        if peak is not None:
            self._peak = peak if self._peak is None else max(self._peak, peak)
        waiting = np.concatenate([self._level_rest, mono])
        n_whole = waiting.size // self._n_level * self._n_level
        self._levels.append(level_curve(waiting[:n_whole], self._rate))
        self._level_rest = waiting[n_whole:]

    @property
    def _key_step(self) -> int:
        return max(1, self._rate // TARGET_RATE)

    @property
    def _n_level(self) -> int:
        return max(1, round(LEVEL_SECONDS * self._rate))

    def analysis(
        self, wishes: BeatWishes, beats_from: Callable[[OnsetEnvelope], BeatGrid] | None = None
    ) -> TrackAnalysis:
        """Return what was heard."""
        envelope = self._onsets.envelope()
        nothing = np.zeros(0, np.float32)
        if beats_from is None:
            beats = track_beats(nothing, self._rate, wishes=wishes, envelope=envelope)
        else:
            beats = beats_from(envelope)
        levels = np.concatenate([*self._levels, level_curve(self._level_rest, self._rate)])
        key, key_confidence = estimate_key(
            np.concatenate(self._for_key) if self._for_key else nothing, round(self._rate / self._key_step)
        )
        bars = Bars(envelope, levels, beats) if levels.size > 1 and levels.any() else None
        power = self._energy(envelope)
        return TrackAnalysis(
            beats=beats,
            key=key,
            energy=power,
            loudness_lufs=self._loudness.integrated_lufs(),
            duration_seconds=self.seconds,
            mood=mood_tags(beats, key, power),
            key_confidence=round(key_confidence, 3),
            camelot=camelot(key),
            true_peak_db=self._peak,
            energy_curve=tuple(np.round(levels, 3).tolist()),
            energy_step_seconds=LEVEL_SECONDS,
            sections=find_sections(bars) if bars is not None else (),
            loop=find_loop_points(bars) if bars is not None else None,
        )

    def _energy(self, envelope: OnsetEnvelope) -> float:
        """Return the mean energy of all pieces, with the density of onsets."""
        if not self._n_samples:
            return 0.0
        mean = sum(value * size for value, size in self._energies) / self._n_samples
        density = min(count_onsets(envelope) / self.seconds / 8.0, 1.0) if mean else 0.0
        # Two of the three ratings are in the mean already.
        return mean + density / 3.0


def mood_tags(beats: BeatGrid, key: str | None, energy: float) -> tuple[str, ...]:
    """Derive mood tags from tempo, mode and energy.

    Two axes, as in the circumplex model of affect: arousal is energy, shifted by the tempo (each octave
    above 110 BPM adds 0.2); valence is the mode. High arousal (from 0.6) is energetic, with minor tense
    and dark, with major happy and triumphant; low arousal (below 0.4) is calm, with minor sad and
    melancholic, with major gentle and dreamy; between them minor is dark and mysterious, major hopeful
    and playful. Without a key the mode is left out; without a beat the music is ambient.

    Parameters
    ----------
    beats : BeatGrid
        For the tempo.
    key : str or None
        For the mode.
    energy : float
        0–1.

    Returns
    -------
    tuple of str
        Most fitting first.

    References
    ----------
    .. [1] J. A. Russell, "A circumplex model of affect", Journal of Personality and Social Psychology
       39(6), 1980.
    """
    from math import log2

    arousal = energy + (0.2 * log2(beats.tempo_bpm / 110.0) if beats.tempo_bpm else -0.2)
    level = 2 if arousal >= 0.6 else 0 if arousal < 0.4 else 1
    mode = "" if key is None else key.rsplit(" ", 1)[-1]
    tags = [*("calm", "steady", "energetic")[level].split()]
    tags += {
        ("minor", 2): ["tense", "dark"],
        ("major", 2): ["happy", "triumphant"],
        ("minor", 0): ["sad", "melancholic"],
        ("major", 0): ["gentle", "dreamy"],
        ("minor", 1): ["dark", "mysterious"],
        ("major", 1): ["hopeful", "playful"],
    }.get((mode, level), [])
    return tuple(tags if beats.has_beat else [*tags, "ambient"])
