"""Which track carries the cuts of an episode, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .key import camelot, camelot_distance
from .moods import canonical, words_of
from .track import Track, TrackSummary
from .track_table import FOLD_TOLERANCE, FOLDS, TrackTable, own_words

FORMULAS = ("folded", "legacy")
CARRY_WEIGHT, MOOD_WEIGHT, LENGTH_WEIGHT = 0.5, 0.35, 0.15
KEY_WEIGHT, ENERGY_WEIGHT = 0.15, 0.2


@dataclass(frozen=True, slots=True)
class MatchWish:
    """What is asked of a track.

    Parameters
    ----------
    shot_seconds : tuple of float
        Length of each shot.
    mood : str
        Free words, as ``rainy, a tense chase``.
    duration_seconds : float, optional
        Length of the picture; the sum of the shots when omitted.
    previous_key : str
        Key of the music before, as ``A minor`` or ``8A``; empty when there is none.
    motion : float, optional
        How much moves in the picture, 0–1.
    formula : str
        ``folded``, or ``legacy``: the tempo alone, within 10 BPM of `video_bpm`.
    video_bpm : float, optional
        For ``legacy``; cuts a minute when omitted.

    Raises
    ------
    InputError
        If a value cannot be meant.
    """

    shot_seconds: tuple[float, ...] = ()
    mood: str = ""
    duration_seconds: float | None = None
    previous_key: str = ""
    motion: float | None = None
    formula: str = "folded"
    video_bpm: float | None = None

    def __post_init__(self) -> None:
        if self.formula not in FORMULAS:
            raise InputError(
                f"There is no formula {self.formula!r}.",
                field="formula",
                hint=f"Use {' or '.join(FORMULAS)}.",
            )
        if not all(np.isfinite(seconds) and seconds > 0 for seconds in self.shot_seconds):
            raise InputError(
                "A shot has no length.", field="shot_seconds", hint="Give seconds greater than 0."
            )
        if self.previous_key:
            _check_key(self.previous_key)

    @property
    def needed_seconds(self) -> float:
        """How long the music has to be."""
        return sum(self.shot_seconds) if self.duration_seconds is None else self.duration_seconds

    @property
    def cuts_per_minute(self) -> float:
        """The tempo of the cuts."""
        total = sum(self.shot_seconds)
        return 60.0 * len(self.shot_seconds) / total if total else 0.0


def _check_key(key: str) -> None:
    try:
        camelot_distance(key if key[0].isdigit() else camelot(key) or "", "8A")
        is_key = not key[0].isdigit() or (key[-1] in "AB" and 1 <= int(key[:-1]) <= 12)
    except (ValueError, IndexError):
        is_key = False
    if not is_key:
        raise InputError(
            f"{key!r} is not a key.", field="previous_key", hint="Write it as A minor, F# major or 8A."
        )


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of a table and how well it suits.

    Parameters
    ----------
    index : int
        Of the row.
    score : float
        0–1, over all criteria that apply.
    reasons : tuple of str
        One clause for each criterion.
    carries_cuts : bool
        Whether it has beats to cut on.
    """

    index: int
    score: float
    reasons: tuple[str, ...]
    carries_cuts: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A track and how well it suits; the fields are those of `Ranked`."""

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
    """Rank tracks by how well they suit a list of shots; see `rank`.

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
    ordered = sorted(tracks, key=lambda track: str(track.path))
    wish = MatchWish(tuple(map(float, shot_seconds)), mood, duration_seconds)
    ranking = rank(TrackTable([track.summary for track in ordered]), wish)
    return [Match(ordered[r.index], r.score, r.reasons, r.carries_cuts) for r in ranking]


def rank(table: TrackTable, wish: MatchWish, limit: int | None = None) -> list[Ranked]:
    """Rank tracks by how well they suit a picture.

    Beats count most: how near each shot is to 1, 2, 4, 8, 16, 3 or 6 beats. Then the mood, when one is
    asked for, against measured tags, the user's tags, and the words of the file's and folder's names; the
    energy against the motion of the picture; the key after the one before; the length. Tracks without a beat
    come last, whatever their mood.

    Parameters
    ----------
    table : TrackTable
        Candidates.
    wish : MatchWish
        What is asked.
    limit : int, optional
        How many are wanted.

    Returns
    -------
    list of Ranked
        Best first; equal ones in the order of the table. By ``legacy`` only those within 10 BPM.
    """
    if not table.rows:
        return []
    scores = _legacy_scores(table, wish) if wish.formula == "legacy" else _scores(table, wish)
    keys = scores + np.where(table.has_beat, 1.0, 0.0)
    n_wanted = len(table.rows) if limit is None else min(max(limit, 0), len(table.rows))
    if n_wanted < len(table.rows):
        # Ties at the border go by the order of the table, as the stable sort has it.
        border = -np.partition(-keys, n_wanted - 1)[n_wanted - 1] if n_wanted else np.inf
        places = np.flatnonzero(keys >= border)
    else:
        places = np.arange(len(table.rows))
    order = places[np.argsort(-keys[places], kind="stable")][:n_wanted]
    if wish.formula == "legacy":
        order = order[scores[order] > 0]
    return [
        Ranked(int(n), float(scores[n]), _reasons(table.rows[n], wish), bool(table.has_beat[n]))
        for n in order
    ]


