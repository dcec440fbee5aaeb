"""What goes into the routes and what comes out, as pydantic models; OpenAPI is made from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ...production.job import JobStatus
from .fields import Id, JsonObject, LoraName, Name, Text, UrlFlag, UrlId, UrlLimit, UrlNumber


class Body(BaseModel):
    """A JSON body: no field that the model does not know, no value of another type."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True, defer_build=True
    )

    def given(self) -> dict[str, Any]:
        """Return the fields that the caller named, and only those."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Parameters(BaseModel):
    """Parts of a URL."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


class Shown(BaseModel):
    """An answer, read off a value type."""

    # A measurement that is not a number is shown as null: JSON has no NaN.
    # Built at first use: all of them at once take a third of the time in which ComfyUI imports the pack.
    model_config = ConfigDict(from_attributes=True, ser_json_inf_nan="null", defer_build=True)


_S = TypeVar("_S", bound=Shown)


class Page(Shown, Generic[_S]):
    """A part of a list; `next_cursor` is null on the last page."""

    items: list[_S]
    next_cursor: str | None = None


class ErrorDetail(BaseModel):
    """What went wrong, for programs and for people."""

    code: str
    message: str
    field: str | None = None
    hint: str | None = None


class ErrorBody(BaseModel):
    """The form of every error."""

    error: ErrorDetail


class PageQuery(Parameters):
    """Which part of a list."""

    limit: UrlLimit = Field(default=50, description="How many items at most.")
    cursor: UrlId | None = Field(default=None, description="`next_cursor` of the page before.")


# projects


class ProjectPath(Parameters):
    """A project."""

    project_id: UrlId


class ProjectDeletion(Parameters):
    """How to delete a project."""

    cascade: UrlFlag = Field(default=False, description="Delete what belongs to it too.")


class ProjectCreate(Body):
    """A new project."""

    name: Name
    description: Text = ""
    bible: JsonObject | None = None


class ProjectPatch(Body):
    """Changes of a project; what is left out stays."""

    name: Name = Field(default=None)  # type: ignore[assignment]
    description: Text = Field(default=None)  # type: ignore[assignment]
    status: Literal["active", "archived"] = Field(default=None)  # type: ignore[assignment]
    bible: JsonObject = Field(default=None)  # type: ignore[assignment]


class ProjectListed(Shown):
    """A project, without its bible."""

    id: int
    name: str
    folder: str = Field(description="Its folder below `tower` in ComfyUI's output directory.")
    description: str
    status: str
    created_at: datetime | None
    updated_at: datetime | None


class ProjectShown(ProjectListed):
    """A project with the newest version of its bible."""

    bible: dict[str, Any]


# characters


class CharacterPath(Parameters):
    """A character."""

    character_id: UrlId


class ReferencePath(CharacterPath):
    """A reference picture of a character."""

    reference_id: UrlId


class CharacterQuery(PageQuery):
    """Which characters."""

    project_id: UrlId | None = Field(default=None, description="Only those of this project.")


class ScoreQuery(Parameters):
    """How to score."""

    encoder: Name | None = Field(
        default=None, description="Identity encoder; the configured one if left out."
    )
    threshold: Annotated[UrlNumber, Field(ge=-1, le=1)] | None = Field(
        default=None, description="Raw similarity to reach, instead of the calibrated one."
    )
    mapping: Literal["calibrated", "legacy"] = Field(
        default="calibrated", description="How a similarity becomes a score."
    )


