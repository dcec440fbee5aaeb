"""From an exception to an answer: the one table, and the one form of an error."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from ...errors import (
    AccessError,
    ConflictError,
    GateStopError,
    InputError,
    MissingModelError,
    NotFoundError,
    ProviderError,
    StorageError,
    TowerError,
)

logger = logging.getLogger(__name__)

_SHOWN_CHARACTERS = 80


class MalformedError(InputError):
    """The body is not what its content type says."""

    code = "malformed"


class UnsupportedTypeError(InputError):
    """The body has a content type that this route does not take."""

    code = "unsupported_media_type"


class TooLargeError(InputError):
    """The body, or a file in it, is larger than allowed."""

    code = "too_large"


class SlowBodyError(InputError):
    """The body did not arrive in time."""

    code = "timeout"


class AuthRequiredError(AccessError):
    """Only a caller on this machine may do this."""

    code = "auth_required"


class BusyError(TowerError):
    """Too much work is waiting already."""

    code = "busy"


# The nearest class of an exception's ancestry decides.
STATUS_OF: dict[type[Exception], int] = {
    MalformedError: 400,
    AccessError: 403,
    NotFoundError: 404,
    SlowBodyError: 408,
    ConflictError: 409,
    GateStopError: 409,
    TooLargeError: 413,
    UnsupportedTypeError: 415,
    InputError: 422,
    BusyError: 429,
    TowerError: 500,
    StorageError: 503,
    ProviderError: 503,
    MissingModelError: 503,
}

# When to ask again, in seconds: a busy disk or pool is usually free by then.
RETRY_AFTER = {429: "2", 503: "5"}

COMMON_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def error_body(
    code: str, message: str, *, field: str | None = None, hint: str | None = None
) -> dict[str, Any]:
    """Return the error form; `field` and `hint` are left out when there is none."""
    error = {"code": code, "message": message, "field": field, "hint": hint}
    return {"error": {key: value for key, value in error.items() if value is not None}}


def error_response(request: web.Request, error: Exception) -> web.Response:
    """Answer an exception; what Tower did not foresee is logged and shown without its trace."""
    if isinstance(error, TowerError):
        status = status_of(error)
        if status >= 500:
            logger.warning("%s %s: %s", request.method, request.path, error)
        body = error_body(error.code, error.message, field=error.field, hint=error.hint)
    elif isinstance(error, web.HTTPException):
        status = error.status
        body = error_body(error.reason.lower().replace(" ", "_"), f"{error.reason}.")
    else:
        status = 500
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
        body = error_body("internal", "Tower failed on this request.", hint="Its log has the reason.")
    headers = dict(COMMON_HEADERS)
    if status in RETRY_AFTER:
        headers["Retry-After"] = RETRY_AFTER[status]
    return web.json_response(body, status=status, headers=headers)


def status_of(error: TowerError) -> int:
    """Return the HTTP status of an error: that of its nearest class in `STATUS_OF`."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def shown(value: object) -> str:
    """Return a value as a message may quote it: escaped, on one line, and short."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def from_validation(error: ValidationError, known_fields: list[str]) -> InputError:
    """Turn the first finding of a schema into a sentence that names the field."""
    findings = error.errors(include_url=False, include_context=False)
    first = findings[0]
    field = ".".join(shown(part).strip("'") for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return InputError(
            f"There is no field {field!r}.", field=field, hint=f"Known: {', '.join(known_fields)}."
        )
    if first["type"] == "missing":
        return InputError(f"The field {field!r} is missing.", field=field)
    fault = first["msg"].removeprefix("Value error, ")
    fault = fault[:1].lower() + fault[1:]
    more = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
    subject = f"{field} = {shown(first['input'])}" if field else "The value"
    return InputError(f"{subject} is refused: {fault}{more}.", field=field or None)
