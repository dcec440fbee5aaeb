"""The loop of the Gated KSampler: sample, decode, judge, record; until it passes or the cap is reached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from ..consistency.gates.gate_report import GateReport
from ..consistency.verdict import Status
from ..host.execution import running_prompt_id, stop_if_cancelled
from ..host.sampling import (
    AttemptProgress,
    SampleStoppedError,
    Sampling,
    decode,
    decode_early,
    model_key,
    sample,
)
from ..services import Services
from ..services.attempts import LARGEST_SEED, MAX_ATTEMPTS, Attempts, seed_after
from ..services.early import AUDIT, FINISHED, STOPPED, Probing
from ..services.gating import GateEntry, GateOrder, first_verdict, judge
from .convert import to_measurable_arrays

EARLY_OFF, EARLY_LOG, EARLY_AUTO = "off", "log", "auto"


@dataclass(frozen=True, slots=True)
class LoopOrder:
    """What the loop is asked to make.

    Parameters
    ----------
    sampling : Sampling
        The first attempt, but for its seed.
    vae : VAE
        Decodes.
    gate : GateOrder
        What each attempt is checked for.
    seed : int
        Of the first attempt.
    early : str
        ``off``, ``log`` or ``auto``: what a score part of the way is used for.
    fraction : float
        After which part of the steps that is, in (0, 1).
    """

    sampling: Sampling
    vae: Any
    gate: GateOrder
    seed: int
    max_attempts: int
    give_up_early: bool
    adjust: bool
    early: str
    fraction: float


@dataclass(frozen=True, slots=True)
class LoopResult:
    """The best attempt, the record of all of them, and what early rejection did."""

    latent: dict[str, Any]
    images: Tensor
    report: GateReport
    attempts: Attempts
    early: dict[str, Any]


@dataclass(slots=True)
class _Look:
    """What was seen of one attempt part of the way."""

    report: GateReport | None = None
    fate: str = FINISHED
    at_step: int = 0
    threshold: float | None = None
    trouble: str = ""

    @property
    def score(self) -> float | None:
        return None if self.report is None else self.report.identity_score

    def as_json(self) -> dict[str, Any] | None:
        """Return what was seen; None when nobody looked."""
        if not self.at_step:
            return None
        seen = {"score": self.score, "threshold": self.threshold, "fate": self.fate, "step": self.at_step}
        return {**seen, "trouble": self.trouble} if self.trouble else seen


_Made = tuple[dict[str, Any], Tensor, GateReport]


@dataclass
class GatedLoop:
    """Makes attempts one after the other, and keeps the best in memory."""

    services: Services
    order: LoopOrder
    n_done: int = 0
    n_saved: int = 0
    _best: _Made | None = None
    _probing: Probing | None = None

    def run(self) -> LoopResult:
        """Make attempts until one passes, the cap is reached, or there is no hope.

        Each is stored before the next one begins.
        """
        order, sampling, seed = self.order, self.order.sampling, self.order.seed
        n_most = min(order.max_attempts, MAX_ATTEMPTS)
        progress = AttemptProgress(sampling.model, n_most)
        attempts = Attempts.begin({"seed": seed})
        while True:
            stop_if_cancelled()
            progress.begin()
            # Something has to come out in the end, so the last attempt is finished if no other was.
            may_stop = self._best is not None or attempts.number < n_most
            report, look, made = self._attempt(sampling, seed, progress, may_stop=may_stop)
            attempts = attempts.add(report, is_finished=made is not None)
            if attempts.best_attempt == len(attempts.made):
                self._best = made
            is_over = attempts.is_over(n_most, give_up_early=order.give_up_early)
            self._record(report, attempts, look, is_over=is_over)
            if is_over and self._best is not None:
                return LoopResult(*self._best, attempts, self._early_summary())
            changes = attempts.next_changes(report, adjust=order.adjust)
            seed = seed_after(seed, "seed", 0, LARGEST_SEED)
            steps, cfg = changes.new_steps(sampling.steps), changes.new_cfg(sampling.cfg)
            sampling = replace(sampling, steps=steps, cfg=cfg)
            attempts = attempts.followed_by({"seed": seed}, changes)

    def _attempt(
        self, sampling: Sampling, seed: int, progress: AttemptProgress, *, may_stop: bool
    ) -> tuple[GateReport, _Look, _Made | None]:
        """Sample and judge once; nothing is made when it was stopped early."""
        look = _Look()

        def on_step(done: int, total: int, x0: Tensor) -> None:
            progress.show(done, total, x0)
            self.n_done += 1
            if self._is_time_to_look(look, done, total):
                look.at_step = done
                self._foretell(
                    look, seed, decode_early(sampling.model, self.order.vae, x0, progress.small_decoder)
                )
                if look.fate == STOPPED and may_stop:
                    self.n_saved += total - done
                    raise SampleStoppedError

        try:
            latent = sample(sampling, seed, on_step)
        except SampleStoppedError:
            self._log(look, None)
            return _rejected(look, self.order.fraction), look, None
        if look.fate == STOPPED:
            # Finished since something has to come out, not by lot: counted as an audit it would stand for
            # stopped samples that it is no fair draw of.
            look.fate = FINISHED
        images = decode(self.order.vae, latent)
        report = judge(self.services.identity, to_measurable_arrays(images), self.order.gate)
        self._log(look, report.identity_score)
        return report, look, (latent, images, report)

    def _is_time_to_look(self, look: _Look, done: int, total: int) -> bool:
        return (
            self.order.early != EARLY_OFF
            and look.at_step == 0
            and self.order.fraction * total <= done < total
        )

    def _foretell(self, look: _Look, seed: int, sketch: Tensor | None) -> None:
        """Score a sketch of the sample, and say whether what was logged makes it hopeless."""
        if sketch is None:
            look.trouble = "This latent cannot be decoded beside the model."
            return
        order = replace(self.order.gate, technical=False, sequence=False)
        look.report = judge(self.services.identity, to_measurable_arrays(sketch), order)
        if look.score is None:
            look.trouble = "Nobody could be measured in the sketch."
            return
        if self._probing is None:
            verdict = first_verdict(look.report)
            names = verdict["encoder"], verdict["encoder_version"]
            self._probing = Probing(model_key(self.order.sampling.model), *names, self.order.fraction)
        policy = self.services.early.policy(self._probing)
        look.threshold = policy.threshold
        if self.order.early == EARLY_AUTO and policy.is_hopeless(look.score):
            look.fate = AUDIT if self.services.early.is_audited(seed) else STOPPED

    def _log(self, look: _Look, final: float | None) -> None:
        """Store what was foretold and what became of it; one that was not measured says nothing."""
        if self._probing is None or look.score is None or (final is None and look.fate != STOPPED):
            return
        self.services.early.log(self._probing, look.score, final, look.fate, running_prompt_id())

    def _record(self, report: GateReport, attempts: Attempts, look: _Look, *, is_over: bool) -> None:
        made = attempts.made[-1]
        best = attempts.best or report
        details = {
            "on_fail": "regenerate",
            "seeds": made["seeds"],
            "changes": made["changes"],
            "early": look.as_json(),
        }
        entry = GateEntry(
            "post_gen",
            running_prompt_id(),
            run_key=attempts.run_key,
            attempt=made["attempt"],
            job_score=best.worst_score if is_over else None,
            details=details,
        )
        self.services.gating.record(report, self.order.gate, entry)

    def _early_summary(self) -> dict[str, Any]:
        """Return what early rejection did in this run, and over all runs of this model."""
        summary: dict[str, Any] = {
            "mode": self.order.early,
            "steps_done": self.n_done,
            "steps_saved": self.n_saved,
        }
        if self._probing is not None:
            summary["policy"] = self.services.early.policy(self._probing).as_json()
            summary["so_far"] = self.services.early.savings(self._probing).as_json()
        return summary


def _rejected(look: _Look, fraction: float) -> GateReport:
    """Return the report on a sketch as that on an attempt that was stopped: it failed."""
    reason = f"Stopped after {fraction:.0%} of the steps: the early score was below {look.threshold:.2f}."
    pictures = look.report.pictures if look.report else ()
    return GateReport(tuple(replace(one, status=Status.FAIL, reason=reason) for one in pictures))
