"""The graph upstream of a picture: its seeds, and copies of it that are sampled with others.

Works on the API form of a graph, whether it is a prompt that waits or one that runs and grows.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..errors import InputError

SEED_NAMES = ("seed", "noise_seed")

GetNode = Callable[[str], Mapping[str, Any]]
InputsOf = Callable[[str], Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class SeedInput:
    """A seed that a node takes.

    Parameters
    ----------
    node_id, class_type, name : str
        The node, its class, and the input.
    value : int or None
        The seed; None where it comes by a link from something whose number cannot be read.
    low, high : int
        What the input takes.
    """

    node_id: str
    class_type: str
    name: str
    value: int | None
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of a known input, wherever a node upstream has it as a number.

    Parameters
    ----------
    name : str
        The input.
    change : callable
        Takes the value and returns the new one, which is kept within what the input takes.
    class_type : str or None
        Only of nodes of this class.
    unless : tuple of str
        Not of nodes that have one of these inputs.
    """

    name: str
    change: Callable[[Any], Any]
    class_type: str | None = None
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Regrowth:
    """What another attempt changes.

    Parameters
    ----------
    changed : dict of str to dict
        New values of inputs, by node and name.
    cloned : tuple of str
        All nodes upstream that have to run again, each after those that it depends on.
    seeds : dict of str to int
        The new seeds, as ``NODE.INPUT``.
    """

    changed: dict[str, dict[str, Any]]
    cloned: tuple[str, ...]
    seeds: dict[str, int]


def is_link(value: Any) -> bool:
    """Return whether an input's value is a link to another node's output."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int | float)
    )


def nodes_upstream(get_node: GetNode, link: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    """Return every node that a link depends on, each after those that it depends on itself."""
    found: dict[str, Mapping[str, Any]] = {}
    seen: set[str] = set()
    pending = [(str(link[0]), False)]
    while pending:
        node_id, is_done = pending.pop()
        if is_done:
            found[node_id] = get_node(node_id)
        elif node_id not in seen:
            seen.add(node_id)
            pending.append((node_id, True))
            values = get_node(node_id).get("inputs", {}).values()
            pending.extend((str(value[0]), False) for value in values if is_link(value))
    return found


def find_seeds(nodes: Mapping[str, Mapping[str, Any]], inputs_of: InputsOf) -> list[SeedInput]:
    """Return the seeds of these nodes: inputs of type INT named ``seed`` or ``noise_seed``.

    A seed that comes by a link from a node that has one itself is that node's, not listed twice.
    """
    literal = [seed for node_id, node in nodes.items() for seed in _seeds_of(node_id, node, inputs_of, nodes)]
    own = {seed.node_id for seed in literal if not is_link(nodes[seed.node_id]["inputs"][seed.name])}
    return [
        seed
        for seed in literal
        if seed.node_id in own or not _depends(nodes, nodes[seed.node_id]["inputs"][seed.name], own)
    ]


def plan_regrowth(
    get_node: GetNode,
    link: Sequence[Any],
    inputs_of: InputsOf,
    new_seed: Callable[[SeedInput], int],
    adjustments: Sequence[Adjustment] = (),
) -> Regrowth:
    """Plan another attempt at what a link brings.

    Parameters
    ----------
    get_node : callable
        Returns a node of the graph, in API form.
    link : sequence
        Node id and output index.
    inputs_of : callable
        Returns for a class of nodes what each input takes: type and options.
    new_seed : callable
        Returns the seed of the next attempt for one of this.
    adjustments : sequence of Adjustment
        What else to change.

    Raises
    ------
    InputError
        If nothing upstream has a seed.
    """
    nodes = nodes_upstream(get_node, link)
    seeds = find_seeds(nodes, inputs_of)
    if not seeds:
        raise InputError(
            "There is nothing to regenerate: no node upstream of images has an input named "
            f"{' or '.join(SEED_NAMES)} ({_listed(nodes)}).",
            field="on_fail",
            hint="Connect images to what a sampler makes, or choose another on_fail.",
        )
    changed: dict[str, dict[str, Any]] = {}
    for seed in seeds:
        changed.setdefault(seed.node_id, {})[seed.name] = new_seed(seed)
    new_seeds = {f"{seed.node_id}.{seed.name}": changed[seed.node_id][seed.name] for seed in seeds}
    for node_id, name, value in _adjusted(nodes, inputs_of, adjustments):
        changed.setdefault(node_id, {})[name] = value
    return Regrowth(changed, tuple(_downstream(nodes, changed)), new_seeds)


def grow(plan: Regrowth, get_node: GetNode, builder: Any, shown_as: Callable[[str], str]) -> dict[str, Any]:
    """Copy the nodes of a plan into a graph that a node expands to.

    Parameters
    ----------
    builder : comfy_execution.graph_utils.GraphBuilder
        Takes the copies.
    shown_as : callable
        Returns the visible node of a node, on which the copy shows its progress.

    Returns
    -------
    dict of str to Node
        The copies, by the id of the original.
    """
    copies: dict[str, Any] = {}
    for node_id in plan.cloned:
        node = get_node(node_id)
        copies[node_id] = builder.node(node["class_type"])
        copies[node_id].set_override_display_id(shown_as(node_id))
        for name, value in {**node["inputs"], **plan.changed.get(node_id, {})}.items():
            copies[node_id].set_input(name, relinked(value, copies))
    return copies


def relinked(value: Any, copies: Mapping[str, Any]) -> Any:
    """Return an input's value; a link to a node that was copied becomes one to the copy."""
    return copies[value[0]].out(value[1]) if is_link(value) and value[0] in copies else value


