"""What is sent to a web catalogue and what comes back; who carries it is not this room's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Parameters
    ----------
    url : str
        Whole, with its query.
    method : str
        ``GET`` or ``POST``.
    headers : mapping of str to str
        Kept out of messages and logs, since they hold tokens.
    body : bytes or None
        JSON, of a POST.
    max_bytes : int
        Length of the answer at most.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = None
    max_bytes: int = 8 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, Any]
    body: bytes


class Transport(Protocol):
    """Carries requests over the network."""

    def send(self, request: Request) -> Answer:
        """Return the answer, of whatever status; redirects are not followed.

        Raises
        ------
        ProviderError
            If the server cannot be reached, is too slow, or sends more than ``max_bytes``.
        """
        ...
