"""Every prompt that a real ComfyUI runs becomes a job, however it came and however it ends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from support.comfy import PROBE_PACK, ComfyHost, ComfyServer, PromptRefusedError
from support.events import EventListener
from support.jobs import wait_for_job
from tower_anime.db.database import Database
from tower_anime.db.jobs import JobRepository
from tower_anime.production.job import Job, JobStatus

pytestmark = pytest.mark.host

JobOf = Callable[..., Job]


def slow(seconds: float, steps: int = 15) -> dict[str, Any]:
    """A node that takes its time; never in the host's cache."""
    inputs = {"seconds": seconds, "steps": steps, "seed": random.getrandbits(48)}
    return {"class_type": "TowerProbeSlow", "inputs": inputs}


def kinds(jobs: JobRepository, job: Job) -> list[str]:
    return [event.kind for event in jobs.events(job.id)]


def is_running(job: Job) -> bool:
    return job.status is JobStatus.RUNNING


def test_a_prompt_without_a_client_is_recorded(
    comfy: ComfyServer, jobs: JobRepository, job_of: JobOf
) -> None:
    prompt = {"1": slow(0.3)}
    entry = comfy.run_prompt(prompt)
    job = job_of(entry["prompt_id"])
    assert (job.status, job.progress, job.job_type) == (JobStatus.DONE, 100, "comfyui")
    assert job.workflow_params["prompt"] == prompt
    assert job.workflow_params["workflow"] is None
    assert job.performance_metrics["nodes"]["1"]["type"] == "TowerProbeSlow"
    # The node sleeps that long at least; how much longer is up to what else the machine does.
    assert 0.29 <= job.performance_metrics["nodes"]["1"]["seconds"] < 10
    assert kinds(jobs, job) == ["queued", "running", "done"]
    assert job.created_at <= job.started_at <= job.completed_at


def test_a_prompt_of_the_graph_editor_keeps_its_workflow(comfy: ComfyServer, job_of: JobOf) -> None:
    workflow = {"nodes": [{"id": 1, "type": "TowerProbeSlow"}], "version": 0.4}
    extra = {
        "extra_pnginfo": {"workflow": workflow},
        "auth_token_comfy_org": "hush",
        "api_key_comfy_org": "hush",
        "mine": {"password": "hush", "note": "kept"},
    }
    entry = comfy.run_prompt({"1": slow(0)}, "a-client", extra_data=extra)
    params = job_of(entry["prompt_id"]).workflow_params
    assert params["workflow"] == workflow
    assert params["extra_data"]["mine"]["note"] == "kept"
    assert params["extra_data"]["client_id"] == "a-client"
    assert params["outputs"] == ["1"]
    assert "hush" not in str(params)


def test_progress_rises_to_a_hundred_over_the_websocket(comfy: ComfyServer) -> None:
    with EventListener(comfy.url) as listener:
        prompt_id = comfy.submit({"1": slow(2.0, steps=15)}, client_id=listener.client_id)
        listener.wait_for("tower.job", lambda p: p["prompt_id"] == prompt_id and p["status"] == "done")
    told = [p for p in listener.payloads("tower.job") if p["prompt_id"] == prompt_id]
    progress = [p["progress"] for p in told]
    assert len(progress) >= 10
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert list(dict.fromkeys(p["status"] for p in told)) == ["queued", "running", "done"]


def test_stored_progress_never_falls(comfy: ComfyServer, jobs: JobRepository) -> None:
    prompt_id = comfy.submit({"1": slow(0.7), "2": {"class_type": "TowerProbeExpanding", "inputs": {}}})
    seen = []
    while prompt_id not in comfy.get(f"/history/{prompt_id}"):
        if (job := jobs.by_prompt(prompt_id)) is not None:
            seen.append(job.progress)
    seen.append(wait_for_job(jobs, prompt_id).progress)
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert any(0 < progress < 100 for progress in seen)


def test_a_failing_node_leaves_its_traceback(comfy: ComfyServer, jobs: JobRepository, job_of: JobOf) -> None:
    failing = {"class_type": "TowerProbeFailing", "inputs": {"text": "no such brush", "seed": 1}}
    entry = comfy.run_prompt({"7": failing})
    job = job_of(entry["prompt_id"])
    assert job.status is JobStatus.FAILED
    assert job.progress < 100
    assert job.error_log.startswith("Node 7 (TowerProbeFailing) failed: RuntimeError: no such brush")
    assert "probe_pack" in job.error_log and "raise RuntimeError(text)" in job.error_log
    last = jobs.events(job.id)[-1]
    assert (last.kind, last.node_id) == ("failed", "7")


def test_an_interrupted_prompt_is_cancelled(comfy: ComfyServer, job_of: JobOf) -> None:
    prompt_id = comfy.submit({"3": slow(30, steps=300)})
    job_of(prompt_id, is_running)
    comfy.request("POST", "/interrupt", {"prompt_id": prompt_id})
    job = job_of(prompt_id)
    assert (job.status, job.error_log) == (
        JobStatus.CANCELLED,
        "It was stopped in node 3 (TowerProbeSlow).",
    )


@pytest.mark.parametrize("removal", ["delete", "clear"])
def test_a_prompt_taken_out_of_the_queue_is_cancelled(
    removal: str, comfy: ComfyServer, jobs: JobRepository, job_of: JobOf
) -> None:
    running = comfy.submit({"1": slow(30, steps=300)})
    waiting = [comfy.submit({"1": slow(0)}) for _ in range(3)]
    try:
        job_of(running, is_running)
        comfy.request("POST", "/queue", {"delete": waiting} if removal == "delete" else {"clear": True})
        for prompt_id in waiting:
            job = job_of(prompt_id)
            assert (job.status, job.started_at) == (JobStatus.CANCELLED, None)
            assert kinds(jobs, job) == ["queued", "cancelled"]
        assert is_running(jobs.by_prompt(running))
    finally:
        comfy.request("POST", "/interrupt", {"prompt_id": running})
        job_of(running)


