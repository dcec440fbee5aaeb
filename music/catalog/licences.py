"""Licences of music: which let a recording be put under picture, and on what terms."""

from __future__ import annotations

import re

from .catalog_track import Licence, SyncRight

USER_SUPPLIED = Licence(
    "user-supplied",
    SyncRight.UNKNOWN,
    "It is a file of yours, and its tags name no licence: whether it may be used, only you know.",
)
APPLE_MUSIC = Licence(
    "Apple Music",
    SyncRight.REFUSED,
    "MusicKit content may not be downloaded, changed, or synchronised with any other content.",
    "https://developer.apple.com/support/terms/apple-developer-program-license-agreement/",
)
DEEZER = Licence(
    "Deezer preview",
    SyncRight.REFUSED,
    "Deezer's previews are for listening only and carry no right to be put under picture.",
    "https://developers.deezer.com/termsofuse",
)
PROTECTED = Licence(
    "copy-protected",
    SyncRight.REFUSED,
    "The file is protected against copying, so it can be neither decoded nor put under picture.",
)
NO_LICENCE_TOLD = Licence(
    "not stated",
    SyncRight.REFUSED,
    "The catalogue states no licence, and without one nothing may be used.",
)

_CC_URL = re.compile(
    r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+|zero|mark)(?:/(\d\.\d))?(?:/([a-z]{2})\b)?",
    re.I,
)
_CC_NAME = re.compile(
    r"(?:\bcc|creative\s*commons)[\s_-]*((?:by|nc|nd|sa|attribution|non[\s-]?commercial|no[\s-]?deriv\w*|share[\s-]?alike)"
    r"(?:[\s_-]+(?:by|nc|nd|sa|non[\s-]?commercial|no[\s-]?deriv\w*|share[\s-]?alike))*)(?:[\s_-]*v?(\d\.\d))?",
    re.I,
)
_FREE = re.compile(
    r"\bcc[\s_-]?0\b|creative\s*commons\s*zero|publicdomain/(?:zero|mark)|public\s*domain", re.I
)
_CONDITIONS = {"by": "attribution", "sa": "share alike", "nc": "no commercial use"}
# Longer names first: "noncommercial" holds no other of them.
_PARTS = (("non", "nc"), ("nc", "nc"), ("no", "nd"), ("nd", "nd"), ("share", "sa"), ("sa", "sa"))


def licence_of(text: str) -> Licence:
    """Read the licence that a tag or a catalogue states.

    Creative Commons is known by its names and addresses. Without derivatives (ND) a recording may not be
    put under picture: by the licence itself that always makes adapted material.

    Parameters
    ----------
    text : str
        A name, an address, or a sentence with one of them.

    Returns
    -------
    Licence
        `USER_SUPPLIED` for an empty text; a text that is not known stays its name, with `UNKNOWN`.

    References
    ----------
    .. [1] Creative Commons, "Attribution-NoDerivatives 4.0 International", section 1(a): "Adapted Material
       is always produced where the Licensed Material is synched in timed relation with a moving image."
    """
    text = " ".join(text.split())[:300]
    if not text:
        return USER_SUPPLIED
    if _FREE.search(text):
        return Licence("CC0 / public domain", SyncRight.ALLOWED, "It is free of copyright.", _address(text))
    address = _CC_URL.search(text)
    if address:
        codes = [code for code in address[1].lower().split("-") if code in ("by", "nc", "nd", "sa")]
        return _creative_commons(codes, address[2] or "", _address(text))
    named = _CC_NAME.search(text)
    if named:
        return _creative_commons(_codes(named[1]), named[2] or "", "")
    return Licence(text, SyncRight.UNKNOWN, "Tower does not know this licence: read it before you publish.")


def _codes(words: str) -> list[str]:
    codes = ["by"]
    for word in re.split(r"[\s_-]+", words.lower()):
        codes += [code for start, code in _PARTS if word.startswith(start)][:1]
    return codes


def _creative_commons(codes: list[str], version: str, url: str) -> Licence:
    codes = sorted(dict.fromkeys(codes), key=("by", "nc", "nd", "sa").index)
    name = f"CC {'-'.join(codes).upper()} {version}".strip()
    url = url or (f"https://creativecommons.org/licenses/{'-'.join(codes)}/{version}/" if version else "")
    conditions = tuple(_CONDITIONS[code] for code in codes if code in _CONDITIONS)
    if "nd" in codes:
        reason = f"{name} allows no derivatives, and music under picture is one by the licence's own words."
        return Licence(name, SyncRight.REFUSED, reason, url, conditions)
    return Licence(
        name, SyncRight.CONDITIONAL, f"{name} allows it with {_joined(conditions)}.", url, conditions
    )


def _joined(words: tuple[str, ...]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _address(text: str) -> str:
    found = re.search(r"https?://\S+", text)
    return found[0].rstrip(").,;") if found else ""
