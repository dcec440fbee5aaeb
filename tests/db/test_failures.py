"""What goes wrong below comes up as one sentence with its remedy."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import text
from tower_anime.db.database import Database
from tower_anime.db.jobs import JobRepository
from tower_anime.db.projects import ProjectRepository
from tower_anime.errors import ConflictError, InputError, SchemaError, StorageError

HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def held_lock(sqlite, tmp_path):
    """Another process holds the write lock; our own waits for it only 0.1 s."""
    sqlite.open()
    with sqlite.session(read_only=True) as session:
        session.execute(text("PRAGMA busy_timeout = 100"))
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(tmp_path / "home" / "tower.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield
        process.stdin.close()


def test_a_database_that_another_process_writes_can_be_read_and_says_why_not_written(sqlite, held_lock):
    projects = ProjectRepository(sqlite)
    assert projects.list() == []
    with pytest.raises(StorageError, match=r"tower\.db is locked by another process\. Close the other"):
        projects.create("Kai")
    assert projects.list() == []


def test_a_full_disk_is_said_and_what_was_saved_stays(sqlite):
    jobs = JobRepository(sqlite)
    first = jobs.create("p-1", "comfyui")
    with sqlite.session(read_only=True) as session:
        session.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageError, match=r"disk is full\. Free some space"):
        for number in range(100):
            jobs.create(f"big-{number}", "comfyui", workflow_params={"text": "x" * 10_000})
    assert jobs.get(first.id) == first
    assert sqlite.check() == []


def test_a_read_only_database_is_said(sqlite, tmp_path):
    sqlite.open()
    sqlite.close()
    database = Database(f"sqlite:///file:{tmp_path / 'home' / 'tower.db'}?mode=ro&uri=true")
    try:
        assert ProjectRepository(database).list() == []
        with pytest.raises(StorageError, match=r"is read-only\. Make the file"):
            ProjectRepository(database).create("Kai")
    finally:
        database.close()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    path = tmp_path / "tower.db"
    path.write_bytes(b"not a database at all" * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StorageError, match=r"tower\.db is damaged, or is no SQLite database\. Move the file"):
        database.open()
    assert path.read_bytes() == b"not a database at all" * 100


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    database = Database(f"sqlite:///{tmp_path / 'file' / 'home' / 'tower.db'}")
    with pytest.raises(StorageError, match="TOWER_HOME"):
        database.open()


def test_a_dropped_table_is_said(sqlite):
    sqlite.open()
    with sqlite.session() as session:
        session.execute(text("DROP TABLE reviews"))
    with pytest.raises(SchemaError, match="tower db check"), sqlite.session() as session:
        session.execute(text("SELECT * FROM reviews"))


def test_a_server_that_is_not_there_is_said_without_its_password():
    database = Database("postgresql+psycopg://kai:secret@127.0.0.1:1/tower")
    with pytest.raises(
        StorageError, match=r"tower on 127\.0\.0\.1 cannot be reached\. Start the server"
    ) as caught:
        database.open()
    assert "secret" not in str(caught.value)
    assert "cannot be reached" in database.check()[0].message


def test_a_database_that_the_server_lacks_is_said(postgres_server):
    database = Database(postgres_server.set(database="nowhere").render_as_string(hide_password=False))
    with pytest.raises(StorageError, match=r"nowhere.* does not exist\. Create it"):
        database.open()


@pytest.mark.parametrize("url", ["nonsense", "postgresql+asyncpg://h/d", "mysql://h/d"])
def test_other_databases_are_refused(url):
    with pytest.raises(InputError) as caught:
        Database(url).open()
    assert caught.value.field == "TOWER_DATABASE_URL"


def test_an_ended_connection_is_said_and_the_next_session_works(database):
    if database.is_sqlite:
        pytest.skip("SQLite has no server that could end a connection")
    with pytest.raises(StorageError, match="closed the connection"), database.session() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    database.ping()


def test_constraints_are_said(database, projects):
    from tower_anime.db.tables import JobEventRow, JobRow

    for row, error in (
        (JobEventRow(job_id=99, kind="x"), ConflictError),
        (JobRow(prompt_id="p", job_type="x", params_hash="", progress=101), InputError),
        (JobRow(prompt_id="p", job_type="x", params_hash="", status="lost"), InputError),
        (JobRow(prompt_id=None, job_type="x", params_hash=""), InputError),
    ):
        with pytest.raises(error), database.session() as session:
            session.add(row)


def test_an_error_in_a_session_undoes_it_whole(database, projects):
    with pytest.raises(ZeroDivisionError), database.session():
        projects.create("Kai")
        raise ZeroDivisionError
    assert projects.list() == []


def test_a_failed_step_in_a_session_undoes_only_itself(database, projects):
    with database.session():
        projects.create("Kai")
        with pytest.raises(ConflictError):
            projects.create("Kai")
        projects.create("Rin")
    assert [project.name for project in projects.list()] == ["Kai", "Rin"]


def test_every_connection_to_sqlite_is_set_up_for_safety(sqlite):
    with sqlite.session(read_only=True) as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}


def test_closing_leaves_one_file(sqlite, tmp_path):
    ProjectRepository(sqlite).create("Kai")
    sqlite.close()
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["tower.db"]
    with closing(sqlite3.connect(tmp_path / "home" / "tower.db")) as connection:
        assert connection.execute("SELECT name FROM projects").fetchall() == [("Kai",)]
    assert [project.name for project in ProjectRepository(sqlite).list()] == ["Kai"]
