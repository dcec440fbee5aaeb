"""What the ways of model families need beside a character: models, and videos to follow."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..errors import InputError
from ..host.execution import running_prompt_id
from ..host.families.reference_latents import AUTO, LATENTS_METHODS
from ..host.families.style_models import STRENGTH_TYPES
from ..host.families.wan import empty_latent
from ..host.injection import inject
from ..host.injection_order import Generation, InjectionOrder, ReferenceModels, VideoOrder
from .injector_inputs import DEGRADE, STOP
from .sockets import CHARACTER, CharacterSocket, ReferenceModelsSocket


class ReferenceModelsNode(io.ComfyNode):
    """Gathers the models that turn references into what a family reads."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerReferenceModels",
            display_name="Reference Models",
            category=CHARACTER,
            description=(
                "Gathers what some model families need to read a character's references: a style model "
                "(Flux Redux), USO's style patch, PhotoMaker, a CLIP vision model. Connect it to the "
                "Embedding Injector or to Wan Reference."
            ),
            inputs=_model_inputs(),
            outputs=[
                ReferenceModelsSocket.Output(
                    "models",
                    display_name="reference models",
                    tooltip="For the Embedding Injector and Wan Reference, which use what fits the model.",
                )
            ],
        )

    @classmethod
    def execute(cls, **models: Any) -> io.NodeOutput:
        gathered = ReferenceModels(**models)
        if gathered.clip_vision is None:
            for name in ("style_model", "style_patch"):
                if getattr(gathered, name) is not None:
                    raise InputError(
                        f"The {name} came in without a CLIP vision model.",
                        field="clip_vision",
                        hint="Connect the one that it was trained with, sigclip_vision_patch14_384 for Flux.",
                    )
        return io.NodeOutput(gathered)


