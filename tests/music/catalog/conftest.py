"""A key as Apple gives it out, and catalogues that ask a contract server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.catalogues import CLIENT_ID, KEY_ID, TEAM_ID, USER_TOKEN, Contract, contract_server
from support.keys import public_key_of, write_apple_key
from tower_anime.music.catalog.apple import AppleMusic
from tower_anime.music.catalog.apple_token import DeveloperToken
from tower_anime.music.catalog.client import CatalogClient
from tower_anime.music.catalog.deezer import Deezer
from tower_anime.music.catalog.jamendo import Jamendo
from tower_anime.services.catalogue_transport import HttpTransport


@pytest.fixture(scope="session")
def apple_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key on P-256 in the form of an AuthKey file."""
    return write_apple_key(tmp_path_factory.mktemp("key") / f"AuthKey_{KEY_ID}.p8")


@pytest.fixture
def contract(apple_key: Path) -> Iterator[Contract]:
    with contract_server(public_key=public_key_of(apple_key)) as contract:
        yield contract


@dataclass
class Catalogues:
    """The three catalogues, and how long they waited."""

    apple: AppleMusic
    deezer: Deezer
    jamendo: Jamendo
    waits: list[float] = field(default_factory=list)


@pytest.fixture
def catalogues(contract: Contract, apple_key: Path) -> Catalogues:
    waits: list[float] = []
    transport = HttpTransport((contract.url,), step_seconds=1.0, total_seconds=2.0)

    def client(title: str) -> CatalogClient:
        return CatalogClient(title, contract.url, transport, waits.append)

    return Catalogues(
        AppleMusic(client("Apple Music"), DeveloperToken("", apple_key, KEY_ID, TEAM_ID), "jp", USER_TOKEN),
        Deezer(client("Deezer")),
        Jamendo(client("Jamendo"), CLIENT_ID),
        waits,
    )
