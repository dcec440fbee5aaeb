"""Characters as values: who they are, how they are prompted, and the pictures that define them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class CharacterLora:
    """A LoRA that belongs to a character.

    Parameters
    ----------
    name : str
        File name as the host's ``loras`` folder lists it.
    strength_model, strength_clip : float
        Strength on the diffusion model and on the text encoder; 1.0 is as trained.
    """

    name: str
    strength_model: float = 1.0
    strength_clip: float = 1.0


@dataclass(frozen=True, slots=True)
class Reference:
    """One picture that defines a character.

    Parameters
    ----------
    path : Path
        The stored copy.
    sha256 : str
        Digest of the stored file, 64 hex digits.
    width, height : int
        Size in pixels.
    warnings : tuple of str
        What the quality check said, one sentence each.
    weight : float
        How much it counts in a score, above 0.
    box : tuple of int or None
        The figure chosen in it, if it shows several: left, top, right, bottom in pixels.
    report : dict
        What the quality check measured.
    id : int or None
        Row in ``character_references``; None before it is stored.
    """

    path: Path
    sha256: str
    width: int
    height: int
    warnings: tuple[str, ...] = ()
    weight: float = 1.0
    box: tuple[int, int, int, int] | None = None
    report: dict[str, Any] = field(default_factory=dict)
    id: int | None = None

    @property
    def key(self) -> str:
        """Under what its embeddings are kept: the digest of the file, or of file and chosen figure."""
        if self.box is None:
            return self.sha256
        chosen = f"{self.sha256}:{','.join(str(side) for side in self.box)}"
        return hashlib.sha256(chosen.encode()).hexdigest()


# Between a character's label and the version of it that is meant; no name contains it.
VERSION_MARK = " @ "


@dataclass(frozen=True, slots=True)
class CharacterVersion:
    """One state of a character: its references and its prompt at an age and in a mood."""

    id: int
    number: int
    age_state: str = ""
    emotional_state: str = ""
    prompt: str = ""
    references: tuple[Reference, ...] = ()
    created_at: datetime | None = None

    @property
    def state(self) -> str:
        """Age and emotion as lists show them: ``child/sad``; empty when it has neither."""
        return f"{self.age_state}/{self.emotional_state}" if self.age_state or self.emotional_state else ""


@dataclass(frozen=True, slots=True)
class Character:
    """A character in one of its versions.

    Parameters
    ----------
    id : int
        Stable id.
    name : str
        Display name, unique within its project.
    version : CharacterVersion
        The version, whose references every picture is scored against: the current one, unless another
        was asked for.
    current_version : int
        Number of the current version.
    project_id, project_name : int or None, str or None
        The owning project; None for a character shared by all projects.
    prompt, negative_prompt : str
        Fragments added to the positive and the negative prompt.
    loras : tuple of CharacterLora
        LoRAs loaded whenever the character is injected.
    consistency_threshold : float or None
        Raw similarity that a picture must reach; None for the encoder's calibrated threshold.
    color_palette, style_template, bible : dict
        What a person set: swatches, style, and who the character is.
    """

    id: int
    name: str
    version: CharacterVersion
    project_id: int | None = None
    project_name: str | None = None
    description: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    loras: tuple[CharacterLora, ...] = ()
    consistency_threshold: float | None = None
    color_palette: dict[str, Any] = field(default_factory=dict)
    style_template: dict[str, Any] = field(default_factory=dict)
    bible: dict[str, Any] = field(default_factory=dict)
    current_version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def label(self) -> str:
        """The name as lists show it: ``project / name``, or the name of a shared character."""
        return f"{self.project_name} / {self.name}" if self.project_name else self.name

    @property
    def references(self) -> tuple[Reference, ...]:
        """Reference pictures of the version."""
        return self.version.references


def split_version(label: str) -> tuple[str, str | None]:
    """Tell a label from the version that it names: ``Kai @ 2`` is ``Kai`` and ``2``.

    Only the character's own name is looked at; a project may be called as it likes.
    """
    project, separator, name = label.rpartition(" / ")
    name, mark, version = name.rpartition(VERSION_MARK)
    return (project + separator + name, version.strip()) if mark else (label, None)
