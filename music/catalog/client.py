"""Asking a web catalogue for JSON: patient where it is busy, and sure of what came back."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ...errors import ProviderError
from .transport import Answer, Request, Transport

_TRIES = 4
_LONGEST_WAIT_SECONDS = 20.0
_PATIENCE_SECONDS = 45.0
_BUSY = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class CatalogClient:
    """Sends requests to one catalogue.

    Busy answers (429, 5xx) are asked again up to three times, as late as ``Retry-After`` says, else after
    0.5, 1 and 2 s with full jitter [1]_. What creates something is asked again after 429 alone, which says
    that nothing was done.

    Parameters
    ----------
    title : str
        Of the catalogue, for messages.
    root : str
        Its address, without a slash at the end.
    transport : Transport
        Carries the requests.
    sleep : callable
        Waits for seconds.

    References
    ----------
    .. [1] M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    title: str
    root: str
    transport: Transport
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def get(self, path: str, query: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a path below the root; None in `query` is left out."""
        given = urlencode({key: value for key, value in query.items() if value is not None})
        url = self.root + path + (("&" if "?" in path else "?") + given if given else "")
        return self._patiently(Request(url, headers=headers or {}))

    def post(self, path: str, content: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Send JSON to a path below the root."""
        sent = {**headers, "Content-Type": "application/json"}
        return self._patiently(Request(self.root + path, "POST", sent, json.dumps(content).encode()))

    def download(self, url: str, max_bytes: int) -> bytes:
        """Return the bytes of an address.

        Raises
        ------
        ProviderError
            If it answers with anything but bytes of sound.
        """
        answer = self._patiently(Request(url, max_bytes=max_bytes))
        if answer.status != 200 or not answer.body or _is_page(answer):
            raise ProviderError(f"{self.title} does not send the sound at {_shown(url)} ({answer.status}).")
        return answer.body

    def json(self, answer: Answer) -> dict[str, Any]:
        """Return the JSON object of a successful answer.

        Raises
        ------
        ProviderError
            If it failed, is a web page, is empty or half, or is no object.
        """
        if answer.status >= 400 or 300 <= answer.status < 400:
            raise self.failure(answer)
        content = _object(answer)
        if content is not None:
            return content
        what = "with nothing" if not answer.body.strip() else "with something else than whole JSON"
        if _is_page(answer):
            what = "with a web page"
        raise ProviderError(
            f"{self.title} answers {what}.",
            hint="A proxy or a login page may be in between, or the service is disturbed; try again later.",
        )

    def failure(self, answer: Answer, told: str = "") -> ProviderError:
        """Return the error of an answer that failed.

        Parameters
        ----------
        told : str
            What the service says itself, if it says something.
        """
        where = urlsplit(str(answer.headers.get("location", ""))).hostname
        if 300 <= answer.status < 400:
            sentence, hint = f"sends on to {where or 'nowhere'}, which is not followed", "Check its address."
        elif answer.status == 429:
            sentence, hint = "has had too many requests", f"Try again {_when(answer)}."
        elif answer.status >= 500:
            sentence, hint = f"is disturbed (HTTP {answer.status})", "Try again later."
        else:
            sentence, hint = f"refuses the request (HTTP {answer.status})", None
        told = " ".join(told.split())[:200].rstrip(".")
        return ProviderError(f"{self.title} {sentence}{f': {told}' if told else ''}.", hint=hint)

    def _patiently(self, request: Request) -> Answer:
        begun, answer = time.monotonic(), self.transport.send(request)
        for attempt in range(_TRIES - 1):
            is_asked_again = answer.status in (_BUSY if request.method == "GET" else {429})
            wait = _wait(answer, attempt)
            is_late = time.monotonic() - begun + wait > _PATIENCE_SECONDS
            if not is_asked_again or is_late or wait > _LONGEST_WAIT_SECONDS:
                break
            self.sleep(wait)
            answer = self.transport.send(request)
        return answer


def _wait(answer: Answer, attempt: int) -> float:
    spread = random.uniform(0, 0.5 * 2**attempt)  # noqa: S311 - it only spreads requests in time
    # "At once", or a date that is over, is no reason to ask four times in a row.
    return retry_after(answer) or spread


def retry_after(answer: Answer) -> float | None:
    """Return the seconds of the ``Retry-After`` header, a number or a date; None without one."""
    text = str(answer.headers.get("retry-after", "")).strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _when(answer: Answer) -> str:
    seconds = retry_after(answer)
    return f"in {seconds:.0f} s" if seconds else "in a minute"


def _object(answer: Answer) -> dict[str, Any] | None:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def told_json(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer that failed; empty when it is anything else."""
    return _object(answer) or {}


def _is_page(answer: Answer) -> bool:
    kind = str(answer.headers.get("content-type", "")).lower()
    return "html" in kind or answer.body[:200].lstrip()[:1] == b"<"


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"[:120]