class WanReference(io.ComfyNode):
    """Prepares a character's references for a Wan video model."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerWanReference",
            display_name="Wan Reference",
            category=CHARACTER,
            description=(
                "Prepares a character's references, and a video to follow, as the model's kind of Wan takes "
                "them: Phantom, VACE or Animate. Says what was applied and what could not be."
            ),
            inputs=_wan_inputs(),
            outputs=[
                io.Conditioning.Output(
                    "positive_with_references", display_name="positive", tooltip="For the sampler."
                ),
                io.Conditioning.Output(
                    "negative_with_references", display_name="negative", tooltip="For the sampler."
                ),
                io.Conditioning.Output(
                    "middle",
                    display_name="middle",
                    tooltip=(
                        "Phantom: the negative prompt with the references, the second conditioning of a "
                        "DualCFGGuider. Other kinds: the same as negative."
                    ),
                ),
                io.Latent.Output(
                    "latent",
                    display_name="latent",
                    tooltip="The empty video to sample, of the size that was prepared for.",
                ),
                io.Int.Output(
                    "trim_latent",
                    display_name="trim latent",
                    tooltip="How many latent frames Trim Video Latent is to cut off after sampling.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip='JSON: {"applied": [{"what", "detail"}], "degraded": [{"what", "reason"}]}.',
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        model: Any,
        positive: list[Any],
        negative: list[Any],
        vae: Any,
        character: Character,
        references: Tensor,
        strength: float,
        on_missing: str,
        models: ReferenceModels | None = None,
        **video: Any,
    ) -> io.NodeOutput:
        services.current().gating.note_use(running_prompt_id(), [character])
        order = VideoOrder(**video)
        changed, report = inject(
            Generation(model, None, positive, negative, latent=empty_latent(model, order)),
            InjectionOrder(references=references, vae=vae, strength=strength, models=models, video=order),
            ["wan_reference"],
            stop_on_missing=on_missing == STOP,
        )
        entries = [entry["detail"] for entry in report.applied]
        entries += [f"Not applied: {entry['reason']}" for entry in report.degraded]
        summary = f"{character.name}: {' '.join(entries) or 'nothing was applied.'}"
        return io.NodeOutput(
            changed.positive,
            changed.negative,
            changed.negative if changed.middle is None else changed.middle,
            changed.latent,
            changed.trim_latent,
            json.dumps({**report.as_json(), "summary": summary}, ensure_ascii=False),
            ui=ui.PreviewText(summary),
        )


def _model_inputs() -> list[io.Input]:
    return [
        io.ClipVision.Input(
            "clip_vision",
            optional=True,
            tooltip="Looks at the references: SigLIP for Flux Redux and USO, CLIP ViT-H for Wan Animate.",
        ),
        io.StyleModel.Input(
            "style_model", optional=True, tooltip="Flux Redux, or the T2I style adapter of SD 1.5."
        ),
        io.Custom("MODEL_PATCH").Input(
            "style_patch", optional=True, tooltip="USO's style projector, from Load Model Patch; Flux only."
        ),
        io.Photomaker.Input("photomaker", optional=True, tooltip="PhotoMaker's encoder; SDXL only."),
        io.Float.Input(
            "style_strength",
            default=1.0,
            min=0.0,
            max=10.0,
            step=0.05,
            tooltip="Strength of the style model; larger follows the references more, 0 leaves it out.",
        ),
        io.Combo.Input(
            "style_strength_type",
            options=list(STRENGTH_TYPES),
            default=STRENGTH_TYPES[0],
            tooltip="attn_bias: the strength scales the attention to the style tokens; multiply: the tokens.",
        ),
        io.String.Input(
            "class_word",
            default="person",
            tooltip="What the character is, in one word, for PhotoMaker: girl, boy, person.",
        ),
        io.Combo.Input(
            "latents_method",
            options=list(LATENTS_METHODS),
            default=AUTO,
            tooltip="How a model tells several reference latents apart; auto is as trained, uxo is USO.",
        ),
    ]


def _wan_inputs() -> list[io.Input]:
    return [
        io.Model.Input("model", tooltip="A Wan model; its kind says how the references are prepared."),
        io.Conditioning.Input("positive", tooltip="What the video should show."),
        io.Conditioning.Input("negative", tooltip="What the video should not show."),
        io.Vae.Input("vae", tooltip="The VAE of Wan 2.1, which encodes the references."),
        CharacterSocket.Input("character", tooltip="The character, from a Character Loader."),
        io.Image.Input(
            "references",
            tooltip="Its references: Phantom takes up to four, the others the first; nothing is cropped.",
        ),
        _size("width", 832, "Width in pixels, made the nearest multiple of 16; larger costs more."),
        _size("height", 480, "Height in pixels, made the nearest multiple of 16; larger costs more."),
        io.Int.Input(
            "length",
            default=81,
            min=1,
            max=4096,
            step=4,
            tooltip="Number of frames, made the nearest 4n + 1; larger is a longer video.",
        ),
        io.Int.Input(
            "batch_size", default=1, min=1, max=64, step=1, tooltip="Number of videos; larger costs more."
        ),
        io.Float.Input(
            "strength",
            default=1.0,
            min=0.0,
            max=2.0,
            step=0.05,
            tooltip="VACE: larger follows references and video more. 0 applies nothing, for every kind.",
        ),
        io.Combo.Input(
            "on_missing",
            options=[STOP, DEGRADE],
            default=STOP,
            tooltip="When something does not fit: stop before sampling, or go on and report it.",
        ),
        io.Image.Input(
            "control_video", optional=True, tooltip="VACE: the video to follow, such as poses or depth."
        ),
        io.Mask.Input(
            "control_masks",
            optional=True,
            tooltip="VACE: where the control video is drawn anew, of its size; without, everywhere.",
        ),
        io.Image.Input("pose_video", optional=True, tooltip="Animate: the poses to follow, as pictures."),
        io.Image.Input("face_video", optional=True, tooltip="Animate: the face to follow, as crops."),
        io.Image.Input(
            "background_video", optional=True, tooltip="Animate: the video that the character is put into."
        ),
        io.Mask.Input(
            "character_masks",
            optional=True,
            tooltip="Animate: where in the background the character is drawn, of its size.",
        ),
        ReferenceModelsSocket.Input(
            "models", optional=True, tooltip="Animate: a CLIP vision model, from Reference Models."
        ),
    ]


def _size(name: str, default: int, tooltip: str) -> io.Input:
    return io.Int.Input(name, default=default, min=16, max=8192, step=16, tooltip=tooltip)
