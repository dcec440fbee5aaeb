"""Runs of the studio on both engines."""

import pytest
from tower_anime.db.studio import StudioRepository
from tower_anime.errors import InputError, NotFoundError
from tower_anime.production.studio_run import STAGES, Stage, StageState


@pytest.fixture
def runs(database):
    return StudioRepository(database)


def test_a_run_is_read_back_stage_by_stage(runs, characters, projects):
    owner = projects.create("P")
    kai = characters.create("Kai", project_id=owner.id)
    done = Stage(StageState.DONE, started_at="2026-01-01T00:00:00+00:00", result={"box": (1, 2)})
    made = runs.create(kai.id, {"name": "Kai"}, {"references": done})
    assert runs.get(made.id) == made
    assert list(made.stages) == list(STAGES)
    assert (made.stages["references"].result, made.stages["bible"].state) == (
        {"box": [1, 2]},
        StageState.PENDING,
    )
    failed = runs.set_stage(made.id, "bible", Stage(StageState.FAILED, "it broke"))
    assert failed == runs.get(made.id)
    assert failed.stages["references"] == made.stages["references"]
    assert (failed.stages["bible"].error, failed.is_complete, failed.project_id) == (
        "it broke",
        False,
        owner.id,
    )
    second = runs.create(kai.id, {})
    assert [run.id for run in runs.list(kai.id)] == [second.id, made.id]


def test_what_is_not_there_is_refused(runs, characters):
    kai = characters.create("Kai")
    run = runs.create(kai.id, {})
    with pytest.raises(InputError, match="Known: references, bible"):
        runs.set_stage(run.id, "sleep", Stage())
    with pytest.raises(NotFoundError, match="no run 99"):
        runs.set_stage(99, "bible", Stage())
    with pytest.raises(NotFoundError, match="no character 99"):
        runs.create(99, {})
    characters.delete(kai.id)
    assert runs.get(run.id).character_id is None
