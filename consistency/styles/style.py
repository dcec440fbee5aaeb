"""Styles as values: how pictures are drawn, and what to tell a model so that it draws like that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class StyleLora:
    """A LoRA that belongs to a style; strengths of 1 are as trained."""

    name: str
    strength_model: float = 1.0
    strength_clip: float = 1.0


@dataclass(frozen=True, slots=True)
class StyleSettings:
    """What a generation in a style is given; None leaves a setting as it is.

    Parameters
    ----------
    loras : tuple of StyleLora
        LoRAs to load.
    sampler_name, scheduler : str or None
        As ComfyUI's KSampler names them.
    steps : int or None
        Sampling steps, from 1 on.
    cfg : float or None
        Guidance, 0 to 100.
    """

    loras: tuple[StyleLora, ...] = ()
    sampler_name: str | None = None
    scheduler: str | None = None
    steps: int | None = None
    cfg: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "loras": [
                {
                    "name": lora.name,
                    "strength_model": lora.strength_model,
                    "strength_clip": lora.strength_clip,
                }
                for lora in self.loras
            ],
            "sampler_name": self.sampler_name,
            "scheduler": self.scheduler,
            "steps": self.steps,
            "cfg": self.cfg,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> StyleSettings:
        """Read what `as_json` wrote."""
        loras = tuple(StyleLora(**lora) for lora in stored.get("loras", ()))
        names = ("sampler_name", "scheduler", "steps", "cfg")
        return cls(loras, **{name: stored.get(name) for name in names})


@dataclass(frozen=True, slots=True)
class Style:
    """A stored style.

    Parameters
    ----------
    id : int
        Row in ``style_library``.
    name : str
        Unique within its project, or among the styles of no project.
    prompt, negative_prompt : str
        Fragments for the two prompts.
    settings : StyleSettings
        LoRAs and sampler.
    statistics : dict
        What was measured of its pictures; see `style_statistics.StyleStatistics`. Empty without pictures.
    n_images : int
        Pictures that were measured.
    reference_image_path : Path or None
        The stored copy of the first picture.
    """

    id: int
    name: str
    project_id: int | None = None
    project_name: str | None = None
    description: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    settings: StyleSettings = field(default_factory=StyleSettings)
    statistics: dict[str, Any] = field(default_factory=dict)
    n_images: int = 0
    reference_image_path: Path | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def label(self) -> str:
        """The name as lists show it: ``project / name``, or the name of a shared style."""
        return f"{self.project_name} / {self.name}" if self.project_name else self.name
