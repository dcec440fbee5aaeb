"""The Consistency Gate has pictures made again, by any sampler upstream, until they pass."""

from __future__ import annotations

import time
from itertools import count

import pytest
from support.jobs import wait_for_job
from tower_anime.consistency.gates.attempts import next_seed

pytestmark = pytest.mark.host

GATE = {
    "on_fail": "regenerate",
    "threshold": 0.0,
    "encoder": "auto",
    "gate_type": "post_gen",
    "adjust": False,
}
# A seed of its own for each test, so that nothing comes from the host's cache.
first_seeds = count(7000)
NAMES = ["all_passed", "score", "report", None, "attempts"]


@pytest.fixture
def source(graph):
    """A picture that is made of a seed at no cost."""
    return lambda **options: graph.add("TowerProbePicture", seed=next(first_seeds), **options)


@pytest.fixture
def gated(graph, aki, source):
    """Put a gate behind pictures; return the gate and what shows its outputs."""

    def build(pictures=None, **options):
        loader = graph.add("TowerCharacterLoader", character="Aki")
        wired = {"images": pictures or source(), "character": loader}
        gate = graph.add("TowerConsistencyGate", **wired, **{**GATE, **options})
        ends = {
            name: graph.add("PreviewAny", source=gate.out(index))
            for index, name in enumerate(NAMES, 3)
            if name
        }
        for index, name in enumerate(("passed", "failed", "best")):
            ends[name] = graph.add("SaveImage", images=gate.out(index), filename_prefix=f"regen_{name}")
        return gate, ends

    return build


@pytest.fixture
def ran(studio, graph):
    """Run the graph; return the run and its recorded attempts, in order."""

    def run():
        done = studio.run(graph)
        assert done.succeeded, done.error["exception_message"]
        return done, studio.services.gates.list(job_id=studio.job(done).id)[::-1]

    return run


def seeds_of(rows) -> list[int]:
    return [next(iter(row.details["seeds"].values())) for row in rows]


def saved(studio, run, node) -> list[bytes]:
    files = run.history["outputs"][node.id]["images"] if run.ran(node) else []
    return [(studio.comfy.output / file["subfolder"] / file["filename"]).read_bytes() for file in files]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_it_tries_until_the_kth_attempt_passes(studio, gated, ran, graph, source, scorer, k):
    scorer(*[0.2] * (k - 1), 0.9)
    picture = source()
    _, ends = gated(picture)
    run, made = ran()
    assert (run.text(ends["all_passed"]), run.text(ends["attempts"])) == ("True", str(k))
    assert [(row.attempt, row.passed) for row in made] == [(n, n == k) for n in range(1, k + 1)]
    assert len({row.run_key for row in made}) == 1 and len(made[0].run_key) == 32
    assert {(row.encoder, row.encoder_version) for row in made} == {("scripted", "1")}
    expected = [graph.nodes[picture.id]["inputs"]["seed"]]
    while len(expected) < k:
        expected.append(next_seed(expected[-1]))
    assert seeds_of(made) == expected
    assert studio.job(run).quality_score == pytest.approx(0.9)
    assert [len(saved(studio, run, ends[name])) for name in ("passed", "failed", "best")] == [1, 0, 1]
    assert scorer.calls() == k


def test_at_the_cap_the_best_comes_out_and_did_not_pass(studio, gated, ran, scorer, graph_class):
    scorer(0.2, 0.4, 0.1)
    _, ends = gated(max_attempts=3)
    run, made = ran()
    assert (run.text(ends["all_passed"]), run.text(ends["attempts"])) == ("False", "3")
    assert float(run.text(ends["score"])) == pytest.approx(0.4)
    assert [row.score for row in made] == [0.2, 0.4, 0.1]
    assert studio.job(run).quality_score == pytest.approx(0.4)
    assert not run.ran(ends["passed"])
    # The best is what the second seed makes.
    other = graph_class()
    alone = other.add("TowerProbePicture", seed=seeds_of(made)[1])
    file = other.add("SaveImage", images=alone, filename_prefix="regen_alone")
    assert pixels(saved(studio, studio.run(other), file)) == pixels(saved(studio, run, ends["best"]))


def pixels(files: list[bytes]) -> list[bytes]:
    import io

    from PIL import Image

    return [Image.open(io.BytesIO(file)).convert("RGB").tobytes() for file in files]


def test_an_identical_run_is_cached(studio, graph, gated, ran, scorer):
    scorer(0.1, 0.9)
    gated()
    ran()
    again, made = ran()
    assert again.cached == set(graph.nodes) and made == []
    assert scorer.calls() == 2