class Lora(Body):
    """A LoRA that is loaded whenever the character is injected."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)

    name: LoraName = Field(description="As ComfyUI's loras folder lists it.")
    strength_model: float = Field(default=1.0, ge=-20, le=20)
    strength_clip: float = Field(default=1.0, ge=-20, le=20)


class CharacterFields(Body):
    """What can be said of a character besides its name and its pictures."""

    description: Text = ""
    prompt: Text = Field(default="", description="Added to the positive prompt.")
    negative_prompt: Text = Field(default="", description="Added to the negative prompt.")
    loras: Annotated[list[Lora], Field(max_length=16)] = Field(default=[])
    consistency_threshold: Annotated[float, Field(ge=-1, le=1)] | None = Field(
        default=None, description="Raw similarity that a picture must reach; null for the calibrated one."
    )


class CharacterCreate(CharacterFields):
    """A new character; its pictures, or further ones, follow by multipart."""

    name: Name
    project_id: Id | None = Field(default=None, description="Null for a character shared by all projects.")
    reference_image: Text = Field(
        default="", description="Path of a first picture, from ComfyUI's input folder on."
    )


class CharacterPatch(CharacterFields):
    """Changes of a character; what is left out stays."""

    name: Name = Field(default=None)  # type: ignore[assignment]


class ReferenceShown(Shown):
    """A reference picture."""

    id: int
    url: str
    sha256: str
    width: int
    height: int
    warnings: list[str]
    weight: float = Field(default=1.0, description="How much it counts in a score.")
    box: tuple[int, int, int, int] | None = Field(
        default=None, description="The figure chosen in it: left, top, right, bottom in pixels."
    )
    report: dict[str, Any] = Field(default={}, description="What was measured of it.")


class VersionShown(Shown):
    """A state of a character."""

    id: int
    number: int
    age_state: str
    emotional_state: str
    prompt: str
    created_at: datetime | None


class CharacterShown(Shown):
    """A character in one of its versions: the current one where none is named."""

    id: int
    name: str
    label: str
    project_id: int | None
    project_name: str | None
    description: str
    prompt: str
    negative_prompt: str
    loras: list[Lora]
    consistency_threshold: float | None
    bible: dict[str, Any]
    version: VersionShown
    current_version: int
    references: list[ReferenceShown]
    created_at: datetime | None
    updated_at: datetime | None


class PictureCheck(Shown):
    """What was found in one uploaded picture."""

    image: str
    warnings: list[str]


class ReferencesAdded(Shown):
    """A character after an upload."""

    character: CharacterShown
    checks: list[PictureCheck]


class ViewShown(Shown):
    """How well one view of a figure matches."""

    similarity: float
    threshold: float
    score: float


class ScoreShown(Shown):
    """How well one picture shows a character."""

    image: str
    status: Literal["pass", "fail", "unknown"]
    score: float | None = Field(description="0 to 1; 0.5 is the threshold.")
    similarity: float | None
    encoder: str
    encoder_version: str
    threshold: float | None
    calibration: str = Field(description="How the threshold came about; empty when nothing was measured.")
    mapping: str = Field(description="How the similarity became the score, with its version.")
    band: Literal["match", "borderline", "other", ""]
    palette_delta_e: float | None
    reason: str
    box: tuple[int, int, int, int] | None = None
    views: dict[str, ViewShown] = Field(description="The same for each view of the figure that was seen.")
    margin: float | None = Field(
        description="Similarity minus that to the most similar other character; below 0 it is more like them."
    )
    rival: str = Field(description="Who that is.")


# jobs


class JobPath(Parameters):
    """A job."""

    job_id: UrlId


class JobQuery(PageQuery):
    """Which jobs."""

    status: JobStatus | None = None
    project_id: UrlId | None = None


class JobShown(Shown):
    """A job, without its graph."""

    id: int
    prompt_id: str
    job_type: str
    status: JobStatus
    project_id: int | None
    progress: int = Field(description="Percent.")
    quality_score: float | None
    error: str = Field(default="", validation_alias="error_log", description="Its last line says why.")
    attempt: int
    parent_id: int | None = Field(default=None, description="The job that this one tries again.")
    created_at: datetime | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    completed_at: datetime | None


class LogLine(Shown):
    """One thing that happened to a job."""

    id: int
    kind: str
    node_id: str
    details: dict[str, Any]
    created_at: datetime | None


class JobError(Shown):
    """What ended a job, or went wrong in it."""

    message: str
    node_id: str = ""
    traceback: str = ""


class JobDebug(Shown):
    """All that is known of a job; secrets are left out."""

    job: JobShown
    logs: list[LogLine]
    workflow: dict[str, Any] | None = Field(description="Post it as `prompt` to run it again.")
    errors: list[JobError]
    performance: dict[str, Any]


# assets


class AssetPath(Parameters):
    """A produced file."""

    asset_id: UrlId


class AssetQuery(PageQuery):
    """Which produced files."""

    project_id: UrlId | None = None
    job_id: UrlId | None = None
    file_type: Literal["image", "video", "audio", "subtitles", "report"] | None = None


class AssetListed(Shown):
    """A produced file, without its metadata."""

    id: int
    name: str
    url: str
    missing: bool = Field(description="Whether the file is no longer on disk.")
    file_type: str
    sha256: str
    size_bytes: int
    width: int | None
    height: int | None
    fps: float | None
    duration_seconds: float | None
    job_id: int | None
    project_id: int | None
    style_reference_id: int | None = Field(description="The style that was transferred to it.")
    licence: str
    created_at: datetime | None


class AssetShown(AssetListed):
    """A produced file and what was measured of it; secrets are left out."""

    metadata: dict[str, Any]
    quality_metrics: dict[str, Any]


# health


class ProbeShown(Shown):
    """One part that Tower depends on."""

    ok: bool
    latency_ms: float
    detail: str
    facts: dict[str, Any]


class HealthShown(Shown):
    """How the parts are."""

    status: Literal["ok", "degraded", "down"]
    probes: dict[str, ProbeShown]
    warnings: list[str]


class HealthDown(HealthShown):
    """How the parts are when the database, which everything needs, is not there."""

    http_status: ClassVar[int] = 503

    error: ErrorDetail


class ProjectPage(Page[ProjectListed]):
    """Projects, oldest first."""


class CharacterPage(Page[CharacterShown]):
    """Characters, oldest first."""


class JobPage(Page[JobShown]):
    """Jobs, newest first."""


class AssetPage(Page[AssetListed]):
    """Produced files, newest first."""


def next_cursor(found: Sequence[Any], limit: int) -> str | None:
    """Return the cursor after the first `limit` of the found rows, of which one more was asked for."""
    return str(found[limit - 1].id) if len(found) > limit else None
