"""Field types that keep out what no database, log or page should ever see."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

MAX_ID = 2**63 - 1
_MAX_DEPTH = 32
_DIGITS = re.compile(r"[0-9]{1,19}")
_LINE_BREAKS = "\n\r\t"


def _clean_text(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in _LINE_BREAKS:
            raise ValueError(f"it contains U+{ord(character):04X}, which a text may not")
    return value


def _clean_lora(value: str) -> str:
    """Accept a name below the host's loras folder, with either slash."""
    value = _clean_text(value)
    parts = value.replace("\\", "/").split("/")
    if ":" in value or any(part in {"", ".", ".."} for part in parts):
        raise ValueError("it is not a name below the loras folder")
    return value


def _clean_json(value: dict[str, Any]) -> dict[str, Any]:
    _check_json(value, 1)
    return value


def _check_json(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, str):
        _clean_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("it contains a number beyond all bounds")
    elif isinstance(value, int) and abs(value) > MAX_ID:
        raise ValueError("it contains an integer beyond 64 bits")
    elif isinstance(value, dict):
        for key, item in value.items():
            _clean_text(key)
            _check_json(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_json(item, depth + 1)


def _digits(value: Any) -> int:
    """Read a decimal number as URLs have it: ASCII digits and nothing else."""
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise ValueError("it is not a whole number of at most 64 bits")
    return int(value)


def _flag(value: Any) -> bool:
    if value not in ("true", "false", "1", "0"):
        raise ValueError("it is neither true nor false")
    return value in ("true", "1")


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
UrlId = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_digits)]
UrlLimit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_digits)]
UrlSide = Annotated[int, Field(ge=64, le=4096), BeforeValidator(_digits)]
UrlFlag = Annotated[bool, BeforeValidator(_flag)]
UrlNumber = Annotated[float, Field(allow_inf_nan=False)]
# What a name may not contain is the repositories' business, for every face the same.
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean_text)]
LoraName = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_clean_lora)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_clean_json)]
