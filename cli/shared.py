"""What the commands share: the services, their options, and the exit code of bad input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from .. import services
from .terminal import stderr

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
MEDIA = typer.Argument(help="One file or several.", show_default=False)


@contextmanager
def opened_services() -> Iterator[services.Services]:
    """Open the services for the length of a ``with`` block."""
    opened = services.open_services()
    try:
        yield opened
    finally:
        opened.close()


def fail_on_errors(errors: Sequence[str | None]) -> None:
    """Print each error as a sentence and leave with exit code 2, if there is one."""
    sentences = [error for error in errors if error]
    for sentence in sentences:
        stderr().print(sentence, markup=False, soft_wrap=True)
    if sentences:
        raise typer.Exit(2)
