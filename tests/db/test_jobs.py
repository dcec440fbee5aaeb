import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tower_anime.db.database import Database
from tower_anime.db.jobs import JobRepository
from tower_anime.errors import ConflictError, IllegalTransitionError, InputError, NotFoundError
from tower_anime.production.job import LEGAL_MOVES, JobStatus

S = JobStatus
# The shortest legal way into each state.
WAY_TO = {
    S.QUEUED: (),
    S.RUNNING: (S.RUNNING,),
    S.GATED: (S.RUNNING, S.GATED),
    S.DONE: (S.RUNNING, S.DONE),
    S.FAILED: (S.FAILED,),
    S.CANCELLED: (S.CANCELLED,),
    S.INTERRUPTED: (S.INTERRUPTED,),
}


def test_created_job_is_read_back(jobs, projects):
    project = projects.create("Kai")
    made = jobs.create(
        "p-1", "comfyui", project_id=project.id, workflow_params={"prompt": {"3": {"seed": 2**63}}}
    )
    assert jobs.get(made.id) == made
    assert jobs.by_prompt("p-1") == made
    assert jobs.by_prompt("p-2") is None
    assert (made.status, made.progress, made.attempt) == (S.QUEUED, 0, 1)
    assert made.workflow_params["prompt"]["3"]["seed"] == 2**63


def test_a_prompt_has_one_job(jobs):
    jobs.create("p-1", "comfyui")
    with pytest.raises(ConflictError, match="p-1"):
        jobs.create("p-1", "comfyui")
    with pytest.raises(NotFoundError, match="no project 9"):
        jobs.create("p-2", "comfyui", project_id=9)


def test_exactly_the_legal_moves_are_made(jobs):
    for source in S:
        for target in S:
            job = jobs.create(f"{source.value}-{target.value}", "comfyui")
            for step in WAY_TO[source]:
                job = jobs.move(job.id, step)
            if target in LEGAL_MOVES[source]:
                assert jobs.move(job.id, target).status is target
            else:
                with pytest.raises(IllegalTransitionError, match=source.value):
                    jobs.move(job.id, target, error_log="never")
                assert jobs.get(job.id) == job


def test_times_are_set_by_the_moves(jobs):
    made = jobs.create("p-1", "comfyui")
    assert (made.started_at, made.completed_at) == (None, None)
    running = jobs.move(made.id, S.RUNNING)
    assert running.started_at == running.heartbeat_at >= made.created_at
    gated = jobs.move(made.id, S.GATED)
    again = jobs.move(made.id, S.RUNNING)
    done = jobs.move(made.id, S.DONE, quality_score=0.7, performance_metrics={"seconds": 1.5})
    assert gated.started_at == again.started_at == done.started_at
    assert done.completed_at >= done.started_at
    assert (done.progress, done.quality_score, done.performance_metrics) == (100, 0.7, {"seconds": 1.5})


def test_late_signs_of_life_do_not_touch_a_finished_job(jobs):
    made = jobs.create("p-1", "comfyui")
    cancelled = jobs.move(made.id, S.CANCELLED)
    jobs.touch(made.id, progress=80)
    assert jobs.get(made.id) == cancelled
    with pytest.raises(NotFoundError, match="no job 99"):
        jobs.touch(99)


@pytest.mark.parametrize("progress", [-1, 101])
def test_progress_is_a_percentage(jobs, progress):
    made = jobs.create("p-1", "comfyui")
    for write in (jobs.touch, jobs.update):
        with pytest.raises(InputError, match=str(progress)):
            write(made.id, progress=progress)


def test_impossible_fields_are_refused(jobs):
    made = jobs.create("p-1", "comfyui")
    for fields in ({"status": "done"}, {"quality_score": 1.5}, {"prompt_id": "x"}):
        with pytest.raises(InputError) as caught:
            jobs.update(made.id, **fields)
        assert caught.value.field in fields
    assert jobs.get(made.id) == made


def test_two_threads_cannot_both_finish_a_job(jobs):
    def finish(job_id, target):
        barrier.wait()
        try:
            return jobs.move(job_id, target).status
        except IllegalTransitionError:
            return None

    with ThreadPoolExecutor(2) as pool:
        for number in range(8):
            job = jobs.create(f"p-{number}", "comfyui")
            jobs.move(job.id, S.RUNNING)
            barrier = threading.Barrier(2)
            outcomes = list(pool.map(finish, [job.id] * 2, [S.DONE, S.CANCELLED]))
            winner = [status for status in outcomes if status is not None]
            assert winner == [jobs.get(job.id).status]


