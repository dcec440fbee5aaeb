"""What goes into the routes of palettes, styles and poses, and what comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from .fields import Id, JsonObject, Name, Text, UrlFlag, UrlId, UrlNumber, UrlSide
from .schemas import AssetShown, Body, Lora, Page, Parameters, Shown

_Hex = Annotated[str, Field(pattern=r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
_Build = Literal["as it is", "adult", "teen", "chibi"]


class SwatchShown(Shown):
    """One colour of a character."""

    name: str
    hex: str
    oklab: list[float]
    share: float = Field(description="Share of the figure's area; 0 for a typed colour.")
    confidence: float


class CharacterPalette(Shown):
    """The colours of a character."""

    character_id: int
    typed: dict[str, str] = Field(description="What a person set; it goes before what was read.")
    swatches: list[SwatchShown]


class PaletteChange(Body):
    """Swatches to type."""

    swatches: Annotated[dict[str, _Hex | None], Field(max_length=12)] = Field(
        description="Hex colours by name: hair, eyes, skin, outfit, accent, or your own; null takes one back."
    )


class StyleCreate(Body):
    """A new style."""

    name: Name
    project_id: Id | None = Field(default=None, description="Null for a style shared by all projects.")
    description: Text = ""
    prompt: Text = Field(default="", description="The style in words.")
    negative_prompt: Text = Field(default="", description="What it is not, in words.")
    loras: Annotated[list[Lora], Field(max_length=16)] = Field(default=[])
    sampler_name: Name | None = None
    scheduler: Name | None = None
    steps: Annotated[int, Field(ge=1, le=10_000)] | None = None
    cfg: Annotated[float, Field(ge=0, le=100)] | None = None


class StylePath(Parameters):
    """A style."""

    style_id: UrlId


class StyleShown(Shown):
    """A stored style."""

    id: int
    name: str
    label: str
    project_id: int | None
    description: str
    prompt: str
    negative_prompt: str
    settings: dict[str, Any] = Field(description="`loras`, `sampler_name`, `scheduler`, `steps`, `cfg`.")
    n_images: int
    measured: dict[str, float | None] | None = Field(
        description="`line_weight` (share of the long side), `contrast`, `saturation`, `warmth` in OKLab."
    )
    created_at: datetime | None
    updated_at: datetime | None


StylePage = Page[StyleShown]


class TransferRequest(Body):
    """A stored picture to put into a style."""

    asset_id: Id
    style_id: Id
    project_id: Id | None = Field(default=None, description="Where the result goes; to the source's without.")
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0


class TransferQuery(Parameters):
    """The style for sent pictures."""

    style_id: UrlId
    project_id: UrlId | None = Field(default=None, description="Where the results go.")
    strength: Annotated[UrlNumber, Field(ge=0, le=1)] = 1.0


class TransferShown(Shown):
    """A picture in a style."""

    asset: AssetShown
    style_id: int
    style_reference_id: int | None
    distance_before: float = Field(description="Of its colours to the style's, in OKLab.")
    distance_after: float
    fall: float = Field(description="Share of the distance that is gone.")


class PoseCreate(Body):
    """A pose to store."""

    name: Name
    keypoints: JsonObject | Annotated[list[JsonObject], Field(min_length=1, max_length=16)] = Field(
        description="POSE_KEYPOINT: a frame or a list of frames; pixels, or shares of the canvas."
    )
    prompt: Text = Field(default="", description="The pose in words.")
    project_id: Id | None = None


class PosePath(Parameters):
    """A pose by its name."""

    name: Name


class PosePicture(Parameters):
    """How to draw a pose."""

    width: UrlSide = 512
    height: UrlSide = 512
    build: _Build = "as it is"
    mirror: UrlFlag = False


class PoseShown(Shown):
    """A pose."""

    name: str
    id: int | None = Field(description="Null for one of the library's own.")
    prompt: str
    joints: int
    keypoints: list[dict[str, Any]] = Field(description="POSE_KEYPOINT on a canvas of 512×512.")
