"""Upgrades keep data, and a failed one changes nothing."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from tower_anime.db import schema
from tower_anime.db.characters import CharacterRepository
from tower_anime.db.jobs import JobRepository
from tower_anime.db.tables import Base
from tower_anime.errors import SchemaError, StorageError

SEED_COLUMNS = {
    "projects": "id name description bible status created_at updated_at",
    "production_jobs": "id project_id job_type status progress quality_score performance_metrics"
    " workflow_params error_log created_at completed_at",
    "generated_assets": "id job_id file_path file_type metadata quality_metrics created_at"
    " style_reference_id",
    "quality_gates": "id job_id gate_type passed score details timestamp",
    "characters": "id name reference_image_path embedding_data style_template color_palette"
    " consistency_threshold",
    "character_versions": "id character_id version_number age_state emotional_state embedding_data",
}
TABLES = {
    *("projects", "bible_versions", "characters", "character_versions", "character_references"),
    *("embeddings", "relationships", "poses", "style_library", "scenes", "shots", "episodes"),
    *("scene_state", "production_jobs", "job_events", "generated_assets", "quality_gates", "reviews"),
    *("tracks", "api_tokens", "studio_runs", "job_characters", "early_scores"),
    *("music_files", "playlists", "licence_uses"),
}

# Rebuilds a table that others refer to, as SQLite needs for most changes.
NEXT = """
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None

def upgrade(op):
    op.create_table("props", sa.Column("id", sa.Integer(), primary_key=True))
    with op.batch_alter_table("characters", recreate="auto") as batch:
        batch.add_column(sa.Column("nickname", sa.String(50), nullable=False, server_default="none"))
        batch.alter_column("description", existing_type=sa.Text(), nullable=True)
    op.execute("INSERT INTO props (id) VALUES (1)")
    {end}
