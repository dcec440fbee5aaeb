"""Everything that is measured of one recording."""

from __future__ import annotations

from pathlib import Path

from .beats import track_beats
from .key import estimate_key
from .loudness import energy, integrated_lufs
from .onsets import count_onsets, onset_envelope
from .signal import Signal, decode, to_mono
from .track import BeatGrid, TrackAnalysis

# Results are cached under this name: raise the number when a measurement changes.
ANALYZER = "tower-1"


def analyze(source: Path | Signal) -> TrackAnalysis:
    """Measure beats, key, energy, loudness and mood of a recording.

    Parameters
    ----------
    source : Path or Signal
        A file that PyAV reads, or samples.

    Returns
    -------
    TrackAnalysis
        What was heard; without a beat its `beats` are empty.

    Raises
    ------
    UnreadableAudioError
        If the file has no audio that can be decoded.
    """
    signal = source if isinstance(source, Signal) else decode(source)
    mono = to_mono(signal.samples)
    envelope = onset_envelope(mono, signal.sample_rate)
    beats = track_beats(mono, signal.sample_rate, envelope=envelope)
    key, _ = estimate_key(mono, signal.sample_rate)
    duration = signal.duration_seconds
    density = count_onsets(envelope) / duration if duration else 0.0
    power = energy(signal.samples, signal.sample_rate, onsets_per_second=density)
    return TrackAnalysis(
        beats=beats,
        key=key,
        energy=power,
        loudness_lufs=integrated_lufs(signal.samples, signal.sample_rate),
        duration_seconds=duration,
        mood=mood_tags(beats, key, power),
    )


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
