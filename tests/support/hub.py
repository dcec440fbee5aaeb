"""A server that speaks the part of Hugging Face's API by which models are fetched."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server holds, what it does wrong, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By ``owner/name/path``."""
    cut_after: int | None = None
    """Bytes after which a download breaks off."""
    has_ranges: bool = True
    is_login_page: bool = False
    digests: dict[str, str] = field(default_factory=dict)
    """What is told instead of a file's own SHA-256."""
    gate: threading.Event | None = None
    """Waited for before a file is sent."""
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of each."""

    def downloads(self) -> list[str]:
        """Return the Range headers of the downloads."""
        return [span for path, span in self.requests if "/resolve/" in path]


@contextmanager
def hub_server() -> Iterator[Hub]:
    """Run a hub for the length of a ``with`` block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.requests.append((self.path, self.headers.get("Range", "")))
            if hub.is_login_page:
                self._send(200, "text/html", b"<!doctype html><html>Sign in</html>")
            elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/main", self.path):
                self._send_json({"id": match[1], "sha": COMMIT})
            elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([0-9a-f]{40})/?(.*)", self.path):
                self._send_json(self._tree(match[1], match[3]))
            elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[0-9a-f]{40}/(.+)", self.path):
                self._send_file(f"{match[1]}/{match[2]}")
            else:
                self._send(404, "text/plain", b"Entry not found")

        def _tree(self, repository: str, folder: str) -> list[dict]:
            entries = []
            for name, data in hub.files.items():
                path = name.removeprefix(f"{repository}/")
                if name.startswith(f"{repository}/") and path.rpartition("/")[0] == folder:
                    oid = hub.digests.get(name, hashlib.sha256(data).hexdigest())
                    entries.append({"type": "file", "path": path, "lfs": {"oid": oid, "size": len(data)}})
            return entries

        def _send_file(self, name: str) -> None:
            if name not in hub.files:
                self._send(404, "text/plain", b"Entry not found")
                return
            if hub.gate is not None:
                hub.gate.wait(20)
            data, start = hub.files[name], 0
            span = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if span and hub.has_ranges:
                start = int(span[1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            end = len(data) if hub.cut_after is None else min(len(data), start + hub.cut_after)
            self.wfile.write(data[start:end])

        def _send_json(self, value: object) -> None:
            self._send(200, "application/json", json.dumps(value).encode())

        def _send(self, status: int, kind: str, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
