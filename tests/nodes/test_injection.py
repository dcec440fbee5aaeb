"""The Embedding Injector in a real ComfyUI: what it changes, what it leaves alone, and what it says."""

from __future__ import annotations

import hashlib
import json
from itertools import count

import pytest
from support.comfy import LORA
from tower_anime.consistency.character import CharacterLora

pytestmark = pytest.mark.host

OFF = {"use_prompt": False, "use_lora": False, "use_reference_latents": False}
names = (f"case{number}" for number in count())


def latent_of(studio, prefix: str) -> str:
    """Return a digest of the sampled values alone: the file also holds the prompt, which differs."""
    newest = max((studio.comfy.output / "latents").glob(f"{prefix}_*.latent"))
    content = newest.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    first, end = json.loads(content[8:start])["latent_tensor"]["data_offsets"]
    return hashlib.sha256(content[start + first : start + end]).hexdigest()


@pytest.fixture
def sampled(studio, sampler_class, graph_class):
    """Sample with or without a character, and return the digest of the latent."""

    def sample(character: str | None = None, **options) -> str:
        sampler, prefix = sampler_class(graph_class()), next(names)
        sampler.sample(sampler.inject(character, **options) if character else None, prefix)
        run = studio.run(sampler.graph)
        assert run.succeeded, run.error["exception_message"]
        return latent_of(studio, prefix)

    return sample


@pytest.fixture
def reported(studio, sampler_class, graph_class):
    """Run the injector alone, and return its report."""

    def report(character: str, references: bool = False, **options) -> dict:
        sampler = sampler_class(graph_class())
        if references:
            loader = sampler.graph.add("TowerCharacterLoader", character=character)
            options |= {"vae": sampler.vae, "references": loader.out(1)}
        shown = sampler.graph.add("PreviewAny", source=sampler.inject(character, **options).out(4))
        run = studio.run(sampler.graph)
        assert run.succeeded, run.error["exception_message"]
        return run.json(shown)

    return report


def test_prompt_and_lora_each_change_the_picture(sampled, aki):
    latents = {
        sampled(),
        sampled("Aki", **{**OFF, "use_prompt": True}),
        sampled("Aki", **{**OFF, "use_lora": True}),
        sampled("Aki"),
    }
    assert len(latents) == 4


@pytest.mark.parametrize("options", [OFF, {"strength": 0.0}], ids=["all switched off", "strength 0"])
def test_nothing_applied_is_bit_identical(sampled, aki, options):
    assert sampled("Aki", **options) == sampled()


def test_what_came_in_is_not_changed(studio, sampler, sampled, aki):
    sampler.sample(sampler.inject("Aki"), "after")
    sampler.sample(None, "beside")
    assert studio.run(sampler.graph).succeeded
    assert latent_of(studio, "beside") == sampled()


def test_more_strength_is_more_of_the_lora(reported, aki):
    [lora] = reported("Aki", strength=0.5, use_prompt=False)["applied"]
    assert lora["what"] == f"LoRA {LORA}"
    assert "at 0.4" in lora["detail"] and "at 0.3" in lora["detail"]


def test_every_weight_of_a_fitting_lora_is_counted(reported, aki, studio):
    [lora] = reported("Aki", use_prompt=False)["applied"]
    content = (studio.comfy.base / "models/loras" / LORA).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    n_pairs = sum(name.endswith(("lora_up.weight", "lora_B.weight")) for name in header)
    n_model, n_clip = (int(part.split()[0]) for part in lora["detail"].split(", "))
    assert n_model + n_clip == n_pairs


def test_the_report_names_each_thing(reported, aki):
    report = reported("Aki", references=True)
    assert [entry["what"] for entry in report["applied"]] == [f"LoRA {LORA}", "prompt", "negative prompt"]
    [latents] = report["degraded"]
    assert latents["what"] == "reference latents"
    assert "SD15" in latents["reason"] and "no use for reference latents" in latents["reason"]


def test_a_vae_without_references_is_said(studio, sampler, aki):
    shown = sampler.graph.add("PreviewAny", source=sampler.inject("Aki", vae=sampler.vae).out(4))
    [entry] = studio.run(sampler.graph).json(shown)["degraded"]
    assert "without references" in entry["reason"]


def test_a_character_with_nothing_to_apply_says_so(studio, reported):
    studio.character("Nobody")
    report = reported("Nobody")
    assert report["applied"] == [] and report["degraded"] == []
    assert "everything is as it came in" in report["summary"]


@pytest.fixture
def bad_lora(request, studio):
    """A character whose LoRA cannot be used, and what is said about it."""
    kind, content, sentence = request.param
    name = f"{kind}.safetensors"
    if content is not None:
        (studio.comfy.base / "models/loras" / name).write_bytes(content)
    studio.character(kind, prompt="a cape", loras=[CharacterLora(name)])
    return kind, sentence


def safetensors(**shapes: tuple[int, ...]) -> bytes:
    """Return a safetensors file of zeros."""
    header, start = {}, 0
    for name, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, start + size]}
        start += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(start)


FOREIGN = "lora_unet_no_such_block_to_k"
SDXL = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k"
BAD_LORAS = [
    ("missing", None, "is not in ComfyUI's loras folder"),
    (
        "foreign",
        safetensors(**{f"{FOREIGN}.lora_up.weight": (8, 2), f"{FOREIGN}.lora_down.weight": (2, 8)}),
        "None of",
    ),
    (
        "wrong_size",
        safetensors(**{f"{SDXL}.lora_up.weight": (640, 2), f"{SDXL}.lora_down.weight": (2, 2048)}),
        "None of",
    ),
    ("web_page", b"<!doctype html><html><body>404</body></html>", "cannot be read"),
    ("empty", b"", "cannot be read"),
]


@pytest.mark.parametrize("bad_lora", BAD_LORAS, indirect=True, ids=[case[0] for case in BAD_LORAS])
class TestUnusableLora:
    def test_stop_ends_the_run_before_sampling(self, studio, sampler, bad_lora):
        kind, sentence = bad_lora
        injected = sampler.inject(kind, on_missing="stop")
        latent = sampler.sample(injected, "never")
        run = studio.run(sampler.graph)
        assert run.error["node_id"] == injected.id
        assert sentence in run.error["exception_message"] and kind in run.error["exception_message"]
        assert latent.id not in run.error["executed"]

    def test_degrade_goes_on_and_reports_it(self, reported, bad_lora):
        kind, sentence = bad_lora
        report = reported(kind, on_missing="degrade")
        assert [entry["what"] for entry in report["applied"]] == ["prompt"]
        [entry] = report["degraded"]
        assert entry["what"] == f"LoRA {kind}.safetensors" and sentence in entry["reason"]


def test_a_lora_that_arrives_later_is_used(studio, sampler, aki):
    studio.character("Late", loras=[CharacterLora("late.safetensors")])
    shown = sampler.graph.add("PreviewAny", source=sampler.inject("Late", on_missing="degrade").out(4))
    assert studio.run(sampler.graph).json(shown)["degraded"]
    loras = studio.comfy.base / "models/loras"
    (loras / "late.safetensors").write_bytes((loras / LORA).read_bytes())
    assert studio.run(sampler.graph).json(shown)["degraded"] == []
