"""What the routes of gates take and show."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from .fields import UrlId
from .schemas import Page, PageQuery, Shown

RunKey = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


class GateQuery(PageQuery):
    """Which runs of gates."""

    job_id: UrlId | None = Field(default=None, description="Only those of this job.")
    run_key: RunKey | None = Field(default=None, description="Only the attempts of this loop.")


class GateShown(Shown):
    """One run of a gate."""

    id: int
    gate_type: Literal["pre_gen", "post_gen", "final"]
    passed: bool | None = Field(description="Null when it could not measure, which is never a pass.")
    score: float | None = Field(description="0 to 1; 0.5 is the threshold.")
    encoder: str
    encoder_version: str
    run_key: str = Field(description="Shared by the attempts of one loop; empty outside of one.")
    attempt: int
    job_id: int | None
    character_id: int | None = Field(description="Null when the character was deleted meanwhile.")
    details: dict[str, Any] = Field(description="Verdicts, checks, seeds and changes.")
    timestamp: datetime | None


class GatePage(Page[GateShown]):
    """Runs of gates, newest first."""
