"""What a file of music says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UnreadableAudioError
from .catalog_track import Licence
from .licences import PROTECTED, USER_SUPPLIED, licence_of

_MAX_TEXT = 500
# Names of the same tag in ID3, Vorbis comments, MPEG-4, APE and RIFF, as FFmpeg gives them.
_NAMES = {
    "title": ("title", "inam"),
    "artist": ("artist", "album_artist", "iart", "performer"),
    "album": ("album", "iprd"),
    "genre": ("genre", "ignr"),
    "tempo": ("tbpm", "bpm", "tmpo", "tempo"),
    "key": ("tkey", "initialkey", "initial_key", "key"),
    "licence": ("license", "licence", "wcop", "copyright_url", "license_url"),
    "copyright": ("copyright", "tcop", "icop"),
    "isrc": ("tsrc", "isrc"),
    "mood": ("mood", "tmoo"),
}


@dataclass(frozen=True, slots=True)
class FileTags:
    """The tags of a file.

    Parameters
    ----------
    tempo_bpm : float or None
        As somebody wrote it; 20–400.
    licence : Licence
        Read from the tags for it, else from the copyright; `USER_SUPPLIED` without both.
    duration_seconds : float or None
        As the container tells.
    """

    title: str
    artist: str
    album: str
    genres: tuple[str, ...]
    moods: tuple[str, ...]
    tempo_bpm: float | None
    key: str | None
    isrc: str
    licence: Licence
    duration_seconds: float | None

    @classmethod
    def blank(cls, title: str) -> FileTags:
        """Return the tags of a file that says nothing of itself."""
        return cls(title, "", "", (), (), None, None, "", USER_SUPPLIED, None)


def read_tags(path: Path) -> FileTags:
    """Read the tags of a file; its sound is not decoded.

    A file without a title has its name for one. Encrypted files are told by their licence.

    Raises
    ------
    UnreadableAudioError
        If it is no media file, or has no sound.
    """
    import av
    from av.error import FFmpegError

    try:
        # Only the file itself: a playlist must not make the decoder open other places.
        with _opened(path) as container:
            if not container.streams.audio:
                raise UnreadableAudioError(f"{path.name} has no sound in it.")
            stream = container.streams.audio[0]
            # Ogg keeps its comments with the stream.
            given = {**dict(stream.metadata), **dict(container.metadata)}
            seconds = container.duration / av.time_base if container.duration else None
            is_protected = path.suffix.lower() == ".m4p" or stream.codec_context.codec_tag == "drms"
    except (FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise UnreadableAudioError(f"{path.name} is not readable as audio.") from error
    return _tags(path, {key.lower(): value for key, value in given.items()}, seconds, is_protected)


def _opened(path: Path) -> Any:
    import av

    options = {"protocol_whitelist": "file"}
    try:
        return av.open(str(path), options=options, metadata_errors="replace")
    except TypeError:
        # PyAV 19 takes no word on tags that are no UTF-8.
        return av.open(str(path), options=options)


def _tags(path: Path, given: dict[str, str], seconds: float | None, is_protected: bool) -> FileTags:
    def text(field: str) -> str:
        found = next((given[name] for name in _NAMES[field] if given.get(name, "").strip()), "")
        return " ".join(found.split())[:_MAX_TEXT]

    licence = licence_of(text("licence") or text("copyright"))
    return FileTags(
        title=text("title") or path.stem,
        artist=text("artist"),
        album=text("album"),
        genres=_parts(text("genre")),
        moods=_parts(text("mood")),
        tempo_bpm=_tempo(text("tempo")),
        key=text("key")[:20] or None,
        isrc=re.sub(r"[\s-]", "", text("isrc")).upper()[:12],
        licence=PROTECTED if is_protected else licence,
        duration_seconds=seconds if seconds and seconds > 0 else None,
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[;/,|]", text) if part.strip())


def _tempo(text: str) -> float | None:
    found = re.search(r"\d+(?:[.,]\d+)?", text)
    tempo = float(found[0].replace(",", ".")) if found else 0.0
    return tempo if 20 <= tempo <= 400 else None
