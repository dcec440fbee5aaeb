"""The commands of workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..production.graphs.ensured import EnsureOptions
from .shared import AsJson, opened_services
from .terminal import print_json, stderr, stdout

workflow_app = typer.Typer(help="ComfyUI workflows in API form.", no_args_is_help=True)


@workflow_app.callback()
def _workflow() -> None:
    """Keep `ensure` a command of its own while it is the only one."""


@workflow_app.command("ensure")
def workflow_ensure(
    graph: Annotated[
        Path,
        typer.Argument(metavar="GRAPH.json", help="A workflow, exported in API form.", show_default=False),
    ],
    character: Annotated[
        str, typer.Option(help="Its name, 'project / name', or 'name @ 2'.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.", show_default="standard output")
    ] = None,
    strength: Annotated[float | None, typer.Option(min=0, max=2, help="Factor on LoRAs and adapter.")] = None,
    on_missing: Annotated[str | None, typer.Option(help="A missing LoRA: stop or degrade.")] = None,
    prompt: Annotated[bool | None, typer.Option("--prompt/--no-prompt", help="Add its prompts.")] = None,
    lora: Annotated[bool | None, typer.Option("--lora/--no-lora", help="Load its LoRAs.")] = None,
    latents: Annotated[
        bool | None, typer.Option("--latents/--no-latents", help="Attach its references as latents.")
    ] = None,
    adapter: Annotated[str | None, typer.Option(help="File name of an adapter.")] = None,
    clip_vision: Annotated[str | None, typer.Option(help="File name of what it looks through.")] = None,
    region: Annotated[str | None, typer.Option(help="Its part of the picture, such as left.")] = None,
    pose: Annotated[str | None, typer.Option(help="Name of a pose.")] = None,
    controlnet: Annotated[str | None, typer.Option(help="File name of what draws the pose.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a character in front of every sampler of a workflow; a second time changes nothing."""
    options = EnsureOptions(
        strength=strength,
        on_missing=on_missing,
        use_prompt=prompt,
        use_lora=lora,
        use_reference_latents=latents,
        adapter=adapter,
        clip_vision=clip_vision,
        region=region,
        pose=pose,
        controlnet=controlnet,
    )
    with opened_services() as opened:
        ensured = opened.workflows.ensure_file(graph, character, options, output)
    if as_json:
        print_json(ensured.as_json())
        return
    if output is None:
        print_json(ensured.prompt)
    # The workflow alone goes to standard output, so that it can be piped on.
    console = stderr() if output is None else stdout()
    for change in ensured.changes:
        console.print(change.what, markup=False, highlight=False, soft_wrap=True)
    if not ensured.changes:
        console.print(f"The workflow keeps {character} already; nothing was changed.", markup=False)
    for warning in ensured.warnings:
        stderr().print(f"note: {warning}", markup=False, soft_wrap=True)
