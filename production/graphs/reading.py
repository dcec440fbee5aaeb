"""Workflows in API form: checked, and their links followed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...errors import InputError

Nodes = Mapping[str, Mapping[str, Any]]
Link = tuple[str, int]

EXPORT_HINT = "In ComfyUI, export it with Workflow > Export (API)."


def as_link(value: Any) -> Link | None:
    """Return an input's value as (node id, output), None where it is a value of its own."""
    is_pair = isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str)
    if not is_pair or isinstance(value[1], bool) or not isinstance(value[1], int | float):
        return None
    return (value[0], int(value[1])) if math.isfinite(value[1]) else None


def links_of(node: Mapping[str, Any]) -> dict[str, Link]:
    """Return the inputs of a node that are links."""
    found = {name: as_link(value) for name, value in node["inputs"].items()}
    return {name: link for name, link in found.items() if link is not None}


def check_graph(graph: Any) -> None:
    """Refuse what is not a whole workflow in API form.

    Raises
    ------
    InputError
        If it is empty, of another form, or has links that lead nowhere or in a circle.
    """
    _check_form(graph)
    for node_id, node in graph.items():
        for name, (source, _) in links_of(node).items():
            if source not in graph:
                raise InputError(
                    f"The input {name} of {named(graph, node_id)} is linked to node {source}, which does not "
                    "exist.",
                    field=f"prompt.{node_id}.{name}"[:80],
                    hint="Export the workflow again.",
                )
    _check_acyclic(graph)


def named(nodes: Nodes, node_id: str) -> str:
    """Return what sentences call a node."""
    return f"{nodes[node_id]['class_type'][:60]} {node_id[:60]}"


def is_reroute(node: Mapping[str, Any]) -> bool:
    """Return whether a node only hands on its one link."""
    return "reroute" in node["class_type"].casefold() and len(links_of(node)) == 1


def source_of(nodes: Nodes, link: Link) -> Link:
    """Follow a link through reroutes to where it begins."""
    while is_reroute(nodes[link[0]]):
        [link] = links_of(nodes[link[0]]).values()
    return link


def literal(nodes: Nodes, value: Any) -> Any:
    """Return an input's value, also when it comes from a primitive; None when only a run can tell."""
    link = as_link(value)
    if link is None:
        return value
    inputs = nodes[source_of(nodes, link)[0]]["inputs"]
    if links_of({"inputs": inputs}):
        return None
    return inputs["value"] if "value" in inputs else next(iter(inputs.values()), None)


def walk(start: str, step: Callable[[str], list[str]]) -> Iterator[str]:
    """Visit nodes, the nearest first, each once; `step` names the next ones of a node."""
    seen, pending = {start}, [start]
    for node_id in pending:
        yield node_id
        fresh = [other for other in dict.fromkeys(step(node_id)) if other not in seen]
        seen.update(fresh)
        pending.extend(fresh)


def upstream(nodes: Nodes, node_id: str) -> Iterator[str]:
    """Visit a node and all that it depends on, the nearest first."""
    return walk(node_id, lambda current: [source for source, _ in links_of(nodes[current]).values()])


def users_of(nodes: Nodes) -> dict[str, list[str]]:
    """Return for each node those that are linked to one of its outputs."""
    users: dict[str, list[str]] = {}
    for user, node in nodes.items():
        for source, _ in links_of(node).values():
            users.setdefault(source, []).append(user)
    return users


def _check_form(graph: Any) -> None:
    if not isinstance(graph, Mapping):
        raise InputError(
            f"A workflow is an object of nodes by their ids, not {type(graph).__name__}.",
            field="prompt",
            hint=EXPORT_HINT,
        )
    if not graph:
        raise InputError("The workflow is empty.", field="prompt", hint=EXPORT_HINT)
    if isinstance(graph.get("nodes"), list):
        raise InputError(
            "The workflow is in the form that ComfyUI's editor saves, with nodes and links in lists.",
            field="prompt",
            hint=EXPORT_HINT,
        )
    if isinstance(graph.get("prompt"), Mapping) and "class_type" not in graph["prompt"]:
        raise InputError(
            "The workflow is inside an object with the key 'prompt'.",
            field="prompt",
            hint="Give what stands under that key alone.",
        )
    for node_id, node in graph.items():
        _check_node(node_id, node)


def _check_node(node_id: Any, node: Any) -> None:
    is_node = (
        isinstance(node_id, str)
        and isinstance(node, Mapping)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), Mapping)
    )
    if not is_node:
        raise InputError(
            f"{str(node_id)[:80]!r} is not a node in API form: it has no id, class_type and inputs.",
            field="prompt",
            hint=EXPORT_HINT,
        )


def _check_acyclic(graph: Nodes) -> None:
    """Take away nodes that depend on no other, until none is left; what stays is a circle or behind one."""
    waits_for = {
        node_id: {source for source, _ in links_of(node).values()} for node_id, node in graph.items()
    }
    users = users_of(graph)
    free = [node_id for node_id, sources in waits_for.items() if not sources]
    for node_id in free:
        for user in users.get(node_id, []):
            # Two links from one node are two users.
            if node_id in waits_for[user]:
                waits_for[user].discard(node_id)
                if not waits_for[user]:
                    free.append(user)
    if len(free) < len(graph):
        circle = _circle(waits_for, next(node_id for node_id in graph if waits_for[node_id]))
        raise InputError(
            f"The links go in a circle: {' ← '.join(named(graph, node_id) for node_id in circle[:8])}.",
            field="prompt",
            hint="A node cannot depend on itself.",
        )


def _circle(waits_for: Mapping[str, set[str]], start: str) -> list[str]:
    """Go upstream from a node that never becomes free until a node comes again."""
    trail = [start]
    while True:
        following = min(waits_for[trail[-1]])
        if following in trail:
            return [*trail[trail.index(following) :], following]
        trail.append(following)
