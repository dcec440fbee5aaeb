from __future__ import annotations

import pytest
from tower_anime.production.job import JobStatus
from tower_anime.web.routes.redaction import REDACTED, redacted

PROMPT = {
    "1": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0], "token_normalization": "mean"}},
    "2": {
        "class_type": "SomeApiNode",
        "inputs": {"api_key": "sk-this-is-a-secret-of-somebody", "max_tokens": 77},
    },
}


@pytest.fixture
def failed(site) -> int:
    jobs = site.services.jobs
    job = jobs.create("p-1", "comfyui", workflow_params={"prompt": PROMPT, "workflow": {"nodes": []}})
    jobs.move(job.id, JobStatus.RUNNING)
    jobs.add_event(job.id, "node_started", node_id="1", details={"node_type": "KSampler"})
    details = {
        "exception_type": "RuntimeError",
        "exception_message": "shape mismatch for https://user:hunter2@models.example/x",
        "traceback": ["line one\n", "line two\n"],
    }
    jobs.add_event(job.id, "execution_error", node_id="1", details=details)
    jobs.move(
        job.id, JobStatus.FAILED, error_log="line one\nshape mismatch", performance_metrics={"seconds": 1.5}
    )
    return job.id


def test_jobs_are_listed_newest_first_and_by_status(site, failed) -> None:
    queued = site.services.jobs.create("p-2", "comfyui").id
    page = site.call("GET", "/anime/jobs?limit=1").json
    assert [job["id"] for job in page["items"]] == [queued]
    following = site.call("GET", f"/anime/jobs?limit=1&cursor={page['next_cursor']}").json
    assert ([job["id"] for job in following["items"]], following["next_cursor"]) == ([failed], None)
    assert [job["id"] for job in site.call("GET", "/anime/jobs?status=failed").json["items"]] == [failed]
    wrong = site.call("GET", "/anime/jobs?status=lost")
    assert (wrong.status, wrong.error["field"]) == (422, "status")
    assert "workflow_params" not in page["items"][0]


def test_one_call_tells_everything_of_a_job(site, failed) -> None:
    debug = site.call("GET", f"/anime/jobs/{failed}/debug").json
    assert set(debug) == {"job", "logs", "workflow", "errors", "performance"}
    assert debug["job"] == site.call("GET", f"/anime/jobs/{failed}").json
    assert [line["kind"] for line in debug["logs"]] == ["node_started", "execution_error"]
    [error] = debug["errors"]
    assert error["message"].startswith("RuntimeError: shape mismatch")
    assert (error["node_id"], error["traceback"]) == ("1", "line one\nline two\n")
    assert debug["performance"]["seconds"] == 1.5
    assert debug["performance"]["ran_seconds"] >= 0


def test_the_graph_comes_back_as_it_was_but_for_secrets(site, failed) -> None:
    answer = site.call("GET", f"/anime/jobs/{failed}/debug")
    workflow = answer.json["workflow"]
    assert workflow["1"] == PROMPT["1"]
    assert workflow["2"]["inputs"] == {"api_key": REDACTED, "max_tokens": 77}
    assert b"hunter2" not in answer.body
    assert b"secret-of-somebody" not in answer.body


def test_a_job_without_a_graph_or_an_error_has_none(site) -> None:
    job = site.services.jobs.create("p-3", "animatic")
    debug = site.call("GET", f"/anime/jobs/{job.id}/debug").json
    assert (debug["workflow"], debug["errors"], debug["logs"]) == (None, [], [])
    site.services.jobs.update(job.id, error_log="Traceback:\n  File\nStorageError: the disk is full")
    [error] = site.call("GET", f"/anime/jobs/{job.id}/debug").json["errors"]
    assert error["message"] == "StorageError: the disk is full"


def test_a_job_that_is_none_is_not_found(shared_site) -> None:
    for path in ("/anime/jobs/5", "/anime/jobs/5/debug"):
        assert shared_site.call("GET", path).status == 404


@pytest.mark.parametrize(
    "key",
    [
        "api_key",
        "API-Key",
        "apikey",
        "openai_api_key",
        "auth_token_comfy_org",
        "api_key_comfy_org",
        "password",
        "client_secret",
        "Authorization",
        "access_token",
        "token",
        "hf_token",
        "cookie",
    ],
)
def test_a_secret_is_known_by_its_key(key) -> None:
    assert redacted({"a": [{key: "abc"}]}) == {"a": [{key: REDACTED}]}


@pytest.mark.parametrize(
    "key",
    [
        "max_tokens",
        "token_normalization",
        "tokenizer",
        "n_tokens",
        "secretary",
        "passed",
        "keyframe",
        "monkey",
    ],
)
def test_settings_are_no_secrets(key) -> None:
    assert redacted({key: "abc"}) == {key: "abc"}


def test_a_link_in_a_graph_is_never_a_secret() -> None:
    assert redacted({"api_key": ["4", 0], "password": ""}) == {"api_key": ["4", 0], "password": ""}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer "),
        ("postgresql://tower:pw@db/x", "@db/x"),
        ("key sk-abcdefghijklmnopqrstuvwx1234 used", "used"),
        ("hf_abcdefghijklmnopqrstuvwx", ""),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", ""),
    ],
)
def test_a_secret_is_known_by_its_look(text, kept) -> None:
    assert REDACTED in redacted(text)
    assert kept in redacted(text)
    assert (
        redacted("1girl, blue hair, https://example.org/a@b") == "1girl, blue hair, https://example.org/a@b"
    )
