"""Every test that takes `database` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import text
from support import postgres
from tower_anime.consistency.character import Reference
from tower_anime.db.assets import AssetRepository
from tower_anime.db.characters import CharacterRepository
from tower_anime.db.database import Database
from tower_anime.db.episodes import EpisodeRepository
from tower_anime.db.gates import GateRepository
from tower_anime.db.jobs import JobRepository
from tower_anime.db.projects import ProjectRepository
from tower_anime.db.tables import Base
from tower_anime.db.tracks import TrackRepository


def pytest_terminal_summary(terminalreporter):
    if postgres.MISSING:
        terminalreporter.write_line(f"WARNING: {postgres.MISSING}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    if postgres.MISSING:
        pytest.skip(postgres.MISSING)
    with postgres.running_server(tmp_path_factory.mktemp("postgres") / "data") as url:
        yield url


@pytest.fixture(scope="session")
def upgraded_postgres(postgres_server):
    """One database at the newest revision, which every test finds empty."""
    database = Database(postgres.new_database(postgres_server))
    database.open()
    yield database
    database.close()


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory):
    """An SQLite database at the newest revision, to copy: faster than upgrading each time."""
    path = tmp_path_factory.mktemp("sqlite") / "tower.db"
    database = Database(f"sqlite:///{path}")
    database.open()
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """URL of a database of the test's own that has nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'tower.db'}"
    return postgres.new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def own_database(empty_url):
    """A database whose schema the test may break."""
    database = Database(empty_url)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """A database at the newest revision, without rows."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    database = request.getfixturevalue("upgraded_postgres")
    tables = ", ".join(Base.metadata.tables)
    with database.session() as session:
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    yield database


@pytest.fixture
def sqlite(upgraded_file, tmp_path):
    """A database at the newest revision on SQLite, for what only SQLite has."""
    path = tmp_path / "home" / "tower.db"
    path.parent.mkdir()
    shutil.copyfile(upgraded_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def projects(database):
    return ProjectRepository(database)


@pytest.fixture
def characters(database):
    return CharacterRepository(database)


@pytest.fixture
def jobs(database):
    return JobRepository(database)


@pytest.fixture
def assets(database):
    return AssetRepository(database)


@pytest.fixture
def gates(database):
    return GateRepository(database)


@pytest.fixture
def tracks(database):
    return TrackRepository(database)


@pytest.fixture
def episodes(database):
    return EpisodeRepository(database)


@pytest.fixture
def references(tmp_path):
    """Three references whose files exist."""
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        path.write_bytes(b"picture")
    return [
        Reference(path, f"{number:064x}", 640, 512 + number, ("a little dark",) if number else ())
        for number, path in enumerate(paths)
    ]