def test_concurrent_progress_ends_at_the_highest(jobs):
    job = jobs.create("p-1", "comfyui")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda percent: jobs.touch(job.id, progress=percent), [5, 60, 10, 30, 20, 45]))
    assert jobs.get(job.id).progress == 60


def test_events_keep_their_order(jobs):
    job = jobs.create("p-1", "comfyui")
    for number in range(3):
        jobs.add_event(job.id, "node", node_id=str(number), details={"seconds": number / 2})
    events = jobs.events(job.id)
    assert [(event.kind, event.node_id, event.details["seconds"]) for event in events] == [
        ("node", "0", 0.0),
        ("node", "1", 0.5),
        ("node", "2", 1.0),
    ]
    with pytest.raises(NotFoundError, match="no job 99"):
        jobs.add_event(99, "node")


def test_unfinished_jobs_of_a_killed_server_are_interrupted(jobs):
    ways = [WAY_TO[status] for status in S]
    made = [jobs.create(f"p-{number}", "comfyui") for number in range(len(ways))]
    for job, way in zip(made, ways, strict=True):
        for step in way:
            jobs.move(job.id, step)
    other = jobs.create("p-other", "animatic")
    interrupted = jobs.interrupt_unfinished("comfyui")
    assert [job.id for job in interrupted] == [job.id for job in made[:3]]
    for job, was in zip(interrupted, ("queued", "running", "gated"), strict=True):
        assert jobs.get(job.id) == job
        assert was in job.error_log
        assert jobs.events(job.id)[-1].details["was"] == was
    assert jobs.get(other.id).status is S.QUEUED
    assert jobs.interrupt_unfinished("comfyui") == []


def test_a_job_that_gave_a_sign_of_life_lately_is_left_running(jobs):
    running = jobs.move(jobs.create("p-1", "animatic").id, S.RUNNING)
    assert jobs.interrupt_unfinished("animatic", silent_seconds=60) == []
    assert jobs.get(running.id) == running
    assert [job.id for job in jobs.interrupt_unfinished("animatic", silent_seconds=0)] == [running.id]


def test_list_is_newest_first_and_filtered(jobs, projects):
    project = projects.create("Kai")
    ids = [jobs.create(f"p-{n}", "comfyui", project_id=project.id if n < 3 else None).id for n in range(6)]
    jobs.move(ids[1], S.RUNNING)
    assert [job.id for job in jobs.list()] == ids[::-1]
    assert [job.id for job in jobs.list(limit=2, before_id=ids[4])] == [ids[3], ids[2]]
    assert [job.id for job in jobs.list(status=S.RUNNING)] == [ids[1]]
    assert [job.id for job in jobs.list(project_id=project.id)] == ids[2::-1]


def test_whatever_comfyui_sends_can_be_stored(jobs):
    # NaN is in the prompts of ComfyUI (is_changed), and texts come from anywhere.
    params = {"is_changed": [float("nan"), float("-inf")], "text": "a\x00b\ud800", "東京": "é\U0001f600"}
    job = jobs.create("p\x00", "comfyui", workflow_params=params)
    jobs.update(job.id, error_log="Traceback\x00 \udcff")
    stored = jobs.get(job.id)
    assert stored.workflow_params == {
        "is_changed": [None, None],
        "text": "a\ufffdb\ufffd",
        "東京": "é\U0001f600",
    }
    assert stored.error_log == "Traceback\ufffd \ufffd"


@pytest.fixture(scope="module")
def fast_jobs():
    database = Database("sqlite:///:memory:")
    yield JobRepository(database)
    database.close()


steps = st.lists(st.one_of(st.sampled_from(S), st.integers(0, 100)), max_size=12)


@settings(max_examples=40, deadline=None)
@given(steps=steps)
def test_any_life_of_a_job_is_legal_and_never_loses_progress(fast_jobs, steps):
    job = fast_jobs.create(f"p-{fast_jobs.list(limit=1)[0].id if fast_jobs.list(limit=1) else 0}", "comfyui")
    for step in steps:
        before = fast_jobs.get(job.id)
        if isinstance(step, S):
            try:
                fast_jobs.move(job.id, step)
            except IllegalTransitionError:
                assert step not in LEGAL_MOVES[before.status]
        else:
            fast_jobs.touch(job.id, progress=step)
        after = fast_jobs.get(job.id)
        assert after.status is before.status or after.status in LEGAL_MOVES[before.status]
        assert after.progress >= before.progress
        assert (after.completed_at is not None) == after.status.is_final
