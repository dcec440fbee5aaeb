"""Listening to a ComfyUI's websocket as a browser does."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp


class EventListener:
    """Collects every JSON event that a server sends; a ``with`` block is its connection."""

    def __init__(self, url: str) -> None:
        self.client_id = uuid.uuid4().hex
        self.events: list[tuple[str, Any]] = []
        self._url = url.replace("http", "ws", 1) + f"/ws?clientId={self.client_id}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)
        self._is_connected = threading.Event()
        self._is_over = threading.Event()

    def __enter__(self) -> EventListener:
        self._thread.start()
        if not self._is_connected.wait(10):
            raise TimeoutError(f"{self._url} did not accept a connection")
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(10)

    def payloads(self, event: str) -> list[Any]:
        """Return the payloads of one kind of event, in order of arrival."""
        return [payload for kind, payload in list(self.events) if kind == event]

    def wait_for(self, event: str, accepts: Callable[[Any], bool], timeout: float = 20) -> Any:
        """Return the first payload that is accepted, when it has arrived."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for payload in self.payloads(event):
                if accepts(payload):
                    return payload
            time.sleep(0.02)
        raise TimeoutError(f"no such {event} among {[kind for kind, _ in self.events]}")

    async def _listen(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url) as socket:
            self._is_connected.set()
            while not self._is_over.is_set():
                try:
                    message = await socket.receive(timeout=0.2)
                except asyncio.TimeoutError:
                    continue
                if message.type is aiohttp.WSMsgType.TEXT:
                    event = message.json()
                    self.events.append((event["type"], event["data"]))
                elif message.type is not aiohttp.WSMsgType.BINARY:
                    return
