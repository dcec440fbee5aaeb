"""A server like ComfyUI's on loopback with the real services, and a client that sends what it is told."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image, ImageDraw
from tower_anime import services
from tower_anime.services import Services
from tower_anime.settings import Settings
from tower_anime.web.routes import add_routes


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, str]:
        return self.json["error"]


@dataclass
class Site:
    """One running server; every call is a connection of its own."""

    services: Services
    app: web.Application
    port: int = 0
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def call(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send JSON when `data` is given, else the bytes of `body`; a header of "" is left out."""
        sent = {"Host": f"127.0.0.1:{self.port}"}
        if data is not None:
            body = json.dumps(data).encode()
            sent["Content-Type"] = "application/json"
        if body is not None:
            sent["Content-Length"] = str(len(body))
        sent |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def upload(self, path: str, files: list[tuple[str, bytes]]) -> Answer:
        """Send pictures as a browser's form does."""
        return self.upload_parts(path, [("images", name, data) for name, data in files])

    def upload_parts(self, path: str, parts: list[tuple[str, str, bytes]]) -> Answer:
        """Send parts of (field, file name, bytes)."""
        body, content_type = multipart(parts)
        return self.call(
            "POST", path, body=body, headers={"X-Tower-Request": "1", "Content-Type": content_type}
        )

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)


def multipart(parts: list[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """Build a body of (field, file name, bytes)."""
    boundary = "----tower-test"
    body = b""
    for field_name, file_name, data in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field_name}"; filename="{file_name}"'
        body += head.encode() + b"\r\nContent-Type: application/octet-stream\r\n\r\n" + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def comfy_app(opened: Services, **options: Any) -> web.Application:
    """Mount the routes as ComfyUI does: each one twice, the second time under ``/api``."""
    routes = web.RouteTableDef()
    add_routes(routes, opened, **options)
    mirrored = web.RouteTableDef()
    for route in routes:
        assert isinstance(route, web.RouteDef)
        mirrored.route(route.method, "/api" + route.path)(route.handler, **route.kwargs)
    app = web.Application(client_max_size=100 << 20)
    app.add_routes(mirrored)
    app.add_routes(routes)
    return app


def serve(opened: Services, **options: Any) -> Iterator[Site]:
    site = Site(opened, comfy_app(opened, **options))
    runner = web.AppRunner(site.app, access_log=None)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.port = runner.addresses[0][1]

    thread = threading.Thread(target=site.loop.run_forever, name="site")
    thread.start()
    try:
        site.run(start())
        yield site
    finally:
        site.run(runner.cleanup())
        site.run(site.loop.shutdown_default_executor())
        site.loop.call_soon_threadsafe(site.loop.stop)
        thread.join()
        site.loop.close()


def open_in(folder: Path) -> Services:
    output = folder / "output"
    output.mkdir(parents=True)
    home = folder / "home"
    return services.open_services(Settings(home, f"sqlite:///{home / 'tower.db'}", output, "appearance"))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Services]:
    """Real services on an empty database."""
    opened = open_in(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def site(opened: Services) -> Iterator[Site]:
    """A server for one test."""
    yield from serve(opened)


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for all tests of a module that do not mind each other."""
    opened = open_in(tmp_path_factory.mktemp("site"))
    yield from serve(opened)
    opened.close()


class Pictures:
    """Pictures that a test sends."""

    @staticmethod
    def drawn(hair: tuple[int, int, int] = (40, 60, 160), size: int = 560, *, shift: int = 0) -> Image.Image:
        """Draw a head with hair, eyes and a shirt on a plain wall."""
        picture = Image.new("RGB", (size, size), (225, 228, 232))
        draw = ImageDraw.Draw(picture)
        unit = size / 560

        def box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
            return ((left + shift) * unit, top * unit, (right + shift) * unit, bottom * unit)

        draw.ellipse(box(140, 50, 420, 400), fill=hair)
        draw.rectangle(box(120, 400, 440, 560), fill=(180, 40, 50))
        draw.ellipse(box(190, 120, 370, 380), fill=(250, 220, 195))
        for eye in (230, 300):
            draw.ellipse(box(eye, 220, eye + 30, 260), fill=(30, 120, 60))
        return picture

    @staticmethod
    def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
        stream = BytesIO()
        picture.save(stream, kind, **options)
        return stream.getvalue()

    @classmethod
    def png(cls, **options: Any) -> bytes:
        return cls.encoded(cls.drawn(**options))


@pytest.fixture(scope="session")
def pictures() -> type[Pictures]:
    return Pictures


@pytest.fixture(scope="session")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Make further servers; used as a context manager."""

    @contextmanager
    def make(**options: Any) -> Iterator[Site]:
        opened = open_in(tmp_path_factory.mktemp("site"))
        yield from serve(opened, **options)
        opened.close()

    return make
