"""Subtitles of an episode as SubRip text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .part_file import write_text

# Reading speed of adult subtitles by common broadcast guidelines, in letters per second.
LETTERS_PER_SECOND = 17.0
MIN_SECONDS, MAX_SECONDS = 1.0, 7.0
# Two cues closer than this read as one that flickers.
GAP_SECONDS = 0.04
LINE_LENGTH = 42


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line of dialogue on the episode's timeline.

    Parameters
    ----------
    start_seconds : float
        When it begins.
    text : str
        What is said.
    speaker : str
        Who says it; empty when nobody needs to be named.
    seconds : float or None
        How long it is spoken; None takes the time that reading needs.
    """

    start_seconds: float
    text: str
    speaker: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle: start and end in whole milliseconds, and its rows."""

    start: int
    end: int
    rows: tuple[str, ...]


def reading_seconds(text: str) -> float:
    """Return how long a viewer needs for `text`, within 1-7 s."""
    return min(max(len(text) / LETTERS_PER_SECOND, MIN_SECONDS), MAX_SECONDS)


def make_cues(lines: Sequence[SpokenLine], duration_seconds: float) -> list[Cue]:
    """Lay lines out as subtitles that never overlap.

    Lines that begin together, or so close that the first could not be read, share one subtitle.
    Each stays for as long as it is spoken or reading needs, at least 1 s where the next one
    leaves the room, and none outlasts the episode.

    Parameters
    ----------
    lines : sequence of SpokenLine
        In any order.
    duration_seconds : float
        Length of the episode.

    Returns
    -------
    list of Cue
        Ascending; each ends before the next begins.
    """
    cues: list[Cue] = []
    for line in sorted(lines, key=lambda line: line.start_seconds):
        start = max(line.start_seconds, 0.0)
        rows = _rows(line)
        if not rows or start >= duration_seconds:
            continue
        seconds = max(line.seconds or 0.0, reading_seconds(" ".join(rows)))
        end = min(start + seconds, duration_seconds)
        cues.append(Cue(round(start * 1000), round(end * 1000), rows))
    return [cue for cue in _without_overlap(_together(cues)) if cue.end > cue.start]


def srt_text(cues: Iterable[Cue]) -> str:
    """Return cues as SubRip text."""
    blocks = (
        f"{number}\n{_time(cue.start)} --> {_time(cue.end)}\n" + "\n".join(cue.rows) + "\n"
        for number, cue in enumerate(cues, start=1)
    )
    return "\n".join(blocks)


def write_srt(lines: Sequence[SpokenLine], duration_seconds: float, output: Path) -> Path:
    """Write the dialogue of an episode as an SRT file in UTF-8 and return its path.

    Raises
    ------
    StorageError
        If the folder or disk refuses.
    """
    return write_text(output, srt_text(make_cues(lines, duration_seconds)))


def _rows(line: SpokenLine) -> tuple[str, ...]:
    # An arrow or an empty row would end the subtitle for a player.
    text = " ".join(line.text.replace("-->", "→").split())
    if not text:
        return ()
    words = (f"{' '.join(line.speaker.split())}: {text}" if line.speaker.strip() else text).split(" ")
    if sum(map(len, words)) + len(words) - 1 <= LINE_LENGTH:
        return (" ".join(words),)
    breaks = range(1, len(words))
    halves = [(" ".join(words[:k]), " ".join(words[k:])) for k in breaks]
    return min(halves, key=lambda rows: max(map(len, rows)), default=(" ".join(words),))


def _together(cues: list[Cue]) -> list[Cue]:
    joined: list[Cue] = []
    for cue in cues:
        last = joined[-1] if joined else None
        if last is not None and cue.start - last.start < MIN_SECONDS * 500:
            joined[-1] = replace(last, end=max(last.end, cue.end), rows=last.rows + cue.rows)
        else:
            joined.append(cue)
    return joined


def _without_overlap(cues: list[Cue]) -> list[Cue]:
    ends = [cue.start - round(GAP_SECONDS * 1000) for cue in cues[1:]]
    shortened = [replace(cue, end=min(cue.end, end)) for cue, end in zip(cues, ends, strict=False)]
    return shortened + cues[-1:]


def _time(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d},{milliseconds:03d}"
