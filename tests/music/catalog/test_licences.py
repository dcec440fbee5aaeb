"""What licences say, and what a ledger makes of it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from tower_anime.music.catalog.catalog_track import CatalogTrack, Licence, SyncRight
from tower_anime.music.catalog.ledger import LicenceUse
from tower_anime.music.catalog.licences import APPLE_MUSIC, USER_SUPPLIED, licence_of
from tower_anime.music.catalog.publishing import findings_of, ledger_csv, ledger_markdown


@pytest.mark.parametrize(
    ("text", "name", "sync"),
    [
        ("", "user-supplied", "unknown"),
        ("CC0", "CC0 / public domain", "allowed"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 / public domain", "allowed"),
        ("This is in the Public Domain", "CC0 / public domain", "allowed"),
        ("http://creativecommons.org/licenses/by-nc-sa/3.0/", "CC BY-NC-SA 3.0", "conditional"),
        ("Licensed under https://creativecommons.org/licenses/by/4.0/deed.ja.", "CC BY 4.0", "conditional"),
        ("CC BY-ND 4.0", "CC BY-ND 4.0", "refused"),
        ("cc-by-nc-nd", "CC BY-NC-ND", "refused"),
        ("Creative Commons Attribution-NonCommercial 4.0 International", "CC BY-NC 4.0", "conditional"),
        ("Creative Commons Attribution-No Derivatives 3.0", "CC BY-ND 3.0", "refused"),
        ("Creative Commons Attribution Share Alike 2.0", "CC BY-SA 2.0", "conditional"),
        ("© 2020 Somebody", "© 2020 Somebody", "unknown"),
    ],
)
def test_licences_are_known_by_name_and_address(text, name, sync) -> None:
    licence = licence_of(text)
    assert (licence.name, licence.sync.value) == (name, sync)
    assert Licence.from_json(licence.as_json()) == licence


def test_conditions_follow_the_letters() -> None:
    licence = licence_of("CC BY-NC-SA 4.0")
    assert licence.conditions == ("attribution", "no commercial use", "share alike")
    assert licence.url == "https://creativecommons.org/licenses/by-nc-sa/4.0/"


def use(licence: Licence, **fields) -> LicenceUse:
    track = CatalogTrack("jamendo", "1", "Night", "Ao", licence, url="https://example.org/1")
    return LicenceUse(1, replace(track, **fields), "Episode 1")


def blocking(uses, *, unknown_blocks=True, is_commercial=False) -> list[bool]:
    found = findings_of(uses, unknown_blocks=unknown_blocks, is_commercial=is_commercial)
    return [finding.is_blocking for finding in found]


def test_what_blocks_publishing() -> None:
    assert blocking([use(licence_of("CC0"))]) == []
    assert blocking([use(APPLE_MUSIC)], unknown_blocks=False) == [True]
    assert blocking([use(USER_SUPPLIED)]) == [True]
    assert blocking([use(USER_SUPPLIED)], unknown_blocks=False) == [False]
    assert blocking([replace(use(APPLE_MUSIC), is_cleared=True)]) == []
    non_commercial = [use(licence_of("CC BY-NC 4.0"))]
    assert blocking(non_commercial) == [False, False]
    assert blocking(non_commercial, is_commercial=True) == [True, False]


def test_what_blocks_comes_first_and_names_track_and_place() -> None:
    found = findings_of(
        [use(licence_of("CC BY")), use(APPLE_MUSIC)], unknown_blocks=True, is_commercial=False
    )
    assert found[0].is_blocking and "Ao – Night" in found[0].reason and "Episode 1" in found[0].reason


def test_the_csv_is_read_back_and_runs_no_formula() -> None:
    nasty = use(licence_of("CC BY 4.0"), title='=HYPERLINK("x")', artist='a, "b"\nc')
    rows = list(csv.DictReader(io.StringIO(ledger_csv([nasty]))))
    assert rows[0]["title"] == '\'=HYPERLINK("x")' and rows[0]["artist"] == 'a, "b"\nc'
    assert rows[0]["licence"] == "CC BY 4.0" and rows[0]["may be used"] == "conditional"
    assert rows[0]["attribution"].startswith("“=HYPERLINK")


def test_the_markdown_has_table_credits_and_what_is_to_be_settled() -> None:
    uses = [use(licence_of("CC BY 4.0"), title="A|B <script>"), use(APPLE_MUSIC)]
    page = ledger_markdown("紙の月", uses, findings_of(uses, unknown_blocks=True, is_commercial=False))
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len(table) == 4 and len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert "<script>" not in page and "# Music of 紙の月" in page
    assert "**blocks publishing**" in page and "## Credits" in page
    assert "No music is used" in ledger_markdown("x", [], [])


def test_a_track_goes_through_json_and_back() -> None:
    track = use(licence_of("CC BY 4.0"), genres=("pop",), tempo_bpm=120.0).track
    assert CatalogTrack.from_json(track.as_json()) == track
    assert SyncRight(track.as_json()["licence"]["sync"]) is SyncRight.CONDITIONAL