def _scores(table: TrackTable, wish: MatchWish) -> NDArray[np.float64]:
    asked = words_of(wish.mood)
    parts = [
        (CARRY_WEIGHT, table.carry(np.asarray(wish.shot_seconds, dtype=np.float64))),
        (LENGTH_WEIGHT, table.length(wish.needed_seconds)),
    ]
    if asked:
        parts.append((MOOD_WEIGHT, table.mood(asked)))
    if wish.previous_key:
        parts.append((KEY_WEIGHT, table.key(wish.previous_key)))
    if wish.motion is not None:
        parts.append((ENERGY_WEIGHT, table.energy(wish.motion)))
    weighted = sum(weight * values for weight, values in parts)
    return np.asarray(weighted) / sum(weight for weight, _ in parts)


def _legacy_scores(table: TrackTable, wish: MatchWish) -> NDArray[np.float64]:
    return table.legacy(wish.video_bpm if wish.video_bpm is not None else wish.cuts_per_minute)


def _reasons(row: TrackSummary, wish: MatchWish) -> tuple[str, ...]:
    if wish.formula == "legacy":
        wanted = wish.video_bpm if wish.video_bpm is not None else wish.cuts_per_minute
        return (f"{row.tempo_bpm or 0:.0f} BPM, {abs((row.tempo_bpm or 0) - wanted):.1f} from {wanted:.0f}",)
    reasons = [_carry_reason(row, np.asarray(wish.shot_seconds, dtype=np.float64))]
    asked = words_of(wish.mood)
    if asked:
        reasons.append(_mood_reason(row, asked))
    if wish.motion is not None:
        reasons.append(f"energy {row.energy:.2f} for motion of {wish.motion:.2f}")
    if wish.previous_key:
        reasons.append(_key_reason(row, wish.previous_key))
    reasons.append(_length_reason(row.duration_seconds, wish.needed_seconds))
    return tuple(reasons)


def _carry_reason(row: TrackSummary, shots: NDArray[np.float64]) -> str:
    if row.tempo_bpm is None:
        return "no steady beat was heard, so it cannot carry cuts"
    if not shots.size:
        return f"{row.tempo_bpm:.0f} BPM"
    folds = np.asarray(FOLDS, dtype=np.float64)
    distance = np.abs(np.log((shots * row.tempo_bpm / 60.0)[:, None] / folds))
    nearest = folds[distance.argmin(axis=1)]
    common = int(np.bincount(nearest.astype(int)).argmax())
    n_near = int(np.sum(distance.min(axis=1) <= 1.5 * FOLD_TOLERANCE))
    return (
        f"{row.tempo_bpm:.0f} BPM: {n_near} of {shots.size} shots are near a musical length, "
        f"mostly {common} beat{'s' if common > 1 else ''}"
    )


def _length_reason(seconds: float, needed: float) -> str:
    if needed <= 0 or seconds >= needed:
        return f"{seconds:.0f} s long, enough for {needed:.0f} s"
    return f"{seconds:.0f} s long, looped to fill {needed:.0f} s"


def _mood_reason(row: TrackSummary, asked: Sequence[str]) -> str:
    own, heard = own_words(row), ", ".join(row.mood) or "nothing particular"
    hits = sorted({word for word in asked if canonical(word) in own | set(row.mood)})
    return f"sounds {heard}" + (f", which suits {' and '.join(hits)}" if hits else "")


def _key_reason(row: TrackSummary, previous: str) -> str:
    code = camelot(row.key)
    if code is None:
        return "no key was heard"
    before = previous if previous[0].isdigit() else camelot(previous) or ""
    steps = camelot_distance(code, before)
    return f"{row.key} ({code}) is {steps} step{'' if steps == 1 else 's'} from {before}"
