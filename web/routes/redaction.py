"""Leaves secrets out of what is shown of a job."""

from __future__ import annotations

import re
from typing import Any

REDACTED = "[redacted]"

# Whole words of a key: `max_tokens` and `token_normalization` are settings, `auth_token` is not.
_KEY = re.compile(
    r"(?:^|[_\-.])(?:api[_-]?keys?|secrets?|passwords?|passwd|credentials?|authorization|cookies?"
    r"|(?:auth|access|refresh|bearer|session|hf|api|id)[_-]?tokens?)(?:$|[_\-.])"
    r"|^tokens?$|apikey|privatekey",
    re.IGNORECASE,
)
_VALUES = (
    re.compile(r"(?<=\bBearer )\S+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(
        r"\b(?:sk-[A-Za-z0-9_\-]{20,}|hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|comfyui-[a-f0-9]{32,})"
    ),
    re.compile(r"\beyJ[\w\-]{10,}\.[\w\-]{10,}\.[\w\-]{10,}"),
)


def redacted(value: Any) -> Any:
    """Return a copy of a JSON value in which secrets are `REDACTED`.

    A value is a secret by its key, or by what it looks like: bearer and web tokens, keys of known
    services, passwords in URLs.
    """
    if isinstance(value, dict):
        return {key: REDACTED if _hides(key, item) else redacted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted(item) for item in value]
    return _without_secrets(value) if isinstance(value, str) else value


def _hides(key: object, value: Any) -> bool:
    return isinstance(value, str) and value != "" and _KEY.search(str(key)) is not None


def _without_secrets(text: str) -> str:
    for pattern in _VALUES:
        text = pattern.sub(REDACTED, text)
    return text
