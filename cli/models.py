"""The commands for model files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from ..services.models import ModelState

_MIB = 1 << 20

model_app = typer.Typer(help="Model files of the identity encoders.", no_args_is_help=True)


@model_app.command("list")
def models_list(as_json: AsJson = False) -> None:
    """List the models that encoders can use, with what is installed."""
    with opened_services() as opened:
        states = opened.models.states()
    if as_json:
        print_json([state.as_json() for state in states])
    else:
        stdout().print(_table(states))


@model_app.command("get")
def models_get(
    names: Annotated[
        list[str], typer.Argument(help="As `tower models list` calls them.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Fetch models, checked against their pinned digests; a stopped download goes on where it was."""
    with opened_services() as opened:
        # All names are looked up before anything is fetched.
        for state in [opened.models.state(name) for name in names]:
            stderr().print(
                f"{state.name}: {state.purpose} Licence: {state.licence}. "
                f"From https://huggingface.co/{state.repository}",
                markup=False,
                soft_wrap=True,
            )
        with progress_bars(as_json=as_json) as progress:
            states = [
                opened.models.get(
                    name,
                    lambda done, total, name=name: progress(
                        f"{name} (MiB)"[:40], done // _MIB, -(-total // _MIB)
                    ),
                )
                for name in names
            ]
    if as_json:
        print_json([state.as_json() for state in states])
        return
    for state in states:
        stdout().print(f"{state.name}: {', '.join(state.installed)}", markup=False, soft_wrap=True)


def _table(states: Iterable[ModelState]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in ("model", "kind", "MiB", "licence", "where"):
        table.add_column(column, overflow="fold")
    for state in states:
        size = "?" if state.size is None else str(round(state.size / _MIB))
        where = Text(state.installed[0], style="green") if state.installed else Text("not installed")
        table.add_row(Text(state.name), state.kind, size, Text(state.licence), where)
    return table
