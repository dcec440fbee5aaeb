"""A prompt that is tried again names its parent, and nobody can lie about it to our harm."""

import pytest
from tower_anime.errors import TowerError
from tower_anime.host.submission import Submission
from tower_anime.services.resubmission import KEY, Lineage, read_lineage


@pytest.mark.parametrize(
    "told",
    [
        None,
        "text",
        {},
        {"run_key": "", "attempt": 2},
        {"run_key": "k" * 65, "attempt": 2},
        {"run_key": "k", "attempt": 17},
        {"run_key": "k", "attempt": True},
        {"run_key": "k", "attempt": "2"},
    ],
)
def test_whatever_is_not_ours_is_a_first_attempt(told):
    lineage = read_lineage({KEY: told}, "p-1")
    assert (lineage.attempt, lineage.parent_id, lineage.changes) == (1, None, {})
    assert len(lineage.run_key) == 32 and lineage.run_key == read_lineage({}, "p-1").run_key


def test_a_lineage_is_read_back():
    lineage = Lineage("k" * 32, 3, 7, {"steps": 1.25})
    assert read_lineage({KEY: lineage.as_json()}, "p-9") == lineage


def test_attempts_are_jobs_that_name_their_parents(opened):
    queued = []

    def submit(prompt, extra_data):
        queued.append((prompt, extra_data))
        return f"p-{len(queued) + 1}"

    opened.resubmission.connect(submit)
    opened.job_log.queued(Submission("p-1", {"1": {}}))
    for number in (1, 2):
        new = opened.resubmission.try_again(f"p-{number}", {"n": number}, {"mine": 1}, {"steps": 1.25})
        opened.job_log.queued(Submission(new, *queued[-1][:1], extra_data=dict(queued[-1][1])))
    assert opened.job_log.drain()
    jobs = [opened.jobs.by_prompt(f"p-{number}") for number in (1, 2, 3)]
    assert [job.attempt for job in jobs] == [1, 2, 3]
    assert [job.parent_id for job in jobs] == [None, jobs[0].id, jobs[1].id]
    lineages = [opened.resubmission.lineage(f"p-{number}") for number in (1, 2, 3)]
    assert len({lineage.run_key for lineage in lineages}) == 1
    assert lineages[2].changes == {"steps": 1.25} and queued[0][1]["mine"] == 1


def test_without_a_host_it_says_so(opened):
    with pytest.raises(TowerError, match="no ComfyUI"):
        opened.resubmission.try_again("p-1", {}, {}, {})
