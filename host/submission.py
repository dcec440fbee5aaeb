"""What the host tells about a prompt, as plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

DONE, FAILED, CANCELLED = "done", "failed", "cancelled"

_SECRET = re.compile(r"token|secret|passw|api_?key|credential|authorization|cookie", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Submission:
    """A prompt as it was queued.

    Parameters
    ----------
    prompt : dict
        The graph in API form.
    workflow : dict or None
        The graph in the editor's form; None when the caller sent none.
    extra_data : dict
        What else came with it, without secrets and without the workflow.
    outputs : tuple of str
        Ids of the nodes that were asked for.
    """

    prompt_id: str
    prompt: dict[str, Any]
    workflow: dict[str, Any] | None = None
    extra_data: dict[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeRun:
    """One node that ran.

    Parameters
    ----------
    display_node_id : str
        The visible node; differs from `node_id` for nodes that an expanding node made.
    seconds : float
        From start to finish; of an expanding node this includes all that it made.
    """

    node_id: str
    node_type: str
    display_node_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a prompt ended.

    Parameters
    ----------
    outcome : str
        ``done``, ``failed`` or ``cancelled``.
    error : str
        One sentence, and for a failure the traceback below it; empty when done.
    node_id : str
        The node that failed or was stopped.
    cached : tuple of str
        Nodes whose earlier result was used.
    """

    outcome: str
    error: str = ""
    node_id: str = ""
    cached: tuple[str, ...] = ()


class JobSink(Protocol):
    """Takes what the recorder sees; called from the host's threads, so it must return at once."""

    def queued(self, submission: Submission) -> None:
        """Take a prompt that enters the queue."""
        ...

    def started(self, prompt_id: str) -> None:
        """Take the begin of its execution."""
        ...

    def progressed(self, prompt_id: str, percent: int) -> None:
        """Take its progress, 0–99, rising."""
        ...

    def node_finished(self, prompt_id: str, run: NodeRun) -> None:
        """Take one node's timing."""
        ...

    def ended(self, prompt_id: str, ending: Ending) -> None:
        """Take its end; nothing follows for this prompt."""
        ...


def read_submission(item: Sequence[Any]) -> Submission:
    """Copy what may be kept of a queue item.

    The host changes the graph while it runs, hence a copy. Only the first five elements are read: newer
    hosts put the caller's tokens into a sixth.
    """
    _, prompt_id, prompt, extra_data, outputs = item[:5]
    extra = dict(extra_data)
    png_info = extra.pop("extra_pnginfo", None)
    workflow = png_info.get("workflow") if isinstance(png_info, Mapping) else None
    return Submission(
        prompt_id=str(prompt_id),
        prompt=_copied(prompt),
        workflow=_copied(workflow) if isinstance(workflow, Mapping) else None,
        extra_data=without_secrets(_copied(extra)),
        outputs=tuple(str(node_id) for node_id in outputs),
    )


def without_secrets(value: Any) -> Any:
    """Replace everything whose key sounds like a secret, at any depth."""
    if isinstance(value, Mapping):
        return {k: "[redacted]" if _SECRET.search(str(k)) else without_secrets(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def failure_of(error: Mapping[str, Any]) -> str:
    """Write the host's error event as a sentence with the traceback below it."""
    place = f"Node {error.get('node_id', '?')} ({error.get('node_type', '?')})"
    reason = f"{error.get('exception_type', 'Error')}: {str(error.get('exception_message', '')).strip()}"
    frames = "".join(str(frame) for frame in error.get("traceback") or ())
    return f"{place} failed: {reason}\n\nTraceback (most recent call last):\n{frames}{reason}"


def _copied(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
