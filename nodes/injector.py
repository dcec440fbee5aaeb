"""The Embedding Injector."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..host.adapters.apply import AdapterSettings
from ..host.adapters.cast import Member, part_of_picture
from ..host.adapters.files import Adapter, adapter_names
from ..host.adapters.steps import AdapterOrder, Shown
from ..host.execution import running_prompt_id
from ..host.injection import Generation, InjectionOrder, InjectionReport, inject
from ..host.injection_order import ReferenceModels
from ..host.loras import LoraOrder, lora_names
from ..services.adapter_inputs import AdapterWants
from .character import prompt_fragment
from .convert import to_finite_arrays
from .injector_inputs import AUTO, STOP, injector_inputs
from .sockets import CHARACTER

# Of an aligned face for adapters that name none, as for SD 1.5.
_CROP_SIDE = 224


class EmbeddingInjector(io.ComfyNode):
    """Puts one or more characters into what a sampler is given."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerEmbeddingInjector",
            display_name="Embedding Injector",
            category=CHARACTER,
            description=(
                "Puts characters into a generation: their identity by an adapter, their prompt fragments, "
                "their LoRAs, and their references where the model can use them. Says what was applied and "
                "what could not be."
            ),
            inputs=injector_inputs(),
            outputs=[
                io.Model.Output(
                    "injected_model",
                    display_name="model",
                    tooltip="The model, with the characters' identity and LoRAs.",
                ),
                io.Clip.Output(
                    "injected_clip", display_name="clip", tooltip="The text encoder, with the same LoRAs."
                ),
                io.Conditioning.Output(
                    "injected_positive",
                    display_name="positive",
                    tooltip="The positive conditioning, with the characters' prompts and references.",
                ),
                io.Conditioning.Output(
                    "injected_negative",
                    display_name="negative",
                    tooltip="The negative conditioning, with their negative prompts and references.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip='JSON: {"applied": [{"what", "detail"}], "degraded": [{"what", "reason"}]}.',
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: Any) -> list[str]:
        # A file that was put into its folder after a degraded run must not be hidden by the cache.
        return sorted([*lora_names(), *adapter_names()])

    @classmethod
    def execute(
        cls,
        *,
        model: Any,
        clip: Any,
        positive: list[Any],
        negative: list[Any],
        character: Character,
        strength: float,
        on_missing: str,
        use_prompt: bool,
        use_lora: bool,
        use_reference_latents: bool,
        region: str = "whole",
        mask_prompt: bool = False,
        crop: str = AUTO,
        vae: Any = None,
        references: Tensor | None = None,
        adapter: Adapter | None = None,
        settings: AdapterSettings | None = None,
        mask: Tensor | None = None,
        cast: tuple[Member, ...] = (),
        negative_references: Tensor | None = None,
        reference_models: ReferenceModels | None = None,
    ) -> io.NodeOutput:
        first = Member(character, strength, part_of_picture(region, mask), references, settings)
        members = [first, *cast]
        services.current().gating.note_use(running_prompt_id(), [member.character for member in members])
        uses = {
            "lora": use_lora,
            "prompt": use_prompt,
            "reference_latents": use_reference_latents,
            "adapter": adapter is not None,
            "style_model": reference_models is not None,
            "style_patch": reference_models is not None,
            "photomaker": reference_models is not None,
        }
        methods = [method for method, is_used in uses.items() if is_used]
        generation, report = Generation(model, clip, positive, negative), InjectionReport()
        summaries = []
        for member in members:
            shown = None
            if adapter is not None:
                shown = AdapterOrder(
                    adapter,
                    lambda member=member: _shown(member, adapter, crop, negative_references),
                    member.settings or settings or AdapterSettings(),
                )
            order = _order(member, vae, shown, reference_models, is_prompt_masked=mask_prompt)
            generation, of_member = inject(generation, order, methods, stop_on_missing=on_missing == STOP)
            report = report.joined(of_member, member.character.name)
            summaries.append(_summary(member.character, of_member))
        summary = " ".join(summaries)
        text = json.dumps({**report.as_json(), "summary": summary}, ensure_ascii=False)
        return io.NodeOutput(
            generation.model,
            generation.clip,
            generation.positive,
            generation.negative,
            text,
            ui=ui.PreviewText(summary),
        )


def _order(
    member: Member,
    vae: Any,
    adapter: AdapterOrder | None,
    models: ReferenceModels | None,
    *,
    is_prompt_masked: bool,
) -> InjectionOrder:
    character = member.character
    return InjectionOrder(
        prompt=prompt_fragment(character),
        negative_prompt=character.negative_prompt.strip(),
        loras=tuple(
            LoraOrder(lora.name, lora.strength_model, lora.strength_clip) for lora in character.loras
        ),
        references=member.references,
        vae=vae,
        strength=member.strength,
        adapter=adapter,
        mask=member.mask,
        is_prompt_masked=is_prompt_masked,
        models=models,
    )


def _shown(member: Member, adapter: Adapter, crop: str, negatives: Tensor | None) -> Shown:
    """Return what an adapter is shown of a character: connected pictures, or else the stored ones."""
    stored = member.character.references
    pictures: Sequence[Any] = (
        stored if member.references is None else to_finite_arrays(member.references, "references")
    )
    found = services.current().adapter_inputs.prepare(pictures, _wants(adapter, crop))
    weights = tuple(stored[at].weight for at in found.used) if member.references is None else ()
    return Shown(
        found.pictures,
        found.faces,
        weights,
        found.notes,
        () if negatives is None else to_finite_arrays(negatives, "negative_references"),
    )


def _wants(adapter: Adapter, crop: str) -> AdapterWants:
    """Return what an adapter takes, where `crop` says what its CLIP vision model is to see."""
    kind = adapter.kind
    by_kind = "face" if kind.face else "head" if adapter.is_of_faces else "whole"
    return AdapterWants(
        face=kind.face,
        crop=by_kind if crop == AUTO else crop,
        crop_side=kind.crop_side or _CROP_SIDE,
        pack=adapter.face_models if kind.face else "",
    )


def _summary(character: Character, report: InjectionReport) -> str:
    if not report.applied and not report.degraded:
        return f"Nothing of {character.name} was applied: everything is as it came in."
    applied = ", ".join(entry["what"] for entry in report.applied) or "nothing"
    degraded = "; ".join(f"{entry['what']}: {entry['reason']}" for entry in report.degraded)
    return f"{character.name}: applied {applied}." + (f" Not applied: {degraded}" if degraded else "")
