"""`check` names each kind of damage that is planted."""

import shutil

import numpy as np
import pytest
from sqlalchemy import text
from tower_anime.db.characters import CharacterRepository
from tower_anime.db.database import Database
from tower_anime.production.job import JobStatus


def damage(database, *statements):
    with database.session() as session:
        for statement in statements:
            session.execute(text(statement))


def found(database):
    return [(finding.level, finding.table, finding.message) for finding in database.check()]


@pytest.fixture
def kai(characters, references):
    made = characters.create("Kai", references=references)
    vectors = {reference.sha256: np.ones(4, np.float32) for reference in references}
    characters.store_embeddings(made.version.id, "ccip", "1", vectors)
    return made


def test_a_sound_database_has_no_findings(database, kai, jobs):
    job = jobs.create("p-1", "comfyui")
    jobs.move(job.id, JobStatus.RUNNING)
    jobs.move(job.id, JobStatus.DONE)
    jobs.move(jobs.create("p-2", "comfyui").id, JobStatus.RUNNING)
    assert database.check() == []


def test_missing_files_are_named(database, kai, assets, references, tmp_path):
    references[1].path.unlink()
    assets.add(file_path=tmp_path / "gone.mp4", file_type="video", sha256="0" * 64, size_bytes=1)
    assert found(database) == [
        ("warning", "character_references", f"reference 2: the file {references[1].path} is missing."),
        ("warning", "generated_assets", f"asset 1: the file {tmp_path / 'gone.mp4'} is missing."),
    ]


def test_damaged_vectors_are_named_and_never_returned(database, kai, characters, references, caplog):
    from sqlalchemy import update
    from tower_anime.db.tables import EmbeddingRow

    nan = np.full(4, np.nan, "<f4").tobytes()
    with database.session() as session:
        session.execute(update(EmbeddingRow).where(EmbeddingRow.id == 1).values(dimension=5))
        session.execute(update(EmbeddingRow).where(EmbeddingRow.id == 2).values(vector=nan))
    assert sorted(found(database)) == [
        ("error", "embeddings", "embedding 1 has 16 bytes, not 4 for each of 5 dimensions."),
        ("error", "embeddings", "embedding 2 has values that are not finite."),
    ]
    assert list(characters.embeddings(kai.version.id, "ccip", "1")) == [references[2].sha256]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("status = 'done', started_at = created_at, progress = 100", "no time of completion"),
        ("completed_at = created_at", "is not finished and has a time"),
        ("status = 'running', heartbeat_at = created_at", "no time of start"),
        ("status = 'done', started_at = created_at, completed_at = created_at", "less than 100"),
        (
            "status = 'failed', started_at = created_at, completed_at = '2001-01-01 00:00:00.000000'",
            "completed before it started",
        ),
        (
            "status = 'running', started_at = created_at, heartbeat_at = '2001-01-01 00:00:00.000000'",
            "no sign of life",
        ),
    ],
)
def test_impossible_jobs_are_named(database, jobs, change, words):
    jobs.create("p-1", "comfyui")
    damage(database, f"UPDATE production_jobs SET {change}")
    [(_, table, message)] = found(database)
    assert table == "production_jobs"
    assert words in message


def test_a_character_without_its_version_is_named(database, kai):
    damage(database, "UPDATE characters SET current_version = 7")
    assert ("error", "characters", "character 1 (Kai) has no current version.") in found(database)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("DROP TABLE reviews", ("reviews", "the table reviews is missing.")),
        ("ALTER TABLE shots DROP COLUMN camera", ("shots", "the column shots.camera is missing.")),
        ("ALTER TABLE shots ADD COLUMN mood TEXT", ("shots", "the column shots.mood is not known to Tower.")),
        (
            "DROP INDEX uq_characters_shared_name",
            ("characters", "the index uq_characters_shared_name of characters is missing."),
        ),
    ],
)
def test_drift_of_the_schema_is_named(own_database, change, finding):
    damage(own_database, change)
    assert ("error", *finding) in found(own_database)


def test_tables_of_others_are_none_of_our_business(own_database):
    damage(own_database, "CREATE TABLE procrastinate_jobs (id INTEGER)")
    assert own_database.check() == []


def test_dangling_references_are_named(sqlite):
    sqlite.open()
    with sqlite._connectable().connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute(
            "INSERT INTO job_events (job_id, kind, node_id, details, created_at)"
            " VALUES (9, 'x', '', '{}', '2026-01-01')"
        )
        driver.execute("PRAGMA foreign_keys = ON")
    assert found(sqlite) == [
        ("error", "job_events", "row 1 of job_events refers to a row of production_jobs that is gone.")
    ]


def test_a_torn_file_is_named(sqlite, tmp_path, references):
    characters = CharacterRepository(sqlite)
    for number in range(40):
        characters.create(f"c{number}", references=references, description="x" * 500)
    sqlite.close()
    path = tmp_path / "home" / "tower.db"
    whole = path.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:half] + b"\x5a" * 8192 + whole[half + 8192 :])
    findings = sqlite.check()
    assert findings
    assert "damaged" in findings[0].message
    assert findings[0].level == "error"


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "tower.db"
    path.write_bytes(b"<html>" * 1000)
    database = Database(f"sqlite:///{path}")
    assert [finding.level for finding in database.check()] == ["error"]
    assert "no SQLite database" in database.check()[0].message
    assert path.read_bytes() == b"<html>" * 1000
    database.close()


def test_a_missing_or_empty_database_is_not_made_by_looking(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'none' / 'tower.db'}")
    assert "does not exist yet" in database.check()[0].message
    assert database.revision() is None
    assert not (tmp_path / "none").exists()


def test_an_old_schema_is_named(sqlite, tmp_path, monkeypatch):
    from tower_anime.db import schema

    sqlite.open()
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder)
    head = schema.head()
    (folder / "versions" / "next.py").write_text(
        f'revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None\n'
        "def upgrade(op): pass\n"
    )
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    [finding] = sqlite.check()
    assert (finding.message, finding.hint) == (f"the schema is {head}, not next.", "Run tower db upgrade.")
