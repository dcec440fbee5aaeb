"""A track as a catalogue tells of it, and the licence that it comes with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any


class SyncRight(str, Enum):
    """Whether a recording may be put under picture."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be done with a recording.

    Parameters
    ----------
    name : str
        As people write it, such as ``CC BY 4.0``.
    sync : SyncRight
        Whether it may be put under picture. ``UNKNOWN`` is for the user's own files, of which only the
        user knows: they can be cut to, and publishing asks for the licence.
    reason : str
        Why, in one sentence.
    url : str
        Its text.
    conditions : tuple of str
        What has to be kept to: ``attribution``, ``share alike``, ``no commercial use``.
    """

    name: str
    sync: SyncRight
    reason: str
    url: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def may_sync(self) -> bool:
        """Whether nothing forbids to put it under picture."""
        return self.sync is not SyncRight.REFUSED

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "sync": self.sync.value, "conditions": list(self.conditions)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Licence:
        """Rebuild a licence from `as_json`."""
        given = {key: stored[key] for key in ("name", "reason", "url")}
        return cls(sync=SyncRight(stored["sync"]), conditions=tuple(stored["conditions"]), **given)


@dataclass(frozen=True, slots=True)
class CatalogTrack:
    """A track of a catalogue.

    Parameters
    ----------
    provider : str
        Name of the catalogue: ``local``, ``apple_music``, ``deezer`` or ``jamendo``.
    id : str
        Its id there.
    title, artist, album : str
        Empty where the catalogue does not say.
    licence : Licence
        What may be done with it.
    genres, tags : tuple of str
        As the catalogue writes them.
    duration_seconds : float or None
        Length of the whole track.
    tempo_bpm : float or None
        Beats per minute; None where nobody has said or heard it.
    tempo_source : str
        Who says so: ``tags``, ``analysis``, ``deezer`` or ``preview`` (heard in thirty seconds of it).
    key : str or None
        As the file's tags write it.
    isrc : str
        International Standard Recording Code, by which catalogues agree on a recording.
    url : str
        Page of the track, for people.
    preview_url : str
        Sound of an excerpt.
    path : Path or None
        The file, of a local track.
    sha256 : str
        Digest of the file, once it was taken.
    may_download : bool
        Whether the catalogue gives the file away.
    """

    provider: str
    id: str
    title: str
    artist: str
    licence: Licence
    album: str = ""
    genres: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    duration_seconds: float | None = None
    tempo_bpm: float | None = None
    tempo_source: str = ""
    key: str | None = None
    isrc: str = ""
    url: str = ""
    preview_url: str = ""
    path: Path | None = None
    sha256: str = ""
    may_download: bool = False

    @property
    def reference(self) -> str:
        """How commands and routes name it: ``provider:id``."""
        return f"{self.provider}:{self.id}"

    @property
    def label(self) -> str:
        """Artist and title, for people."""
        return f"{self.artist} – {self.title}" if self.artist else self.title

    @property
    def attribution(self) -> str:
        """The credit line: title, author, source and licence.

        References
        ----------
        .. [1] Creative Commons, "Recommended practices for attribution" (title, author, source, licence).
        """
        author = f" by {self.artist}" if self.artist else ""
        source = f" ({self.url})" if self.url else ""
        text = f" ({self.licence.url})" if self.licence.url else ""
        return f"“{self.title}”{author}{source}, {self.licence.name}{text}"

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values, with `reference`, `label` and `attribution`."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            "reference": self.reference,
            "label": self.label,
            **fields,
            "genres": list(self.genres),
            "tags": list(self.tags),
            "path": None if self.path is None else str(self.path),
            "licence": self.licence.as_json(),
            "attribution": self.attribution,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> CatalogTrack:
        """Rebuild a track from `as_json`."""
        given = {name: stored[name] for name in cls.__slots__}
        return cls(
            **{
                **given,
                "genres": tuple(stored["genres"]),
                "tags": tuple(stored["tags"]),
                "path": Path(stored["path"]) if stored["path"] else None,
                "licence": Licence.from_json(stored["licence"]),
            }
        )
