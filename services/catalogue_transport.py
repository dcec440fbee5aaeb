"""Carries requests to music catalogues: to known servers only, never further, never for long."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ..errors import InputError, ProviderError
from ..music.catalog.transport import Answer, Request

# Where catalogues keep the sound of their previews.
_SOUND_HOSTS = (".itunes.apple.com", ".mzstatic.com", ".dzcdn.net", ".jamendo.com")
_AGENT = {"User-Agent": "tower-anime", "Accept": "application/json, audio/*", "Connection": "close"}


@dataclass(frozen=True)
class HttpTransport:
    """Sends over HTTP; redirects are answers like any other.

    Parameters
    ----------
    roots : iterable of str
        Addresses of the catalogues. Nothing else is asked but the servers of their previews, by HTTPS.
    step_seconds : float
        To connect, and between two pieces of an answer.
    total_seconds : float
        For the whole answer, however its pieces drip.
    """

    roots: Iterable[str]
    step_seconds: float = 10.0
    total_seconds: float = 30.0

    def send(self, request: Request) -> Answer:
        """Return the answer; see `Transport`."""
        parts = urlsplit(request.url)
        self._check(parts)
        connection = self._connection(parts)
        try:
            return self._exchange(connection, parts, request)
        except (OSError, http.client.HTTPException) as error:
            raise ProviderError(
                f"{parts.hostname} cannot be reached ({_reason(error)}).",
                hint="Check the connection and try again.",
            ) from error
        except ValueError as error:  # a header that cannot be sent
            raise InputError(
                f"A token or key for {parts.hostname} has characters that cannot be sent.",
                hint="Copy it again, without blanks and line breaks.",
            ) from error
        finally:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, parts: SplitResult, request: Request
    ) -> Answer:
        begun = time.monotonic()
        connection.connect()
        deadline = _Deadline(connection.sock, self.total_seconds - (time.monotonic() - begun))
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            # The whole address, for a proxy that does not tunnel.
            target = target if connection.host == parts.hostname or _is_secure(parts) else request.url
            connection.request(request.method, target, request.body, {**_AGENT, **request.headers})
            response = connection.getresponse()
            body = response.read(request.max_bytes + 1)
            is_whole = response.length in (None, 0) or len(body) > request.max_bytes
        finally:
            deadline.cancel()
        if deadline.is_over:
            raise ProviderError(
                f"{parts.hostname} did not answer within {self.total_seconds:.0f} s.", hint="Try again later."
            )
        if len(body) > request.max_bytes:
            raise ProviderError(f"{parts.hostname} sends more than {request.max_bytes >> 20} MiB.")
        if not is_whole:
            raise ProviderError(f"{parts.hostname} stopped in the middle of its answer.", hint="Try again.")
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body)

    def _check(self, parts: SplitResult) -> None:
        """Refuse any server that is no catalogue's: addresses of previews come from outside."""
        is_root = any(_origin(parts) == _origin(urlsplit(root)) for root in self.roots)
        is_sound = _is_secure(parts) and (parts.hostname or "").endswith(_SOUND_HOSTS) and not parts.port
        if not is_root and not is_sound:
            raise ProviderError(
                f"A catalogue names {parts.hostname or 'an address without a server'}, which is not its own."
            )

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        kind = http.client.HTTPSConnection if _is_secure(parts) else http.client.HTTPConnection
        proxy = urlsplit(urllib.request.getproxies().get(parts.scheme, ""))
        if not proxy.hostname or _is_here(host) or urllib.request.proxy_bypass(host):
            return kind(host, port, timeout=self.step_seconds)
        connection = kind(proxy.hostname, proxy.port, timeout=self.step_seconds)
        if _is_secure(parts):
            connection.set_tunnel(host, port)
        return connection


class _Deadline:
    """Shuts a socket down when its time is over, which ends any waiting for it."""

    def __init__(self, connected: socket.socket, seconds: float) -> None:
        self.is_over = False
        self._socket = connected
        self._timer = threading.Timer(max(seconds, 0.0), self._end)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or (443 if _is_secure(parts) else 80)


def _is_secure(parts: SplitResult) -> bool:
    return parts.scheme == "https"


def _is_here(host: str) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it takes too long"
    if isinstance(error, socket.gaierror):
        return "its name is not known here"
    told = " ".join(str(getattr(error, "strerror", None) or error).split())
    return told.rstrip(".")[:200] or type(error).__name__
