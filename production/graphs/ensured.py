"""What is asked of a workflow, what was changed in it, and the changed one, as values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InputError

# Parts of a picture, as the Embedding Injector names them.
REGIONS = (
    *("whole", "left", "centre", "right"),
    *("left half", "right half", "top half", "bottom half"),
)
ON_MISSING = ("stop", "degrade")

INSERTED, REWIRED, SET = "inserted", "rewired", "set"


@dataclass(frozen=True, slots=True)
class EnsureOptions:
    """How a character is put into a workflow.

    None stands for "as it is": injectors that are there keep what they have, a new one gets the node's
    default.

    Parameters
    ----------
    version : int or None
        Number of the character's version, from 1; 0 is the current one.
    strength : float or None
        Factor on LoRAs and adapter, 0 to 2.
    on_missing : str or None
        ``stop`` or ``degrade``: what a missing LoRA does to the run.
    use_prompt, use_lora, use_reference_latents : bool or None
        Which of the means are used.
    has_references : bool
        Whether the character has pictures; without any, none are wired.
    adapter : str or None
        File name of an adapter. It looks at the character's stored pictures, so that none are wired for it.
    clip_vision : str or None
        File name of the CLIP vision model that the adapter looks through.
    region : str or None
        The part of the picture that is the character's: one of `REGIONS`.
    pose : str or None
        Name of a pose of the library.
    controlnet : str or None
        File name of the ControlNet that draws the pose; without one the pose goes into the prompt.
    pose_strength : float or None
        Strength of the ControlNet, 0 to 10.

    Raises
    ------
    InputError
        If a value is out of its bounds.
    """

    version: int | None = None
    strength: float | None = None
    on_missing: str | None = None
    use_prompt: bool | None = None
    use_lora: bool | None = None
    use_reference_latents: bool | None = None
    has_references: bool = True
    adapter: str | None = None
    clip_vision: str | None = None
    region: str | None = None
    pose: str | None = None
    controlnet: str | None = None
    pose_strength: float | None = None

    def __post_init__(self) -> None:
        """Check each value against what the nodes take."""
        _check_number("version", self.version, 9999)
        _check_number("strength", self.strength, 2)
        _check_number("pose_strength", self.pose_strength, 10)
        _check_choice("on_missing", self.on_missing, ON_MISSING)
        _check_choice("region", self.region, REGIONS)
        for name in ("adapter", "clip_vision", "pose", "controlnet"):
            if getattr(self, name) is not None and not getattr(self, name).strip():
                raise InputError(f"The {name} has an empty name.", field=name, hint="Leave it out instead.")
        if self.adapter is None and self.clip_vision is not None:
            raise InputError(
                "A CLIP vision model was named, and no adapter that looks through it.",
                field="adapter",
                hint="Name an adapter too.",
            )
        if self.pose is None and (self.controlnet is not None or self.pose_strength is not None):
            raise InputError(
                "A ControlNet was named, and no pose that it could draw.",
                field="pose",
                hint="Name a pose too.",
            )


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a workflow.

    Parameters
    ----------
    kind : str
        ``inserted``: a node is new. ``rewired``: an input has another link. ``set``: it has another value.
    node : str
        Id of the node.
    class_type : str
        Its class.
    what : str
        The change as a sentence.
    input : str or None
        The input; None for a new node.
    before, after : object
        Link or value of the input, None where there was none; of a new node, None and its inputs.
    """

    kind: str
    node: str
    class_type: str
    what: str
    input: str | None = None
    before: Any = None
    after: Any = None

    def as_json(self) -> dict[str, Any]:
        """Return the change for programs."""
        return {
            "kind": self.kind,
            "node": self.node,
            "class_type": self.class_type,
            "input": self.input,
            "from": self.before,
            "to": self.after,
            "what": self.what,
        }


@dataclass(frozen=True, slots=True)
class EnsuredGraph:
    """A workflow that keeps a character.

    Parameters
    ----------
    graph : dict
        The workflow in API form; shares nothing with the one that came in.
    changes : tuple of Change
        How it differs from that; empty when nothing had to be done.
    """

    graph: dict[str, Mapping[str, Any]]
    changes: tuple[Change, ...]


def _check_number(name: str, value: float | None, most: float) -> None:
    if value is not None and not (math.isfinite(value) and 0 <= value <= most):
        raise InputError(f"The {name} is {value}.", field=name, hint=f"It goes from 0 to {most}.")


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise InputError(
            f"There is no {name} {value!r}.", field=name, hint=f"It is one of {', '.join(choices)}."
        )
