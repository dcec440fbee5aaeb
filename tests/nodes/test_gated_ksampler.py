"""The Gated KSampler: its first attempt is the KSampler's, and it goes on until the picture passes."""

from __future__ import annotations

import hashlib
import json
from itertools import count

import pytest
from sqlalchemy import select
from support.jobs import wait_for_job
from tower_anime.consistency.gates.attempts import next_seed
from tower_anime.db.tables import EarlyScoreRow
from tower_anime.services.early import Probing

pytestmark = pytest.mark.host

first_seeds = count(9000)
names = (f"gated{number}" for number in count())
ENDS = ["latent", "images", "all_passed", "score", "attempts", "best_seed", "report"]


def latent_of(studio, prefix: str) -> str:
    """Return a digest of the sampled values alone: the file also holds the prompt, which differs."""
    newest = max((studio.comfy.output / "latents").glob(f"{prefix}_*.latent"))
    content = newest.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    first, end = json.loads(content[8:start])["latent_tensor"]["data_offsets"]
    return hashlib.sha256(content[start + first : start + end]).hexdigest()


@pytest.fixture
def gated(graph, sampler, aki):
    """Put a Gated KSampler into the graph; return it and what shows its outputs."""
    sampler.seed = next(first_seeds)

    def build(**options):
        prefix = next(names)
        node = graph.add(
            "TowerGatedKSampler",
            **{"model": sampler.model, "positive": sampler.positive, "negative": sampler.negative},
            **{"latent_image": sampler.latent, "vae": sampler.vae, "seed": sampler.seed},
            **{"denoise": 1.0, "sampler_name": "euler", "scheduler": "normal", "threshold": 0.0},
            **{"encoder": "auto", "adjust": False, "steps": 2, "cfg": 4.0, **options},
            character=graph.add("TowerCharacterLoader", character="Aki"),
        )
        ends = {
            name: graph.add("PreviewAny", source=node.out(index))
            for index, name in enumerate(ENDS)
            if index > 1
        }
        graph.add("SaveLatent", samples=node, filename_prefix=f"latents/{prefix}")
        ends["images"] = graph.add("PreviewImage", images=node.out(1))
        return prefix, ends

    return build


@pytest.fixture
def ran(studio, graph):
    """Run the graph; return the run, its report, and its recorded attempts, in order."""

    def run(ends):
        done = studio.run(graph)
        assert done.succeeded, done.error["exception_message"]
        rows = studio.services.gates.list(job_id=studio.job(done).id)[::-1]
        return done, json.loads(done.text(ends["report"])), rows

    return run


@pytest.mark.parametrize("early", ["off", "log"])
def test_the_first_attempt_is_that_of_the_ksampler(studio, sampler, gated, ran, scorer, early):
    scorer(0.9)
    sampler.sample(prefix=(plain := next(names)))
    prefix, ends = gated(early_rejection=early, early_fraction=0.5)
    run, _, rows = ran(ends)
    assert latent_of(studio, prefix) == latent_of(studio, plain)
    assert [run.text(ends[name]) for name in ENDS[2:6]] == ["True", "0.9", "1", str(sampler.seed)]
    assert len(rows) == 1 and rows[0].passed


def test_the_kth_attempt_passes_and_is_what_its_seed_makes(
    studio, sampler, gated, ran, scorer, sampler_class, graph_class
):
    scorer(0.1, 0.3, 0.8)
    prefix, ends = gated()
    run, report, rows = ran(ends)
    seeds = [sampler.seed, next_seed(sampler.seed), next_seed(next_seed(sampler.seed))]
    assert [row.details["seeds"]["seed"] for row in rows] == seeds
    assert [(row.attempt, row.passed) for row in rows] == [(1, False), (2, False), (3, True)]
    assert len({row.run_key for row in rows}) == 1
    assert [entry["score"] for entry in report["attempts"]] == [0.1, 0.3, 0.8]
    assert run.text(ends["best_seed"]) == str(seeds[2])
    assert scorer.calls() == 3
    alone = sampler_class(graph_class(), seeds[2])
    alone.sample(prefix=(plain := next(names)))
    assert studio.run(alone.graph).succeeded
    assert latent_of(studio, prefix) == latent_of(studio, plain)


def test_at_the_cap_the_best_comes_out_and_did_not_pass(studio, sampler, gated, ran, scorer):
    scorer(0.2, 0.4, 0.3)
    _, ends = gated(max_attempts=3)
    run, report, _ = ran(ends)
    assert [run.text(ends[name]) for name in ("all_passed", "score", "attempts")] == ["False", "0.4", "3"]
    assert run.text(ends["best_seed"]) == str(next_seed(sampler.seed))
    assert studio.job(run).quality_score == pytest.approx(0.4)
    assert [picture["score"] for picture in report["pictures"]] == [0.4]