def rewritten(prompt: Mapping[str, Any], plan: Regrowth) -> dict[str, Any]:
    """Return a copy of a whole prompt with the changes of a plan in it."""
    changed = copy.deepcopy(dict(prompt))
    for node_id, inputs in plan.changed.items():
        changed[node_id]["inputs"].update(inputs)
    return changed


def host_inputs(class_type: str) -> dict[str, Sequence[Any]]:
    """Return what the inputs of one of the host's classes of nodes take; empty for an unknown class."""
    # Not by an import statement: type checkers would take our own `nodes` for the host's.
    known = import_module("nodes").NODE_CLASS_MAPPINGS.get(class_type)
    if known is None:
        return {}
    declared = known.INPUT_TYPES()
    return {**declared.get("required", {}), **declared.get("optional", {})}


def _seeds_of(
    node_id: str,
    node: Mapping[str, Any],
    inputs_of: InputsOf,
    nodes: Mapping[str, Mapping[str, Any]],
) -> Iterable[SeedInput]:
    declared = inputs_of(node["class_type"])
    for name in SEED_NAMES:
        value = node["inputs"].get(name)
        if name not in declared or declared[name][0] != "INT" or value is None:
            continue
        options = declared[name][1] if len(declared[name]) > 1 else {}
        known = _number_behind(value, nodes) if is_link(value) else int(value)
        low, high = int(options.get("min", 0)), int(options.get("max", 2**32 - 1))
        yield SeedInput(node_id, node["class_type"], name, known, low, high)


def _number_behind(link: Sequence[Any], nodes: Mapping[str, Mapping[str, Any]]) -> int | None:
    """Return the only whole number that the linked node holds, such as a primitive's value."""
    values = nodes[str(link[0])]["inputs"].values()
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    return numbers[0] if len(numbers) == 1 else None


def _depends(nodes: Mapping[str, Mapping[str, Any]], link: Any, on: set[str]) -> bool:
    return is_link(link) and not on.isdisjoint(nodes_upstream(nodes.__getitem__, link))


def _adjusted(
    nodes: Mapping[str, Mapping[str, Any]], inputs_of: InputsOf, adjustments: Sequence[Adjustment]
) -> Iterable[tuple[str, str, Any]]:
    for node_id, node in nodes.items():
        inputs = node["inputs"]
        for adjustment in adjustments:
            value = inputs.get(adjustment.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if adjustment.class_type not in (None, node["class_type"]) or any(
                name in inputs for name in adjustment.unless
            ):
                continue
            new = _within(adjustment.change(value), inputs_of(node["class_type"]).get(adjustment.name, ()))
            if new != value:
                yield node_id, adjustment.name, new


def _within(value: Any, declared: Sequence[Any]) -> Any:
    options = declared[1] if len(declared) > 1 else {}
    return min(max(value, options.get("min", value)), options.get("max", value))


def _downstream(nodes: Mapping[str, Mapping[str, Any]], changed: Mapping[str, Any]) -> Iterable[str]:
    """Return the nodes that a change reaches, in their order."""
    reached: set[str] = set()
    for node_id, node in nodes.items():
        if node_id in changed or any(
            is_link(value) and value[0] in reached for value in node["inputs"].values()
        ):
            reached.add(node_id)
            yield node_id


def _listed(nodes: Mapping[str, Mapping[str, Any]]) -> str:
    names = [f"{node['class_type']} {node_id}" for node_id, node in nodes.items()]
    return "looked at " + ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
