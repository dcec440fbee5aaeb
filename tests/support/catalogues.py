"""A server that speaks the contracts of Apple Music, Deezer and Jamendo, and misbehaves as it is told.

Written from their public documentation: "Apple Music API" (handling requests and responses, fetch resources
by page, create a new library playlist), "Deezer for developers" (objects, errors) and "Jamendo API v3.0"
(tracks, response codes).
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

KEY_ID, TEAM_ID, USER_TOKEN, CLIENT_ID = "ABC123DEFG", "TEAM123456", "user-token", "client-1"
MAX_LIFE = 15_777_000
GENRES = {"20": "Alternative", "29": "Anime", "34": "Music"}
SPEEDS = ("verylow", "low", "medium", "high", "veryhigh")
LICENCES = (
    "http://creativecommons.org/licenses/by/3.0/",
    "http://creativecommons.org/licenses/by-nc-nd/3.0/",
    "",
)


@dataclass
class Fault:
    """What the next answer is instead of the right one."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    kind: str = "application/json"
    drip_seconds: float = 0.0
    """Pause before each byte."""
    length: int | None = None
    """Told instead of the body's own."""


HTML = Fault(504, {}, b"<html><head><title>504 Gateway Time-out</title></head></html>", "text/html")
PAGE = Fault(200, {}, b"<!doctype html><html>Sign in to this network</html>", "text/html")
EMPTY = Fault()
HALF = Fault(body=b'{"results": {"songs": {"data": [{"id": "1", "ty')
BROKEN_OFF = Fault(body=b'{"results": {}', length=500)
ELSEWHERE = Fault(302, {"Location": "https://elsewhere.example/v1/catalog"})


@dataclass
class Contract:
    """What the server holds, what it does wrong, and what it was asked."""

    public_key: Any = None
    n_songs: int = 60
    preview: bytes = b""
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    playlists: dict[str, dict[str, Any]] = field(default_factory=dict)
    next_path: str = ""
    """What is told as the next page, instead of the right one."""

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def song(self, number: int) -> dict[str, Any]:
        """Return a song resource, as "Songs" describes it."""
        genre = "Anime" if number % 3 == 0 else "Alternative"
        return {
            "id": str(1000 + number),
            "type": "songs",
            "href": f"/v1/catalog/jp/songs/{1000 + number}",
            "attributes": {
                "name": f"Song {number}",
                "artistName": "藍の空",
                "albumName": "Night",
                "durationInMillis": 180_000 + number,
                "genreNames": [genre, "Music"],
                "isrc": f"JPU90{number:07d}",
                "hasLyrics": True,
                "isAppleDigitalMaster": False,
                "url": f"https://music.apple.com/jp/song/{1000 + number}",
                "artwork": {"width": 600, "height": 600, "url": "https://x.mzstatic.com/{w}x{h}.jpg"},
                "previews": [{"url": f"{self.url}/preview/{number}.m4a"}],
            },
        }

    def deezer_row(self, number: int, *, whole: bool) -> dict[str, Any]:
        row = {
            "id": 9000 + number,
            "type": "track",
            "title": f"Song {number}",
            "duration": 180,
            "link": f"https://www.deezer.com/track/{9000 + number}",
            "preview": f"{self.url}/preview/{number}.mp3",
            "artist": {"id": 1, "name": "藍の空", "type": "artist"},
            "album": {"id": 2, "title": "Night", "type": "album"},
        }
        # 0 is a tempo that is not known.
        detail = {"isrc": f"JPU90{number:07d}", "bpm": 0 if number == 5 else 100.0 + number, "gain": -8.1}
        return {**row, **detail} if whole else row

    def jamendo_row(self, number: int) -> dict[str, Any]:
        may = number % 2 == 0
        return {
            "id": str(500 + number),
            "name": f"Song {number}",
            "duration": 200 + number,
            "artist_name": "Ao",
            "album_name": "Night",
            "license_ccurl": LICENCES[number % 3],
            "shareurl": f"https://www.jamendo.com/track/{500 + number}",
            "audio": f"{self.url}/preview/{number}.mp3",
            "audiodownload": f"https://prod-1.storage.jamendo.com/{number}" if may else "",
            "audiodownload_allowed": may,
            "musicinfo": {"speed": SPEEDS[number % 5], "tags": {"genres": ["pop"], "vartags": ["sad"]}},
        }


