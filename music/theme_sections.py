"""The parts of a theme from the moods of the shots, and the frame of its lyrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .theme_moods import Leaning, mixed_mood, moods_in

# A part of fewer bars is heard as a part of its neighbour; a form of four parts wants this many.
FEWEST_BARS, FORM_BARS = 2.0, 12.0
# Longest intro and outro in bars, and how much quieter than the loudest part they are.
OPENING_BARS, CLEARLY_LESS = 8.0, 0.08
# A sung line takes two bars of four beats, and about two syllables a beat.
BEATS_PER_LINE, SYLLABLES_PER_BEAT = 8, 1.5
SUNG = ("verse", "chorus", "bridge")


@dataclass(frozen=True, slots=True)
class ThemeShot:
    """A shot of the cut plan.

    Parameters
    ----------
    n_frames : int
        Its length.
    mood : str
        Free words; empty when it goes on as before.
    """

    n_frames: int
    mood: str = ""


@dataclass(frozen=True, slots=True)
class ThemeSection:
    """A part of a theme.

    Parameters
    ----------
    name : str
        ``intro``, ``verse``, ``chorus``, ``bridge`` or ``outro``.
    start_seconds, end_seconds : float
        From the first frame.
    mood : tuple of str
        Its moods.
    energy : float
        0–1.
    n_lines, n_syllables : int
        How many lines can be sung in it, and syllables in each.
    """

    name: str
    start_seconds: float
    end_seconds: float
    mood: tuple[str, ...]
    energy: float
    n_lines: int = 0
    n_syllables: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return {**asdict(self), "mood": list(self.mood)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ThemeSection:
        """Rebuild a section from `as_json`."""
        return cls(**{**stored, "mood": tuple(stored["mood"])})


@dataclass(frozen=True, slots=True)
class _Part:
    start: float
    end: float
    mood: tuple[str, ...]
    energy: float


def mood_changes(shots: Sequence[ThemeShot]) -> list[bool]:
    """Tell for each shot after the first whether another mood begins with it."""
    changes, current = [], tuple(moods_in(shots[0].mood)) if shots else ()
    for shot in shots[1:]:
        named = tuple(moods_in(shot.mood))
        changes.append(bool(named) and named != current)
        current = named or current
    return changes


def plan_sections(
    shots: Sequence[ThemeShot],
    starts: Sequence[float],
    seconds: float,
    *,
    mood: tuple[str, ...],
    energy: float,
    beat_seconds: float,
    beats_per_bar: int,
) -> tuple[ThemeSection, ...]:
    """Divide a theme into parts.

    Where the moods of the shots change, a part begins; without such moods, music of twelve bars or more gets
    intro, verse, chorus and outro, each from a cut that is near its bar.

    Parameters
    ----------
    shots : sequence of ThemeShot
        The cut plan.
    starts : sequence of float
        Second at which each begins.
    seconds : float
        Length of the picture.
    mood, energy
        Of the theme as a whole.
    beat_seconds, beats_per_bar
        The music's.
    """
    bar = beat_seconds * beats_per_bar
    changes, whole = mood_changes(shots), _Part(0.0, seconds, mood, energy)
    if any(changes):
        parts = _by_mood(shots, [*starts, seconds], changes, whole, FEWEST_BARS * bar)
    else:
        parts = [whole]
    if len(parts) == 1 and seconds >= FORM_BARS * bar:
        parts = _by_form(parts[0], starts, bar)
        names = ["intro", "verse", "chorus", "outro"]
    else:
        names = _names(parts, bar)
    n_syllables = round(BEATS_PER_LINE * SYLLABLES_PER_BEAT)
    sections = []
    for name, part in zip(names, parts, strict=True):
        n_lines = max(1, int((part.end - part.start) / (BEATS_PER_LINE * beat_seconds)))
        lines = (n_lines, n_syllables) if name in SUNG else (0, 0)
        sections.append(ThemeSection(name, part.start, part.end, part.mood, round(part.energy, 3), *lines))
    return tuple(sections)


def _by_mood(
    shots: Sequence[ThemeShot],
    edges: Sequence[float],
    changes: Sequence[bool],
    whole: _Part,
    shortest: float,
) -> list[_Part]:
    begins = [0, *(number for number, is_change in enumerate(changes, 1) if is_change)]
    ends = [*begins[1:], len(shots)]
    parts: list[_Part] = []
    for number, end in zip(begins, ends, strict=True):
        text = shots[number].mood
        mixed = mixed_mood([Leaning("shot", text)])
        words, level = (mixed.words, mixed.sound.energy) if moods_in(text) else (whole.mood, whole.energy)
        part = _Part(edges[number], edges[end], words, level)
        if parts and (part.end - part.start < shortest or parts[-1].end - parts[-1].start < shortest):
            longer = max(parts[-1], part, key=lambda one: one.end - one.start)
            parts[-1] = _Part(parts[-1].start, part.end, longer.mood, longer.energy)
        else:
            parts.append(part)
    return parts


def _by_form(whole: _Part, starts: Sequence[float], bar: float) -> list[_Part]:
    n_bars = (whole.end - whole.start) / bar
    opening = 4 if n_bars >= 24 else 2
    wished = [opening, opening + round((n_bars - 2 * opening) / 2), round(n_bars) - opening]
    edges = [0.0]
    for number in wished:
        near = min(starts, key=lambda start, at=number * bar: abs(start - at), default=0.0)
        place = near if abs(near - number * bar) <= bar and near > edges[-1] + bar else number * bar
        edges.append(place)
    edges.append(whole.end)
    levels = [0.8, 1.0, 1.2, 0.8]
    return [_Part(edges[n], edges[n + 1], whole.mood, min(1.0, whole.energy * levels[n])) for n in range(4)]


def _names(parts: Sequence[_Part], bar: float) -> list[str]:
    """Name parts by their energy: the loudest are choruses; a quiet first is an intro, a last an outro."""
    loudest = max(part.energy for part in parts)
    names: list[str] = []
    for number, part in enumerate(parts):
        is_less = part.energy <= loudest - CLEARLY_LESS
        is_short = part.end - part.start <= OPENING_BARS * bar
        if len(parts) == 1:
            names.append("verse")
        elif not is_less:
            names.append("chorus")
        elif is_short and number == 0:
            names.append("intro")
        elif is_short and number == len(parts) - 1:
            names.append("outro")
        else:
            names.append("bridge" if "chorus" in names else "verse")
    return names


def lyrics_frame(sections: Sequence[ThemeSection], words: str, *, vocals: bool) -> str:
    """Return lyrics as ACE-Step takes them: a tag for each part, and the lines that are sung in it.

    Parameters
    ----------
    sections : sequence of ThemeSection
        The parts.
    words : str
        The song's lines; they are dealt out to the sung parts in order, by their lengths.
    vocals : bool
        Without, every part is instrumental and `words` is not used.
    """
    if not vocals:
        return "\n\n".join(["[instrumental]", *(f"[{section.name}]" for section in sections)])
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    sung = [section for section in sections if section.name in SUNG]
    room = sum(section.n_lines for section in sung)
    blocks, n_dealt, n_before = [], 0, 0
    for section in sections:
        dealt: list[str] = []
        if section.name in SUNG:
            n_before += section.n_lines
            end = round(len(lines) * n_before / room)
            dealt, n_dealt = lines[n_dealt:end], end
        blocks.append("\n".join([f"[{section.name}]", *dealt]))
    return "\n\n".join(blocks)
