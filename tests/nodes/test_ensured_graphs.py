"""Workflows that Ensure consistency changed, run in a real ComfyUI beside those that were wired by hand."""

from __future__ import annotations

import hashlib
import json
from itertools import count

import pytest
from tower_anime.production.graphs.ensured import REGIONS, EnsureOptions
from tower_anime.production.graphs.ensuring import ensure_consistency

pytestmark = pytest.mark.host

names = (f"ensured{number}" for number in count())
SAMPLING = {"sampler_name": "euler", "scheduler": "normal"}


def latent_of(studio, prefix: str) -> str:
    """Return a digest of the sampled values alone: the file also holds the prompt, which differs."""
    newest = max((studio.comfy.output / "latents").glob(f"{prefix}_*.latent"))
    content = newest.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    first, end = json.loads(content[8:start])["latent_tensor"]["data_offsets"]
    return hashlib.sha256(content[start + first : start + end]).hexdigest()


def ksampler(sampler, channels):
    return sampler.graph.add(
        "KSampler", **channels, latent_image=sampler.latent, seed=3, steps=2, cfg=4.0, denoise=1.0, **SAMPLING
    )


def ksampler_advanced(sampler, channels):
    return sampler.graph.add(
        "KSamplerAdvanced",
        **{**channels, "latent_image": sampler.latent, "noise_seed": 3, "steps": 3, "cfg": 4.0, **SAMPLING},
        **{
            "add_noise": "enable",
            "start_at_step": 0,
            "end_at_step": 2,
            "return_with_leftover_noise": "enable",
        },
    )


def custom(sampler, channels):
    return sampler.graph.add(
        "SamplerCustom",
        **channels,
        latent_image=sampler.latent,
        add_noise=True,
        noise_seed=3,
        cfg=4.0,
        **steps(sampler),
    )


def guided_by_cfg(sampler, channels):
    return guided(sampler, sampler.graph.add("CFGGuider", **channels, cfg=4.0))


def guided_by_one(sampler, channels):
    inputs = {"model": channels["model"], "conditioning": channels["positive"]}
    return guided(sampler, sampler.graph.add("BasicGuider", **inputs))


def guided(sampler, guider):
    noise = sampler.graph.add("RandomNoise", noise_seed=3)
    inputs = {"noise": noise, "guider": guider, "latent_image": sampler.latent, **steps(sampler)}
    return sampler.graph.add("SamplerCustomAdvanced", **inputs)


def steps(sampler):
    kind = sampler.graph.add("KSamplerSelect", sampler_name="euler")
    # The scheduler keeps the model of the checkpoint, as Ensure consistency leaves it.
    inputs = {"model": sampler.model, "scheduler": "normal", "steps": 2, "denoise": 1.0}
    return {"sampler": kind, "sigmas": sampler.graph.add("BasicScheduler", **inputs)}


def two_passes(sampler, channels):
    first = ksampler(sampler, channels)
    larger = sampler.graph.add(
        "LatentUpscale", samples=first, upscale_method="nearest-exact", width=96, height=96, crop="disabled"
    )
    return sampler.graph.add(
        "KSampler", **channels, latent_image=larger, seed=4, steps=2, cfg=4.0, denoise=0.5, **SAMPLING
    )


SAMPLERS = [ksampler, ksampler_advanced, custom, guided_by_cfg, guided_by_one, two_passes]


@pytest.fixture
def workflow(sampler_class, graph_class):
    """Build a workflow around a sampler, with an injector wired by hand where a character is named."""

    def build(make, character: str | None = None, **options) -> tuple[dict, str]:
        sampler, prefix = sampler_class(graph_class()), next(names)
        channels = {"model": sampler.model, "positive": sampler.positive, "negative": sampler.negative}
        if character is not None:
            injected = sampler.inject(character, **options)
            channels = {name: injected.out(output) for name, output in zip(channels, (0, 2, 3), strict=True)}
        latent = make(sampler, channels)
        sampler.graph.add("SaveLatent", samples=latent, filename_prefix=f"latents/{prefix}")
        decoded = sampler.graph.add("VAEDecode", samples=latent, vae=sampler.vae)
        sampler.graph.add("PreviewImage", images=decoded)
        return json.loads(json.dumps(sampler.graph.nodes)), prefix

    return build


@pytest.fixture
def sampled(studio):
    def run(graph: dict, prefix: str) -> str:
        done = studio.run(graph)
        assert done.succeeded, done.error["exception_message"]
        return latent_of(studio, prefix)

    return run