@contextmanager
def contract_server(**options: Any) -> Iterator[Contract]:
    """Run the server for the length of a ``with`` block."""
    contract = Contract(**options)

    class Handler(_Handler):
        held = contract

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    contract.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield contract
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    held: Contract

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        self.held.requests.append((self.command, self.path, dict(self.headers)))
        if self.held.faults:
            self._send(self.held.faults.pop(0))
            return
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/preview/"):
            self._send(Fault(200, {}, self.held.preview, "audio/mp4"))
        elif parts.path.startswith("/v1/"):
            self._apple(parts.path, query, body)
        elif parts.path == "/v3.0/tracks/":
            self._jamendo(query)
        else:
            self._deezer(parts.path, query)

    # Apple Music

    def _apple(self, path: str, query: dict[str, str], body: bytes) -> None:
        if not self._is_signed():
            self._refuse(401, "40100", "Unauthorized", "")
        elif path.startswith("/v1/me/"):
            self._library(path, body)
        elif match := re.fullmatch(r"/v1/catalog/([a-z]{2})/(search|songs|charts|genres)", path):
            getattr(self, f"_{match[2]}")(match[1], query)
        elif match := re.fullmatch(r"/v1/catalog/[a-z]{2}/songs/(\d+)", path):
            number = int(match[1]) - 1000
            if 0 <= number < self.held.n_songs:
                self._json(200, {"data": [self.held.song(number)]})
            else:
                self._refuse(404, "40400", "Resource Not Found", "Resource with requested id was not found")
        else:
            self._refuse(404, "40403", "No such resource", path)

    def _is_signed(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            head = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token, self.held.public_key, ["ES256"], options={"require": ["iss", "iat", "exp"]}
            )
        except jwt.PyJWTError:
            return False
        is_short = claims["exp"] - claims["iat"] <= MAX_LIFE
        return scheme == "Bearer" and head.get("kid") == KEY_ID and claims["iss"] == TEAM_ID and is_short

    def _search(self, storefront: str, query: dict[str, str]) -> None:
        if "term" not in query:
            self._refuse(400, "40005", "Invalid Parameter Value", "term is required", "term")
            return
        if query["term"] == "nothing":
            self._json(200, {"results": {}, "meta": {"results": {"order": []}}})
            return
        page = self._page(
            f"/v1/catalog/{storefront}/search", query, {"term": query["term"], "types": "songs"}
        )
        self._json(200, {"results": {"songs": page}})

    def _songs(self, storefront: str, query: dict[str, str]) -> None:
        songs = [self.held.song(number) for number in range(self.held.n_songs)]
        asked = query.get("filter[isrc]", "").split(",")
        self._json(200, {"data": [song for song in songs if song["attributes"]["isrc"] in asked]})

    def _charts(self, storefront: str, query: dict[str, str]) -> None:
        if int(query.get("offset", 0)) >= 200:
            self._refuse(400, "40005", "Invalid Parameter Value", "offset must be less than 200", "offset")
            return
        kept = {key: query[key] for key in ("types", "chart", "genre") if key in query}
        page = self._page(f"/v1/catalog/{storefront}/charts", query, kept)
        self._json(200, {"results": {"songs": [{"chart": "most-played", "name": "Top Songs", **page}]}})

    def _genres(self, storefront: str, query: dict[str, str]) -> None:
        data = [{"id": key, "type": "genres", "attributes": {"name": name}} for key, name in GENRES.items()]
        self._json(200, {"data": data})

    def _page(self, path: str, query: dict[str, str], kept: dict[str, str]) -> dict[str, Any]:
        """Return a page of songs, whose `next` leaves out the limit."""
        limit, offset = int(query.get("limit", 5)), int(query.get("offset", 0))
        assert limit <= 25
        end = min(offset + limit, self.held.n_songs)
        page = {"href": self.path, "data": [self.held.song(number) for number in range(offset, end)]}
        if end < self.held.n_songs:
            page["next"] = self.held.next_path or f"{path}?{urlencode({'offset': end, **kept})}"
        return page

    def _library(self, path: str, body: bytes) -> None:
        if self.headers.get("Music-User-Token") != USER_TOKEN:
            self._refuse(403, "40300", "Forbidden", "Invalid authentication")
            return
        content = json.loads(body)
        if path == "/v1/me/library/playlists":
            playlist_id = f"p.{len(self.held.playlists)}"
            first = content.get("relationships", {}).get("tracks", {}).get("data", [])
            tracks = [item["id"] for item in first]
            self.held.playlists[playlist_id] = {**content["attributes"], "tracks": tracks}
            data = [{"id": playlist_id, "type": "library-playlists", "attributes": content["attributes"]}]
            self._json(201, {"data": data})
            return
        playlist = self.held.playlists[path.split("/")[5]]
        assert all(item["type"] == "songs" for item in content["data"])
        playlist["tracks"] += [item["id"] for item in content["data"]]
        self._send(Fault(204))

    def _refuse(self, status: int, code: str, title: str, detail: str, parameter: str = "") -> None:
        error = {"id": "X", "title": title, "detail": detail, "status": str(status), "code": code}
        source = {"source": {"parameter": parameter}} if parameter else {}
        self._json(status, {"errors": [{**error, **source}]})

    # Deezer

    def _deezer(self, path: str, query: dict[str, str]) -> None:
        index, limit = int(query.get("index", 0)), int(query.get("limit", 25))
        if path == "/search" or re.fullmatch(r"/chart/\d+/tracks", path):
            end = min(index + limit, self.held.n_songs)
            rows = [self.held.deezer_row(number, whole=False) for number in range(index, end)]
            answer: dict[str, Any] = {"data": rows, "total": self.held.n_songs}
            if end < self.held.n_songs:
                answer["next"] = f"https://api.deezer.com{path}?index={end}"
            self._json(200, answer)
        elif path == "/genre":
            self._json(200, {"data": [{"id": 0, "name": "All"}, {"id": 173, "name": "Films/Games"}]})
        elif match := re.fullmatch(r"/track/(?:isrc:JPU90)?(\d+)", path):
            number = int(match[1]) - (0 if "isrc" in path else 9000)
            known = 0 <= number < self.held.n_songs
            gone = {"error": {"type": "DataException", "message": "no data", "code": 800}}
            self._json(200, self.held.deezer_row(number, whole=True) if known else gone)
        else:
            self._json(200, {"error": {"type": "Exception", "message": "Unknown path", "code": 600}})

    # Jamendo

    def _jamendo(self, query: dict[str, str]) -> None:
        if query.get("client_id") != CLIENT_ID:
            self._json(200, _jamendo_answer(5, "Your credential is not authorized.", []))
            return
        limit, offset = int(query.get("limit", 10)), int(query.get("offset", 0))
        assert limit <= 200
        numbers = range(offset, min(offset + limit, self.held.n_songs))
        if "id" in query:
            numbers = [number for number in [int(query["id"]) - 500] if 0 <= number < self.held.n_songs]
        self._json(200, _jamendo_answer(0, "", [self.held.jamendo_row(number) for number in numbers]))

    def _json(self, status: int, content: Any) -> None:
        self._send(Fault(status, {}, json.dumps(content).encode()))

    def _send(self, fault: Fault) -> None:
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        if fault.status != 204:
            self.send_header("Content-Type", fault.kind)
            self.send_header("Content-Length", str(len(fault.body) if fault.length is None else fault.length))
        self.end_headers()
        try:
            if not fault.drip_seconds:
                self.wfile.write(fault.body)
                return
            for number in range(len(fault.body)):
                time.sleep(fault.drip_seconds)
                self.wfile.write(fault.body[number : number + 1])
        except OSError:
            return  # the client has had enough

    def log_message(self, *_: object) -> None:
        pass


def _jamendo_answer(code: int, message: str, results: list[Any]) -> dict[str, Any]:
    status = "failed" if code else "success"
    headers = {"status": status, "code": code, "error_message": message, "warnings": ""}
    return {"headers": {**headers, "results_count": len(results)}, "results": results}
