"""Which track carries the cuts of an episode, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .track import Track

# Lengths of shots, in beats, that sound intended.
FOLDS = (1, 2, 4, 8, 16, 3, 6)
# A shot changed by this much (relative, one standard deviation) is half spoilt.
FOLD_TOLERANCE = 0.12
CARRY_WEIGHT, MOOD_WEIGHT, LENGTH_WEIGHT = 0.5, 0.35, 0.15

# The words by which people ask for the moods that `mood_tags` gives out, and for a few more.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "calm": ("quiet", "peaceful", "relaxed", "relaxing", "soft", "slow", "serene", "still", "chill", "lofi"),
    "gentle": ("tender", "warm", "sweet", "romantic", "love", "loving", "intimate", "soothing"),
    "dreamy": ("dream", "ethereal", "floating", "magical", "wonder", "fantasy", "night"),
    "sad": ("sorrow", "grief", "mourning", "tragic", "lonely", "tears", "crying", "loss", "farewell"),
    "melancholic": ("melancholy", "nostalgic", "nostalgia", "wistful", "bittersweet", "longing", "rain"),
    "dark": ("gloomy", "grim", "brooding", "sinister", "evil", "horror", "scary", "creepy", "menacing"),
    "mysterious": ("mystery", "eerie", "strange", "secret", "suspicious", "curious", "enigmatic"),
    "tense": ("tension", "suspense", "suspenseful", "thriller", "urgent", "dramatic", "drama", "danger"),
    "energetic": ("energy", "action", "fast", "intense", "fight", "battle", "chase", "driving", "exciting",
                  "upbeat", "powerful", "wild", "dance", "rock"),
    "triumphant": ("epic", "heroic", "victory", "victorious", "glorious", "grand", "anthem", "majestic"),
    "happy": ("joy", "joyful", "cheerful", "bright", "sunny", "fun", "party", "celebration", "glad"),
    "playful": ("funny", "comedy", "comic", "silly", "quirky", "light", "lighthearted", "bouncy", "cute"),
    "hopeful": ("hope", "optimistic", "uplifting", "inspiring", "inspirational", "determined", "morning"),
    "steady": ("moderate", "walking", "everyday", "neutral"),
    "ambient": ("atmospheric", "drone", "background", "texture"),
}  # fmt: skip
# Moods that share a quarter of the circumplex stand in for each other at half value.
NEIGHBOURS = (
    ("calm", "gentle", "dreamy", "ambient"),
    ("sad", "melancholic"),
    ("calm", "sad"),
    ("calm", "melancholic"),
    ("dark", "mysterious"),
    ("dark", "tense"),
    ("tense", "mysterious"),
    ("energetic", "tense"),
    ("energetic", "triumphant"),
    ("energetic", "happy"),
    ("happy", "triumphant", "playful", "hopeful"),
    ("gentle", "hopeful"),
)
_CANONICAL = {word: mood for mood, words in SYNONYMS.items() for word in (mood, *words)}


@dataclass(frozen=True, slots=True)
class Match:
    """A track and how well it suits.

    Parameters
    ----------
    score : float
        0–1, over all criteria that apply.
    reasons : tuple of str
        One clause for each criterion.
    carries_cuts : bool
        Whether it has beats to cut on.
    """

    track: Track
    score: float
    reasons: tuple[str, ...]
    carries_cuts: bool


def match_tracks(
    tracks: Sequence[Track],
    shot_seconds: Sequence[float],
    *,
    mood: str = "",
    duration_seconds: float | None = None,
) -> list[Match]:
    """Rank tracks by how well they suit a list of shots.

    Beats count most: how near each shot is to 1, 2, 4, 8, 16, 3 or 6 beats. Then the mood, when one is
    asked for, against measured tags, the user's tags, and the words of the file's and folder's names.
    Then the length. Tracks without a beat come last, whatever their mood.

    Parameters
    ----------
    tracks : sequence of Track
        Candidates.
    shot_seconds : sequence of float
        Wished length of each shot.
    mood : str
        Free words, as ``rainy, a tense chase``.
    duration_seconds : float, optional
        Length of the picture; the sum of the shots when omitted.

    Returns
    -------
    list of Match
        Best first; equal ones in the order of their paths.
    """
    shots = np.asarray(shot_seconds, dtype=np.float64).reshape(-1)
    needed = float(shots.sum()) if duration_seconds is None else duration_seconds
    asked = _words(mood)
    matches = [_match(track, shots, asked, needed) for track in tracks]
    return sorted(matches, key=lambda m: (not m.carries_cuts, -m.score, str(m.track.path)))


def _match(track: Track, shots: NDArray[np.float64], asked: list[str], needed: float) -> Match:
    carries = track.analysis.beats.has_beat
    carry, carry_reason = _carry(track, shots)
    length, length_reason = _length(track.analysis.duration_seconds, needed)
    parts = [(carry, CARRY_WEIGHT, carry_reason), (length, LENGTH_WEIGHT, length_reason)]
    if asked:
        parts.insert(1, (*_mood(track, asked)[:1], MOOD_WEIGHT, _mood(track, asked)[1]))
    score = sum(value * weight for value, weight, _ in parts) / sum(weight for _, weight, _ in parts)
    return Match(track, float(score), tuple(reason for _, _, reason in parts), carries)


def _carry(track: Track, shots: NDArray[np.float64]) -> tuple[float, str]:
    beats = track.analysis.beats
    if not beats.has_beat or beats.tempo_bpm is None:
        return 0.0, "no steady beat was heard, so it cannot carry cuts"
    per_shot = shots * beats.tempo_bpm / 60.0
    folds = np.asarray(FOLDS, dtype=np.float64)
    distance = np.abs(np.log(per_shot[:, None] / folds)) if shots.size else np.zeros((1, folds.size))
    nearest = folds[distance.argmin(axis=1)]
    fit = np.exp(-0.5 * (distance.min(axis=1) / FOLD_TOLERANCE) ** 2)
    if not shots.size:
        return 1.0, f"{beats.tempo_bpm:.0f} BPM"
    common = int(np.bincount(nearest.astype(int)).argmax())
    n_near = int(np.sum(distance.min(axis=1) <= 1.5 * FOLD_TOLERANCE))
    reason = (
        f"{beats.tempo_bpm:.0f} BPM: {n_near} of {shots.size} shots are near a musical length, "
        f"mostly {common} beat{'s' if common > 1 else ''}"
    )
    # A beat that was hardly heard is worth half of one that is beyond doubt.
    return float(fit.mean()) * (0.5 + 0.5 * min(beats.confidence * 1.5, 1.0)), reason


def _length(seconds: float, needed: float) -> tuple[float, str]:
    if needed <= 0 or seconds >= needed:
        return 1.0, f"{seconds:.0f} s long, enough for {needed:.0f} s"
    return float(np.sqrt(max(seconds, 0.0) / needed)), f"{seconds:.0f} s long, looped to fill {needed:.0f} s"


def _mood(track: Track, asked: list[str]) -> tuple[float, str]:
    names = f"{track.path.stem} {track.path.parent.name}"
    own = {_CANONICAL.get(word, word) for text in (*track.tags, names) for word in _words(text)}
    measured = set(track.analysis.mood)
    values = [_likeness(_CANONICAL.get(word, word), own, measured) for word in asked]
    known = [v for v, word in zip(values, asked, strict=True) if word in _CANONICAL or v > 0]
    heard = ", ".join(track.analysis.mood) or "nothing particular"
    if not known:
        return 0.5, f"sounds {heard}; the wished mood says nothing about that"
    hits = sorted({w for v, w in zip(values, asked, strict=True) if v >= 0.8})
    return float(np.mean(known)), f"sounds {heard}" + (f", which suits {' and '.join(hits)}" if hits else "")


def _likeness(mood: str, own: set[str], measured: set[str]) -> float:
    """Rate one wished mood: what the user said of the track is surer than what was measured."""
    if mood in own:
        return 1.0
    if mood in measured:
        return 0.8
    related = {other for group in NEIGHBOURS if mood in group for other in group}
    return 0.5 if related & own else 0.4 if related & measured else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())
