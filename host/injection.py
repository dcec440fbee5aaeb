"""Ways to put a character into a generation, as a table that further ways are added to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import TowerError
from .conditioning import (
    add_prompt,
    attach_reference_latents,
    encode_references,
    model_family,
    uses_reference_latents,
)
from .loras import LoraOrder, load_lora


@dataclass(frozen=True, slots=True)
class Generation:
    """What a sampler is given; every method returns a changed copy."""

    model: Any
    clip: Any
    positive: list[Any]
    negative: list[Any]


@dataclass(frozen=True, slots=True)
class InjectionOrder:
    """What is to be put in.

    Parameters
    ----------
    prompt, negative_prompt : str
        Fragments for the positive and the negative conditioning.
    loras : tuple of LoraOrder
        LoRAs to load.
    references, vae : Tensor and VAE, or None
        Reference pictures as an IMAGE batch, and what encodes them.
    strength : float
        Factor on the strength of every weighted method; 0 applies nothing at all.
    """

    prompt: str = ""
    negative_prompt: str = ""
    loras: tuple[LoraOrder, ...] = ()
    references: Any = None
    vae: Any = None
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to apply: ``apply`` returns the changed generation and what was done, in words."""

    what: str
    apply: Callable[[Generation], tuple[Generation, str]]


class NotApplicableError(TowerError):
    """The model at hand has no use for the method, which is nobody's mistake."""


@dataclass(frozen=True)
class InjectionReport:
    """What was applied and what could not be."""

    applied: list[dict[str, str]] = field(default_factory=list)
    degraded: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report under the names that automation relies on."""
        return {"applied": self.applied, "degraded": self.degraded}


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
    report = InjectionReport()
    if order.strength == 0:
        return generation, report
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
        changed = add_prompt(generation.clip, generation.positive, order.prompt)
        return replace(generation, positive=changed), order.prompt

    def negative(generation: Generation) -> tuple[Generation, str]:
        changed = add_prompt(generation.clip, generation.negative, order.negative_prompt)
        return replace(generation, negative=changed), order.negative_prompt

    if order.prompt:
        yield Step("prompt", positive)
    if order.negative_prompt:
        yield Step("negative prompt", negative)


def _lora_steps(order: InjectionOrder) -> Iterator[Step]:
    for lora in order.loras:
        yield Step(f"LoRA {lora.name}", _lora_step(lora, order.strength))


def _lora_step(lora: LoraOrder, factor: float) -> Callable[[Generation], tuple[Generation, str]]:
    scaled = replace(
        lora, strength_model=lora.strength_model * factor, strength_clip=lora.strength_clip * factor
    )

    def apply(generation: Generation) -> tuple[Generation, str]:
        loaded = load_lora(generation.model, generation.clip, scaled)
        detail = (
            f"{loaded.n_model_keys} weights on the model at {scaled.strength_model:g}, "
            f"{loaded.n_clip_keys} on the text encoder at {scaled.strength_clip:g}"
        )
        return replace(generation, model=loaded.model, clip=loaded.clip), detail

    return apply


def _reference_steps(order: InjectionOrder) -> Iterator[Step]:
    def apply(generation: Generation) -> tuple[Generation, str]:
        if order.vae is None or order.references is None:
            absent, present = ("VAE", "references") if order.vae is None else ("references", "a VAE")
            raise NotApplicableError(f"{present} came in without {absent}; connect both.")
        if not uses_reference_latents(generation.model):
            raise NotApplicableError(
                f"this model family ({model_family(generation.model)}) has no use for reference latents."
            )
        latents = encode_references(order.vae, order.references)
        changed = replace(
            generation,
            positive=attach_reference_latents(generation.positive, latents),
            negative=attach_reference_latents(generation.negative, latents),
        )
        return changed, f"{len(latents)} reference latents on both conditionings"

    if order.vae is not None or order.references is not None:
        yield Step("reference latents", apply)


# LoRAs come first, so that the fragments are encoded by the text encoder that carries them.
METHODS: Mapping[str, Callable[[InjectionOrder], Iterator[Step]]] = {
    "lora": _lora_steps,
    "prompt": _prompt_steps,
    "reference_latents": _reference_steps,
}
