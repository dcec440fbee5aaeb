"""Another attempt inside the run: the graph upstream of a gate, copied with new seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from comfy_execution.graph_utils import GraphBuilder

from ..errors import InputError
from ..host.upstream import (
    Adjustment,
    GetNode,
    Regrowth,
    SeedInput,
    find_seeds,
    grow,
    host_inputs,
    is_link,
    nodes_upstream,
    plan_regrowth,
    relinked,
)
from ..services.attempts import Attempts, Changes, seed_after

INJECTOR, ENFORCER = "TowerEmbeddingInjector", "TowerPaletteEnforcer"
# What the enforcer is told when the gate puts it in: its own defaults.
_ENFORCED = {
    "strength": 0.8,
    "limit": 5.0,
    "ignore_lightness": False,
    **{
        f"enforce_{name}": name in ("hair", "eyes", "skin")
        for name in ("hair", "eyes", "skin", "outfit", "accent")
    },
}


def seeds_upstream(graph: Any, node_id: str) -> dict[str, int]:
    """Return the seeds behind the pictures of a gate, as ``NODE.INPUT`` of the visible nodes."""
    link = graph.get_node(node_id)["inputs"].get("images")
    if not is_link(link):
        return {}
    seeds = find_seeds(nodes_upstream(graph.get_node, link), host_inputs)
    return {_place(seed, graph.get_display_node_id): seed.value for seed in seeds if seed.value is not None}


def plan_next(get_node: GetNode, link: Any, shown_as: Callable[[str], str], changes: Changes) -> Regrowth:
    """Plan the attempt after the one that a link brings.

    Raises
    ------
    InputError
        If nothing upstream has a seed.
    """
    if not is_link(link):
        raise InputError(
            "The images are not connected to anything that could be made again.",
            field="images",
            hint="Connect them to what a sampler makes.",
        )

    def new_seed(seed: SeedInput) -> int:
        return seed_after(seed.value, _place(seed, shown_as), seed.low, seed.high)

    return plan_regrowth(get_node, link, host_inputs, new_seed, _adjustments(changes))


def expand(
    graph: Any, node_id: str, attempts: Attempts, changes: Changes, *, is_new_best: bool
) -> tuple[Any, dict[str, Any]]:
    """Make the graph of the next attempt, with a gate at its end that goes on from this one.

    Parameters
    ----------
    graph : DynamicPrompt
        The running graph.
    node_id : str
        The gate.
    attempts : Attempts
        What was tried so far.
    changes : Changes
        What to change besides the seed.
    is_new_best : bool
        Whether the pictures that this gate got are the best so far.

    Returns
    -------
    Node
        The new gate, whose outputs stand for this one's.
    dict
        The graph, for ``io.NodeOutput``.
    """
    inputs = graph.get_node(node_id)["inputs"]
    link, shown_as = inputs["images"], graph.get_display_node_id
    plan = plan_next(graph.get_node, link, shown_as, changes)
    builder = GraphBuilder()
    copies = grow(plan, graph.get_node, builder, shown_as)
    following = builder.node(graph.get_node(node_id)["class_type"])
    for name, value in inputs.items():
        following.set_input(name, value)
    pictures = relinked(link, copies)
    if changes.enforce_palette and graph.get_node(link[0])["class_type"] != ENFORCER:
        wired = {"images": pictures, "character": inputs["character"]}
        pictures = builder.node(ENFORCER, **wired, **_ENFORCED).out(0)
    following.set_input("images", pictures)
    following.set_input("best_so_far", link if is_new_best else inputs.get("best_so_far", link))
    seeds = {_shown_place(place, shown_as): seed for place, seed in plan.seeds.items()}
    following.set_input("earlier_attempts", attempts.followed_by(seeds, changes).to_text())
    return following, builder.finalize()


def _adjustments(changes: Changes) -> Sequence[Adjustment]:
    return (
        # A sampler that stops or starts between steps would do another part of the work.
        Adjustment("steps", changes.new_steps, unless=("start_at_step", "end_at_step")),
        Adjustment("cfg", changes.new_cfg),
        Adjustment("strength", changes.new_strength, class_type=INJECTOR),
    )


def _place(seed: SeedInput, shown_as: Callable[[str], str]) -> str:
    return f"{shown_as(seed.node_id)}.{seed.name}"


def _shown_place(place: str, shown_as: Callable[[str], str]) -> str:
    node_id, _, name = place.rpartition(".")
    return f"{shown_as(node_id)}.{name}"