def test_clipped_pictures_lower_the_guidance_within_bounds(gated, ran, scorer, graph, sampler):
    scorer(0.9)
    graph.nodes[sampler.latent.id]["inputs"] |= {"width": 256, "height": 256}
    _, ends = gated(technical=True, adjust=True, max_attempts=2)
    _, report, _ = ran(ends)
    failed = {check["name"] for check in report["pictures"][0]["checks"] if check["status"] == "fail"}
    changes = report["attempts"][1]["changes"] if len(report["attempts"]) == 2 else {"reasons": []}
    assert ("cfg" in changes) == bool(failed & {"clipping", "blank"})
    assert ("steps" in changes) == ("sharpness" in failed)


def test_cancel_ends_it_within_an_attempt_and_keeps_what_was_recorded(comfy, studio, graph, gated, scorer):
    scorer(0.1)
    gated(steps=6, max_attempts=16)
    prompt_id = comfy.submit(graph.nodes)
    gates = studio.services.gates
    job = wait_for_job(
        studio.services.jobs, prompt_id, lambda job: bool(gates.list(job_id=job.id)), timeout=60
    )
    comfy.request("POST", "/interrupt", {"prompt_id": prompt_id})
    assert wait_for_job(studio.services.jobs, prompt_id).status.value == "cancelled"
    attempts = [row.attempt for row in gates.list(job_id=job.id)]
    assert 1 <= len(attempts) < 16 and sorted(attempts) == list(range(1, len(attempts) + 1))


def test_hopeless_samples_are_stopped_once_enough_was_logged(studio, gated, ran, scorer, sampler):
    # Each attempt is scored twice: a sketch, then the picture.
    scorer(0.1, 0.2, 0.55, 0.60)
    _, ends = gated(early_rejection="log", early_fraction=0.5, max_attempts=2)
    _, report, rows = ran(ends)
    assert scorer.calls() == 4
    assert report["early_rejection"]["policy"]["pairs"] >= 2
    assert not report["early_rejection"]["policy"]["on"]
    assert [row.details["early"]["score"] for row in rows] == [0.1, 0.55]
    log = teach(studio)
    # The sketches of the next run: hopeless, hopeless, fine; only the last one is finished.
    sampler.seed = next(seed for seed in first_seeds if not any(map(log.is_audited, chain(seed, 3))))
    scorer(0.05, 0.05, 0.70, 0.80)
    _, ends = gated(early_rejection="auto", early_fraction=0.5)
    run, report, rows = ran(ends)
    assert scorer.calls() == 4
    assert [row.passed for row in rows] == [False, False, True]
    assert [row.details["early"]["fate"] for row in rows] == ["stopped", "stopped", "finished"]
    assert [row.attempt for row in rows] == [1, 2, 3]
    assert (report["early_rejection"]["steps_saved"], report["early_rejection"]["steps_done"]) == (2, 4)
    assert report["early_rejection"]["so_far"]["stopped"] == 2
    assert "Stopped after 50% of the steps" in rows[0].details["verdicts"][0]["reason"]
    assert run.text(ends["best_seed"]) == str(chain(sampler.seed, 3)[2])


def test_the_last_attempt_is_finished_when_no_other_was(studio, gated, ran, scorer, sampler):
    scorer(0.55, 0.60)
    ran(gated(early_rejection="log", early_fraction=0.5, max_attempts=1)[1])
    log = teach(studio)
    audited = log.savings(last_probing(studio)).n_audited
    sampler.seed = next(seed for seed in first_seeds if not log.is_audited(seed))
    scorer(0.05, 0.1)
    _, ends = gated(early_rejection="auto", early_fraction=0.5, max_attempts=1)
    run, report, rows = ran(ends)
    assert run.text(ends["all_passed"]) == "False" and len(rows) == 1
    assert report["early_rejection"]["steps_saved"] == 0
    # It was finished because nothing else was, so it is no audit.
    early = rows[0].details["early"]
    assert early["score"] < early["threshold"] and early["fate"] == "finished"
    assert report["early_rejection"]["so_far"]["audited"] == audited


def teach(studio):
    """Log enough for the last probing that hopeless samples are told; return the log."""
    log, probing = studio.services.early, last_probing(studio)
    for n in range(30):
        log.log(probing, 0.10 + 0.01 * n, 0.15 + 0.01 * n, "finished", None)
        log.log(probing, 0.50 + 0.01 * n, 0.55 + 0.01 * n, "finished", None)
    return log


def chain(seed: int, n: int) -> list[int]:
    seeds = [seed]
    while len(seeds) < n:
        seeds.append(next_seed(seeds[-1]))
    return seeds


def last_probing(studio) -> Probing:
    """Return what the newest early score is comparable with."""
    with studio.services.database.session(read_only=True) as session:
        row = session.scalars(select(EarlyScoreRow).order_by(EarlyScoreRow.id.desc())).first()
        return Probing(row.model_key, row.encoder, row.encoder_version, row.fraction)
