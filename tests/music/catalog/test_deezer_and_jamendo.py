"""Deezer and Jamendo, against their contracts."""

from __future__ import annotations

import json

import pytest
from support.catalogues import HALF, PAGE, Fault
from tower_anime.errors import NotFoundError, ProviderError
from tower_anime.music.catalog.catalog_track import SyncRight
from tower_anime.music.catalog.protocol import CatalogQuery


def unseen(_done: int, _total: int) -> None:
    return None


def search(catalogue, **fields):
    return catalogue.search(CatalogQuery(**fields).checked(), unseen)


def error(code: int, message: str) -> Fault:
    return Fault(body=json.dumps({"error": {"code": code, "message": message, "type": "Exception"}}).encode())


def test_deezer_tells_the_tempo_of_single_tracks(catalogues, contract) -> None:
    track = catalogues.deezer.track("9003")
    assert (track.tempo_bpm, track.tempo_source, track.isrc) == (103.0, "deezer", "JPU900000003")
    assert catalogues.deezer.track("9005").tempo_bpm is None, "0 stands for unknown"
    assert catalogues.deezer.recording("JPU900000004").tempo_bpm == 104.0
    assert catalogues.deezer.recording("JPU909999999") is None
    with pytest.raises(NotFoundError):
        catalogues.deezer.track("1")


def test_deezer_is_searched_by_pages_and_asked_for_tempi_when_one_is_wished(catalogues, contract) -> None:
    assert len(search(catalogues.deezer, term="night", limit=60)) == 60
    assert len(contract.requests) == 2
    contract.requests.clear()
    found = search(catalogues.deezer, term='night "x"', min_bpm=100, max_bpm=110, limit=4)
    assert [track.tempo_bpm for track in found] == [100, 101, 102, 103]
    assert "bpm_min%3A%22100%22+bpm_max%3A%22110%22" in contract.paths()[0]
    assert "%22x" not in contract.paths()[0]


def test_deezers_quota_is_waited_for(catalogues, contract) -> None:
    contract.faults = [error(4, "Quota limit exceeded")]
    assert catalogues.deezer.track("9001").title == "Song 1"
    assert catalogues.waits == [5.0]
    contract.faults = [error(4, "Quota limit exceeded")] * 5
    with pytest.raises(ProviderError, match="Quota limit exceeded"):
        catalogues.deezer.track("9001")
    contract.faults = [error(600, "Unknown path")]
    with pytest.raises(ProviderError, match="Unknown path"):
        catalogues.deezer.track("9001")


def test_deezers_charts_by_genre(catalogues, contract) -> None:
    assert len(search(catalogues.deezer, genre="films/games", limit=3)) == 3
    assert "/chart/173/tracks" in contract.paths()[1]
    with pytest.raises(NotFoundError):
        search(catalogues.deezer, genre="Polka")


@pytest.mark.parametrize("fault", [HALF, PAGE, Fault(302, {"Location": "http://127.0.0.1:1/"})])
def test_bad_answers_of_both_are_sentences(catalogues, contract, fault) -> None:
    for catalogue in (catalogues.deezer, catalogues.jamendo):
        contract.faults = [fault]
        with pytest.raises(ProviderError):
            search(catalogue, term="night")


def test_jamendo_tells_licence_and_download(catalogues) -> None:
    by, no_derivatives, untold = search(catalogues.jamendo, term="night", limit=3)
    assert (by.licence.name, by.licence.sync) == ("CC BY 3.0", SyncRight.CONDITIONAL)
    assert by.may_download and not no_derivatives.may_download
    assert no_derivatives.licence.sync is SyncRight.REFUSED
    assert untold.licence.sync is SyncRight.REFUSED
    assert by.tempo_bpm is None and "speed: verylow" in by.tags
    assert by.attribution == (
        "“Song 0” by Ao (https://www.jamendo.com/track/500), CC BY 3.0 "
        "(http://creativecommons.org/licenses/by/3.0/)"
    )


def test_jamendo_by_id_and_in_pages(catalogues, contract) -> None:
    assert catalogues.jamendo.track("507").title == "Song 7"
    with pytest.raises(NotFoundError):
        catalogues.jamendo.track("99")
    contract.n_songs = 250
    contract.requests.clear()
    assert len(search(catalogues.jamendo, term="night", limit=200)) == 200
    assert search(catalogues.jamendo, isrc="JPU900000001") == []


def test_jamendo_without_or_with_a_wrong_client_id(catalogues, contract) -> None:
    catalogues.jamendo.client_id = ""
    assert catalogues.jamendo.state().needs == ("TOWER_JAMENDO_CLIENT_ID",)
    with pytest.raises(ProviderError, match="TOWER_JAMENDO_CLIENT_ID"):
        search(catalogues.jamendo, term="night")
    assert contract.requests == []
    catalogues.jamendo.client_id = "wrong"
    with pytest.raises(ProviderError, match="does not take the client id: Your credential") as told:
        search(catalogues.jamendo, term="night")
    assert "wrong" not in str(told.value).replace("wrong key", "")
