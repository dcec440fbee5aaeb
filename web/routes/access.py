"""Who may call a route: the loopback rules, checked before anything of a request is read.

A web site that somebody visits can send requests to 127.0.0.1, and by DNS rebinding under a host
name of its own, so a loopback peer alone proves nothing. Four things together do: the peer, the
Host header, the Origin and Sec-Fetch-Site headers, and for writes a content type or a header that
a foreign page can send only after a CORS preflight, which nobody here answers.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from aiohttp import web

from ...errors import AccessError
from .errors import AuthRequiredError, UnsupportedTypeError

UPLOAD_HEADER = "X-Tower-Request"

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(?::(\d{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PROXY_HEADERS = ("Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")


class Policy(str, Enum):
    """What a route does, and so what its callers must show."""

    READ = "read"
    WRITE = "write"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules of a ComfyUI without login.

    Parameters
    ----------
    host_names : frozenset of str
        Names in a Host header that mean this machine.
    listen : sequence of str
        Addresses that the server listens on; beyond loopback every route only reads.
    """

    host_names: frozenset[str] = frozenset({"127.0.0.1", "localhost", "::1"})
    listen: Sequence[str] = field(default=("127.0.0.1",))

    def check(self, request: web.Request, policy: Policy) -> None:
        """Refuse a caller who may not use a route of this policy.

        Raises
        ------
        AccessError
            If the request comes from, or through, a foreign page; `AuthRequiredError` if it
            writes and comes from another machine.
        UnsupportedTypeError
            If a write does not carry the content type that foreign pages cannot send.
        """
        is_local = _is_local(request)
        name, port = _host_of(request)
        # A name can be rebound to this machine by its owner, an address cannot.
        if name not in self.host_names and (is_local or not _is_address(name)):
            raise AccessError(
                f"Tower does not answer to the host name {name!r}.",
                field="Host",
                hint="Open ComfyUI as http://127.0.0.1:PORT.",
            )
        _check_origin(request, name, port)
        if policy is Policy.READ:
            return
        if not is_local or not all(_is_loopback(address) for address in self.listen):
            raise AuthRequiredError(
                "Without a login only ComfyUI's own machine may change things, and only while ComfyUI "
                "listens on nothing else.",
                hint="Start ComfyUI without --listen and reach it through a tunnel: "
                "ssh -L 8188:127.0.0.1:8188 USER@MACHINE.",
            )
        _check_content(request, policy)


def _host_of(request: web.Request) -> tuple[str, int | None]:
    values = request.headers.getall("Host", [])
    match = _HOST.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise AccessError("The request has no valid Host header.", field="Host")
    return match[1].lower().strip("[]"), int(match[2]) if match[2] else None


def _check_origin(request: web.Request, name: str, port: int | None) -> None:
    site = request.headers.get("Sec-Fetch-Site", "none").lower()
    if site not in {"none", "same-origin"}:
        raise AccessError(f"A page of another site sent this ({site}).", field="Sec-Fetch-Site")
    origins = request.headers.getall("Origin", [])
    if origins and (len(origins) > 1 or not _is_same_origin(origins[0], name, port)):
        raise AccessError("A page of another origin sent this.", field="Origin")


def _is_same_origin(origin: str, name: str, port: int | None) -> bool:
    try:
        parts = urlsplit(origin)
        own_port = parts.port
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or parts.path or parts.username is not None:
        return False
    return parts.hostname == name and (own_port or default) == (port or default)


def _is_local(request: web.Request) -> bool:
    """Whether the peer is this machine and speaks for itself, not for somebody behind a proxy."""
    if any(key.lower().startswith("x-forwarded-") for key in request.headers):
        return False
    if any(key in request.headers for key in _PROXY_HEADERS):
        return False
    # Not request.remote: a middleware of another pack may have replaced it by a header's value.
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return isinstance(peer, tuple) and _is_loopback(peer[0])


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address == "localhost"
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_content(request: web.Request, policy: Policy) -> None:
    wanted = "application/json" if policy is Policy.WRITE else "multipart/form-data"
    if policy is Policy.UPLOAD and request.headers.get(UPLOAD_HEADER) != "1":
        raise AccessError(
            "An upload needs a header that foreign pages cannot set.",
            field=UPLOAD_HEADER,
            hint=f"Send {UPLOAD_HEADER}: 1.",
        )
    # No form and no script of a foreign page can send a bare DELETE without a preflight.
    is_bare_delete = request.method == "DELETE" and "Content-Type" not in request.headers
    if is_bare_delete or request.content_type == wanted:
        return
    given = request.headers.get("Content-Type", "none")
    raise UnsupportedTypeError(
        f"The content type is {given[:80]!r}.", field="Content-Type", hint=f"Send {wanted}."
    )
