"""The Embedding Injector."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..host.execution import running_prompt_id
from ..host.injection import Generation, InjectionOrder, InjectionReport, inject
from ..host.loras import LoraOrder, lora_names
from .character import prompt_fragment
from .sockets import CHARACTER, CharacterSocket

STOP, DEGRADE = "stop", "degrade"


class EmbeddingInjector(io.ComfyNode):
    """Puts a character into what a sampler is given."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerEmbeddingInjector",
            display_name="Embedding Injector",
            category=CHARACTER,
            description=(
                "Puts a character into a generation: its prompt fragments, its LoRAs, and its references "
                "where the model can use them. Says what was applied and what could not be."
            ),
            inputs=_inputs(),
            outputs=[
                io.Model.Output(
                    "injected_model", display_name="model", tooltip="The model, with the character's LoRAs."
                ),
                io.Clip.Output(
                    "injected_clip", display_name="clip", tooltip="The text encoder, with the same LoRAs."
                ),
                io.Conditioning.Output(
                    "injected_positive",
                    display_name="positive",
                    tooltip="The positive conditioning, with the character's prompt and references.",
                ),
                io.Conditioning.Output(
                    "injected_negative",
                    display_name="negative",
                    tooltip="The negative conditioning, with the character's negative prompt and references.",
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
        # A LoRA that was put into its folder after a degraded run must not be hidden by the cache.
        return sorted(lora_names())

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
        vae: Any = None,
        references: Tensor | None = None,
    ) -> io.NodeOutput:
        services.current().gating.note_use(running_prompt_id(), [character])
        uses = {"lora": use_lora, "prompt": use_prompt, "reference_latents": use_reference_latents}
        changed, report = inject(
            Generation(model, clip, positive, negative),
            _order(character, strength, vae, references),
            [method for method, is_used in uses.items() if is_used],
            stop_on_missing=on_missing == STOP,
        )
        summary = _summary(character, report)
        text = json.dumps({**report.as_json(), "summary": summary}, ensure_ascii=False)
        return io.NodeOutput(
            changed.model,
            changed.clip,
            changed.positive,
            changed.negative,
            text,
            ui=ui.PreviewText(summary),
        )


def _inputs() -> list[io.Input]:
    return [
        io.Model.Input("model", tooltip="The diffusion model; it is not changed, a copy is."),
        io.Clip.Input("clip", tooltip="The text encoder that the prompts were encoded with."),
        io.Conditioning.Input("positive", tooltip="What the picture should show."),
        io.Conditioning.Input("negative", tooltip="What the picture should not show."),
        CharacterSocket.Input("character", tooltip="The character, from a Character Loader."),
        io.Float.Input(
            "strength",
            default=1.0,
            min=0.0,
            max=2.0,
            step=0.05,
            tooltip="Factor on the LoRAs' strength; larger is more of the character, 0 applies nothing.",
        ),
        io.Combo.Input(
            "on_missing",
            options=[STOP, DEGRADE],
            default=STOP,
            tooltip="When a LoRA is missing or does not fit: stop before sampling, or go on and report it.",
        ),
        io.Boolean.Input(
            "use_prompt", default=True, tooltip="Append the character's prompts to both conditionings."
        ),
        io.Boolean.Input("use_lora", default=True, tooltip="Load the LoRAs that the character names."),
        io.Boolean.Input(
            "use_reference_latents",
            default=True,
            tooltip="With a VAE and references: attach them, for editing models (Kontext, Qwen-Image-Edit).",
        ),
        io.Vae.Input("vae", optional=True, tooltip="Encodes the references into latents."),
        io.Image.Input(
            "references",
            optional=True,
            tooltip="Reference pictures, usually from the Character Loader; more cost more time and memory.",
        ),
    ]


def _order(character: Character, strength: float, vae: Any, references: Tensor | None) -> InjectionOrder:
    return InjectionOrder(
        prompt=prompt_fragment(character),
        negative_prompt=character.negative_prompt.strip(),
        loras=tuple(
            LoraOrder(lora.name, lora.strength_model, lora.strength_clip) for lora in character.loras
        ),
        references=references,
        vae=vae,
        strength=strength,
    )


def _summary(character: Character, report: InjectionReport) -> str:
    if not report.applied and not report.degraded:
        return f"Nothing of {character.name} was applied: everything is as it came in."
    applied = ", ".join(entry["what"] for entry in report.applied) or "nothing"
    degraded = "; ".join(f"{entry['what']}: {entry['reason']}" for entry in report.degraded)
    return f"{character.name}: applied {applied}." + (f" Not applied: {degraded}" if degraded else "")
