from __future__ import annotations

import pytest


@pytest.fixture
def attempts(site) -> tuple[int, list[int]]:
    """A job with a loop of three attempts, and one run of a gate beside it."""
    job = site.services.jobs.create("p-1", "comfyui").id
    add = site.services.gates.add
    made = [
        add("post_gen", n == 3, score=n / 5, job_id=job, run_key="loop1", attempt=n, encoder="ccip").id
        for n in (1, 2, 3)
    ]
    return job, [*made, add("final", None, details={"on_fail": "report"}).id]


def test_attempts_are_listed_newest_first_by_loop_and_by_job(site, attempts) -> None:
    job, made = attempts
    everything = site.call("GET", "/anime/gates").json["items"]
    assert [run["id"] for run in everything] == made[::-1]
    assert everything[0]["passed"] is None and everything[0]["details"] == {"on_fail": "report"}
    loop = site.call("GET", "/anime/gates?run_key=loop1").json["items"]
    assert [(run["attempt"], run["passed"]) for run in loop] == [(3, True), (2, False), (1, False)]
    assert {run["encoder"] for run in loop} == {"ccip"}
    assert site.call("GET", f"/anime/gates?job_id={job}").json["items"] == loop
    assert site.call("GET", f"/anime/jobs/{job}/gates").json["items"] == loop


def test_attempts_come_in_pages(site, attempts) -> None:
    job, made = attempts
    first = site.call("GET", f"/anime/jobs/{job}/gates?limit=2").json
    second = site.call("GET", f"/anime/jobs/{job}/gates?limit=2&cursor={first['next_cursor']}").json
    assert [run["id"] for run in (*first["items"], *second["items"])] == made[2::-1]
    assert second["next_cursor"] is None


def test_what_is_not_there_and_what_is_no_key(site) -> None:
    assert site.call("GET", "/anime/jobs/9/gates").status == 404
    assert site.call("GET", "/anime/gates?run_key=none").json["items"] == []
    wrong = site.call("GET", "/anime/gates?run_key=a%00b")
    assert (wrong.status, wrong.error["field"]) == (422, "run_key")
