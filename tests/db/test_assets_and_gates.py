import pytest
from sqlalchemy import select
from tower_anime.db.tables import AssetRow, ReviewRow, StyleRow
from tower_anime.errors import InputError, NotFoundError


@pytest.fixture
def add(assets, tmp_path):
    def add(**fields):
        given = {"file_path": tmp_path / "a.png", "file_type": "image", "sha256": "0" * 64, "size_bytes": 5}
        return assets.add(**{**given, **fields})

    return add


def test_added_asset_is_read_back(add, assets, jobs, projects, tmp_path):
    project, job = projects.create("Kai"), jobs.create("p-1", "comfyui")
    made = add(
        file_path=tmp_path / "映像.mp4",
        file_type="video",
        size_bytes=3 * 2**31,
        job_id=job.id,
        project_id=project.id,
        width=1280,
        height=720,
        fps=24000 / 1001,
        duration_seconds=12.5,
        metadata={"workflow": {"nodes": []}},
        quality_metrics={"consistency": 0.8},
        licence="CC-BY-4.0",
    )
    assert assets.get(made.id) == made
    assert (made.size_bytes, made.fps, made.file_path.name) == (3 * 2**31, 24000 / 1001, "映像.mp4")
    assert made.is_missing


def test_a_style_transferred_asset_names_its_style(add, database):
    with database.session() as session:
        style = StyleRow(name="ink")
        session.add(style)
        session.flush()
        style_id = style.id
    made = add(style_reference_id=style_id)
    with database.session() as session:
        assert session.get_one(AssetRow, made.id).style_reference_id == style_id
    with pytest.raises(NotFoundError, match="no style 99"):
        add(style_reference_id=99)


def test_a_file_written_anew_takes_the_place_of_the_old_one(add, assets):
    old = add(sha256="1" * 64)
    new = add(sha256="2" * 64)
    assert assets.list() == [new]
    with pytest.raises(NotFoundError):
        assets.get(old.id)


def test_what_was_not_measured_is_stored_as_unknown(add):
    assert add(fps=float("nan"), duration_seconds=float("inf")).fps is None


def test_an_asset_of_an_unknown_job_is_refused(add, assets):
    for fields in ({"job_id": 9}, {"project_id": 9}):
        with pytest.raises(NotFoundError):
            add(**fields)
    with pytest.raises(NotFoundError, match="no asset 9"):
        assets.get(9)
    with pytest.raises(InputError):
        add(size_bytes=-1)
    assert assets.list() == []


def test_assets_are_listed_newest_first_and_filtered(add, assets, jobs, tmp_path):
    job = jobs.create("p-1", "comfyui")
    ids = [
        add(
            file_path=tmp_path / f"{n}.png",
            job_id=job.id if n % 2 else None,
            file_type="video" if n > 3 else "image",
        ).id
        for n in range(6)
    ]
    assert [asset.id for asset in assets.list(limit=3)] == ids[:2:-1]
    assert [asset.id for asset in assets.list(job_id=job.id, before_id=ids[5])] == [ids[3], ids[1]]
    assert [asset.id for asset in assets.list(file_type="video")] == [ids[5], ids[4]]


def test_an_asset_outlives_its_job_and_takes_its_reviews_along(add, assets, database, jobs):
    from tower_anime.db.tables import JobRow

    job = jobs.create("p-1", "comfyui")
    made = add(job_id=job.id)
    with database.session() as session:
        session.add(ReviewRow(asset_id=made.id, decision="approved"))
        session.delete(session.get_one(JobRow, job.id))
    assert assets.get(made.id).job_id is None
    with database.session() as session:
        session.delete(session.get_one(AssetRow, made.id))
    with database.session() as session:
        assert session.scalars(select(ReviewRow)).all() == []


@pytest.mark.parametrize("passed", [True, False, None])
def test_a_gate_run_keeps_its_verdict(gates, jobs, characters, passed):
    job, kai = jobs.create("p-1", "comfyui"), characters.create("Kai")
    run = gates.add(
        "post_gen", passed, score=0.5, details={"encoder": "ccip"}, job_id=job.id, character_id=kai.id
    )
    assert gates.list(job_id=job.id) == [run]
    assert (run.passed, run.score, run.details) == (passed, 0.5, {"encoder": "ccip"})
    characters.delete(kai.id)
    assert gates.list()[0].character_id is None


def test_each_run_is_a_row_newest_first(gates, jobs):
    job = jobs.create("p-1", "comfyui")
    runs = [gates.add("final", None, job_id=job.id) for _ in range(3)] + [gates.add("pre_gen", passed=True)]
    assert gates.list() == runs[::-1]
    assert gates.list(job_id=job.id, limit=2) == [runs[2], runs[1]]


def test_impossible_gate_runs_are_refused(gates):
    for gate_type, score in (("midway", 0.5), ("final", 1.1), ("final", float("nan"))):
        with pytest.raises(InputError):
            gates.add(gate_type, passed=True, score=score)
    with pytest.raises(NotFoundError, match="no job 9"):
        gates.add("final", None, job_id=9)
    assert gates.list() == []


def test_the_attempts_of_a_loop_share_a_key(gates):
    loops = {"a" * 32: 3, "b" * 32: 2}
    for key, n_attempts in loops.items():
        for attempt in range(1, n_attempts + 1):
            gates.add("post_gen", False, run_key=key, attempt=attempt, encoder="ccip", encoder_version="3")
    found = gates.list(run_key="a" * 32)
    assert [run.attempt for run in found] == [3, 2, 1]
    assert {(run.encoder, run.encoder_version) for run in found} == {("ccip", "3")}
    assert [run.attempt for run in gates.list(before_id=found[0].id, run_key="a" * 32)] == [2, 1]
    with pytest.raises(InputError, match="attempt 0"):
        gates.add("post_gen", False, attempt=0)


def test_a_character_that_went_meanwhile_is_left_out(gates, characters):
    kai = characters.create("Kai")
    characters.delete(kai.id)
    assert gates.add("final", True, score=0.8, character_id=kai.id).character_id is None
    assert gates.list()[0].score == 0.8


def test_an_attempt_of_a_whole_prompt_names_the_one_before(jobs):
    first = jobs.create("p-1", "comfyui")
    second = jobs.create("p-2", "comfyui", parent_id=first.id, attempt=2)
    assert jobs.get(second.id).parent_id == first.id and second.attempt == 2
    assert jobs.create("p-3", "comfyui", parent_id=999).parent_id is None
