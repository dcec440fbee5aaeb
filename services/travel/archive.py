"""The box of a travelling character: a plain zip, written the same each time and read with distrust."""

from __future__ import annotations

import hashlib
import json
import math
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from ...errors import InputError
from ...production.part_file import part_file

MANIFEST = "manifest.json"
# A member has one of these names and no other, so that no path is ever made from what a file says.
MEMBER = re.compile(
    r"references/[0-9a-f]{64}\.(png|jpg|webp)|crops/[0-9a-f]{64}\.png|embeddings/[0-9]{4}\.f32"
)

MAX_FILE_BYTES = 512 << 20
MAX_MEMBERS = 1000
MAX_DEPTH = 32
# As large as an uploaded picture; a manifest of a thousand members with its embeddings' keys is below 2 MiB.
_MAX_BYTES = {"manifest.json": 8 << 20, "references": 20 << 20, "crops": 20 << 20, "embeddings": 64 << 20}
# Pictures and embeddings hardly shrink, and text rarely below a twentieth.
_MAX_RATIO = 100
_FREE_BYTES = 64 << 10
_CHUNK = 1 << 16
_MAX_DIRECTORY_BYTES = 256 << 10

_END = struct.Struct("<4s4H2LH")
_END_MAGIC, _ZIP64_MAGIC = b"PK\x05\x06", b"PK\x06\x07"
_LOCAL_HEADER_BYTES = 30
_REMEDY = "Ask for the file again, made by tower character export."
# What zipfile and zlib raise on bytes that are not what they claim to be.
_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error,
    OverflowError, OSError,
)  # fmt: skip


def refuse(problem: str, hint: str = _REMEDY) -> NoReturn:
    """Raise the error of a file that is not taken."""
    raise InputError(f"This is not a character that can be taken in: {problem}.", field="file", hint=hint)


def write_archive(target: Path, manifest: Mapping[str, Any], members: Mapping[str, Path | bytes]) -> None:
    """Write a file whose bytes depend on nothing but what is in it.

    Members are stored, not compressed, with one date, in the order of their names; the manifest first.

    Raises
    ------
    StorageError
        If `target` cannot be written.
    """
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    with part_file(target) as part, zipfile.ZipFile(part, "w", allowZip64=False) as box:
        _put(box, MANIFEST, text.encode("utf-8"))
        for name in sorted(members):
            _put(box, name, members[name])


