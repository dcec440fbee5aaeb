"""What every catalogue of music does, and how it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ...errors import InputError, ProviderError
from .catalog_track import CatalogTrack

MAX_RESULTS = 200
MAX_SHOTS = 1000
MIN_BPM, MAX_BPM = 20.0, 400.0
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CatalogQuery:
    """What is looked for.

    Parameters
    ----------
    term : str
        Free words: title, artist, mood.
    genre : str
        Name of a genre.
    isrc : str
        The one recording with this code.
    is_chart : bool
        The most played tracks, of `genre` if one is given, instead of a search.
    min_bpm, max_bpm : float or None
        Wished tempo; half and double of it count too, and come later.
    limit : int
        1–200: tracks at most.
    shot_seconds : tuple of float
        Lengths of the shots whose cuts the beats are to carry; empty when there is no picture yet.
    """

    term: str = ""
    genre: str = ""
    isrc: str = ""
    is_chart: bool = False
    min_bpm: float | None = None
    max_bpm: float | None = None
    limit: int = 25
    shot_seconds: tuple[float, ...] = ()

    def checked(self) -> CatalogQuery:
        """Return the query with its words cleaned.

        Raises
        ------
        InputError
            If it asks for nothing, or a value is out of its range.
        """
        isrc = re.sub(r"[\s-]", "", self.isrc).upper()
        if isrc and not _ISRC.fullmatch(isrc):
            raise InputError(
                f"{self.isrc[:40]!r} is no ISRC.", field="isrc", hint="It looks like JPU902200001."
            )
        if not 1 <= self.limit <= MAX_RESULTS:
            raise InputError(
                f"The limit {self.limit} is out of range.", field="limit", hint=f"Use 1 to {MAX_RESULTS}."
            )
        for field in ("min_bpm", "max_bpm"):
            value = getattr(self, field)
            if value is not None and not MIN_BPM <= value <= MAX_BPM:
                raise InputError(f"The {field} {value} is out of range.", field=field, hint="Use 20 to 400.")
        if self.min_bpm and self.max_bpm and self.min_bpm > self.max_bpm:
            raise InputError(
                f"The tempo range {self.min_bpm:g}–{self.max_bpm:g} BPM is empty.",
                field="max_bpm",
                hint="Give the smaller number first.",
            )
        if len(self.shot_seconds) > MAX_SHOTS or not all(0 < s < 1e5 for s in self.shot_seconds):
            raise InputError(
                "The lengths of the shots cannot be meant.",
                field="shot_seconds",
                hint=f"Give up to {MAX_SHOTS} numbers of seconds, each above 0.",
            )
        term, genre = (" ".join(text.split())[:200] for text in (self.term, self.genre))
        if not (term or genre or isrc or self.is_chart):
            raise InputError(
                "The search has no words.", field="term", hint="Give a term, a genre or an ISRC."
            )
        return replace(self, term=term, genre=genre, isrc=isrc)


def parse_shots(text: str) -> tuple[float, ...]:
    """Read lengths of shots as people type them: seconds, with commas or blanks between.

    Raises
    ------
    InputError
        If something else is in it.
    """
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    try:
        return tuple(float(part) for part in parts)
    except ValueError as error:
        raise InputError(
            f"{text[:60]!r} are no lengths of shots.", field="shot_seconds", hint="Give them as 1.7, 2.3, 4."
        ) from error


@dataclass(frozen=True, slots=True)
class CatalogState:
    """Whether a catalogue can be asked.

    Parameters
    ----------
    name, title : str
        For programs and for people.
    is_available : bool
        False while something has to be set first.
    reason : str
        Why it is unavailable, or what it offers.
    needs : tuple of str
        The settings that are missing.
    can : tuple of str
        ``search``, ``genre``, ``isrc``, ``charts``, ``preview``, ``tempo``, ``playlists``, ``sync``.
    """

    name: str
    title: str
    is_available: bool
    reason: str
    needs: tuple[str, ...] = ()
    can: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "name": self.name,
            "title": self.title,
            "state": "available" if self.is_available else "unavailable",
            "reason": self.reason,
            "needs": list(self.needs),
            "can": list(self.can),
        }

    def require(self) -> None:
        """Refuse to ask a catalogue that is unavailable.

        Raises
        ------
        ProviderError
            That says what to set.
        """
        if not self.is_available:
            raise ProviderError(f"{self.title} is unavailable: {self.reason}", field="provider")


class MusicCatalog(Protocol):
    """A catalogue of music."""

    @property
    def name(self) -> str:
        """How settings, commands and routes call it."""
        ...

    def state(self) -> CatalogState:
        """Tell whether it can be asked; never opens a connection."""
        ...

    def search(self, query: CatalogQuery, progress: Progress) -> list[CatalogTrack]:
        """Return at most ``query.limit`` tracks, most fitting first.

        Parameters
        ----------
        query : CatalogQuery
            Checked already.
        progress : callable
            Told the tracks found so far and those wanted; it may raise to stop the search.

        Raises
        ------
        ProviderError
            If the catalogue is unavailable or fails.
        """
        ...

    def track(self, track_id: str) -> CatalogTrack:
        """Return one track.

        Raises
        ------
        NotFoundError
            If it has no track with that id.
        ProviderError
            If the catalogue is unavailable or fails.
        """
        ...
