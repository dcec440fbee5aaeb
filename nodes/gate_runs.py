"""What a gate does with what it judged: answer once, have it made again, or queue the prompt once more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui
from comfy_execution.graph_utils import ExecutionBlocker
from torch import Tensor

from .. import services
from ..consistency.gates.gate_report import GateReport
from ..consistency.verdict import Status
from ..errors import GateStopError, InputError
from ..host.execution import running_prompt_id, stop_if_cancelled
from ..host.upstream import rewritten
from ..services.attempts import Attempts
from ..services.gating import GateEntry, GateOrder, contact_sheet
from .convert import to_image_batch, to_measurable_arrays
from .regenerate import expand, plan_next, seeds_upstream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REPORT, BLOCK, STOP, REGENERATE, RESUBMIT = "report", "block", "stop", "regenerate", "resubmit"
_N_OUTPUTS = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """Pictures, what was found in them, and what is to follow."""

    images: Tensor
    arrays: Sequence[NDArray[np.uint8] | None]
    report: GateReport
    order: GateOrder
    gate_type: str
    on_fail: str
    max_attempts: int
    give_up_early: bool
    adjust: bool

    def entry(
        self, *, job_score: float | None, run_key: str = "", attempt: int = 1, **details: Any
    ) -> GateEntry:
        """Return under which heading it is stored."""
        return GateEntry(
            self.gate_type,
            running_prompt_id(),
            run_key=run_key,
            attempt=attempt,
            job_score=job_score,
            details={"on_fail": self.on_fail, **details},
        )


def once(judged: Judged) -> io.NodeOutput:
    """Store what was found, and answer as `on_fail` says."""
    report = judged.report
    services.current().gating.record(report, judged.order, judged.entry(job_score=report.worst_score))
    if judged.on_fail == STOP and not report.passed:
        summary = _summary(report, judged.order)
        raise GateStopError(summary, hint="Change the picture, the threshold, or on_fail.")
    sheet = contact_sheet(judged.arrays, report)
    return _answer(judged.images, sheet, report, judged.order, is_blocking=judged.on_fail == BLOCK)


def regenerate(
    judged: Judged, hidden: Any, best_so_far: Tensor | None, earlier_attempts: str | None
) -> io.NodeOutput:
    """Store the attempt; then answer with the best one, or become the graph of the next."""
    graph, node_id, report = hidden.dynprompt, hidden.unique_id, judged.report
    before = Attempts.from_text(earlier_attempts) if earlier_attempts else None
    attempts = (before or Attempts.begin(seeds_upstream(graph, node_id))).add(report)
    is_over = attempts.is_over(judged.max_attempts, give_up_early=judged.give_up_early)
    best, made = attempts.best or report, attempts.made[-1]
    entry = judged.entry(
        job_score=best.worst_score if is_over else None,
        run_key=attempts.run_key,
        attempt=made["attempt"],
        seeds=made["seeds"],
        changes=made["changes"],
    )
    services.current().gating.record(report, judged.order, entry)
    is_new_best = attempts.best_attempt == len(attempts.made)
    if is_over:
        if is_new_best or best_so_far is None:
            images, arrays = judged.images, judged.arrays
        else:
            images, arrays = best_so_far, to_measurable_arrays(best_so_far)
        return _answer(images, contact_sheet(arrays, best), best, judged.order, attempts=attempts)
    stop_if_cancelled()
    changes = attempts.next_changes(report, adjust=judged.adjust)
    following, new_nodes = expand(graph, node_id, attempts, changes, is_new_best=is_new_best)
    return io.NodeOutput(*(following.out(index) for index in range(_N_OUTPUTS)), expand=new_nodes)


def resubmit(judged: Judged, hidden: Any) -> io.NodeOutput:
    """Store the attempt, and if it failed queue the whole prompt once more; never wait for that.

    Raises
    ------
    InputError
        If nothing upstream has a seed, or the gate was made by another node, so that it is not part of
        the prompt.
    """
    again, prompt_id = services.current().resubmission, running_prompt_id()
    lineage, report, prompt = again.lineage(prompt_id), judged.report, hidden.prompt
    entry = judged.entry(
        job_score=report.worst_score,
        run_key=lineage.run_key,
        attempt=lineage.attempt,
        seeds=seeds_upstream(hidden.dynprompt, hidden.unique_id),
        changes=lineage.changes,
    )
    services.current().gating.record(report, judged.order, entry)
    if not report.passed and lineage.attempt < judged.max_attempts:
        if hidden.unique_id not in prompt:
            raise InputError(
                f"The gate {hidden.unique_id} was made by another node, so the prompt cannot be changed.",
                field="on_fail",
                hint="Choose regenerate.",
            )
        changes = services.current().gating.next_changes(report, lineage.attempt, adjust=judged.adjust)
        link = prompt[hidden.unique_id]["inputs"]["images"]
        plan = plan_next(prompt.__getitem__, link, str, changes)
        extra_data = {"extra_pnginfo": hidden.extra_pnginfo} if hidden.extra_pnginfo else {}
        again.try_again(prompt_id, rewritten(prompt, plan), extra_data, changes.as_json())
    sheet = contact_sheet(judged.arrays, report)
    return _answer(judged.images, sheet, report, judged.order, is_blocking=True, n_attempts=lineage.attempt)


def _answer(
    images: Tensor,
    sheet: NDArray[np.uint8],
    report: GateReport,
    order: GateOrder,
    *,
    is_blocking: bool = False,
    attempts: Attempts | None = None,
    n_attempts: int = 1,
) -> io.NodeOutput:
    summary = _summary(report, order, attempts)
    message = summary if is_blocking and not report.passed else None
    made = list(attempts.made) if attempts else []
    whole = {**report.as_json(), "attempts": made}
    pictures = json.dumps([picture.as_json() for picture in report.pictures], ensure_ascii=False)
    return io.NodeOutput(
        *_sorted(images, report, message),
        *(report.passed, report.score, pictures, whole, len(made) or n_attempts),
        ui={**ui.PreviewImage(to_image_batch([sheet])).as_dict(), "text": (summary,)},
    )


def _summary(report: GateReport, order: GateOrder, attempts: Attempts | None = None) -> str:
    names = " and ".join(character.name for character in order.characters)
    lines = [f"{report.n_passed} of {len(report.pictures)} pictures show {names}."]
    if attempts is not None and len(attempts.made) > 1:
        lines.append(f"Attempt {attempts.best_attempt} of {len(attempts.made)} was the best.")
    lines += [
        f"Picture {number} ({picture.status.value}): {picture.reason}"
        for number, picture in enumerate(report.pictures, 1)
        if not picture.passed
    ]
    lines += [
        f"The sequence ({check.status.value}): {check.reason}"
        for check in report.sequence
        if check.status is not Status.PASS
    ]
    return "\n".join(lines)


def _sorted(images: Tensor, report: GateReport, message: str | None) -> tuple[Any, Any, Any]:
    """Split the batch into passed, failed and best; an output without pictures blocks what follows it."""
    passed = [index for index, picture in enumerate(report.pictures) if picture.passed]
    if report.sequence:
        passed = list(range(len(images))) if report.passed else []
    failed = [index for index in range(len(images)) if index not in passed]
    nothing = ExecutionBlocker(None)
    return (
        ExecutionBlocker(message) if message else (images[passed] if passed else nothing),
        images[failed] if failed else nothing,
        nothing if report.best is None else images[[report.best]],
    )
