"""A workflow while it is changed; every change is noted."""

from __future__ import annotations

import copy
from typing import Any

from .ensured import INSERTED, REWIRED, SET, Change, EnsuredGraph
from .reading import Link, Nodes, as_link, named

# Longer rows of digits are not counters; nobody needs to count on from them.
_MOST_DIGITS = 15


class GraphEditor:
    """Changes a copy of a workflow.

    Parameters
    ----------
    graph : mapping
        A workflow that `check_graph` let through; it is not changed.
    """

    def __init__(self, graph: Nodes) -> None:
        self.nodes: dict[str, dict[str, Any]] = {
            node_id: copy.deepcopy(dict(node)) for node_id, node in graph.items()
        }
        self._changes: list[Change] = []
        self._next = 1 + max((number for node_id in graph for number in _numbers(node_id)), default=0)

    def insert(self, class_type: str, inputs: dict[str, Any], what: str) -> str:
        """Add a node and return its id, which no node has had."""
        node_id = str(self._next)
        self._next += 1
        written = {name: _written(value) for name, value in inputs.items()}
        self.nodes[node_id] = {"class_type": class_type, "inputs": written}
        self._changes.append(Change(INSERTED, node_id, class_type, what, after=copy.deepcopy(written)))
        return node_id

    def set(self, node_id: str, name: str, value: Any) -> None:
        """Give an input another link or value; nothing happens where it has that already."""
        inputs, after = self.nodes[node_id]["inputs"], _written(value)
        before = inputs.get(name)
        if name in inputs and (as_link(before) or before) == (as_link(after) or after):
            return
        inputs[name] = after
        told = f"{named(self.nodes, node_id)}: {name} is {self._shown(after)}"
        told += f" instead of {self._shown(before)}." if before is not None else "."
        kind = SET if as_link(after) is None else REWIRED
        class_type = self.nodes[node_id]["class_type"]
        self._changes.append(Change(kind, node_id, class_type, told, name, before, copy.copy(after)))

    def result(self) -> EnsuredGraph:
        """Return the workflow as it is now, with all changes."""
        return EnsuredGraph({**self.nodes}, tuple(self._changes))

    def _shown(self, value: Any) -> str:
        link = as_link(value)
        if link is None or link[0] not in self.nodes:
            return repr(value)
        return f"output {link[1]} of {named(self.nodes, link[0])}"


def _written(value: Link | Any) -> Any:
    """Return a link as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def _numbers(node_id: str) -> list[int]:
    """Return the numbers in an id; those of a node in a subgraph are joined, as in ``10:3``."""
    parts = node_id.replace(".", ":").split(":")
    return [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) <= _MOST_DIGITS]
