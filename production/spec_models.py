"""What an episode file may say: its parts, their types and their limits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .camera import CameraMove
from .spec_fields import existing_file, frame_rate, music_source, rate_text, reference_files

ExistingFile = Annotated[Path, PlainValidator(existing_file)]
Seconds = Annotated[float, Field(strict=True, gt=0, le=3600, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Side = Annotated[int, Field(strict=True, ge=64, le=7680, multiple_of=2)]
Move = Literal["hold", "push_in", "pull_out", "pan_left", "pan_right", "tilt_up", "tilt_down", "shake"]


def _as_text(paths: tuple[Path, ...]) -> list[str]:
    return [str(path) for path in paths]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class DialogueSpec(_Part):
    """A line that is spoken during a shot."""

    text: Annotated[str, Field(min_length=1, max_length=500, examples=["Wait for me!"])]
    at: Annotated[float, Field(strict=True, ge=0, le=3600, allow_inf_nan=False, examples=["0.5"])] = 0.0
    speaker: Annotated[str, Field(max_length=120, examples=["Aoi"])] = ""
    audio: Annotated[ExistingFile | None, Field(examples=["voices/01.flac"])] = None
    seconds: Annotated[Seconds | None, Field(examples=["1.8"])] = None


class CameraSpec(_Part):
    """A camera move over a still."""

    move: Annotated[Move, Field(examples=["push_in"])] = "hold"
    amount: Annotated[
        Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None, Field(examples=["0.15"])
    ] = None


def _as_camera(value: Any) -> Any:
    return {"move": value} if isinstance(value, str) else value


def _as_lines(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class ShotSpec(_Part):
    """One shot: a still or clip, how long, how the camera moves, who is in it, what is said."""

    still: Annotated[ExistingFile, Field(examples=["stills/01.png"])]
    seconds: Annotated[Seconds, Field(examples=["3.0"])]
    camera: Annotated[CameraSpec, BeforeValidator(_as_camera), Field(examples=["push_in"])] = CameraSpec()
    characters: Annotated[tuple[Name, ...], Field(examples=["[Aoi]"])] = ()
    scene: Annotated[str, Field(max_length=120, examples=["Platform"])] = ""
    dialogue: Annotated[
        tuple[DialogueSpec, ...],
        BeforeValidator(_as_lines),
        Field(examples=['{text: "Wait for me!", at: 0.5}']),
    ] = ()

    @property
    def camera_move(self) -> CameraMove:
        """The move as the camera takes it."""
        return CameraMove(self.camera.move, self.camera.amount)

    @field_validator("characters")
    @classmethod
    def _are_defined(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        defined = (info.context or {}).get("characters")
        for index, name in enumerate(names):
            if defined is not None and name not in defined:
                known = ", ".join(defined) or "no one"
                raise PydanticCustomError(
                    "undefined_character",
                    "{name} is not defined",
                    {"name": repr(name), "known": known, "below": (index,)},
                )
        return names

    @field_validator("dialogue")
    @classmethod
    def _start_within_the_shot(
        cls, lines: tuple[DialogueSpec, ...], info: ValidationInfo
    ) -> tuple[DialogueSpec, ...]:
        seconds = info.data.get("seconds", float("inf"))
        for index, line in enumerate(lines):
            if line.at >= seconds:
                raise PydanticCustomError(
                    "late_dialogue",
                    "starts after the shot",
                    {"at": line.at, "seconds": seconds, "below": (index, "at")},
                )
        return lines


class CharacterSpec(_Part):
    """A character: the pictures that define how they look."""

    references: Annotated[
        tuple[ExistingFile, ...],
        BeforeValidator(reference_files),
        Field(min_length=1, max_length=64, examples=["[characters/aoi/1.png, characters/aoi/2.png]"]),
    ]
    prompt: Annotated[str, Field(max_length=2000, examples=['"long silver hair, red scarf"'])] = ""
    threshold: Annotated[
        Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None, Field(examples=["0.8"])
    ] = None


class EpisodeSpec(_Part):
    """An episode: its pictures, shots, characters and music, with absolute paths that exist.

    Parameters
    ----------
    project, title : str
        The production, and this episode of it.
    fps : Fraction
        Frames per second, 1-120.
    size : tuple of int
        Width and height of the picture in pixels, even.
    mood : str
        Words that the music should match.
    music : tuple of Path
        The recordings to choose from, at least one.
    characters : dict of CharacterSpec
        By name.
    shots : tuple of ShotSpec
        In order, at least one.
    """

    project: Annotated[Name, Field(examples=["Paper Moon"])]
    title: Annotated[Name, Field(examples=["The Last Train"])]
    fps: Annotated[
        Fraction, PlainValidator(frame_rate), PlainSerializer(rate_text), Field(examples=["24"])
    ] = Fraction(24)
    size: Annotated[tuple[Side, Side], Field(examples=["[1280, 720]"])] = (1280, 720)
    mood: Annotated[str, Field(max_length=500, examples=["wistful"])] = ""
    music: Annotated[
        tuple[Path, ...], PlainValidator(music_source), PlainSerializer(_as_text), Field(examples=["music"])
    ]
    characters: Annotated[
        dict[Name, CharacterSpec], Field(examples=["{Aoi: {references: [characters/aoi/1.png]}}"])
    ] = {}
    shots: Annotated[
        tuple[ShotSpec, ...],
        Field(min_length=1, max_length=2000, examples=["[{still: stills/01.png, seconds: 3.0}]"]),
    ]

    @model_validator(mode="before")
    @classmethod
    def _note_the_defined(cls, value: Any, info: ValidationInfo) -> Any:
        # Shots are checked before this model is complete; they find the names in the context.
        if isinstance(value, dict) and info.context is not None:
            defined = value.get("characters", {})
            info.context["characters"] = list(defined) if isinstance(defined, dict) else None
        return value

    @property
    def duration_seconds(self) -> float:
        """Length of all shots as asked, before cuts move onto beats."""
        return sum(shot.seconds for shot in self.shots)
