"""What the Embedding Injector takes."""

from __future__ import annotations

from comfy_api.latest import io

from ..host.adapters.cast import REGION_NAMES
from .sockets import (
    AdapterSocket,
    CastSocket,
    CharacterSocket,
    InjectionSettingsSocket,
    ReferenceModelsSocket,
)

STOP, DEGRADE = "stop", "degrade"
AUTO = "auto"


def injector_inputs() -> list[io.Input]:
    """Return all inputs, those that every generation has first."""
    return [*_generation(), *_switches(), *_sources(), *_cast()]


def _generation() -> list[io.Input]:
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
            tooltip="Factor on adapter and LoRAs; larger is more of the character, 0 applies nothing.",
        ),
    ]


def _switches() -> list[io.Input]:
    return [
        io.Combo.Input(
            "on_missing",
            options=[STOP, DEGRADE],
            default=STOP,
            tooltip="When a file is missing or does not fit: stop before sampling, or go on and report it.",
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
        io.Combo.Input(
            "region",
            options=list(REGION_NAMES),
            default="whole",
            optional=True,
            tooltip="The character's part of the picture; outside it the adapter adds exactly nothing.",
        ),
        io.Boolean.Input(
            "mask_prompt",
            default=False,
            optional=True,
            tooltip="Whether prompts, too, hold in each character's part of the picture only.",
        ),
        io.Combo.Input(
            "crop",
            options=[AUTO, "whole", "head", "face"],
            default=AUTO,
            optional=True,
            tooltip="What the adapter sees of a reference; auto: faces for FaceID, heads for face adapters.",
        ),
    ]


def _sources() -> list[io.Input]:
    return [
        io.Vae.Input("vae", optional=True, tooltip="Encodes the references into latents."),
        io.Image.Input(
            "references",
            optional=True,
            tooltip="Pictures of the character; an adapter takes the stored ones when none are connected.",
        ),
        AdapterSocket.Input(
            "adapter", optional=True, tooltip="An IP-Adapter, which puts the identity into the model itself."
        ),
        InjectionSettingsSocket.Input(
            "settings", optional=True, tooltip="How the adapter acts, from Injection Settings."
        ),
        io.Mask.Input(
            "mask", optional=True, tooltip="A painted part of the picture; several are one for each frame."
        ),
    ]


def _cast() -> list[io.Input]:
    return [
        CastSocket.Input("cast", optional=True, tooltip="More characters, each from a Character Region."),
        io.Image.Input(
            "negative_references",
            optional=True,
            tooltip="Pictures that the adapter leads away from, in place of an empty one.",
        ),
        ReferenceModelsSocket.Input(
            "reference_models",
            optional=True,
            tooltip="Models that other families need: Redux, USO, PhotoMaker.",
        ),
    ]
