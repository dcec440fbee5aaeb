"""Ways to put a character into a generation, as a table that further ways are added to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..errors import TowerError
from .adapters.steps import adapter_steps
from .conditioning import Conditioning, add_prompt
from .families.family import describe_family, why_degraded
from .families.steps import STEPS
from .injection_order import Generation, InjectionOrder, InjectionReport, NotApplicableError, Step
from .loras import LoraOrder, load_lora, without_doubles
from .regional import add_regional_prompt

__all__ = [
    "METHODS",
    "Generation",
    "InjectionOrder",
    "InjectionReport",
    "NotApplicableError",
    "Step",
    "inject",
]


def inject(
    generation: Generation,
    order: InjectionOrder,
    methods: Iterable[str],
    *,
    stop_on_missing: bool,
) -> tuple[Generation, InjectionReport]:
    """Apply the chosen methods, one after the other.

    Parameters
    ----------
    methods : iterable of str
        Keys of `METHODS`.
    stop_on_missing : bool
        Whether a missing or unfit file stops the run; otherwise it goes into the report.

    Raises
    ------
    MissingModelError, InputError
        If something is missing or does not fit, and `stop_on_missing` is true.
    """
    report = InjectionReport(family=describe_family(generation.model))
    if order.strength == 0:
        return generation, report
    reason = why_degraded(generation.model)
    if reason:
        report.degraded.append({"what": "identity", "reason": reason})
    for step in (step for method in methods for step in METHODS[method](order)):
        try:
            generation, detail = step.apply(generation)
        except TowerError as error:
            if stop_on_missing and not isinstance(error, NotApplicableError):
                raise
            report.degraded.append({"what": step.what, "reason": str(error)})
        else:
            report.applied.append({"what": step.what, "detail": detail})
    return generation, report


def _prompt_steps(order: InjectionOrder) -> Iterator[Step]:
    def positive(generation: Generation) -> tuple[Generation, str]:
        changed = _prompted(generation.clip, generation.positive, order.prompt, order)
        return replace(generation, positive=changed), order.prompt

    def negative(generation: Generation) -> tuple[Generation, str]:
        changed = _prompted(generation.clip, generation.negative, order.negative_prompt, order)
        return replace(generation, negative=changed), order.negative_prompt

    if order.prompt:
        yield Step("prompt", positive)
    if order.negative_prompt:
        yield Step("negative prompt", negative)


def _prompted(clip: Any, conditioning: Conditioning, text: str, order: InjectionOrder) -> Conditioning:
    if order.is_prompt_masked and order.mask is not None:
        return add_regional_prompt(clip, conditioning, text, order.mask)
    return add_prompt(clip, conditioning, text)


def _lora_steps(order: InjectionOrder) -> Iterator[Step]:
    orders, doubled = without_doubles(order.loras)
    for lora in orders:
        note = " It is named more than once, and loaded once." if lora.name in doubled else ""
        yield Step(f"LoRA {lora.name}", _lora_step(lora, order.strength, note))


def _lora_step(lora: LoraOrder, factor: float, note: str) -> Callable[[Generation], tuple[Generation, str]]:
    scaled = replace(
        lora, strength_model=lora.strength_model * factor, strength_clip=lora.strength_clip * factor
    )

    def apply(generation: Generation) -> tuple[Generation, str]:
        loaded = load_lora(generation.model, generation.clip, scaled)
        detail = (
            f"{loaded.n_model_keys} weights on the model at {scaled.strength_model:g}, "
            f"{loaded.n_clip_keys} on the text encoder at {scaled.strength_clip:g}"
        )
        if loaded.note or note:
            detail = f"{detail}. {loaded.note}{note}".replace("  ", " ")
        return replace(generation, model=loaded.model, clip=loaded.clip), detail

    return apply


# LoRAs come first, so that the fragments are encoded by the text encoder that carries them.
METHODS: Mapping[str, Callable[[InjectionOrder], Iterator[Step]]] = {
    "lora": _lora_steps,
    "prompt": _prompt_steps,
    "adapter": adapter_steps,
    **STEPS,
}