"""


HEAD = schema.head()


FIRST_ROWS = (
    "INSERT INTO characters (id, name, description, prompt, negative_prompt, loras, embedding_data,"
    " style_template, color_palette, current_version, updated_at, created_at)"
    " VALUES (1, 'Kai', '', '', '', '[]', '{}', '{}', '{}', 1, :moment, :moment)",
    "INSERT INTO character_versions (id, character_id, version_number, age_state, emotional_state, prompt,"
    " embedding_data, created_at) VALUES (1, 1, 1, '', '', '', '{}', :moment)",
    "INSERT INTO character_references (character_version_id, position, path, sha256, width, height,"
    " warnings, created_at) VALUES (1, 1, 'gone.png', 'a', 600, 600, '[]', :moment)",
)


@pytest.fixture
def database(own_database):
    return own_database


@pytest.fixture
def add_migration(tmp_path, monkeypatch):
    """Give the history one migration more, that ends as told."""

    def add(end="pass"):
        folder = tmp_path / "migrations"
        shutil.copytree(schema.MIGRATIONS, folder)
        (folder / "versions" / "next.py").write_text(NEXT.format(end=end, head=HEAD))
        monkeypatch.setattr(schema, "MIGRATIONS", folder)

    return add


def fill(database, references):
    """Store a character with references and a job; return what must not change."""
    import numpy as np

    characters = CharacterRepository(database)
    kai = characters.create("凱", references=references)
    characters.store_embeddings(kai.version.id, "ccip", "1", {"a" * 64: np.ones(4, np.float32)})
    job = JobRepository(database).create("p-1", "comfyui")
    return kai, job


def stored(database, kai, job):
    return (
        CharacterRepository(database).get(kai.id),
        list(CharacterRepository(database).embeddings(kai.version.id, "ccip", "1")),
        JobRepository(database).get(job.id),
    )


def tables(database):
    with database.session() as session:
        return set(inspect(session.connection()).get_table_names())


def test_an_empty_database_gets_every_table_and_column(database):
    assert database.revision() is None
    assert database.upgrade() == (None, schema.head())
    assert database.upgrade() == (schema.head(), schema.head())
    assert tables(database) == TABLES | {schema.VERSION_TABLE}
    with database.session() as session:
        inspector = inspect(session.connection())
        for table, columns in SEED_COLUMNS.items():
            assert set(columns.split()) <= {column["name"] for column in inspector.get_columns(table)}
        style = [
            key
            for key in inspector.get_foreign_keys("generated_assets")
            if key["referred_table"] == "style_library"
        ]
    assert style[0]["constrained_columns"] == ["style_reference_id"]


def test_the_migrations_make_what_the_models_say(database):
    database.open()
    assert database.check() == []
    assert set(Base.metadata.tables) == TABLES


def test_check_constraints_are_the_models_ones(database):
    database.open()
    with database.session() as session:
        inspector = inspect(session.connection())
        made = {key["name"] for table in TABLES for key in inspector.get_check_constraints(table)}
    said = {
        f"ck_{table.name}_{key.name}" if not str(key.name).startswith("ck_") else str(key.name)
        for table in Base.metadata.sorted_tables
        for key in table.constraints
        if type(key).__name__ == "CheckConstraint"
    }
    assert made == said


def test_an_upgrade_keeps_every_row(database, references, add_migration):
    kai, job = fill(database, references)
    database.close()
    add_migration()
    assert database.upgrade() == (HEAD, "next")
    assert stored(database, kai, job) == (kai, ["a" * 64], job)
    with database.session() as session:
        assert session.execute(text("SELECT nickname FROM characters")).scalars().all() == ["none"]


def test_the_first_released_schema_upgrades_with_its_rows(database, tmp_path):
    folder = tmp_path / "first"
    shutil.copytree(schema.MIGRATIONS, folder)
    for later in set((folder / "versions").glob("0*.py")) - {folder / "versions" / "0001_initial.py"}:
        later.unlink()
    with pytest.MonkeyPatch.context() as first:
        first.setattr(schema, "MIGRATIONS", folder)
        assert database.upgrade() == (None, "0001")
    with database.session() as session:
        for statement in FIRST_ROWS:
            session.execute(text(statement), {"moment": "2026-01-01 00:00:00+00:00"})
    database.close()
    assert database.upgrade() == ("0001", HEAD)
    assert [finding.level for finding in database.check()] == ["warning"]
    [kai] = CharacterRepository(database).list()
    assert (kai.name, kai.bible, [r.weight for r in kai.references]) == ("Kai", {}, [1.0])


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ("raise RuntimeError('power')", RuntimeError),
        ("op.execute('SELECT nonsense FROM nowhere')", StorageError),
    ],
)
def test_a_failed_upgrade_changes_nothing(database, references, add_migration, end, error):
    kai, job = fill(database, references)
    tables_before = tables(database)
    database.close()
    add_migration(end)
    with pytest.raises(error):
        database.upgrade()
    assert database.revision() == HEAD
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", Path(schema.__file__).parent / "migrations")
        assert database.check() == []
        assert tables(database) == tables_before
        assert stored(database, kai, job) == (kai, ["a" * 64], job)


def test_an_upgrade_that_breaks_a_reference_is_rolled_back(sqlite, references, add_migration):
    fill(sqlite, references)
    sqlite.close()
    add_migration('op.execute("DELETE FROM character_versions")')
    with pytest.raises(SchemaError, match="broken references"):
        sqlite.upgrade()
    assert sqlite.revision() == HEAD


def test_sqlite_is_copied_before_an_upgrade_and_the_copy_is_whole(
    sqlite, references, add_migration, tmp_path
):
    fill(sqlite, references)
    home = tmp_path / "home"
    (home / "tower.db.backup-0000").write_bytes(b"of an older upgrade")
    sqlite.close()
    add_migration()
    sqlite.upgrade()
    sqlite.close()
    assert sorted(path.name for path in home.glob("*backup*")) == [f"tower.db.backup-{HEAD}"]
    with closing(sqlite3.connect(home / f"tower.db.backup-{HEAD}")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT name FROM characters").fetchall() == [("凱",)]
        assert copy.execute(f"SELECT version_num FROM {schema.VERSION_TABLE}").fetchall() == [(HEAD,)]


def test_a_failed_upgrade_leaves_no_copy(sqlite, references, add_migration, tmp_path):
    fill(sqlite, references)
    sqlite.close()
    add_migration("raise RuntimeError('power')")
    with pytest.raises(RuntimeError):
        sqlite.upgrade()
    assert list((tmp_path / "home").glob("*backup*")) == []


def test_foreign_keys_count_again_after_an_upgrade(sqlite, references, add_migration):
    kai, _ = fill(sqlite, references)
    sqlite.close()
    add_migration()
    sqlite.upgrade()
    CharacterRepository(sqlite).delete(kai.id)
    with sqlite.session() as session:
        assert session.execute(text("SELECT count(*) FROM embeddings")).scalar() == 0


def test_a_newer_database_is_refused_and_left_alone(database):
    database.open()
    with database.session() as session:
        session.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    database.close()
    with pytest.raises(SchemaError, match=r"'9999', which is newer.*Update Tower"):
        database.open()
    assert [finding.level for finding in database.check()] == ["error"]
    assert database.revision() == "9999"


def test_tables_of_another_program_are_not_touched(database):
    database._make_folder()
    with database._connectable().begin() as connection:
        connection.execute(text("CREATE TABLE projects (name TEXT)"))
    with pytest.raises(SchemaError, match="database of its own"):
        database.open()
    assert database.revision() is None


def test_processes_that_start_at_once_migrate_once(empty_url):
    program = (
        "import sys; from tower_anime.db.database import Database; database = Database(sys.argv[1]);"
        "sys.stdin.readline(); print(database.upgrade()[0]); database.close()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert sorted(out.strip() for out, _ in answers) == [HEAD, HEAD, "None"], answers


def test_migrating_does_not_take_over_the_hosts_alembic(database):
    """ComfyUI migrates its own database through the global ``alembic.op`` in the same process."""
    from alembic import op
    from alembic.operations import Operations
    from sqlalchemy import create_engine

    host = create_engine("sqlite://")
    with host.connect() as connection, Operations.context(schema.migration_context(connection)):
        database.open()
        assert op.get_bind() is connection
        assert inspect(connection).get_table_names() == []
    host.dispose()


def test_the_database_module_imports_no_alembic():
    program = "import sys, tower_anime.db.database; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
