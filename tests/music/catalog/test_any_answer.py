"""Whatever JSON a catalogue sends, the outcome is tracks or a sentence."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tower_anime.errors import TowerError
from tower_anime.music.catalog.apple import AppleMusic
from tower_anime.music.catalog.apple_token import DeveloperToken
from tower_anime.music.catalog.catalog_track import CatalogTrack
from tower_anime.music.catalog.client import CatalogClient
from tower_anime.music.catalog.deezer import Deezer
from tower_anime.music.catalog.jamendo import Jamendo
from tower_anime.music.catalog.protocol import CatalogQuery
from tower_anime.music.catalog.transport import Answer, Request

NAMES = (
    *("data", "results", "songs", "attributes", "name", "artistName", "genreNames", "previews", "url", "id"),
    *("type", "next", "title", "artist", "album", "bpm", "duration", "link", "error", "code", "message"),
    *("headers", "status", "musicinfo", "tags", "genres", "license_ccurl", "audiodownload_allowed"),
    *("durationInMillis", "isrc", "errors", "detail"),
)
KEYS = st.sampled_from(NAMES)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(["songs", "track", "success", "0", "https://x.example/a", "1e999", "nan", "\ud800"])
    | st.text(max_size=8)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=40,
)
SONG = st.fixed_dictionaries(
    {"id": LEAVES, "type": st.just("songs"), "attributes": VALUES, "title": LEAVES, "name": LEAVES}
)
ANSWERS = VALUES | st.fixed_dictionaries(
    {
        "data": st.lists(SONG | VALUES, max_size=3),
        "results": st.fixed_dictionaries({"songs": VALUES}) | st.lists(SONG | VALUES, max_size=3),
        "headers": st.just({"status": "success", "code": 0}) | VALUES,
    }
)


class Canned:
    """Answers the same to everything."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def send(self, request: Request) -> Answer:
        return self.answer


@settings(max_examples=150, deadline=None, derandomize=True)
@given(content=ANSWERS, status=st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 418]))
def test_any_answer_is_tracks_or_a_sentence(content, status) -> None:
    transport = Canned(Answer(status, {}, json.dumps(content).encode()))
    client = CatalogClient("It", "https://x.example", transport, sleep=lambda _: None)
    apple = AppleMusic(client, _Ready(), "jp", "user")
    queries = [CatalogQuery("x", limit=3), CatalogQuery(genre="pop"), CatalogQuery(isrc="JPU900000001")]
    for catalogue in (apple, Deezer(client), Jamendo(client, "id")):
        for query in queries:
            _check(lambda c=catalogue, q=query: c.search(q, lambda *_: None))
        _check(lambda c=catalogue: [c.track("1")])
    _check(lambda: list(apple.create_playlist("x", "")[:0]))


def _check(call) -> None:
    try:
        tracks = call()
    except TowerError as error:
        assert len(str(error)) < 2000
        return
    for track in tracks:
        assert CatalogTrack.from_json(json.loads(json.dumps(track.as_json()))) == track


class _Ready(DeveloperToken):
    """A token that no server looks at."""

    def missing(self) -> tuple[str, ...]:
        return ()

    def get(self) -> str:
        return "token"
