"""What every node that judges pictures asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comfy_api.latest import io

from .. import services
from ..consistency.character import Character
from ..host.clip_vision import as_embedder
from ..services.attempts import DEFAULT_ATTEMPTS, MAX_ATTEMPTS
from ..services.gating import GateOrder
from .choices import AUTO, encoder_names
from .sockets import CharacterSocket

CLIP_VISION = "clip_vision"


def threshold_input() -> io.Input:
    """Return the input for a threshold of one's own."""
    return io.Float.Input(
        "threshold",
        default=0.0,
        min=0.0,
        max=1.0,
        step=0.01,
        tooltip="Raw similarity to reach; larger is stricter. 0 uses the character's own calibrated one.",
    )


def encoder_input() -> io.Input:
    """Return the choice of what measures."""
    return io.Combo.Input(
        "encoder",
        options=encoder_names(),
        default=AUTO,
        tooltip="What measures; auto takes the best one installed. Two encoders' scores do not compare.",
    )


def attempts_inputs() -> list[io.Input]:
    """Return what bounds the attempts of a loop."""
    return [
        io.Int.Input(
            "max_attempts",
            default=DEFAULT_ATTEMPTS,
            min=1,
            max=MAX_ATTEMPTS,
            step=1,
            optional=True,
            tooltip="Most attempts, the first included; more find a good picture more often and take longer.",
        ),
        io.Boolean.Input(
            "give_up_early",
            default=False,
            optional=True,
            tooltip="Stop before the cap when the scores so far leave a chance below 2 %.",
        ),
    ]


def check_inputs() -> list[io.Input]:
    """Return what may count besides identity."""
    return [
        io.Boolean.Input(
            "technical",
            default=False,
            optional=True,
            tooltip="Also fail pictures that are blank, blurred, clipped, or below 256 pixels.",
        ),
        io.Boolean.Input(
            "palette",
            default=False,
            optional=True,
            tooltip="Also fail pictures whose colours are far from the references', or cannot be read.",
        ),
    ]


def cast_inputs() -> list[io.Input]:
    """Return the sockets for everybody else on screen, and for an encoder of the host's."""
    return [
        *(
            CharacterSocket.Input(
                name, optional=True, tooltip="Somebody else whom every picture should show as well."
            )
            for name in ("character_2", "character_3")
        ),
        io.ClipVision.Input(
            "clip_vision",
            optional=True,
            tooltip="Measures by this model when encoder is auto or clip_vision.",
        ),
    ]


def order_of(
    characters: Sequence[Character | None],
    encoder: str,
    threshold: float,
    clip_vision: Any = None,
    **checks: Any,
) -> GateOrder:
    """Return what the inputs of a node ask a gate to check."""
    if clip_vision is not None and encoder in (AUTO, CLIP_VISION):
        encoder = services.current().encoders.add_clip_vision(*as_embedder(clip_vision))
    return GateOrder(
        characters=tuple(character for character in characters if character is not None),
        encoder=None if encoder == AUTO else encoder,
        threshold=threshold or None,
        **checks,
    )
