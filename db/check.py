"""Looking for damage: in the file, in the schema, in the rows, and in what they point to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, and_, or_, select

from ..errors import SchemaError
from . import schema
from .columns import now
from .embeddings import vector_fault
from .tables import (
    AssetRow,
    Base,
    CharacterReferenceRow,
    CharacterRow,
    CharacterVersionRow,
    EmbeddingRow,
    JobRow,
)

STALLED_AFTER = timedelta(hours=1)
_FINAL = ("done", "failed", "cancelled", "interrupted")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    level : str
        ``error`` or ``warning``.
    table : str
        Where; empty for the database as a whole.
    message : str
        One sentence.
    hint : str
        The remedy.
    """

    level: str
    table: str
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the row for programs."""
        return {"level": self.level, "table": self.table, "message": self.message, "hint": self.hint}


def find_damage(engine: Engine) -> list[Finding]:
    """Return everything that is found wrong, gravest first; rows only when the schema is right."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            torn = list(_file_damage(connection))
            if torn:
                return torn
        drift = [*_revision(connection), *_drift(connection)]
        if drift:
            return drift
        return [
            *_dangling(connection),
            *_versions(connection),
            *_vectors(connection),
            *_jobs(connection),
            *_missing_files(connection),
        ]


def _file_damage(connection: Connection) -> Iterator[Finding]:
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield Finding(
                "error", "", f"the file is damaged: {line}.", "Put back a copy (tower.db.backup-…)."
            )


def _revision(connection: Connection) -> Iterator[Finding]:
    stored, newest = schema.current(connection), schema.head()
    if stored == newest:
        return
    try:
        schema.check_known(stored, connection.engine)
    except SchemaError as error:
        yield Finding("error", "", error.message, error.hint or "")
        return
    yield Finding("error", "", f"the schema is {stored or 'empty'}, not {newest}.", "Run tower db upgrade.")


def _drift(connection: Connection) -> Iterator[Finding]:
    from alembic.autogenerate import compare_metadata

    if schema.current(connection) != schema.head():
        return
    own = Base.metadata.tables
    context = schema.migration_context(
        connection,
        compare_type=True,
        include_name=lambda name, kind, _parents: kind != "table" or name in own,
    )
    for change in compare_metadata(context, Base.metadata):
        # A change of columns comes as a list of them.
        for step in change if isinstance(change, list) else [change]:
            table, what = _describe(step)
            yield Finding("error", table, f"{what}.", "Put back a copy, or add what is missing by hand.")


def _describe(step: Any) -> tuple[str, str]:
    kind, subject = step[0], step[1]
    if kind == "add_table":
        return subject.name, f"the table {subject.name} is missing"
    if kind in ("add_column", "remove_column"):
        table, column = step[2], step[3].name
        state = "is missing" if kind == "add_column" else "is not known to Tower"
        return table, f"the column {table}.{column} {state}"
    if kind.startswith("modify_"):
        return step[2], f"the column {step[2]}.{step[3]} has another {kind.removeprefix('modify_')}"
    table = getattr(getattr(subject, "table", None), "name", "")
    thing = kind.split("_", 1)[1].replace("_", " ").replace("fk", "foreign key")
    state = "is missing" if kind.startswith("add") else "is not known to Tower"
    return table, f"the {thing} {getattr(subject, 'name', '')} of {table} {state}"


def _dangling(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL never stores one
    for table, row_id, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Finding(
            "error",
            table,
            f"row {row_id} of {table} refers to a row of {parent} that is gone.",
            "Delete the row.",
        )


def _versions(connection: Connection) -> Iterator[Finding]:
    version = CharacterVersionRow
    lost = (
        select(CharacterRow.id, CharacterRow.name)
        .outerjoin(
            version,
            and_(
                version.character_id == CharacterRow.id,
                version.version_number == CharacterRow.current_version,
            ),
        )
        .where(version.id.is_(None))
    )
    for row_id, name in connection.execute(lost):
        yield Finding(
            "error",
            "characters",
            f"character {row_id} ({name}) has no current version.",
            "Add its references again.",
        )


def _vectors(connection: Connection) -> Iterator[Finding]:
    embeddings = select(EmbeddingRow.id, EmbeddingRow.dimension, EmbeddingRow.vector)
    for row_id, dimension, vector in _stream(connection, embeddings):
        fault = vector_fault(vector, dimension)
        if fault:
            yield Finding(
                "error", "embeddings", f"embedding {row_id} {fault}.", "Delete the row; it is computed again."
            )


def _jobs(connection: Connection) -> Iterator[Finding]:
    job = JobRow
    impossible = {
        "is finished and has no time of completion": and_(job.status.in_(_FINAL), job.completed_at.is_(None)),
        "is not finished and has a time of completion": and_(
            job.status.not_in(_FINAL), job.completed_at.is_not(None)
        ),
        "ran and has no time of start": and_(
            job.status.in_(("running", "gated", "done")), job.started_at.is_(None)
        ),
        "is done at less than 100 percent": and_(job.status == "done", job.progress < 100),
        "was completed before it started": job.completed_at < job.started_at,
    }
    for fault, condition in impossible.items():
        for row_id, status in connection.execute(select(job.id, job.status).where(condition)):
            yield Finding("error", "production_jobs", f"job {row_id} ({status}) {fault}.", "Run it again.")
    silent_since = now() - STALLED_AFTER
    stalled = and_(
        job.status.in_(("running", "gated")),
        or_(job.heartbeat_at.is_(None), job.heartbeat_at < silent_since),
    )
    for (row_id,) in connection.execute(select(job.id).where(stalled)):
        yield Finding(
            "warning",
            "production_jobs",
            f"job {row_id} has given no sign of life for an hour.",
            "It is marked interrupted at the next start of the server that ran it.",
        )


def _missing_files(connection: Connection) -> Iterator[Finding]:
    pictures = select(CharacterReferenceRow.id, CharacterReferenceRow.path)
    for number, path in _stream(connection, pictures):
        if not Path(path).is_file():
            yield Finding(
                "warning",
                "character_references",
                f"reference {number}: the file {path} is missing.",
                "Add the picture again.",
            )
    for number, path in _stream(connection, select(AssetRow.id, AssetRow.file_path)):
        if not Path(path).is_file():
            yield Finding(
                "warning",
                "generated_assets",
                f"asset {number}: the file {path} is missing.",
                "Put the file back.",
            )


def _stream(connection: Connection, statement: Executable) -> Iterator[Any]:
    yield from connection.execute(statement, execution_options={"yield_per": 500})
