"""Workflows in API form to put characters into: some written by hand, and any number drawn at random."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

Graph = dict[str, dict[str, Any]]


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


PLAIN: Graph = {
    "4": node("CheckpointLoaderSimple", ckpt_name="anime.safetensors"),
    "5": node("EmptyLatentImage", width=832, height=1216, batch_size=1),
    "6": node("CLIPTextEncode", text="a street", clip=["4", 1]),
    "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
    "3": node(
        "KSampler",
        **{"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]},
        **{"seed": 2**64 - 1, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal"},
        denoise=1.0,
    ),
    "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
    "9": node("SaveImage", images=["8", 0], filename_prefix="plain"),
}


def plain(**nodes: dict[str, Any] | None) -> Graph:
    """Return the plain workflow with other nodes; a name ``n3`` is node 3, and None takes one out."""
    graph = copy.deepcopy(PLAIN) | {name.removeprefix("n"): made for name, made in nodes.items() if made}
    gone = {name.removeprefix("n") for name, made in nodes.items() if made is None}
    return {node_id: made for node_id, made in graph.items() if node_id not in gone}


def hires() -> Graph:
    """Return a workflow whose second pass has the model and the prompts of the first."""
    again = copy.deepcopy(PLAIN["3"]["inputs"]) | {"latent_image": ["10", 0], "denoise": 0.5}
    return plain(
        n10=node("LatentUpscale", samples=["3", 0], width=1664, height=2432),
        n11=node("KSampler", **again),
        n8=node("VAEDecode", samples=["11", 0], vae=["4", 2]),
    )


def guided(guider: dict[str, Any]) -> Graph:
    return plain(
        n3=node(
            "SamplerCustomAdvanced",
            **{"noise": ["20", 0], "guider": ["21", 0], "sampler": ["22", 0], "sigmas": ["23", 0]},
            latent_image=["5", 0],
        ),
        n20=node("RandomNoise", noise_seed=1),
        n21=guider,
        n22=node("KSamplerSelect", sampler_name="euler"),
        n23=node("BasicScheduler", model=["4", 0], scheduler="normal", steps=20, denoise=1.0),
    )


CFG_GUIDER = node("CFGGuider", model=["4", 0], positive=["6", 0], negative=["7", 0], cfg=7.0)
BASIC_GUIDER = node("BasicGuider", model=["4", 0], conditioning=["6", 0])

IDS = st.sampled_from(["{}", "{}:3", "12:{}:4", "node-{}", "n_{}", "{}.0"])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a workflow: checkpoints, prompts, chains of nodes on each channel, and samplers in a row."""
    form, made = draw(IDS), Graph()
    order = draw(st.permutations(range(60)))

    def add(class_type: str, **inputs: Any) -> str:
        node_id = form.format(order[len(made)] + 1)
        made[node_id] = node(class_type, **inputs)
        return node_id

    checkpoints = [add("CheckpointLoaderSimple", ckpt_name="a") for _ in range(draw(st.integers(1, 2)))]
    prompts = [
        add("CLIPTextEncode", text="x", clip=[draw(st.sampled_from(checkpoints)), 1])
        for _ in range(draw(st.integers(1, 3)))
    ]

    def model() -> list[Any]:
        link = [draw(st.sampled_from(checkpoints)), 0]
        for kind in draw(st.lists(st.sampled_from(["FreeU", "Reroute", "Switch (any)"]), max_size=2)):
            name = {"FreeU": "model", "Reroute": "", "Switch (any)": "input1"}[kind]
            link = [add(kind, **{name: link}), 0]
        return link

    def prompt() -> list[Any]:
        link = [draw(st.sampled_from(prompts)), 0]
        for kind in draw(st.lists(st.sampled_from(["ConditioningCombine", "Reroute (rgthree)"]), max_size=2)):
            inputs = {"conditioning_1": link, "conditioning_2": [prompts[0], 0]}
            link = [add(kind, **(inputs if kind == "ConditioningCombine" else {"": link})), 0]
        return link

    latent = [add("EmptyLatentImage", width=512, height=512, batch_size=1), 0]
    sets = [(model(), prompt(), prompt()) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(1, 3))):
        to, positive, negative = draw(st.sampled_from(sets))
        given = {"model": to, "positive": positive, "negative": negative}
        kind = draw(
            st.sampled_from(
                [
                    "KSampler",
                    "KSamplerAdvanced",
                    "SamplerCustom",
                    "Somebody's sampler",
                    "CFGGuider",
                    "BasicGuider",
                ]
            )
        )
        if kind == "BasicGuider":
            given = {"model": to, "conditioning": positive}
        if kind.endswith("Guider"):
            inputs = {"guider": [add(kind, **given), 0], "latent_image": latent}
            latent = [add("SamplerCustomAdvanced", **inputs), 0]
        else:
            latent = [add(kind, **given, latent_image=latent), 0]
    if draw(st.booleans()):
        add("VAEDecode", samples=latent, vae=[checkpoints[0], 2])
    add("BasicScheduler", model=sets[0][0], steps=20)
    names = draw(st.permutations(sorted(made)))
    return {name: made[name] for name in names}
