"""What is to be put into a generation, the generation itself, and the steps between: values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import TowerError
from .loras import LoraOrder

if TYPE_CHECKING:
    from .adapters.steps import AdapterOrder


@dataclass(frozen=True, slots=True)
class Generation:
    """What a sampler is given; every method returns a changed copy.

    Parameters
    ----------
    model, clip : ModelPatcher and CLIP
    positive, negative : list
        Conditionings.
    latent : dict, optional
        The latent to sample, for families whose size depends on the references.
    trim_latent : int
        Latent frames at the start that hold references and are cut off after sampling.
    middle : list, optional
        The negative prompt together with the references, for guidance that weighs prompt and references
        apart; None where the method makes no such difference.
    """

    model: Any
    clip: Any
    positive: list[Any]
    negative: list[Any]
    latent: dict[str, Any] | None = None
    trim_latent: int = 0
    middle: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class ReferenceModels:
    """Models that turn reference pictures into something a family reads.

    Parameters
    ----------
    clip_vision : CLIP_VISION, optional
        Looks at the references for the style model and the style patch.
    style_model : STYLE_MODEL, optional
        Flux Redux, or the T2I style adapter of SD 1.5.
    style_strength : float
        Strength of the style model; 0 applies nothing.
    style_strength_type : {"attn_bias", "multiply"}
        Whether the strength scales the attention to the tokens, or the tokens.
    style_patch : MODEL_PATCH, optional
        The style projector of USO.
    photomaker : PHOTOMAKER, optional
        The identity encoder of PhotoMaker.
    class_word : str
        What the character is, for PhotoMaker: one word such as ``girl``.
    latents_method : str
        How a family tells several reference latents apart; ``auto`` leaves it as the family was trained.
    """

    clip_vision: Any = None
    style_model: Any = None
    style_strength: float = 1.0
    style_strength_type: str = "attn_bias"
    style_patch: Any = None
    photomaker: Any = None
    class_word: str = "person"
    latents_method: str = "auto"


@dataclass(frozen=True, slots=True)
class VideoOrder:
    """The video that references are prepared for.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    length : int
        Number of frames.
    batch_size : int
        Number of videos.
    control_video, pose_video, face_video, background_video : Tensor, optional
        What the video follows or stands before, of the shape (n, height, width, channels), in [0, 1].
    control_masks : Tensor, shape (n, height, width), optional
        Where the control video may be changed, in [0, 1].
    character_masks : Tensor, shape (n, height, width), optional
        Where the character stands before the background, in [0, 1].
    """

    width: int
    height: int
    length: int
    batch_size: int = 1
    control_video: Any = None
    control_masks: Any = None
    pose_video: Any = None
    face_video: Any = None
    background_video: Any = None
    character_masks: Any = None


@dataclass(frozen=True, slots=True)
class InjectionOrder:
    """What is to be put in.

    Parameters
    ----------
    prompt, negative_prompt : str
        Fragments for the positive and the negative conditioning.
    loras : tuple of LoraOrder
        LoRAs to load.
    references, vae : Tensor and VAE, or None
        Reference pictures as an IMAGE batch, and what encodes them.
    strength : float
        Factor on the strength of every weighted method; 0 applies nothing at all.
    models : ReferenceModels, optional
        Models for the ways of families that need some.
    video : VideoOrder, optional
        The video to prepare the references for.
    adapter : AdapterOrder, optional
        An IP-Adapter, how it acts, and what shows it the character.
    mask : Tensor, shape (n, height, width), optional
        Where in the picture the character is; everywhere if not given.
    is_prompt_masked : bool
        Whether the fragments hold within the mask only.
    """

    prompt: str = ""
    negative_prompt: str = ""
    loras: tuple[LoraOrder, ...] = ()
    references: Any = None
    vae: Any = None
    strength: float = 1.0
    models: ReferenceModels | None = None
    video: VideoOrder | None = None
    adapter: AdapterOrder | None = None
    mask: Any = None
    is_prompt_masked: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to apply: ``apply`` returns the changed generation and what was done, in words."""

    what: str
    apply: Callable[[Generation], tuple[Generation, str]]


class NotApplicableError(TowerError):
    """The model at hand has no use for the method, which is nobody's mistake."""


@dataclass(frozen=True)
class InjectionReport:
    """What was applied, what could not be, and what the model's family offers."""

    applied: list[dict[str, str]] = field(default_factory=list)
    degraded: list[dict[str, str]] = field(default_factory=list)
    family: str = ""

    def joined(self, other: InjectionReport, character: str) -> InjectionReport:
        """Return this report with another's entries, each marked with its character."""
        return InjectionReport(
            [*self.applied, *({**entry, "character": character} for entry in other.applied)],
            [*self.degraded, *({**entry, "character": character} for entry in other.degraded)],
            other.family,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the report under the names that automation relies on."""
        return {"applied": self.applied, "degraded": self.degraded, "family": self.family}
