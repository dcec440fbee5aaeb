"""ComfyUI's own nodes, run from here: what the host can do stays in the host."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...errors import InputError

# The oldest ComfyUI that Tower supports, which has every node that is asked for here.
_SINCE = "0.3.64"


def run_host_node(node_id: str, **inputs: Any) -> tuple[Any, ...]:
    """Run a node of the host and return its outputs.

    Parameters
    ----------
    node_id : str
        The node's id, as in a workflow.
    **inputs
        Its inputs by name.

    Raises
    ------
    InputError
        If this ComfyUI has no such node.
    """
    node = host_node(node_id)
    if hasattr(node, "execute"):
        return tuple(node.execute(**inputs).result)
    return tuple(getattr(node(), node.FUNCTION)(**inputs))


def host_node(node_id: str) -> Any:
    """Return a node's class.

    Raises
    ------
    InputError
        If this ComfyUI has no such node.
    """
    node = import_module("nodes").NODE_CLASS_MAPPINGS.get(node_id)
    if node is None:
        raise InputError(
            f"This ComfyUI has no node {node_id!r}.",
            hint=f"ComfyUI {_SINCE} and later have it: update, or look for a failed import at start-up.",
        )
    return node


def choices_of(node_id: str, name: str) -> list[str]:
    """Return what an input of a node of the host can be chosen from.

    Raises
    ------
    InputError
        If this ComfyUI has no such node.
    """
    described = host_node(node_id).INPUT_TYPES()
    entry = {**described.get("required", {}), **described.get("optional", {})}[name]
    return list(entry[0] if isinstance(entry[0], (list, tuple)) else entry[1]["options"])
