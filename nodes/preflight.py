"""The Preflight."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from comfy_execution.graph_utils import ExecutionBlocker

from .. import services
from ..consistency.character import Character
from ..errors import GateStopError
from ..host.execution import progress_bar, running_prompt_id
from ..host.loras import lora_names
from ..services.gating import GateEntry, GateOrder
from ..services.preflight import preflight
from .choices import AUTO
from .gate_inputs import encoder_input
from .gate_runs import BLOCK, REPORT, STOP
from .sockets import CONSISTENCY, CharacterSocket


class Preflight(io.ComfyNode):
    """Stops a run that could only fail, before it samples."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerPreflight",
            display_name="Preflight",
            category=CONSISTENCY,
            description=(
                "Looks, before anything is sampled, for what would fail every picture: references that "
                "cannot be used, a threshold that they do not reach, LoRAs that are missing."
            ),
            inputs=[
                CharacterSocket.Input("character", tooltip="The character, from a Character Loader."),
                io.Combo.Input(
                    "on_fail",
                    options=[STOP, BLOCK, REPORT],
                    default=STOP,
                    tooltip=(
                        "When something is wrong. stop: the run ends with an error. block: the character "
                        "goes no further. report: it goes on."
                    ),
                ),
                encoder_input(),
            ],
            outputs=[
                CharacterSocket.Output(
                    "checked_character",
                    display_name="character",
                    tooltip="The same character, for the Embedding Injector; so nothing is sampled before.",
                ),
                io.Boolean.Output("all_passed", display_name="all_passed", tooltip="Whether all is well."),
                io.String.Output("report", display_name="report", tooltip="What was found, as JSON."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: Any) -> list[str]:
        # A LoRA that was put into its folder meanwhile must not be hidden by the cache.
        return sorted(lora_names())

    @classmethod
    def execute(cls, *, character: Character, on_fail: str, encoder: str) -> io.NodeOutput:
        current, progress = services.current(), progress_bar()
        report = preflight(
            current.identity,
            character,
            encoder=None if encoder == AUTO else encoder,
            loras=lora_names(),
            progress=lambda stage, done, total: progress(done, total),
        )
        entry = GateEntry("pre_gen", running_prompt_id(), details={"on_fail": on_fail})
        current.gating.record(report, GateOrder((character,)), entry)
        reason = report.pictures[0].reason
        if on_fail == STOP and not report.passed:
            raise GateStopError(reason, hint="Mend it, or change on_fail.")
        is_blocked = on_fail == BLOCK and not report.passed
        passed_on = ExecutionBlocker(reason) if is_blocked else character
        text = json.dumps(report.as_json(), ensure_ascii=False)
        return io.NodeOutput(passed_on, report.passed, text, ui=ui.PreviewText(reason))