@pytest.mark.parametrize("kind", ["plain", "advanced", "custom", "primitive"])
def test_any_sampler_is_run_again(graph, sampler, gated, ran, scorer, kind):
    scorer(0.2, 0.9)
    sampler.seed = next(first_seeds)
    wired = {"model": sampler.model, "positive": sampler.positive, "negative": sampler.negative}
    euler = {"sampler_name": "euler", "scheduler": "normal", "steps": 2, "cfg": 4.0}
    if kind == "advanced":
        options = {"add_noise": "enable", "start_at_step": 0, "end_at_step": 10000}
        latent = graph.add(
            "KSamplerAdvanced",
            **{**wired, **euler, **options, "noise_seed": sampler.seed, "latent_image": sampler.latent},
            return_with_leftover_noise="disable",
        )
    elif kind == "custom":
        sigmas = {"scheduler": "normal", "steps": 2, "denoise": 1.0, "model": sampler.model}
        latent = graph.add(
            "SamplerCustomAdvanced",
            noise=graph.add("RandomNoise", noise_seed=sampler.seed),
            guider=graph.add("BasicGuider", model=sampler.model, conditioning=sampler.positive),
            sampler=graph.add("KSamplerSelect", sampler_name="euler"),
            sigmas=graph.add("BasicScheduler", **sigmas),
            latent_image=sampler.latent,
        )
    else:
        seed = graph.add("PrimitiveInt", value=sampler.seed) if kind == "primitive" else sampler.seed
        latent = graph.add(
            "KSampler", **{**wired, **euler, "seed": seed, "denoise": 1.0, "latent_image": sampler.latent}
        )
    _, ends = gated(graph.add("VAEDecode", samples=latent, vae=sampler.vae))
    run, made = ran()
    assert (run.text(ends["all_passed"]), len(made)) == ("True", 2)
    assert seeds_of(made) == [sampler.seed, next_seed(sampler.seed)]


def test_a_batch_is_made_again_whole_and_its_best_attempt_kept(studio, source, gated, ran, scorer):
    scorer([0.9, 0.2], [0.8, 0.7], [0.1, 0.1])
    _, ends = gated(source(batch_size=2))
    run, made = ran()
    assert [row.passed for row in made] == [False, True]
    assert len(saved(studio, run, ends["passed"])) == 2
    assert [picture["score"] for picture in run.json(ends["report"])] == [0.8, 0.7]


def test_more_passed_pictures_beat_a_higher_score(gated, source, ran, scorer):
    scorer([0.45, 0.45], [0.9, 0.2])
    _, ends = gated(source(batch_size=2), max_attempts=2)
    run, _ = ran()
    assert [picture["score"] for picture in run.json(ends["report"])] == [0.9, 0.2]


def test_what_cannot_be_measured_is_tried_again(gated, ran, scorer):
    scorer(None, None, 0.8)
    _, ends = gated()
    run, made = ran()
    assert [row.passed for row in made] == [None, None, True]
    assert run.text(ends["all_passed"]) == "True"


def test_without_hope_it_gives_up_when_told_to(gated, ran, scorer):
    scorer(0.02)
    _, ends = gated(max_attempts=16, give_up_early=True)
    run, made = ran()
    assert len(made) == 4 and run.text(ends["all_passed"]) == "False"


def test_a_picture_that_is_too_small_is_not_tried_again(gated, ran, scorer):
    scorer(0.9)
    _, ends = gated(technical=True)
    run, made = ran()
    assert len(made) == 1
    assert "The short side has 64 pixels" in run.json(ends["report"])[0]["reason"]


def test_pictures_without_a_sampler_are_an_error_in_words(studio, graph, drawn, gated, scorer):
    scorer(0.2)
    picture = graph.add("LoadImage", image=studio.picture("still.png", drawn("Ben")))
    gate, _ = gated(picture)
    run = studio.run(graph)
    assert run.error["node_id"] == gate.id
    assert "seed or noise_seed (looked at LoadImage" in run.error["exception_message"]
    [row] = studio.services.gates.list(job_id=studio.job(run).id)
    assert row.passed is False


def test_the_injector_is_turned_up_from_the_second_failure_on(studio, graph, sampler, gated, ran, scorer):
    scorer(0.2, 0.2, 0.2, 0.9)
    sampler.seed = next(first_seeds)
    injected = sampler.inject("Aki", strength=1.4)
    _, ends = gated(graph.add("VAEDecode", samples=sampler.sample(injected), vae=sampler.vae), adjust=True)
    run, made = ran()
    assert [row.details["changes"].get("strength") for row in made] == [None, None, 1.15, 1.15]
    assert run.text(ends["all_passed"]) == "True"
    nodes = studio.job(run).performance_metrics["nodes"].values()
    # Once as it stands, and once at the bound of 1.5: the fourth attempt finds it there already.
    assert sum(node["type"] == "TowerEmbeddingInjector" for node in nodes) in (2, 3)
    assert sum(node["type"] == "KSampler" for node in nodes) == 4


def test_colours_that_are_off_are_enforced_from_then_on(studio, gated, ran, scorer):
    # The scorer reads no colours, so the palette is unknown each time.
    scorer(0.9)
    gated(palette=True, adjust=True, max_attempts=3)
    run, made = ran()
    assert [row.details["changes"].get("enforce_palette", False) for row in made] == [False, True, True]
    nodes = studio.job(run).performance_metrics["nodes"].values()
    assert sum(node["type"] == "TowerPaletteEnforcer" for node in nodes) == 2


def test_cancel_works_between_attempts(comfy, studio, graph, gated, source, scorer):
    scorer(0.1)
    gated(source(seconds=0.3), max_attempts=16)
    prompt_id = comfy.submit(graph.nodes)
    jobs = studio.services.jobs
    job = wait_for_job(
        jobs, prompt_id, lambda job: bool(studio.services.gates.list(job_id=job.id)), timeout=60
    )
    comfy.request("POST", "/interrupt", {"prompt_id": prompt_id})
    ended = wait_for_job(jobs, prompt_id)
    assert ended.status.value == "cancelled"
    time.sleep(0.3)
    made = studio.services.gates.list(job_id=job.id)
    assert 1 <= len(made) < 16
    assert sorted(row.attempt for row in made) == list(range(1, len(made) + 1))
