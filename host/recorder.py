"""Watches every prompt that the host runs.

The host has no event for prompts without a client, so this is the one place that wraps functions of it: the
executor's messages, and the queue's ways in and out. Wraps are made only of what is there, each call goes
through to the original, and `Recorder.uninstall` takes them off. A slow poll of queue and history mends what
a wrap missed, and becomes a quick one when a future host lacks something to wrap.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

from .submission import (
    CANCELLED,
    DONE,
    FAILED,
    Ending,
    JobSink,
    NodeRun,
    Submission,
    failure_of,
    read_submission,
)

__all__ = ["Ending", "JobSink", "NodeRun", "Recorder", "Submission"]

logger = logging.getLogger(__name__)

POLL_SECONDS = 5.0
POLL_SECONDS_UNHOOKED = 0.25
HISTORY_PER_POLL = 100
# The host announces a prompt before it stands in the queue, so being absent once means nothing.
ABSENCES_TO_END = 2

_Call = Callable[[], Any]
_Args = tuple[Any, ...]
_Kwargs = dict[str, Any]


@dataclass(slots=True)
class _Run:
    submission: Submission
    has_started: bool = False
    percent: int = 0
    cached: tuple[str, ...] = ()
    unneeded: frozenset[str] = frozenset()
    absences: int = 0


@dataclass(slots=True)
class _Wrap:
    owner: Any
    name: str
    wrapper: Callable[..., Any]
    # What stood in the owner's own namespace; absent when the wrap hides an inherited function.
    before: dict[str, Any] = field(default_factory=dict)


class Recorder:
    """Tells a sink about every prompt of a host.

    Parameters
    ----------
    sink : JobSink
        Where it goes. An error of the sink is logged and never reaches the host.
    server : PromptServer
        The host's server, whose ``prompt_queue`` is watched.
    """

    def __init__(self, sink: JobSink, server: Any) -> None:
        self._sink = sink
        self._queue = server.prompt_queue
        self._lock = threading.RLock()
        self._open: dict[str, _Run] = {}
        self._closed: deque[str] = deque(maxlen=10_000)
        self._wraps: list[_Wrap] = []
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None
        self.missing: tuple[str, ...] = ()

    def install(self) -> None:
        """Wrap what the host has, and start to poll; a second call does nothing."""
        if self._poller is not None:
            return
        import execution

        executor = getattr(execution, "PromptExecutor", None)
        wanted = (
            (executor, "add_message", self._around_add_message),
            (self._queue, "put", self._around_put),
            (self._queue, "task_done", self._around_task_done),
            (self._queue, "delete_queue_item", self._around_removal),
            (self._queue, "wipe_queue", self._around_removal),
        )
        self.missing = tuple(name for owner, name, around in wanted if not self._wrap(owner, name, around))
        if self.missing:
            logger.warning(
                "This ComfyUI lacks %s; Tower records jobs by polling, without all timings.",
                ", ".join(self.missing),
            )
        self._guarded(lambda: self._closed.extend(self._queue.get_history()))
        self._stop.clear()
        self._poller = threading.Thread(target=self._poll, name="tower-recorder", daemon=True)
        self._poller.start()

    def uninstall(self) -> None:
        """Put the host's own functions back, and stop to poll."""
        self._stop.set()
        if self._poller is not None:
            self._poller.join(2 * POLL_SECONDS)
            self._poller = None
        while self._wraps:
            wrap = self._wraps.pop()
            if vars(wrap.owner).get(wrap.name) is not wrap.wrapper:
                continue  # Someone wrapped it after us; without a recorder ours only passes through.
            if wrap.before:
                setattr(wrap.owner, wrap.name, wrap.before[wrap.name])
            else:
                delattr(wrap.owner, wrap.name)

    def reconcile(self) -> None:
        """Compare what is known with queue and history, and make up for what was missed."""
        running, pending = self._queue_items()
        present = {str(item[1]) for item in (*running, *pending)}
        for item in (*pending, *running):
            self._adopt(item)
        for item in running:
            self._on_start(str(item[1]))
            self._poll_progress(str(item[1]))
        if self.missing:
            self._adopt_history()
        with self._lock:
            runs = list(self._open.items())
        for prompt_id, run in runs:
            run.absences = 0 if prompt_id in present else run.absences + 1
            if run.absences >= ABSENCES_TO_END:
                self._on_end(prompt_id, self._ending_from_history(prompt_id))

    def _wrap(self, owner: Any, name: str, around: Callable[[_Call, _Args, _Kwargs], Any]) -> bool:
        original = getattr(owner, name, None)
        if not callable(original):
            return False

        @wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            call = partial(original, *args, **kwargs)
            return call() if self._stop.is_set() else around(call, args, kwargs)

        before = {name: vars(owner)[name]} if name in vars(owner) else {}
        self._wraps.append(_Wrap(owner, name, wrapper, before))
        setattr(owner, name, wrapper)
        return True

    def _around_add_message(self, call: _Call, args: _Args, kwargs: _Kwargs) -> Any:
        result = call()
        self._guarded(lambda: self._on_message(kwargs.get("event") or args[1], kwargs.get("data") or args[2]))
        return result

    def _around_put(self, call: _Call, args: _Args, kwargs: _Kwargs) -> Any:
        # Before the call: the host's worker may start the prompt the moment that it is in the queue.
        self._guarded(lambda: self._on_put(kwargs.get("item") or args[0]))
        return call()

    def _around_task_done(self, call: _Call, *_: Any) -> Any:
        result = call()
        self._guarded(self._end_finished)
        return result

    def _around_removal(self, call: _Call, *_: Any) -> Any:
        with self._queue_lock():
            before = self._present_ids()
            result = call()
            removed = before - self._present_ids()
        for prompt_id in removed:
            self._guarded(self._on_end, prompt_id, Ending(CANCELLED, "It was taken out of the queue."))
        return result

    def _on_put(self, item: Sequence[Any]) -> None:
        if str(item[1]) in self._open:
            return
        submission = read_submission(item)
        with self._lock:
            if submission.prompt_id in self._open:
                return
            self._open[submission.prompt_id] = _Run(submission)
            self._sink.queued(submission)

    def _adopt(self, item: Sequence[Any]) -> None:
        prompt_id = str(item[1])
        if prompt_id not in self._open and prompt_id not in self._closed:
            self._on_put(item)

    def _adopt_history(self) -> None:
        """Record what came and went between two polls."""
        history = self._queue.get_history(max_items=HISTORY_PER_POLL)
        for prompt_id in [key for key in history if key not in self._open and key not in self._closed]:
            self._on_put(history[prompt_id]["prompt"])
            self._on_start(prompt_id)
            self._on_end(prompt_id, self._ending_from_history(prompt_id))

    def _on_message(self, event: str, details: Mapping[str, Any]) -> None:
        prompt_id = str(details.get("prompt_id", ""))
        if event == "execution_start":
            for item in self._queue_items()[0]:
                if str(item[1]) == prompt_id:
                    self._on_put(item)
            self._on_start(prompt_id)
        elif event == "execution_cached":
            self._follow(prompt_id, tuple(str(node_id) for node_id in details.get("nodes") or ()))
        elif event == "execution_success":
            self._on_end(prompt_id, Ending(DONE))
        elif event in ("execution_error", "execution_interrupted"):
            self._on_end(prompt_id, _unhappy_ending(event, details))

    def _on_start(self, prompt_id: str) -> None:
        with self._lock:
            run = self._open.get(prompt_id)
            if run is None or run.has_started:
                return
            run.has_started = True
            self._sink.started(prompt_id)

    def _follow(self, prompt_id: str, cached: tuple[str, ...]) -> None:
        from .node_progress import NodeProgress, follow, unneeded_nodes

        run = self._open.get(prompt_id)
        if run is None:
            return
        run.cached = cached
        run.unneeded = unneeded_nodes(run.submission.prompt, run.submission.outputs, cached)
        on_node = partial(self._sink.node_finished, prompt_id)
        follow(prompt_id, NodeProgress(run.unneeded, partial(self._on_percent, prompt_id), on_node))

    def _on_percent(self, prompt_id: str, percent: int) -> None:
        with self._lock:
            run = self._open.get(prompt_id)
            if run is None or percent <= run.percent:
                return
            run.percent = percent
            self._sink.progressed(prompt_id, percent)

    def _end_finished(self) -> None:
        """End what ran and runs no more, where the host's own word of its end is missing."""
        present = self._present_ids()
        for prompt_id in [key for key, run in self._open.items() if run.has_started and key not in present]:
            self._on_end(prompt_id, self._ending_from_history(prompt_id))

    def _on_end(self, prompt_id: str, ending: Ending) -> None:
        with self._lock:
            run = self._open.pop(prompt_id, None)
            if run is None:
                return
            self._closed.append(prompt_id)
            self._sink.ended(prompt_id, Ending(ending.outcome, ending.error, ending.node_id, run.cached))

    def _ending_from_history(self, prompt_id: str) -> Ending:
        entry = self._queue.get_history(prompt_id=prompt_id).get(prompt_id)
        if entry is None:
            return Ending(CANCELLED, "It left the queue without a result.")
        status = entry.get("status") or {}
        for event, details in reversed(status.get("messages") or []):
            if event in ("execution_error", "execution_interrupted"):
                return _unhappy_ending(event, details)
        if status.get("status_str", "success") == "success":
            return Ending(DONE)
        return Ending(FAILED, "ComfyUI reported an error without a message.")

    def _poll(self) -> None:
        while not self._stop.wait(POLL_SECONDS_UNHOOKED if self.missing else POLL_SECONDS):
            self._guarded(self.reconcile)

    def _poll_progress(self, prompt_id: str) -> None:
        run = self._open.get(prompt_id)
        if run is None or "add_message" not in self.missing:
            return
        from .node_progress import percent_of, unneeded_nodes

        unneeded = unneeded_nodes(run.submission.prompt, run.submission.outputs, ())
        percent = percent_of(prompt_id, unneeded)
        if percent is not None:
            self._on_percent(prompt_id, percent)

    def _queue_items(self) -> tuple[list[Any], list[Any]]:
        read = getattr(self._queue, "get_current_queue_volatile", None) or self._queue.get_current_queue
        running, pending = read()
        return list(running), list(pending)

    def _present_ids(self) -> set[str]:
        running, pending = self._queue_items()
        return {str(item[1]) for item in (*running, *pending)}

    def _queue_lock(self) -> AbstractContextManager[Any]:
        return getattr(self._queue, "mutex", None) or nullcontext()

    def _guarded(self, act: Callable[..., None], *args: Any) -> None:
        try:
            act(*args)
        except Exception:  # The host's run must not suffer from what only watches it.
            logger.exception("Tower could not record a job.")


def _unhappy_ending(event: str, details: Mapping[str, Any]) -> Ending:
    node_id = str(details.get("node_id") or "")
    if event == "execution_error":
        return Ending(FAILED, failure_of(details), node_id)
    place = f" in node {node_id} ({details.get('node_type', '?')})" if node_id else ""
    return Ending(CANCELLED, f"It was stopped{place}.", node_id)
