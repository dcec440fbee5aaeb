"""Progress and timing of nodes, from the host's own registry. Imported only inside the host."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from comfy_execution.progress import NodeState, ProgressHandler, add_progress_handler, get_progress_state

from .submission import NodeRun

logger = logging.getLogger(__name__)


class NodeProgress(ProgressHandler):
    """Follows one prompt from node to node.

    Parameters
    ----------
    unneeded : collection of str
        Nodes that will not run: cached ones, and ones that no output asks for.
    """

    def __init__(
        self,
        unneeded: Collection[str],
        on_percent: Callable[[int], None],
        on_node: Callable[[NodeRun], None],
    ) -> None:
        super().__init__("tower")
        self._unneeded = unneeded
        self._on_percent = on_percent
        self._on_node = on_node
        self._registry: Any = None
        self._starts: dict[str, float] = {}

    def set_registry(self, registry: Any) -> None:
        """Take the registry of the running prompt."""
        self._registry = registry

    def start_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """Note when a node starts."""
        self._starts.setdefault(node_id, time.perf_counter())

    def update_handler(self, *_: Any, **__: Any) -> None:
        """Pass on the progress within a node."""
        self._report()

    def finish_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """Pass on a node's timing; a cached node finishes without a start."""
        start = self._starts.pop(node_id, None)
        if start is not None:
            self._report(node_id, time.perf_counter() - start)
        else:
            self._report()

    def _report(self, node_id: str = "", seconds: float = 0.0) -> None:
        try:
            if node_id:
                graph = self._registry.dynprompt
                node_type = graph.get_node(node_id)["class_type"]
                self._on_node(NodeRun(node_id, node_type, graph.get_display_node_id(node_id), seconds))
            self._on_percent(percent_done(self._registry, self._unneeded))
        except Exception:  # The host's run must not suffer from what only watches it.
            logger.exception("Tower could not record the progress of a node.")


def follow(prompt_id: str, handler: NodeProgress) -> None:
    """Attach a handler to the registry of a prompt, if that is the one running."""
    if get_progress_state().prompt_id == prompt_id:
        add_progress_handler(handler)


def percent_of(prompt_id: str, unneeded: Collection[str]) -> int | None:
    """Return the progress of a prompt in percent; None if it is not the one running."""
    registry = get_progress_state()
    return percent_done(registry, unneeded) if registry.prompt_id == prompt_id else None


def percent_done(registry: Any, unneeded: Collection[str]) -> int:
    """Return which part of the nodes is done, 0–99: the last percent is for the host's word of success."""
    # Counted anew each time, because expanding nodes add to the graph while it runs.
    needed = registry.dynprompt.all_node_ids().difference(unneeded)
    done = sum(_fraction(state) for node_id, state in list(registry.nodes.items()) if node_id in needed)
    return int(99 * min(done / len(needed), 1.0)) if needed else 99


def unneeded_nodes(
    prompt: Mapping[str, Any], outputs: Iterable[str], cached: Iterable[str]
) -> frozenset[str]:
    """Return the nodes of a graph that do not run: cached ones, and ones that no output depends on."""
    reached: set[str] = set()
    pending = list(outputs)
    while pending:
        node_id = pending.pop()
        if node_id in reached or node_id not in prompt:
            continue
        reached.add(node_id)
        values = prompt[node_id].get("inputs", {}).values()
        pending.extend(str(value[0]) for value in values if isinstance(value, list) and len(value) == 2)
    return frozenset(prompt).difference(reached).union(cached)


def _fraction(state: Mapping[str, Any]) -> float:
    if state["state"] is NodeState.Finished:
        return 1.0
    return min(max(state["value"] / state["max"], 0.0), 1.0) if state["max"] else 0.0
