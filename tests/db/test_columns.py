import json
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import PurePosixPath

import numpy as np
import pytest
from sqlalchemy import select
from tower_anime.db.columns import clean_text, json_text
from tower_anime.db.tables import JobRow
from tower_anime.errors import InputError

NINE_IN_TOKYO = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (NINE_IN_TOKYO, datetime(2026, 3, 1, 0, 30, 0, 123456, tzinfo=timezone.utc)),
        (datetime(2026, 3, 1, 9, 30), datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)),
        (None, None),
    ],
)
def test_moments_come_back_aware_in_utc(database, written, read):
    with database.session() as session:
        session.add(JobRow(prompt_id="p", job_type="x", params_hash="", started_at=written))
    with database.session() as session:
        stored = session.scalars(select(JobRow)).one()
        assert stored.started_at == read
        assert read is None or stored.started_at.tzinfo is timezone.utc
        aware = session.scalars(select(JobRow.id).where(JobRow.created_at > NINE_IN_TOKYO)).all()
        assert aware == [stored.id]


class Colour(str, Enum):
    RED = "red"


def test_json_takes_what_the_domain_has():
    value = {
        "path": PurePosixPath("/a/b"),
        "colour": Colour.RED,
        "score": np.float32(0.5),
        "times": np.array([0.5, np.nan]),
        "when": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "tuple": (1, True, None),
        3: "three",
    }
    assert json.loads(json_text(value)) == {
        "path": "/a/b",
        "colour": "red",
        "score": 0.5,
        "times": [0.5, None],
        "when": "2026-01-01T00:00:00+00:00",
        "tuple": [1, True, None],
        "3": "three",
    }


def test_json_refuses_what_has_no_form_and_nothing_is_stored(jobs):
    with pytest.raises(InputError, match="a object cannot be stored"):
        jobs.create("p-1", "comfyui", workflow_params={"x": object()})
    assert jobs.list() == []


@pytest.mark.parametrize(
    ("text", "clean"), [("é東\U0001f600", "é東\U0001f600"), ("a\x00", "a\ufffd"), ("\ud800x", "\ufffdx")]
)
def test_text_keeps_all_that_can_be_stored(text, clean):
    assert clean_text(text) == clean
