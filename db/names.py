"""Names that people give, and the folder names made from them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from ..errors import InputError

MAX_NAME_LENGTH = 200
MAX_FOLDER_LENGTH = 60

# Invisible characters that make two names look alike, or turn the text around them.
_INVISIBLE = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)


def clean_name(name: str, *, field: str = "name") -> str:
    """Return `name` in Unicode's composed form, without blanks around it.

    Parameters
    ----------
    name : str
        What a person typed, in any script.
    field : str
        The field, for the message.

    Raises
    ------
    InputError
        If nothing is left, if more than 200 characters are, or if there are control characters or
        ones that change the direction of text.
    """
    if not isinstance(name, str):
        raise InputError(f"the {field} is a {type(name).__name__}.", field=field, hint="Give a text.")
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not cleaned:
        raise InputError(f"the {field} is empty.", field=field, hint="Give at least one character.")
    if len(cleaned) > MAX_NAME_LENGTH:
        raise InputError(
            f"the {field} {cleaned[:30]!r}… has {len(cleaned)} characters.",
            field=field,
            hint=f"Use at most {MAX_NAME_LENGTH}.",
        )
    for character in cleaned:
        if character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise InputError(
                f"the {field} {cleaned!a} contains the invisible character U+{ord(character):04X}.",
                field=field,
                hint="Leave it out.",
            )
    return cleaned


def folder_name(name: str, fallback: str, is_taken: Callable[[str], bool]) -> str:
    """Make a folder name that every file system accepts.

    Lower-case ASCII letters and digits, joined by hyphens, so that names that differ only in case
    never share a folder where case does not count.

    Parameters
    ----------
    name : str
        The name to make it from.
    fallback : str
        Used when nothing of `name` is ASCII, or when Windows keeps the word for a device.
    is_taken : callable
        Tells whether another project has the folder; a number is added then.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_FOLDER_LENGTH].strip("-")
    if not stem or stem in _DEVICES:
        stem = fallback
    folder, number = stem, 2
    while is_taken(folder):
        folder, number = f"{stem}-{number}", number + 1
    return folder
