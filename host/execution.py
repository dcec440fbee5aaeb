"""What ComfyUI is doing right now: the running prompt and node, and progress."""

from __future__ import annotations

from collections.abc import Callable


def running_prompt_id() -> str | None:
    """Return the id of the prompt whose node is running in this thread, if any."""
    from comfy_execution.utils import get_executing_context

    context = get_executing_context()
    return context.prompt_id if context is not None else None


def running_node_id() -> str | None:
    """Return the id of the node that is running in this thread, if any."""
    from comfy_execution.utils import get_executing_context

    context = get_executing_context()
    return context.node_id if context is not None else None


def progress_bar() -> Callable[[int, int], None]:
    """Return a ``progress(done, total)`` that moves the bar of the running node.

    It raises ComfyUI's own exception when the user has pressed Cancel.
    """
    from comfy import model_management
    from comfy.utils import ProgressBar

    bar = ProgressBar(1)

    def show(done: int, total: int) -> None:
        # Newer versions throttle the bar, and only look for a cancel when they redraw it.
        model_management.throw_exception_if_processing_interrupted()
        bar.update_absolute(done, max(total, 1))

    return show


def stop_if_cancelled() -> None:
    """Raise ComfyUI's own exception when the user has pressed Cancel."""
    from comfy import model_management

    model_management.throw_exception_if_processing_interrupted()


def keeps_metadata() -> bool:
    """Return whether files may carry the prompt: false under ``--disable-metadata``."""
    from comfy.cli_args import args

    return not args.disable_metadata
