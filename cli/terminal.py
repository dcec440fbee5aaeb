"""What the terminal shows: text, JSON and progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


def stdout() -> Console:
    """Return the console for results."""
    return Console()


def stderr() -> Console:
    """Return the console for progress, notes and errors."""
    return Console(stderr=True)


def print_json(value: Any) -> None:
    """Write a value for programs; what JSON does not know is written as text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


@contextmanager
def progress_bars(*, as_json: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar a stage on standard error, so that standard output stays clean."""
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), disable=as_json) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield advance
