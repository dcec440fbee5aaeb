"""The Consistency Gate."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from comfy_execution.graph_utils import ExecutionBlocker
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..consistency.verdict import Status, Verdict
from ..errors import GateStopError
from ..host.execution import running_prompt_id
from .choices import AUTO, encoder_names
from .convert import to_image_arrays
from .sockets import CONSISTENCY, CharacterSocket

REPORT, BLOCK, STOP = "report", "block", "stop"
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
                "verdict. One that cannot be measured never passes."
            ),
            inputs=_inputs(),
            outputs=[
                io.Image.Output("passed", display_name="passed", tooltip="The pictures that passed."),
                io.Image.Output(
                    "failed",
                    display_name="failed",
                    tooltip="Those that failed or could not be measured.",
                ),
                io.Image.Output("best", display_name="best", tooltip="The picture with the highest score."),
                io.Boolean.Output(
                    "all_passed", display_name="all_passed", tooltip="Whether every picture passed."
                ),
                io.Float.Output(
                    "score",
                    display_name="score",
                    tooltip="The lowest score, 0–1; 0.5 is the threshold, and 0 stands for not measured.",
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="One verdict for each picture, as JSON list."
                ),
            ],
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
    ) -> io.NodeOutput:
        verdicts = services.current().identity.score(
            character,
            to_image_arrays(images),
            encoder=None if encoder == AUTO else encoder,
            threshold=threshold or None,
        )
        summary = _summary(character, verdicts)
        _record(gate_type, character, verdicts, on_fail)
        if on_fail == STOP and not _all_passed(verdicts):
            raise GateStopError(summary, hint="Change the picture, the threshold, or on_fail.")
        message = summary if on_fail == BLOCK and not _all_passed(verdicts) else None
        report = json.dumps([verdict.as_json() for verdict in verdicts], ensure_ascii=False)
        outputs = (_all_passed(verdicts), _score(verdicts), report)
        return io.NodeOutput(*_sorted(images, verdicts, message), *outputs, ui=ui.PreviewText(summary))


def _inputs() -> list[io.Input]:
    return [
        io.Image.Input("images", tooltip="The pictures to check; each is judged on its own."),
        CharacterSocket.Input("character", tooltip="Whom they should show, from a Character Loader."),
        io.Combo.Input(
            "on_fail",
            options=[REPORT, BLOCK, STOP],
            default=REPORT,
            tooltip=(
                "When a picture does not pass. report: the others go on. block: nothing leaves passed. "
                "stop: the run ends with an error."
            ),
        ),
        io.Float.Input(
            "threshold",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.01,
            tooltip="Raw similarity to reach; larger is stricter. 0 uses the character's own calibrated one.",
        ),
        io.Combo.Input(
            "encoder",
            options=encoder_names(),
            default=AUTO,
            tooltip="What measures; auto takes the best one installed. Two encoders' scores do not compare.",
        ),
        io.Combo.Input(
            "gate_type",
            options=GATE_TYPES,
            default=GATE_TYPES[0],
            tooltip="Under which heading the verdict is stored: before generation, after it, or final.",
        ),
    ]


def _all_passed(verdicts: list[Verdict]) -> bool:
    return all(verdict.status is Status.PASS for verdict in verdicts)


def _worst(verdicts: list[Verdict]) -> float | None:
    """Return the lowest score that was measured, if any."""
    return min((verdict.score for verdict in verdicts if verdict.score is not None), default=None)


def _score(verdicts: list[Verdict]) -> float:
    """Return the lowest score, where a picture that could not be measured counts 0."""
    return min(0.0 if verdict.score is None else verdict.score for verdict in verdicts)


def _summary(character: Character, verdicts: list[Verdict]) -> str:
    n_passed = sum(verdict.status is Status.PASS for verdict in verdicts)
    lines = [f"{n_passed} of {len(verdicts)} pictures show {character.name}."]
    lines += [
        f"Picture {number} ({verdict.status.value}): {verdict.reason}"
        for number, verdict in enumerate(verdicts, 1)
        if verdict.status is not Status.PASS
    ]
    return "\n".join(lines)


def _record(gate_type: str, character: Character, verdicts: list[Verdict], on_fail: str) -> None:
    """Store the run of the gate, with the job of the running prompt."""
    measured = all(verdict.status is not Status.UNKNOWN for verdict in verdicts)
    failed = any(verdict.status is Status.FAIL for verdict in verdicts)
    prompt_id = running_prompt_id()
    current = services.current()
    job_id = current.job_log.job_id_of(prompt_id) if prompt_id else None
    worst = _worst(verdicts)
    current.gates.add(
        gate_type,
        _all_passed(verdicts) if measured or failed else None,
        score=worst,
        details={
            "character": character.label,
            "version": character.version.number,
            "on_fail": on_fail,
            "prompt_id": prompt_id,
            "verdicts": [verdict.as_json() for verdict in verdicts],
        },
        job_id=job_id,
        character_id=character.id,
    )
    if job_id is not None and worst is not None:
        before = current.jobs.get(job_id).quality_score
        current.jobs.update(job_id, quality_score=worst if before is None else min(before, worst))


def _sorted(images: Tensor, verdicts: list[Verdict], message: str | None) -> tuple[Any, Any, Any]:
    """Split the batch into passed, failed and best; an output without pictures blocks what follows it."""
    passed = [index for index, verdict in enumerate(verdicts) if verdict.status is Status.PASS]
    failed = [index for index in range(len(verdicts)) if index not in passed]
    scores = {index: verdict.score for index, verdict in enumerate(verdicts) if verdict.score is not None}
    best = [max(scores, key=scores.__getitem__)] if scores else []
    nothing = ExecutionBlocker(None)
    return (
        ExecutionBlocker(message) if message else (images[passed] if passed else nothing),
        images[failed] if failed else nothing,
        images[best] if best else nothing,
    )