def _put(box: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    if isinstance(content, bytes):
        box.writestr(entry, content, zipfile.ZIP_STORED)
        return
    with content.open("rb") as source, box.open(entry, "w") as out:
        while chunk := source.read(_CHUNK):
            out.write(chunk)


class SealedArchive:
    """A travelling file whose outside has been looked at; what is inside is read member by member."""

    def __init__(self, box: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> None:
        self._box = box
        self._entries = entries

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each member besides the manifest, as the directory declares them."""
        return {name: entry.file_size for name, entry in self._entries.items() if name != MANIFEST}

    def manifest(self) -> dict[str, Any]:
        """Read the manifest.

        Raises
        ------
        InputError
            If it is not a JSON object, is nested deeply, or has in it what no database may store.
        """
        return read_json(b"".join(self._chunks(self._entries[MANIFEST])))

    def extract(self, name: str, target: Path, sha256: str) -> None:
        """Write a member to `target`.

        Raises
        ------
        InputError
            If its bytes have another digest.
        """
        digest = hashlib.sha256()
        with target.open("wb") as out:
            for chunk in self._chunks(self._entries[name]):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != sha256:
            refuse(f"the bytes of {name} are not those that the manifest names")

    def _chunks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        n_bytes = 0
        try:
            with self._box.open(entry) as member:
                while chunk := member.read(_CHUNK):
                    n_bytes += len(chunk)
                    if n_bytes > entry.file_size:
                        refuse(f"{entry.filename} is larger than it says")
                    yield chunk
        except _FAULTS as error:
            raise InputError(
                f"This is not a character that can be taken in: {entry.filename} is damaged.",
                field="file",
                hint=_REMEDY,
            ) from error
        if n_bytes != entry.file_size:
            refuse(f"{entry.filename} is smaller than it says")


@contextmanager
def open_archive(path: Path) -> Iterator[SealedArchive]:
    """Open a travelling file after a look at its outside.

    Raises
    ------
    InputError
        If it is no such file: not a plain zip, with names or kinds of members that none has, larger
        than any is, or packed so that it would unfold beyond measure.
    """
    _check_end(path)
    try:
        box = zipfile.ZipFile(path)
    except _FAULTS as error:
        raise InputError(
            "This is not a character that can be taken in: its directory is damaged.",
            field="file",
            hint=_REMEDY,
        ) from error
    with box:
        yield SealedArchive(box, _checked_entries(box.infolist()))


def _check_end(path: Path) -> None:
    """Refuse a directory that is larger than any, before it is read into memory."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            refuse(f"it has more than {MAX_FILE_BYTES >> 20} MiB")
        with path.open("rb") as file:
            file.seek(max(size - _END.size - 20, 0))
            tail = file.read()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.", field="file") from error
    if len(tail) < _END.size or tail[-_END.size :][:4] != _END_MAGIC:
        refuse("it is not a zip file, or has something behind its end")
    _, disk, start_disk, on_disk, n_members, length, start, comment = _END.unpack(tail[-_END.size :])
    if tail[: -_END.size][-20:][:4] == _ZIP64_MAGIC or (disk, start_disk, comment) != (0, 0, 0):
        refuse("it is a zip file in parts, with a comment, or of the 64-bit kind")
    if not 1 <= n_members <= MAX_MEMBERS or n_members != on_disk or length > _MAX_DIRECTORY_BYTES:
        refuse(f"it has no members, or more than {MAX_MEMBERS}")
    if start + length + _END.size != size:
        refuse("its directory is not where it says")


def _checked_entries(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if not entries or entries[0].orig_filename != MANIFEST or entries[0].header_offset != 0:
        refuse("its first member is not manifest.json")
    if len(entries) > MAX_MEMBERS:
        refuse(f"it has more than {MAX_MEMBERS} members")
    checked: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.orig_filename
        if name != MANIFEST and not MEMBER.fullmatch(name):
            refuse(f"no member may be called {name[:80]!a}")
        if name in checked:
            refuse(f"it has {name} twice")
        _check_entry(entry)
        checked[name] = entry
    in_file = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, after in pairwise(in_file):
        least = entry.header_offset + _LOCAL_HEADER_BYTES + len(entry.orig_filename) + entry.compress_size
        if least > after.header_offset:
            refuse(f"{entry.filename} and {after.filename} share bytes")
    if sum(entry.file_size for entry in entries) > MAX_FILE_BYTES:
        refuse(f"unpacked it has more than {MAX_FILE_BYTES >> 20} MiB")
    return checked


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # Bits 0, 6 and 13 of the flags are the ways of encryption.
    if entry.flag_bits & 0x2041:
        refuse(f"{entry.filename} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refuse(f"{entry.filename} is packed in a way that is not read")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.external_attr & 0x10:
        refuse(f"{entry.filename} is not a plain file")
    most = _MAX_BYTES[entry.filename.split("/", 1)[0]]
    if entry.file_size > most:
        refuse(f"{entry.filename} has more than {most >> 20} MiB")
    if entry.file_size > _FREE_BYTES and entry.file_size > _MAX_RATIO * entry.compress_size:
        refuse(f"{entry.filename} would unfold to more than {_MAX_RATIO} times its size")


def read_json(data: bytes) -> dict[str, Any]:
    """Read a JSON object, strictly.

    Raises
    ------
    InputError
        If it is no JSON object, names a key twice, has a number beyond 64 bits or all bounds, is nested
        deeper than 32 levels, or has control characters in a text.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_bounded_int,
            parse_float=_bounded_float,
            parse_constant=_bounded_float,
        )
        _check_value(value, 1)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"This is not a character that can be taken in: its manifest is not usable ({str(error)[:80]}).",
            field="file",
            hint=_REMEDY,
        ) from error
    if not isinstance(value, dict):
        refuse("its manifest is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _bounded_int(text: str) -> int:
    # Longer numbers take time that grows with the square of their length.
    if len(text) > 20 or abs(int(text)) > 2**63 - 1:
        raise ValueError("a number has more than 64 bits")
    return int(text)


def _bounded_float(text: str) -> float:
    value = float(text) if len(text) <= 64 else math.inf
    if not math.isfinite(value):
        raise ValueError("a number is beyond all bounds")
    return value


def _check_value(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        for letter in value:
            if unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\r\t":
                raise ValueError(f"a text contains U+{ord(letter):04X}")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_value(key, depth)
            _check_value(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_value(item, depth + 1)
