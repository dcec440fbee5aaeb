"""Music made to measure: from moods and a cut plan to what a music generator is asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import accumulate
from math import ceil
from typing import Any

import numpy as np

from ..errors import InputError
from .key import PITCH_CLASSES, camelot, camelot_distance
from .theme_moods import SOURCES, Leaning, Mood, mixed_mood, phrases_of
from .theme_sections import ThemeSection, ThemeShot, lyrics_frame, mood_changes, plan_sections
from .theme_tempo import TempoChoice, choose_tempo

METRES = (2, 3, 4, 6)
# What ACE-Step 1.5 takes; its nodes and Stable Audio's make no shorter and hardly longer music.
BPM_BOUNDS, SECONDS_BOUNDS = (30.0, 300.0), (1.0, 900.0)
SCENE_WEIGHT = 3.0
# A generator makes whole latents, of up to 93 ms, and may begin with a breath of silence.
SPARE_SECONDS = 0.3
MINOR_TONICS, MAJOR_TONICS = ("A", "D", "E", "C", "G", "F#"), ("C", "G", "D", "F", "A", "D#")
TEMPO_WORDS = ((70, "slow"), (96, "relaxed tempo"), (124, "mid-tempo"), (152, "up-tempo"), (999, "fast"))
_KEY = re.compile(r"([A-G])([#b]?) (major|minor)")


@dataclass(frozen=True)
class ThemeWish:
    """What is known before music is made.

    Parameters
    ----------
    leanings : tuple of Leaning
        Words about the mood, the user's own first.
    shots : tuple of ThemeShot
        The cut plan: at least one shot.
    fps : Fraction
        Frames per second of the picture.
    bpm_range : tuple of float, optional
        Slowest and fastest tempo, instead of the mood's.
    key : str
        As ``A minor``; empty to choose one.
    previous_key : str
        Key of the music before, beside which the new one should sound well.
    beats_per_bar : int, optional
        2, 3, 4 or 6; 3 or 4 by what suits mood and cuts when omitted.
    vocals : bool
        Whether it is sung.
    words : str
        The lines of the song.
    motif : str
        A name, as of a character, whose themes shall share a key.

    Raises
    ------
    InputError
        If a value cannot be meant.
    """

    leanings: tuple[Leaning, ...]
    shots: tuple[ThemeShot, ...]
    fps: Fraction = Fraction(24)
    bpm_range: tuple[float, float] | None = None
    key: str = ""
    previous_key: str = ""
    beats_per_bar: int | None = None
    vocals: bool = False
    words: str = ""
    motif: str = ""

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise InputError(f"{self.fps} frames a second are not possible.", field="fps")
        _check_seconds(self)
        low, high = self.bpm_range or BPM_BOUNDS
        if not BPM_BOUNDS[0] <= low <= high <= BPM_BOUNDS[1]:
            raise InputError(
                f"A tempo between {low:g} and {high:g} BPM cannot be asked for.",
                field="bpm_range",
                hint=f"Give the lower one first, both within {BPM_BOUNDS[0]:g} to {BPM_BOUNDS[1]:g}.",
            )
        for name in ("key", "previous_key"):
            parsed_key(getattr(self, name), name)
        if self.beats_per_bar not in (None, *METRES):
            raise InputError(
                f"Bars of {self.beats_per_bar} beats cannot be asked for.",
                field="time_signature",
                hint=f"Use one of {', '.join(map(str, METRES))}, or leave it open.",
            )

    @property
    def seconds(self) -> Fraction:
        """Exact length of the picture."""
        return sum(shot.n_frames for shot in self.shots) / self.fps


def _check_seconds(wish: ThemeWish) -> None:
    for number, shot in enumerate(wish.shots, 1):
        if shot.n_frames < 1:
            raise InputError(
                f"Shot {number} has {shot.n_frames} frames.", field="shots", hint="Give at least one frame."
            )
    shortest, longest = SECONDS_BOUNDS
    if not shortest <= wish.seconds <= longest:
        raise InputError(
            f"Music of {float(wish.seconds):g} s cannot be planned.",
            field="seconds",
            hint=f"Generators make {shortest:g} to {longest:g} s; plan a long film in parts.",
        )


def parsed_key(text: str, name: str = "key") -> str:
    """Return a key with sharps, as the analysis writes it; empty for none.

    Raises
    ------
    InputError
        If it is no key.
    """
    if not text:
        return ""
    found = _KEY.fullmatch(text.strip())
    if not found:
        raise InputError(f"{text[:40]!r} is no key.", field=name, hint="Write it as A minor or F# major.")
    shift = {"": 0, "#": 1, "b": -1}[found[2]]
    return f"{PITCH_CLASSES[(PITCH_CLASSES.index(found[1]) + shift) % 12]} {found[3]}"


@dataclass(frozen=True)
class ThemePlan:
    """What a generator is asked for, and what comes back is measured by.

    Parameters
    ----------
    mood : tuple of str
        Moods, heaviest first.
    bpm : int
        Tempo to ask for: generators take whole numbers.
    tempo_bpm : float
        The tempo at which the cuts fit, at most half a BPM away.
    key : str
        As ``A minor``.
    beats_per_bar : int
        2, 3, 4 or 6.
    seconds : float
        Length of the picture.
    ask_seconds : float
        Length to ask for: long enough to be cut to the picture from the right place in a bar.
    offset_seconds : float
        How far inside a bar the music is at the first frame.
    energy : float
        0–1.
    tags, lyrics : str
        For ACE-Step; the tags for Stable Audio too.
    sections : tuple of ThemeSection
        Its parts.
    fps : Fraction
        Frames per second of the picture.
    cut_times : tuple of float
        Seconds at which the picture cuts.
    on_beat, on_bar, chance : float
        Shares of the cuts within a frame of a beat and of a downbeat, and what chance puts on beats.
    reasons, sources : tuple of str
        Why it is so, and the studies behind it.
    """

    mood: tuple[str, ...]
    bpm: int
    tempo_bpm: float
    key: str
    beats_per_bar: int
    seconds: float
    ask_seconds: float
    offset_seconds: float
    energy: float
    tags: str
    lyrics: str
    sections: tuple[ThemeSection, ...]
    fps: Fraction
    cut_times: tuple[float, ...]
    on_beat: float
    on_bar: float
    chance: float
    reasons: tuple[str, ...] = ()
    sources: tuple[str, ...] = field(default=SOURCES)

    @property
    def beat_seconds(self) -> float:
        """Seconds from beat to beat."""
        return 60.0 / self.tempo_bpm

    @property
    def summary(self) -> str:
        """The plan in a sentence or two."""
        facts = f"{self.bpm} BPM, {self.key}, {self.beats_per_bar} beats a bar, {self.seconds:.2f} s"
        if not self.cut_times:
            return f"{facts}; the picture has no cut."
        meets = (
            f"{self.on_beat:.0%} of {len(self.cut_times)} cuts land on a beat (by chance {self.chance:.0%})"
        )
        return f"{facts}; {meets}, {self.on_bar:.0%} on a downbeat."

    def as_json(self) -> dict[str, Any]:
        """Return the plan for programs, as `from_json` takes it."""
        return {
            **asdict(self),
            "fps": str(self.fps),
            "mood": list(self.mood),
            "cut_times": list(self.cut_times),
            "sections": [section.as_json() for section in self.sections],
            "reasons": list(self.reasons),
            "sources": list(self.sources),
            "summary": self.summary,
        }

    @classmethod
    def from_text(cls, text: str) -> ThemePlan:
        """Read a plan from JSON.

        Raises
        ------
        InputError
            If it is anything else.
        """
        try:
            stored = json.loads(text)
            stored.pop("summary", None)
            stored["sections"] = tuple(ThemeSection.from_json(one) for one in stored["sections"])
            stored["fps"] = Fraction(stored["fps"])
            for name in ("mood", "cut_times", "reasons", "sources"):
                stored[name] = tuple(stored[name])
            plan = cls(**stored)
            is_sound = BPM_BOUNDS[0] <= plan.tempo_bpm <= BPM_BOUNDS[1] and plan.fps > 0
            is_sound &= 0 < plan.seconds <= 2 * SECONDS_BOUNDS[1] and plan.beats_per_bar in METRES
            if not is_sound or not plan.sections or parsed_key(plan.key) != plan.key:
                raise ValueError(text)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, InputError) as error:
            raise InputError(
                "The plan of a theme cannot be read.", field="plan", hint="Connect a Theme Planner's plan."
            ) from error
        return plan


def plan_theme(wish: ThemeWish) -> ThemePlan:
    """Plan music for a picture from its moods and cuts.

    Mood words give a range of tempi, a mode, an energy and instruments; within the range the tempo is
    chosen by `choose_tempo`; the length is the picture's to the frame; parts begin where moods change.

    Parameters
    ----------
    wish : ThemeWish
        What is known.

    Returns
    -------
    ThemePlan
        The same for the same wish.
    """
    mood = mixed_mood(wish.leanings)
    starts = [0.0, *(float(n / wish.fps) for n in accumulate(shot.n_frames for shot in wish.shots))][:-1]
    tempo, why_tempo = _tempo(wish, mood, starts)
    key, why_key = _key(wish, mood)
    bpm = round(tempo.tempo_bpm)
    sections = plan_sections(
        wish.shots,
        starts,
        float(wish.seconds),
        mood=mood.words,
        energy=mood.sound.energy,
        beat_seconds=60.0 / tempo.tempo_bpm,
        beats_per_bar=tempo.beats_per_bar,
    )
    bar = 60.0 / tempo.tempo_bpm * tempo.beats_per_bar
    return ThemePlan(
        mood=mood.words,
        bpm=bpm,
        tempo_bpm=tempo.tempo_bpm,
        key=key,
        beats_per_bar=tempo.beats_per_bar,
        seconds=float(wish.seconds),
        ask_seconds=ceil(10 * (float(wish.seconds) + bar + SPARE_SECONDS)) / 10,
        offset_seconds=round(tempo.offset_seconds, 6),
        energy=round(mood.sound.energy, 3),
        tags=_tags(wish, mood, bpm, key, tempo.beats_per_bar),
        lyrics=lyrics_frame(sections, wish.words, vocals=wish.vocals),
        sections=sections,
        fps=wish.fps,
        cut_times=tuple(starts[1:]),
        on_beat=tempo.on_beat,
        on_bar=tempo.on_bar,
        chance=round(tempo.chance, 4),
        reasons=(*mood.reasons, why_tempo, why_key),
    )


def _tempo(wish: ThemeWish, mood: Mood, starts: Sequence[float]) -> tuple[TempoChoice, str]:
    sound = mood.sound
    bounds = wish.bpm_range or (sound.low_bpm, sound.high_bpm)
    own = (4, 3) if sound.in_three else (4,)
    metres = own if wish.beats_per_bar is None else (wish.beats_per_bar,)
    weights = np.where(mood_changes(wish.shots), SCENE_WEIGHT, 1.0)
    frame = float(1 / wish.fps)
    choice = choose_tempo(np.array(starts[1:]), bounds, metres, frame_seconds=frame, weights=weights)
    whose = "The wished range" if wish.bpm_range else f"{mood.words[0].capitalize()} music"
    reason = f"{whose} has {bounds[0]:.0f}–{bounds[1]:.0f} BPM; at {choice.tempo_bpm:g} most cuts meet beats"
    if len(starts) == 1:
        reason = f"{whose} has {bounds[0]:.0f}–{bounds[1]:.0f} BPM; {choice.tempo_bpm:g} is its middle"
    return choice, f"{reason}."


def _key(wish: ThemeWish, mood: Mood) -> tuple[str, str]:
    if wish.key:
        return parsed_key(wish.key), "The key is the wished one."
    mode = "minor" if mood.sound.minor >= 0.5 else "major"
    why = f"{mood.words[0].capitalize()} music is mostly in {mode}"
    if wish.previous_key:
        before = camelot(parsed_key(wish.previous_key)) or ""
        options = [f"{tonic} {mode}" for tonic in PITCH_CLASSES]
        near = min(options, key=lambda key: camelot_distance(before, camelot(key) or ""))
        return near, f"{why}; {near} mixes well with the {wish.previous_key} before it."
    tonics = MINOR_TONICS if mode == "minor" else MAJOR_TONICS
    if wish.motif:
        number = hashlib.sha256(wish.motif.encode()).digest()[0]
        key = f"{tonics[number % len(tonics)]} {mode}"
        return key, f"{why}; the tonic is the same in all themes of {wish.motif}."
    return f"{tonics[0]} {mode}", f"{why}; no tonic is better than another, so it is a common one."


def _tags(wish: ThemeWish, mood: Mood, bpm: int, key: str, beats_per_bar: int) -> str:
    typed = phrases_of(wish.leanings[0].text) if wish.leanings else []
    pace = next(word for limit, word in TEMPO_WORDS if bpm < limit)
    signature = "6/8" if beats_per_bar == 6 else f"{beats_per_bar}/4"
    sung = "vocals" if wish.vocals else "instrumental"
    tags = [*typed, *mood.words, "anime soundtrack", *mood.sound.instruments, pace]
    tags += [f"{bpm} bpm", key, signature, sung]
    return ", ".join(dict.fromkeys(tags))
