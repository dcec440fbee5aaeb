"""The Consistency Gate."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..services.attempts import DEFAULT_ATTEMPTS
from ..services.gating import judge
from .convert import to_measurable_arrays
from .gate_inputs import (
    attempts_inputs,
    cast_inputs,
    check_inputs,
    encoder_input,
    order_of,
    threshold_input,
)
from .gate_runs import BLOCK, REGENERATE, REPORT, RESUBMIT, STOP, Judged, once, regenerate, resubmit
from .sockets import CONSISTENCY, AttemptsSocket, CharacterSocket, ReportSocket

GATE_TYPES = ["post_gen", "pre_gen", "final"]


class ConsistencyGate(io.ComfyNode):
    """Lets through the pictures that show the character."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerConsistencyGate",
            display_name="Consistency Gate",
            category=CONSISTENCY,
            description=(
                "Measures whether each picture shows the character, sorts the pictures, and stores the "
                "verdict. One that cannot be measured never passes. Can have pictures made again until "
                "they pass."
            ),
            inputs=_inputs(),
            outputs=_outputs(),
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt, io.Hidden.prompt, io.Hidden.extra_pnginfo],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls,
        *,
        images: Tensor,
        character: Character,
        on_fail: str,
        threshold: float,
        encoder: str,
        gate_type: str,
        max_attempts: int = DEFAULT_ATTEMPTS,
        give_up_early: bool = False,
        adjust: bool = True,
        technical: bool = False,
        palette: bool = False,
        sequence: bool = False,
        character_2: Character | None = None,
        character_3: Character | None = None,
        clip_vision: Any = None,
        best_so_far: Tensor | None = None,
        earlier_attempts: str | None = None,
    ) -> io.NodeOutput:
        order = order_of(
            (character, character_2, character_3),
            encoder,
            threshold,
            clip_vision,
            technical=technical,
            palette=palette,
            sequence=sequence,
        )
        arrays = to_measurable_arrays(images)
        judged = Judged(
            images=images,
            arrays=arrays,
            report=judge(services.current().identity, arrays, order),
            order=order,
            gate_type=gate_type,
            on_fail=on_fail,
            max_attempts=max_attempts,
            give_up_early=give_up_early,
            adjust=adjust,
        )
        if on_fail == REGENERATE:
            return regenerate(judged, cls.hidden, best_so_far, earlier_attempts)
        if on_fail == RESUBMIT:
            return resubmit(judged, cls.hidden)
        return once(judged)


def _inputs() -> list[io.Input]:
    return [
        io.Image.Input("images", tooltip="The pictures to check; each is judged on its own."),
        CharacterSocket.Input("character", tooltip="Whom they should show, from a Character Loader."),
        io.Combo.Input(
            "on_fail",
            options=[REPORT, BLOCK, STOP, REGENERATE, RESUBMIT],
            default=REPORT,
            tooltip=(
                "When a picture does not pass. report: the others go on. block: nothing leaves passed. "
                "stop: the run ends with an error. regenerate: all of it is made again with other seeds. "
                "resubmit: as block, and the whole prompt is queued once more with other seeds."
            ),
        ),
        threshold_input(),
        encoder_input(),
        io.Combo.Input(
            "gate_type",
            options=GATE_TYPES,
            default=GATE_TYPES[0],
            tooltip="Under which heading the verdict is stored: before generation, after it, or final.",
        ),
        *attempts_inputs(),
        io.Boolean.Input(
            "adjust",
            default=True,
            optional=True,
            tooltip=(
                "When regenerating, change more than the seed where that helps what failed: strength of "
                "the Embedding Injector, steps, guidance; within bounds."
            ),
        ),
        *check_inputs(),
        io.Boolean.Input(
            "sequence",
            default=False,
            optional=True,
            tooltip="The pictures are frames of one shot: flicker and drift count, and it passes as a whole.",
        ),
        *cast_inputs(),
        io.Image.Input(
            "best_so_far",
            optional=True,
            tooltip="Leave it empty: the gate hands the best pictures from attempt to attempt by it.",
        ),
        AttemptsSocket.Input(
            "earlier_attempts",
            optional=True,
            tooltip="Leave it empty: the gate hands its record from attempt to attempt by it.",
        ),
    ]


def _outputs() -> list[io.Output]:
    return [
        io.Image.Output("passed", display_name="passed", tooltip="The pictures that passed."),
        io.Image.Output(
            "failed", display_name="failed", tooltip="Those that failed or could not be measured."
        ),
        io.Image.Output("best", display_name="best", tooltip="The picture with the highest score."),
        io.Boolean.Output("all_passed", display_name="all_passed", tooltip="Whether every picture passed."),
        io.Float.Output(
            "score",
            display_name="score",
            tooltip="The lowest score, 0–1; 0.5 is the threshold, and 0 stands for not measured.",
        ),
        io.String.Output(
            "report", display_name="report", tooltip="One verdict for each picture, as JSON list."
        ),
        ReportSocket.Output(
            "gate_report",
            display_name="gate_report",
            tooltip="Everything that was found, with all attempts, for nodes that go on with it.",
        ),
        io.Int.Output("attempts", display_name="attempts", tooltip="How many attempts were made."),
    ]