@pytest.mark.parametrize("make", SAMPLERS, ids=lambda make: make.__name__)
def test_an_ensured_sampler_is_one_that_was_wired_by_hand_bit_for_bit(workflow, sampled, aki, make):
    graph, prefix = workflow(make)
    plain = sampled(graph, prefix)
    ensured = ensure_consistency(graph, aki.label)
    assert not ensure_consistency(ensured.graph, aki.label).changes
    kept = sampled(ensured.graph, prefix)
    assert kept != plain
    assert kept == sampled(*workflow(make, aki.label))


def test_options_do_what_they_do_by_hand(workflow, sampled, aki):
    graph, prefix = workflow(ksampler)
    options = {"strength": 0.5, "use_prompt": False, "on_missing": "degrade"}
    ensured = ensure_consistency(graph, aki.label, EnsureOptions(**options)).graph
    assert sampled(ensured, prefix) == sampled(*workflow(ksampler, aki.label, **options))
    off = EnsureOptions(use_prompt=False, use_lora=False, use_reference_latents=False)
    assert sampled(ensure_consistency(ensured, aki.label, off).graph, prefix) == sampled(*workflow(ksampler))


def test_a_pose_in_words_is_part_of_the_prompt(workflow, sampled, aki):
    graph, prefix = workflow(ksampler)
    kept = ensure_consistency(graph, aki.label).graph
    posed = ensure_consistency(kept, aki.label, EnsureOptions(pose="sitting")).graph
    assert sampled(posed, prefix) != sampled(kept, prefix)


def test_the_route_changes_a_workflow_that_the_host_then_runs(studio, workflow, sampled, aki):
    graph, prefix = workflow(ksampler)
    body = {"prompt": graph, "character": aki.name}
    status, answer = studio.comfy.request("POST", "/anime/workflows/ensure_consistency", body)
    assert status == 200, answer
    assert answer["warnings"] == [], "the host has the character's LoRA"
    assert sampled(answer["prompt"], prefix) == sampled(*workflow(ksampler, aki.label))


@pytest.mark.parametrize(
    "options",
    [
        EnsureOptions(strength=0.5, region="left half", version=1, adapter="a", clip_vision="b"),
        EnsureOptions(pose="sitting", controlnet="c", pose_strength=0.5),
        EnsureOptions(pose="sitting"),
    ],
    ids=["adapter", "controlnet", "words"],
)
def test_what_is_inserted_has_the_inputs_that_the_host_knows(studio, workflow, aki, options):
    graph, _ = workflow(ksampler)
    for change in ensure_consistency(graph, aki.label, options).changes:
        if change.kind == "inserted":
            declared = studio.comfy.object_info(change.class_type)["input"]
            assert declared["required"].keys() <= change.after.keys(), change.class_type
            assert change.after.keys() <= {**declared["required"], **declared.get("optional", {})}.keys()


def test_the_regions_are_those_of_the_injector(studio):
    declared = studio.comfy.object_info("TowerEmbeddingInjector")["input"]["optional"]["region"]
    options = declared[0] if isinstance(declared[0], list) else declared[1]["options"]
    assert tuple(options) == REGIONS


def test_every_sampler_and_guider_of_the_host_is_known_by_its_links(studio):
    """Of each node that takes a model and a conditioning, it is said whether a character goes in front."""
    from tower_anime.production.graphs.samplers import find_samplers

    source = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "x"}}}
    seen = set()
    for name, info in studio.comfy.get("/object_info").items():
        declared = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
        links = {
            kind: [key for key, spec in declared.items() if spec[0] == kind]
            for kind in ("MODEL", "CONDITIONING")
        }
        if not all(links.values()) or name.startswith("Tower"):
            continue
        makes = set(info["output"])
        inputs = {key: ["1", 0] for kind in links.values() for key in kind}
        inputs |= {key: ["1", 0] for key, spec in declared.items() if spec[0] == "LATENT"}
        graph = {**source, "2": {"class_type": name, "inputs": inputs}}
        if "GUIDER" in makes:
            graph["3"] = {"class_type": "SamplerCustomAdvanced", "inputs": {"guider": ["2", 0]}}
        if "LATENT" in makes or "GUIDER" in makes:
            assert [site.node_id for site in find_samplers(graph)] == ["2"], name
            seen.add(name)
    assert {"KSampler", "KSamplerAdvanced", "SamplerCustom", "CFGGuider", "BasicGuider"} <= seen
