"""Adapters in real servers: files that are none, references that show nothing, and many of everything."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from pathlib import Path

import pytest
from support.adapters import random_adapter, write_adapter, write_safetensors
from support.comfy import ADAPTER, BASE_ADAPTER

pytestmark = pytest.mark.host

PLAIN = {"use_prompt": False, "use_lora": False, "use_reference_latents": False}
N_SITES = 7
WIDTHS = [320] * N_SITES
names = (f"adapted{number}" for number in count())


class Adapted:
    """A sampler with adapters before it."""

    def __init__(self, sampler, studio):
        self.sampler, self.graph, self.studio = sampler, sampler.graph, studio
        self.latents: list[str] = []

    def load(self, name=BASE_ADAPTER, variant="auto", **vision):
        seen = self.graph.add("TowerProbeClipVision", **{"width": 24, **vision})
        return self.graph.add("TowerAdapterLoader", adapter_name=name, variant=variant, clip_vision=seen)

    def pictures(self, n=1, seed=0):
        return self.graph.add("TowerProbePicture", seed=seed, batch_size=n)

    def settings(self, **values):
        return self.graph.add(
            "TowerInjectionSettings",
            **{
                **{"weight": 0.8, "weight_type": "linear", "same_composition": True},
                **{"weight_composition": 0.8, "combine": "concat", "start": 0.0, "end": 1.0},
                **{"scaling": "V only", "block_weights": "", "curve": "", "auto_shortcut": True},
                **{"shortcut_scale": 1.0, "lora_strength": 0.6, "compatible": False, **values},
            },
        )

    def region(self, character, region, **options):
        loader = self.graph.add("TowerCharacterLoader", character=character)
        sides = {"left": 0.0, "top": 0.0, "right": 0.5, "bottom": 1.0}
        return self.graph.add(
            "TowerCharacterRegion", character=loader, region=region, strength=1.0, **sides, **options
        )

    def inject(self, character="Nameless", **options):
        return self.sampler.inject(character, **{**PLAIN, **options})

    def sample(self, injected=None) -> str:
        prefix = next(names)
        self.sampler.sample(injected, prefix)
        self.latents.append(prefix)
        return prefix

    def run(self):
        """Run everything; return a digest of each latent, in order."""
        run = self.studio.run(self.graph)
        assert run.succeeded, run.error["exception_message"]
        return [self._digest(prefix) for prefix in self.latents]

    def report(self, injected) -> dict:
        shown = self.graph.add("PreviewAny", source=injected.out(4))
        run = self.studio.run(self.graph)
        assert run.succeeded, run.error["exception_message"]
        return run.json(shown)

    def fails(self, at) -> str:
        """Run, and return what the host says of the node that stopped it."""
        run = self.studio.run(self.graph)
        assert not run.succeeded and run.error["node_id"] == at.id
        return run.error["exception_message"]

    def _digest(self, prefix) -> str:
        newest = max((self.studio.comfy.output / "latents").glob(f"{prefix}_*.latent"))
        content = newest.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        first, end = json.loads(content[8:start])["latent_tensor"]["data_offsets"]
        return hashlib.sha256(content[start + first : start + end]).hexdigest()


@pytest.fixture
def adapted(studio, sampler):
    studio.character("Nameless")
    return Adapted(sampler, studio)


@pytest.fixture(scope="module")
def folder(studio) -> Path:
    return studio.comfy.base / "models/ipadapter"


def base(**options):
    return random_adapter("base", widths=WIDTHS, **options).flat()


def without(tensors, name):
    return {key: tensor for key, tensor in tensors.items() if key != name}


def changed(name, change):
    tensors = base()
    return {**tensors, name: change(tensors[name])}


LAYER = "ip_adapter.3.to_v_ip.weight"
UNFIT_FILES = {
    "missing": (lambda: without(base(), LAYER), f"{LAYER} is missing"),
    "extra": (lambda: base() | {"image_proj.more.weight": base()[LAYER]}, "more.weight is unexpected"),
    "renamed": (
        lambda: without(base(), LAYER) | {LAYER.replace("3.", "3.0."): base()[LAYER]},
        f"{LAYER} is missing",
    ),
    "transposed": (lambda: changed(LAYER, lambda weight: weight.T.contiguous()), f"{LAYER} is transposed"),
    "nan": (
        lambda: changed(LAYER, lambda weight: weight * float("nan")),
        f"NaN or infinite numbers in {LAYER}",
    ),
    "page": (lambda: b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
    "pointer": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 44642768\n",
        "Git LFS",
    ),
    "short": (lambda: None, "incomplete"),
}


@pytest.mark.parametrize("case", UNFIT_FILES)
def test_a_file_that_is_no_adapter_is_told_by_its_loader(adapted, folder, case):
    content, sentence = UNFIT_FILES[case][0](), UNFIT_FILES[case][1]
    path = folder / f"unfit_{case}.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write_safetensors(path, content or base())
    if content is None:
        path.write_bytes(path.read_bytes()[:-1000])
    loader = adapted.load(path.name)
    adapted.graph.add("PreviewAny", source=loader.out(1))
    told = adapted.fails(loader)
    assert path.name in told and sentence in told


@pytest.fixture(
    params=[
        "sdxl adapter",
        "another layout",
        "no vision",
        "narrow vision",
        "no face models",
        "plus, no faces",
    ]
)
def misfit(request, adapted, folder):
    """An adapter that loads and cannot act, and a part of what is said."""
    match request.param:
        case "sdxl adapter":
            path = write_adapter(folder, random_adapter("base", "sdxl", widths=WIDTHS), "for_sdxl")
            return adapted.load(path.name), "320 × 2048; block in1 of this model needs 320 × 768"
        case "another layout":
            path = write_adapter(folder, random_adapter("base"), "of_three")
            return adapted.load(path.name), "The adapter has 3 layers, this model 7 cross-attentions"
        case "no vision":
            loader = adapted.graph.add("TowerAdapterLoader", adapter_name=BASE_ADAPTER, variant="auto")
            return loader, "and none is connected"
        case "narrow vision":
            return adapted.load(width=23), "gives embeddings of 23"
        case "no face models":
            path = write_adapter(folder, random_adapter("faceid", widths=WIDTHS), "faceid")
            return adapted.load(path.name), "buffalo_l"
        case _:
            path = write_adapter(folder, random_adapter("faceid_plus", widths=WIDTHS), "faceid_plus")
            return adapted.load(path.name, "faceid_plus"), "buffalo_l"


def test_what_does_not_fit_stops_or_is_reported(adapted, misfit):
    loader, sentence = misfit
    shown = {"adapter": loader, "references": adapted.pictures()}
    goes_on = adapted.inject(**shown, on_missing="degrade")
    report = adapted.report(goes_on)
    adapted.sample(goes_on)
    adapted.sample()
    assert report["applied"] == []
    [entry] = report["degraded"]
    assert entry["what"].startswith("adapter ") and sentence in entry["reason"]
    degraded, plain = adapted.run()
    assert degraded == plain
    stops = adapted.inject(**shown, on_missing="stop")
    adapted.sample(stops)
    assert sentence in adapted.fails(stops)


def test_what_acts_nowhere_is_bit_identical(adapted):
    graph, references = adapted.graph, adapted.pictures()
    shown = {"adapter": adapted.load(), "references": references}
    nowhere = graph.add("SolidMask", value=0.0, width=48, height=80)
    adapted.sample()
    adapted.sample(adapted.inject(**shown))
    for options in (
        {"mask": nowhere},
        {"settings": adapted.settings(weight=0.0)},
        {"settings": adapted.settings(start=0.5, end=0.5)},
        {"settings": adapted.settings(curve="0: 0")},
        {"strength": 0.0},
    ):
        adapted.sample(adapted.inject(**shown, **options))
    plain, acting, *others = adapted.run()
    assert acting != plain and set(others) == {plain}


def test_a_mask_of_any_size_is_the_same_part(adapted):
    shown = {"adapter": adapted.load(ADAPTER), "references": adapted.pictures()}
    for width, height in ((64, 64), (640, 96)):
        mask = adapted.graph.add("SolidMask", value=1.0, width=width, height=height)
        adapted.sample(adapted.inject(**shown, mask=mask))
    for region in ("left half", "right half"):
        adapted.sample(adapted.inject(**shown, region=region))
    small, large, left, right = adapted.run()
    assert small == large and len({small, left, right}) == 3


def test_injectors_in_a_row_add_up_and_leave_what_is_before_them(adapted):
    injected, loaders = None, [adapted.load(), adapted.load(ADAPTER), adapted.load()]
    for number, loader in enumerate(loaders):
        injected = adapted.inject(
            adapter=loader, references=adapted.pictures(seed=number), settings=adapted.settings(weight=0.4)
        )
        adapted.sample(injected)
        adapted.sampler.model = injected.out(0)
    after = adapted.run()
    assert len(set(after)) == 3
    # Sampled again in other order, each is what it was.
    adapted.sampler.seed += 1
    adapted.sample(injected)
    assert adapted.run()[:3] == after


def test_two_characters_each_in_a_part_with_prompts_there(adapted, aki, studio):
    studio.character("Second", prompt="green hair")
    shown = {"adapter": adapted.load(ADAPTER), "references": adapted.pictures()}
    others = adapted.region("Second", "right half", references=adapted.pictures(seed=4))
    options = {**shown, "region": "left half", "cast": others, "use_prompt": True}
    for is_masked in (False, True):
        adapted.sample(adapted.inject("Aki", **options, mask_prompt=is_masked))
    alone, both = adapted.run()
    assert alone != both
    report = adapted.report(adapted.inject("Aki", **options, mask_prompt=True))
    acting = [entry for entry in report["applied"] if entry["what"].startswith("adapter")]
    assert [entry["character"] for entry in acting] == ["Aki", "Second"]
    assert report["degraded"] == []


def test_sixty_four_references(adapted):
    many = adapted.graph.add("EmptyImage", width=64, height=48, batch_size=64, color=8421504)
    injected = adapted.inject(adapter=adapted.load(ADAPTER), references=many)
    report = adapted.report(injected)
    assert f"16 tokens of 64 pictures in {N_SITES} of {N_SITES}" in report["applied"][0]["detail"]
    adapted.sample(injected)
    assert len(adapted.run()) == 1


def test_negative_references_lead_away(adapted):
    shown = {"adapter": adapted.load(), "references": adapted.pictures(3)}
    adapted.sample(adapted.inject(**shown))
    for n in (1, 2, 3):
        adapted.sample(adapted.inject(**shown, negative_references=adapted.pictures(n, seed=9)))
    assert len(set(adapted.run())) == 4


def test_frames_with_a_mask_and_a_reference_each(adapted):
    graph = adapted.graph
    adapted.sampler.latent = graph.add("EmptyLatentImage", width=64, height=64, batch_size=33)
    pictures = graph.add("EmptyImage", width=32, height=32, batch_size=33, color=16711680)
    masks = graph.add("ImageToMask", image=pictures, channel="red")
    settings = adapted.settings(combine="per frame")
    adapted.sample(adapted.inject(adapter=adapted.load(), references=pictures, mask=masks, settings=settings))
    assert len(adapted.run()) == 1
