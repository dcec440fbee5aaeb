"""Apple Music, against its contract."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from support.catalogues import (
    BROKEN_OFF,
    ELSEWHERE,
    EMPTY,
    HALF,
    HTML,
    KEY_ID,
    PAGE,
    TEAM_ID,
    Fault,
)
from tower_anime.errors import InputError, NotFoundError, ProviderError, RightsError
from tower_anime.music.catalog.apple_token import MAX_LIFE_SECONDS, DeveloperToken
from tower_anime.music.catalog.catalog_track import SyncRight
from tower_anime.music.catalog.protocol import CatalogQuery
from tower_anime.music.catalog.rights import require_sync_right


def unseen(_done: int, _total: int) -> None:
    return None


def search(catalogues, **fields):
    return catalogues.apple.search(CatalogQuery(**fields).checked(), unseen)


# The developer token


def test_the_token_is_es256_and_says_what_apple_asks(apple_key) -> None:
    token = DeveloperToken("", apple_key, KEY_ID, TEAM_ID).get()
    public_key = load_pem_private_key(apple_key.read_bytes(), None).public_key()
    claims = jwt.decode(token, public_key, ["ES256"])
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["kid"], claims["iss"]) == ("ES256", KEY_ID, TEAM_ID)
    assert abs(claims["iat"] - time.time()) < 5
    assert 0 < claims["exp"] - claims["iat"] <= MAX_LIFE_SECONDS
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, other, ["ES256"])


def test_a_token_is_kept_and_made_anew_before_it_runs_out(apple_key) -> None:
    now = [1_800_000_000.0]
    token = DeveloperToken("", apple_key, KEY_ID, TEAM_ID, clock=lambda: now[0])
    first = token.get()
    now[0] += 3600
    assert token.get() == first
    now[0] += 10 * 3600
    second = token.get()
    claims = jwt.decode(second, options={"verify_signature": False})
    assert second != first and claims["exp"] > now[0]


def test_a_ready_token_is_used_as_it_is_until_it_runs_out(apple_key) -> None:
    made = DeveloperToken("", apple_key, KEY_ID, TEAM_ID).get()
    assert DeveloperToken(made).get() == made
    with pytest.raises(InputError, match="ran out on 20"):
        DeveloperToken(made, clock=lambda: time.time() + 10**7).get()
    with pytest.raises(InputError, match="not a developer token"):
        DeveloperToken("hello").get()


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_text("nonsense"), "no private key"),
        (lambda path: path.write_bytes(bytes(100_000)), "too large"),
        (lambda path: path.write_bytes(_pem(rsa.generate_private_key(65537, 2048))), "P-256"),
        (lambda path: path.write_bytes(_pem(ec.generate_private_key(ec.SECP384R1()))), "P-256"),
        (
            lambda path: path.write_bytes(
                _pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"x"))
            ),
            "without a password",
        ),
    ],
)
def test_a_key_that_is_none_is_named(tmp_path, make, fault) -> None:
    path = tmp_path / "key.p8"
    make(path)
    with pytest.raises(InputError, match=fault) as told:
        DeveloperToken("", path, KEY_ID, TEAM_ID).get()
    assert str(path) in told.value.message and told.value.hint


def _pem(key, encryption=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.mark.parametrize(("key_id", "team"), [("short", TEAM_ID), (KEY_ID, "team123456")])
def test_ids_have_ten_capitals_and_digits(apple_key, key_id, team) -> None:
    with pytest.raises(InputError, match="TOWER_APPLE_MUSIC_"):
        DeveloperToken("", apple_key, key_id, team).get()


def test_without_a_token_it_is_unavailable_and_says_what_to_set(catalogues, contract, apple_key) -> None:
    catalogues.apple.token = DeveloperToken()
    state = catalogues.apple.state()
    assert not state.is_available and "TOWER_APPLE_MUSIC_TOKEN" in state.needs
    with pytest.raises(ProviderError, match=r"Apple Music is unavailable.*TOWER_APPLE_MUSIC_TOKEN"):
        search(catalogues, term="night")
    catalogues.apple.token = DeveloperToken("", apple_key, KEY_ID)
    assert catalogues.apple.state().needs == ("TOWER_APPLE_MUSIC_TEAM_ID",)
    assert contract.requests == []


# Finding


def test_a_search_goes_through_the_pages_and_stops_where_it_has_enough(catalogues, contract) -> None:
    found = search(catalogues, term="night sky 夜", limit=60)
    assert [song.id for song in found] == [str(1000 + number) for number in range(60)]
    assert len(contract.requests) == 3
    assert all("limit=25" in path for path in contract.paths())
    assert "term=night+sky+%E5%A4%9C" in contract.paths()[0]
    contract.requests.clear()
    assert len(search(catalogues, term="night", limit=7)) == 7
    assert len(contract.requests) == 1


def test_a_song_is_read_whole_and_has_no_tempo(catalogues) -> None:
    song = catalogues.apple.track("1003")
    assert (song.title, song.artist, song.album, song.isrc) == ("Song 3", "藍の空", "Night", "JPU900000003")
    assert (song.duration_seconds, song.genres, song.tempo_bpm) == (180.003, ("Anime",), None)
    assert song.preview_url.endswith("/preview/3.m4a") and song.reference == "apple_music:1003"


def test_by_isrc_by_genre_and_in_the_charts(catalogues, contract) -> None:
    assert [song.id for song in search(catalogues, isrc="jp-u90-00-00007")] == ["1007"]
    genred = search(catalogues, term="night", genre="anime", limit=10)
    assert len(genred) == 10 and all("Anime" in song.genres for song in genred)
    contract.requests.clear()
    charted = search(catalogues, genre="Anime", is_chart=True, limit=30)
    assert len(charted) == 30
    assert "/genres" in contract.paths()[0] and "genre=29" in contract.paths()[1]
    with pytest.raises(InputError, match="no genre 'Polka'") as told:
        search(catalogues, genre="Polka")
    assert "Anime" in (told.value.hint or "")


def test_nothing_found_is_an_empty_list(catalogues) -> None:
    assert search(catalogues, term="nothing") == []
    assert search(catalogues, isrc="JPZ990000000") == []
    with pytest.raises(NotFoundError):
        catalogues.apple.track("99999")
    with pytest.raises(NotFoundError):
        catalogues.apple.track("../me/storefront")


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/v1/x", "//elsewhere.example/v1", "/v1/../x", "/v2/x"]
)
def test_a_next_page_elsewhere_is_not_followed(catalogues, contract, path) -> None:
    contract.next_path = path
    with pytest.raises(ProviderError, match="not on its own server"):
        search(catalogues, term="night", limit=50)
    assert len(contract.requests) == 1


def test_a_next_page_in_another_script_is_encoded(catalogues, contract) -> None:
    contract.next_path = "/v1/catalog/jp/search?offset=25&term=夜&types=songs"
    assert search(catalogues, term="夜", limit=30)
    assert "term=%E5%A4%9C" in contract.paths()[1]


# What goes wrong


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(500, body=b"{}"), "disturbed"),
        (HTML, "disturbed"),
        (PAGE, "web page"),
        (EMPTY, "with nothing"),
        (HALF, "something else than whole JSON"),
        (BROKEN_OFF, "stopped in the middle"),
        (ELSEWHERE, "sends on to elsewhere.example"),
        (Fault(body=b"[1, 2]"), "something else"),
        (Fault(body=b"[" * 100_000), "something else"),
        (Fault(400, body=b'{"errors":[{"title":"Invalid","detail":"bad term"}]}'), "bad term"),
        (Fault(body=b"{}", drip_seconds=1.5), "cannot be reached|did not answer"),
        (Fault(body=b" " * 40, drip_seconds=0.1), "did not answer within 2 s"),
    ],
    ids=[
        *("500", "504 html", "login page", "empty", "half", "broken off"),
        *("elsewhere", "list", "deep", "400", "silent", "dripping"),
    ],
)
def test_every_bad_answer_is_a_sentence_in_time(catalogues, contract, fault, message) -> None:
    contract.faults = [fault] * 4
    begun = time.monotonic()
    with pytest.raises(ProviderError, match=message):
        search(catalogues, term="night")
    assert time.monotonic() - begun < 10


def test_a_wrong_token_says_what_to_check(catalogues, apple_key, tmp_path) -> None:
    path = tmp_path / "other.p8"
    path.write_bytes(_pem(ec.generate_private_key(ec.SECP256R1())))
    catalogues.apple.token = DeveloperToken("", path, KEY_ID, TEAM_ID)
    with pytest.raises(ProviderError, match="401") as told:
        search(catalogues, term="night")
    assert "key id" in (told.value.hint or "")


def test_no_message_holds_a_token(catalogues, contract, caplog) -> None:
    contract.faults = [Fault(403, body=b"{}")]
    with pytest.raises(ProviderError) as told:
        search(catalogues, term="night")
    token = catalogues.apple.token.get()
    assert token not in str(told.value) + repr(catalogues.apple) + caplog.text
    assert "user-token" not in repr(catalogues.apple)


def test_a_busy_server_is_asked_again_as_late_as_it_says(catalogues, contract) -> None:
    contract.faults = [Fault(429, {"Retry-After": "7"}), Fault(503)]
    assert len(search(catalogues, term="night", limit=5)) == 5
    assert catalogues.waits[0] == 7 and 0 <= catalogues.waits[1] <= 1
    catalogues.waits.clear()
    moment = datetime.now(timezone.utc) + timedelta(seconds=9)
    contract.faults = [Fault(429, {"Retry-After": format_datetime(moment, usegmt=True)})]
    search(catalogues, term="night", limit=5)
    assert 6 < catalogues.waits[0] <= 9


def test_a_moment_that_is_over_is_no_reason_to_hurry(catalogues, contract) -> None:
    over = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    contract.faults = [Fault(429, over), Fault(429, {"Retry-After": "0"}), Fault(429, over), Fault(429, over)]
    with pytest.raises(ProviderError) as told:
        search(catalogues, term="night")
    assert told.value.hint == "Try again in a minute."
    assert all(0 < wait <= 2 for wait in catalogues.waits) and len(catalogues.waits) == 3


def test_a_server_that_stays_busy_is_left_alone(catalogues, contract) -> None:
    contract.faults = [Fault(429)] * 10
    with pytest.raises(ProviderError, match="too many requests"):
        search(catalogues, term="night")
    assert len(contract.requests) == 4
    contract.faults = [Fault(429, {"Retry-After": "3600"})]
    contract.requests.clear()
    with pytest.raises(ProviderError) as told:
        search(catalogues, term="night")
    assert len(contract.requests) == 1 and "3600 s" in (told.value.hint or "")


# Playlists


def test_a_playlist_is_made_and_filled_with_the_users_token(catalogues, contract) -> None:
    playlist_id = catalogues.apple.create_playlist("夜", "For episode 1", ["1001", "1002"])
    catalogues.apple.add_to_playlist(playlist_id, ["1003"])
    [playlist] = contract.playlists.values()
    assert playlist == {"name": "夜", "description": "For episode 1", "tracks": ["1001", "1002", "1003"]}


def test_a_playlist_that_is_not_known_everywhere_yet_is_waited_for(catalogues, contract) -> None:
    playlist_id = catalogues.apple.create_playlist("夜", "")
    contract.faults = [Fault(404, body=b"{}")] * 2
    catalogues.apple.add_to_playlist(playlist_id, ["1001"])
    assert contract.playlists[playlist_id]["tracks"] == ["1001"] and catalogues.waits == [1.0, 2.0]
    contract.faults = [Fault(404, body=b"{}")] * 4
    with pytest.raises(ProviderError, match="does not know the playlist"):
        catalogues.apple.add_to_playlist(playlist_id, ["1002"])


def test_without_a_users_token_nothing_is_sent(catalogues, contract) -> None:
    catalogues.apple.user_token = ""
    with pytest.raises(ProviderError, match="user token") as told:
        catalogues.apple.create_playlist("x", "")
    assert contract.requests == [] and told.value.field == "TOWER_APPLE_MUSIC_USER_TOKEN"
    catalogues.apple.user_token = "stale"
    with pytest.raises(ProviderError, match="403") as told:
        catalogues.apple.create_playlist("x", "")
    assert "Music-User-Token" in (told.value.hint or "")


def test_what_may_have_been_done_is_not_done_twice(catalogues, contract) -> None:
    contract.faults = [Fault(504)]
    with pytest.raises(ProviderError):
        catalogues.apple.create_playlist("x", "")
    assert len(contract.requests) == 1
    contract.faults = [Fault(429)]
    catalogues.apple.create_playlist("x", "")
    assert len(contract.playlists) == 1


# Rights


def test_a_song_is_found_and_refused_by_name(catalogues) -> None:
    song = catalogues.apple.track("1003")
    assert song.licence.sync is SyncRight.REFUSED
    with pytest.raises(RightsError, match=r"藍の空 – Song 3 \(apple_music:1003\).*synchronised"):
        require_sync_right(song)
