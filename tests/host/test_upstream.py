"""The graph upstream of a picture: what has to run again for another seed."""

import pytest
from tower_anime.errors import InputError
from tower_anime.host.upstream import (
    Adjustment,
    find_seeds,
    nodes_upstream,
    plan_regrowth,
    rewritten,
)

INPUTS = {
    "Sampler": {"seed": ("INT", {"min": 0, "max": 2**64 - 1}), "steps": ("INT", {"min": 1, "max": 50})},
    "Noise": {"noise_seed": ("INT", {"min": 0, "max": 99})},
    "Titled": {"seed": ("STRING", {})},
    "Primitive": {"value": ("INT", {})},
    "Injector": {"strength": ("FLOAT", {"min": 0.0, "max": 2.0})},
}


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def graph():
    """A model, injected; a sampler on it; a decoder; and a second sampler on what the first made."""
    return {
        "model": node("Loader", name="m"),
        "injected": node("Injector", model=["model", 0], strength=1.0),
        "prompt": node("Encode", clip=["model", 1], text="a seed in the ground"),
        "first": node("Sampler", model=["injected", 0], positive=["prompt", 0], seed=5, steps=20),
        "second": node("Sampler", model=["injected", 0], latent=["first", 0], seed=6, steps=10),
        "decoded": node("Decode", samples=["second", 0], vae=["model", 2]),
        "elsewhere": node("Sampler", model=["model", 0], seed=7, steps=20),
    }


def plan(nodes, link=("decoded", 0), adjustments=()):
    return plan_regrowth(
        nodes.__getitem__, list(link), lambda name: INPUTS.get(name, {}), lambda s: s.value + 1, adjustments
    )


def test_everything_upstream_comes_after_what_it_depends_on():
    nodes = graph()
    order = list(nodes_upstream(nodes.__getitem__, ["decoded", 0]))
    assert set(order) == set(nodes) - {"elsewhere"}
    for node_id in order:
        links = [value[0] for value in nodes[node_id]["inputs"].values() if isinstance(value, list)]
        assert all(order.index(link) < order.index(node_id) for link in links)


def test_only_what_depends_on_a_seed_runs_again():
    found = plan(graph())
    assert set(found.cloned) == {"first", "second", "decoded"}
    assert found.changed == {"first": {"seed": 6}, "second": {"seed": 7}}
    assert found.seeds == {"first.seed": 6, "second.seed": 7}


def test_a_changed_strength_runs_the_injector_again_too():
    stronger = Adjustment("strength", lambda value: value * 9, class_type="Injector")
    found = plan(graph(), adjustments=[stronger])
    assert found.changed["injected"] == {"strength": 2.0}
    assert set(found.cloned) == {"injected", "first", "second", "decoded"}


def test_a_change_stays_within_what_the_input_takes_and_away_from_some_nodes():
    nodes = graph()
    nodes["second"]["inputs"]["start_at_step"] = 3
    found = plan(nodes, adjustments=[Adjustment("steps", lambda steps: steps * 5, unless=("start_at_step",))])
    assert found.changed == {"first": {"seed": 6, "steps": 50}, "second": {"seed": 7}}


def test_a_seed_from_a_primitive_is_replaced_where_it_arrives():
    nodes = graph()
    nodes["number"] = node("Primitive", value=41)
    nodes["first"]["inputs"]["seed"] = ["number", 0]
    found = plan(nodes)
    assert found.changed["first"] == {"seed": 42} and "number" not in found.cloned


def test_a_seed_from_a_node_that_has_one_is_changed_there():
    nodes = graph()
    nodes["noise"] = node("Noise", noise_seed=1)
    nodes["first"]["inputs"]["seed"] = ["noise", 0]
    found = plan(nodes)
    assert found.changed["noise"] == {"noise_seed": 2} and "first" not in found.changed
    assert set(found.cloned) == {"noise", "first", "second", "decoded"}
    [seed] = find_seeds(nodes_upstream(nodes.__getitem__, ["noise", 0]), INPUTS.__getitem__)
    assert (seed.low, seed.high) == (0, 99)


def test_without_a_seed_it_says_what_it_looked_for():
    nodes = {"file": node("LoadImage", image="a.png"), "titled": node("Titled", seed="x", image=["file", 0])}
    with pytest.raises(
        InputError, match=r"named seed or noise_seed \(looked at LoadImage file, Titled titled"
    ):
        plan(nodes, ("titled", 0))


def test_a_prompt_is_rewritten_and_the_old_one_left_alone():
    nodes = graph()
    changed = rewritten(nodes, plan(nodes))
    assert changed["first"]["inputs"]["seed"] == 6 and nodes["first"]["inputs"]["seed"] == 5
    assert changed["elsewhere"] == nodes["elsewhere"]
