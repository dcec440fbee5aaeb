"""What was tried is never lost: a killed server, and prompts that are queued again as jobs of their own."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from support.comfy import PROBE_PACK, ComfyServer
from support.jobs import wait_for_job
from tower_anime.consistency.gates.attempts import next_seed
from tower_anime.db.database import Database
from tower_anime.db.gates import GateRepository
from tower_anime.db.jobs import JobRepository
from tower_anime.services import open_services
from tower_anime.settings import Settings

pytestmark = pytest.mark.host

GATE = {"threshold": 0.0, "encoder": "auto", "gate_type": "post_gen", "adjust": False}


def gated_graph(graph_class, seed: int, **options):
    """A picture from a seed, and a gate whose pictures are saved."""
    graph = graph_class()
    gate = graph.add(
        "TowerConsistencyGate",
        images=graph.add("TowerProbePicture", seed=seed, seconds=0.2),
        character=graph.add("TowerCharacterLoader", character="Aki"),
        **{**GATE, **options},
    )
    for index, name in enumerate(("passed", "failed", "best")):
        graph.add("SaveImage", images=gate.out(index), filename_prefix=f"recovery_{name}")
    return graph, gate


def gated_sampler(graph_class, sampler_class, seed: int):
    """A Gated KSampler that never passes."""
    sampler = sampler_class(graph_class(), seed)
    node = sampler.graph.add(
        "TowerGatedKSampler",
        **{"model": sampler.model, "positive": sampler.positive, "negative": sampler.negative},
        **{"latent_image": sampler.latent, "vae": sampler.vae, "seed": seed, "steps": 2, "cfg": 4.0},
        **{"sampler_name": "euler", "scheduler": "normal", "denoise": 1.0, "max_attempts": 16},
        **{"threshold": 0.0, "encoder": "auto", "adjust": False},
        character=sampler.graph.add("TowerCharacterLoader", character="Aki"),
    )
    sampler.graph.add("PreviewImage", images=node.out(1))
    return sampler.graph


@pytest.mark.parametrize("node", ["gate", "sampler"])
def test_a_killed_server_has_lost_no_attempt(comfy_host, tmp_path, drawn, graph_class, sampler_class, node):
    server = ComfyServer(comfy_host, tmp_path / "base", packs=[PROBE_PACK])
    url = f"sqlite:///{server.home / 'tower.db'}"
    services = open_services(Settings(server.home, url, server.output))
    picture = tmp_path / "aki.png"
    drawn("Aki").save(picture)
    with server:
        services.characters.extend("Aki", [picture])
        services.close()
        assert server.request("POST", "/probe/scorer", {"scores": [0.1]})[0] == 200
        if node == "sampler":
            graph = gated_sampler(graph_class, sampler_class, 11)
        else:
            graph, _ = gated_graph(graph_class, 11, on_fail="regenerate", max_attempts=16)
        prompt_id = server.submit(graph.nodes)
        database = Database(url)
        gates, jobs = GateRepository(database), JobRepository(database)
        deadline = time.monotonic() + 150
        while len(gates.list()) < (2 if node == "sampler" else 4):
            assert time.monotonic() < deadline, server.log()[-2000:]
            time.sleep(0.02)
        seen = {row.id for row in gates.list()}
        server.kill()
        kept = gates.list()[::-1]
        assert seen <= {row.id for row in kept} and len(kept) < 16
        assert [row.attempt for row in kept] == list(range(1, len(kept) + 1))
        assert len({row.run_key for row in kept}) == 1
        seeds = [next(iter(row.details["seeds"].values())) for row in kept]
        assert seeds[0] == 11 and all(after == next_seed(before) for before, after in pairwise(seeds))
        server.start()
        ended = wait_for_job(jobs, prompt_id)
        assert ended.status.value == "interrupted"
        assert {row.job_id for row in kept} == {ended.id}
        assert gates.list()[::-1] == kept
        assert server.get(f"/anime/jobs/{ended.id}/gates")["items"][0]["attempt"] == len(kept)
        database.close()


def chain_of(studio, prompt_id: str, n: int):
    """Return the jobs of n attempts, each the child of the one before, when they have ended."""
    jobs = [wait_for_job(studio.services.jobs, prompt_id, timeout=60)]
    deadline = time.monotonic() + 60
    while len(jobs) < n and time.monotonic() < deadline:
        children = [job for job in studio.services.jobs.list() if job.parent_id == jobs[-1].id]
        if children and children[0].status.is_final:
            jobs += children
        time.sleep(0.05)
    return jobs


def test_a_prompt_is_queued_again_until_it_passes(comfy, studio, aki, scorer, graph_class):
    scorer(0.2, 0.3, 0.9)
    graph, gate = gated_graph(graph_class, 8100, on_fail="resubmit")
    workflow = {"nodes": [{"id": 1}], "version": 0.4}
    prompt_id = comfy.submit(graph.nodes, extra_data={"extra_pnginfo": {"workflow": workflow}})
    jobs = chain_of(studio, prompt_id, 3)
    assert [job.attempt for job in jobs] == [1, 2, 3]
    assert [job.status.value for job in jobs] == ["done"] * 3
    rows = [studio.services.gates.list(job_id=job.id) for job in jobs]
    assert [[(row.attempt, row.passed) for row in one] for one in rows] == [
        [(1, False)],
        [(2, False)],
        [(3, True)],
    ]
    assert len({row.run_key for [row] in rows}) == 1
    seeds = [next(iter(row.details["seeds"].values())) for [row] in rows]
    assert seeds == [8100, next_seed(8100), next_seed(next_seed(8100))]
    assert [job.quality_score for job in jobs] == [0.2, 0.3, 0.9]
    assert all(job.workflow_params["workflow"] == workflow for job in jobs)
    outputs = [comfy.get(f"/history/{job.prompt_id}")[job.prompt_id]["outputs"] for job in jobs]
    savers = [node for node, one in graph.nodes.items() if one["class_type"] == "SaveImage"]
    passed, failed, _ = savers
    assert [passed in one for one in outputs] == [False, False, True]
    assert [failed in one for one in outputs] == [True, True, False]
    assert gate.id in outputs[2]


def test_at_the_cap_nothing_more_is_queued(comfy, studio, aki, scorer, graph_class):
    scorer(0.2)
    graph, _ = gated_graph(graph_class, 8200, on_fail="resubmit", max_attempts=2)
    jobs = chain_of(studio, comfy.submit(graph.nodes), 2)
    assert [job.attempt for job in jobs] == [1, 2]
    time.sleep(0.3)
    assert comfy.get("/queue") == {"queue_running": [], "queue_pending": []}
    assert [job for job in studio.services.jobs.list() if job.parent_id == jobs[-1].id] == []
