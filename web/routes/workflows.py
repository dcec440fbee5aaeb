"""Workflows that are made to keep a character."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from ...production.graphs.ensured import EnsureOptions
from .fields import LoraName, Name
from .pool import CpuPool
from .registrar import Registrar
from .schemas import Body, Shown

if TYPE_CHECKING:
    from ...services import Services

MAX_NODES = 2000
_MAX_DEPTH = 32
# ComfyUI's seeds are unsigned and of 64 bits.
_MAX_NUMBER = 2**64


def _clean_graph(graph: dict[str, Any]) -> dict[str, Any]:
    """Keep out what could not be sent back: half characters, numbers without bounds, deep nests."""
    pending: list[tuple[Any, int]] = [(graph, 1)]
    for value, depth in pending:
        if depth > _MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
        if isinstance(value, str) and any(unicodedata.category(letter) == "Cs" for letter in value):
            raise ValueError("it contains half a character, which no text may")
        if isinstance(value, int) and abs(value) >= _MAX_NUMBER:
            raise ValueError("it contains an integer beyond 64 bits")
        if isinstance(value, dict):
            pending += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            pending += [(part, depth + 1) for part in value]
    return graph


class EnsureSettings(Body):
    """How the character is put in; what is not told stays as the workflow has it."""

    version: Annotated[int, Field(ge=0, le=9999)] | None = Field(
        default=None, description="0 is the current."
    )
    strength: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=None, description="Factor on LoRAs and adapter."
    )
    on_missing: Literal["stop", "degrade"] | None = None
    use_prompt: bool | None = None
    use_lora: bool | None = None
    use_reference_latents: bool | None = None
    adapter: LoraName | None = Field(default=None, description="File name of an adapter.")
    clip_vision: LoraName | None = Field(default=None, description="File name of what it looks through.")
    region: (
        Literal["whole", "left", "centre", "right", "left half", "right half", "top half", "bottom half"]
        | None
    ) = None
    pose: Name | None = Field(default=None, description="Name of a pose; in words without a ControlNet.")
    controlnet: LoraName | None = Field(default=None, description="File name of the one that draws the pose.")
    pose_strength: Annotated[float, Field(ge=0, le=10)] | None = None


class EnsureRequest(Body):
    """A workflow, and whom it shall keep."""

    prompt: Annotated[dict[str, Any], Field(max_length=MAX_NODES), AfterValidator(_clean_graph)] = Field(
        description="The workflow in API form: nodes by their ids, as ComfyUI's `/prompt` takes them."
    )
    character: Name = Field(description="`name`, `project / name`, or `name @ 2` for a version.")
    options: EnsureSettings = Field(default=EnsureSettings())


class ChangeShown(Shown):
    """One change of a workflow."""

    kind: Literal["inserted", "rewired", "set"]
    node: str
    class_type: str
    input: str | None = Field(description="Null for a new node.")
    from_: Any = Field(alias="from", description="Link or value before; null where there was none.")
    to: Any = Field(description="Link or value after; of a new node, its inputs.")
    what: str = Field(description="The change as a sentence.")


class EnsuredShown(Shown):
    """The changed workflow."""

    prompt: dict[str, Any] = Field(description="Post it to ComfyUI's `/prompt` as `prompt`.")
    changes: list[ChangeShown] = Field(description="Empty where nothing had to be changed.")
    warnings: list[str] = Field(description="Model files that were not found.")


def add_workflow_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of workflows."""

    @api.write("POST", "/anime/workflows/ensure_consistency", errors=(404,))
    async def ensure_workflow_consistency(body: EnsureRequest) -> EnsuredShown:
        """Put a character in front of every sampler of a workflow; nothing is queued or stored."""
        options = EnsureOptions(**body.options.given())
        order = await services.database.run(services.workflows.order, body.character, options)
        ensured = await pool.run(services.workflows.put, body.prompt, order)
        return EnsuredShown.model_validate(ensured.as_json())
