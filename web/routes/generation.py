"""Stills made by this ComfyUI, and scored."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ...production.graphs.ensured import EnsureOptions
from ...production.job import JobStatus
from ...services.generating import MadeStill, QueuedStill, StillWish
from .assets import listed_assets
from .fields import Id, LoraName, Name, Text
from .pool import CpuPool
from .redaction import redacted
from .registrar import Registrar
from .schemas import AssetListed, Body, Shown
from .workflows import ChangeShown, EnsureSettings

if TYPE_CHECKING:
    from ...services import Services

_POLL_SECONDS = 0.25
# What the request and the order call by the same name.
_OF_ORDER = {"negative", "steps", "cfg", "sampler_name", "scheduler", "on_fail", "max_attempts", "project"}
_Side = Annotated[int, Field(ge=64, le=8192, multiple_of=8)]


class GenerateRequest(Body):
    """A still that is wished for."""

    scene: Text = Field(description="What the picture shows, in the words of the model.", min_length=1)
    negative: Text = Field(default="", description="What it shall not show.")
    character_id: Id | None = Field(default=None, description="Whom it shows, and is scored against.")
    ensure_consistency: bool = Field(
        default=True, description="Put the character into the model too; without it, it is only scored."
    )
    options: EnsureSettings = Field(default=EnsureSettings(), description="How the character is put in.")
    checkpoint: LoraName | None = Field(default=None, description="ComfyUI's first one when left out.")
    width: _Side | None = Field(default=None, description="What the checkpoint was trained on, if left out.")
    height: _Side | None = Field(default=None, description="The same.")
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = Field(
        default=None, description="A new one if left out."
    )
    steps: Annotated[int, Field(ge=1, le=1000)] = 25
    cfg: Annotated[float, Field(ge=0, le=100)] = 6.0
    sampler_name: Name = "euler"
    scheduler: Name = "normal"
    on_fail: Literal["report", "regenerate"] = Field(
        default="report", description="regenerate: made again until it passes; the best one is kept."
    )
    max_attempts: Annotated[int, Field(ge=1, le=16)] = 4
    project: Name = Field(default="My Project", description="Filed under it; a character's own goes first.")
    wait_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=600.0, description="How long the answer may take; the job goes on after it."
    )


class QualityShown(Shown):
    """How well the picture shows the character."""

    consistency: float | None = Field(
        description="0 to 1, 0.5 is the threshold; null where nothing could be measured, which is no pass."
    )
    passed: bool | None
    reason: str
    encoder: str
    attempts: int = Field(description="How many pictures were made and judged.")


class GeneratedShown(Shown):
    """A still whose job has ended."""

    job_id: int
    prompt_id: str
    status: JobStatus
    error: str = Field(description="Why it failed; empty otherwise.")
    seed: int
    checkpoint: str
    width: int
    height: int
    assets: list[AssetListed]
    quality_metrics: QualityShown | None = Field(description="Null without a character.")
    changes: list[ChangeShown] = Field(description="What was done to the workflow to keep the character.")
    warnings: list[str]


class PendingShown(Shown):
    """A still that is not made yet."""

    http_status: ClassVar[int] = 202

    prompt_id: str = Field(description="Its job has the same: `/anime/jobs`.")
    status: Literal["queued"] = "queued"
    seed: int
    checkpoint: str


def add_generation_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the route that makes stills."""

    @api.write("POST", "/anime/generate", errors=(404, 429))
    async def generate_still(body: GenerateRequest) -> GeneratedShown | PendingShown:
        """Make a still with this ComfyUI, wait for it, and tell how well it shows the character."""
        queued = await pool.run(services.generation.queue, _wish(body))
        deadline = time.monotonic() + body.wait_seconds
        while (made := await services.database.run(services.generation.made, queued.prompt_id)) is None:
            if time.monotonic() >= deadline:
                order = queued.order
                return PendingShown(prompt_id=queued.prompt_id, seed=order.seed, checkpoint=order.checkpoint)
            await asyncio.sleep(_POLL_SECONDS)
        # Whether a file is still there is a question to the disk: not on the loop.
        return await asyncio.to_thread(_shown, queued, made)


def _wish(body: GenerateRequest) -> StillWish:
    return StillWish(
        scene=body.scene,
        # 2⁵³: what JSON's readers keep exactly.
        seed=secrets.randbelow(2**53) if body.seed is None else body.seed,
        character_id=body.character_id,
        ensures_consistency=body.ensure_consistency,
        checkpoint=body.checkpoint or "",
        width=body.width or 0,
        height=body.height or 0,
        options=EnsureOptions(**body.options.given()),
        more=body.model_dump(include=_OF_ORDER),
    )


def _shown(queued: QueuedStill, made: MadeStill) -> GeneratedShown:
    order, job = queued.order, made.job
    return GeneratedShown(
        job_id=job.id,
        prompt_id=queued.prompt_id,
        status=job.status,
        error=redacted(job.error_log),
        seed=order.seed,
        checkpoint=order.checkpoint,
        width=order.width,
        height=order.height,
        assets=listed_assets(made.assets),
        quality_metrics=_quality(made) if order.character else None,
        changes=[ChangeShown.model_validate(change.as_json()) for change in queued.changes],
        warnings=list(queued.warnings),
    )


def _quality(made: MadeStill) -> QualityShown:
    run = made.verdict
    if run is None:
        reason = "The picture was not judged: the job ended before."
        return QualityShown(consistency=None, passed=None, reason=reason, encoder="", attempts=0)
    verdicts = run.details.get("verdicts") or [{}]
    return QualityShown(
        consistency=run.score,
        passed=run.passed,
        reason=str(verdicts[0].get("reason", "")),
        encoder=run.encoder,
        attempts=len(made.verdicts),
    )