def test_a_cached_run_is_a_job_in_which_nothing_ran(comfy: ComfyServer, job_of: JobOf) -> None:
    prompt = {"1": slow(0.1), "2": slow(0.1)}
    first, second = (job_of(comfy.run_prompt(prompt)["prompt_id"]) for _ in range(2))
    assert first.id != second.id
    assert set(first.performance_metrics["nodes"]) == {"1", "2"}
    assert first.performance_metrics["cached"] == []
    assert (second.status, second.progress) == (JobStatus.DONE, 100)
    assert second.performance_metrics["nodes"] == {}
    assert set(second.performance_metrics["cached"]) == {"1", "2"}


def test_nodes_made_by_an_expanding_node_are_timed(comfy: ComfyServer, job_of: JobOf) -> None:
    inputs = {"links": 3, "seed": random.getrandbits(48)}
    entry = comfy.run_prompt({"9": {"class_type": "TowerProbeExpanding", "inputs": inputs}})
    job = job_of(entry["prompt_id"])
    nodes = job.performance_metrics["nodes"]
    made = [node for node_id, node in nodes.items() if node_id != "9"]
    assert job.status is JobStatus.DONE
    assert [node["type"] for node in made] == ["TowerProbeSlow"] * 3
    assert {node["display_node_id"] for node in made} == {"9"}
    assert nodes["9"]["seconds"] >= sum(node["seconds"] for node in made)


def test_a_refused_prompt_is_no_job(comfy: ComfyServer, jobs: JobRepository) -> None:
    before = jobs.list(limit=1)
    with pytest.raises(PromptRefusedError):
        comfy.submit({"1": {"class_type": "TowerProbeSlow", "inputs": {"seconds": -1}}})
    assert jobs.list(limit=1) == before


def test_uninstalling_puts_the_hosts_functions_back(comfy: ComfyServer) -> None:
    assert comfy.request("POST", "/probe/recorders/second")[1] == {"missing": [], "wrapped": [True] * 5}
    prompt_id = comfy.run_prompt({"1": slow(0.1)})["prompt_id"]
    deadline, calls = time.monotonic() + 10, []
    # History knows a prompt a moment before its end is told.
    while "done" not in calls and time.monotonic() < deadline:
        calls = [call for call, of in comfy.get("/probe/recorders/second") if of == prompt_id]
    assert comfy.request("DELETE", "/probe/recorders/second")[1] == {"restored": [True] * 5}
    assert list(dict.fromkeys(calls)) == ["queued", "started", "progressed", "node_finished", "done"]


def test_a_failing_sink_never_harms_the_host(comfy: ComfyServer, job_of: JobOf) -> None:
    comfy.request("POST", "/probe/recorders/raising")
    try:
        entry = comfy.run_prompt({"1": slow(0.1)})
    finally:
        assert comfy.request("DELETE", "/probe/recorders/raising")[1] == {"restored": [True] * 5}
    assert entry["status"]["status_str"] == "success"
    assert job_of(entry["prompt_id"]).status is JobStatus.DONE


def test_without_anything_to_wrap_the_recorder_polls(comfy: ComfyServer) -> None:
    assert len(comfy.request("POST", "/probe/recorders/bare")[1]["missing"]) == 5
    failing = {"class_type": "TowerProbeFailing", "inputs": {"text": "it broke", "seed": 2}}
    try:
        done = comfy.run_prompt({"1": slow(1.2)})["prompt_id"]
        failed = comfy.run_prompt({"1": slow(0.6), "2": failing})["prompt_id"]
        deadline = time.monotonic() + 10
        calls: list[list[str]] = []
        # Polling may tell the two ends in either order.
        while not {("done", done), ("failed", failed)} <= {(call, of) for call, of in calls}:
            assert time.monotonic() < deadline, calls
            time.sleep(0.1)
            calls = comfy.get("/probe/recorders/bare")
    finally:
        comfy.request("DELETE", "/probe/recorders/bare")
    of_done = [call for call, of in calls if of == done]
    assert list(dict.fromkeys(of_done)) == ["queued", "started", "progressed", "done"]


def test_a_killed_server_leaves_interrupted_jobs(comfy_host: ComfyHost, tmp_path) -> None:
    server = ComfyServer(comfy_host, tmp_path, packs=[PROBE_PACK])
    database = Database(f"sqlite:///{server.home / 'tower.db'}")
    jobs = JobRepository(database)
    with server:
        prompt_ids = [server.submit({"1": slow(60, steps=600)}), server.submit({"1": slow(0)})]
        wait_for_job(jobs, prompt_ids[0], is_running)
        wait_for_job(jobs, prompt_ids[1], lambda job: True)
        server.kill()
        assert [jobs.by_prompt(prompt_id).status.value for prompt_id in prompt_ids] == ["running", "queued"]
        server.start()
        started = time.monotonic()
        ended = [wait_for_job(jobs, prompt_id) for prompt_id in prompt_ids]
        assert time.monotonic() - started < 10
        assert [job.status for job in ended] == [JobStatus.INTERRUPTED] * 2
        assert all("stopped" in job.error_log for job in ended)
        after = server.run_prompt({"1": slow(0)})["prompt_id"]
        assert wait_for_job(jobs, after).status is JobStatus.DONE
    database.close()
