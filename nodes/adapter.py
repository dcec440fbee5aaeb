"""Adapters and how they act: what plugs into the Embedding Injector."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..host.adapters.apply import COMBINATIONS, SCALINGS, WEIGHT_TYPES, AdapterSettings
from ..host.adapters.files import VARIANTS, adapter_names, adapter_state, describe, load_adapter
from .choices import AUTO, LiveList
from .sockets import CHARACTER, AdapterSocket, InjectionSettingsSocket

NO_ADAPTER = "(no adapter yet: put one into models/ipadapter and press R)"

_names = LiveList(adapter_names, NO_ADAPTER)


class AdapterLoader(io.ComfyNode):
    """Loads an IP-Adapter."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerAdapterLoader",
            display_name="Adapter Loader",
            category=CHARACTER,
            description=(
                "Loads an IP-Adapter of any variant from models/ipadapter, and says what it is and which "
                "CLIP vision model it looks through."
            ),
            inputs=[
                io.Combo.Input(
                    "adapter_name",
                    options=_names(),
                    tooltip="The file; its variant is told from the shapes inside, not from its name.",
                ),
                io.Combo.Input(
                    "variant",
                    options=[AUTO, *VARIANTS],
                    default=AUTO,
                    tooltip="Only where shapes cannot tell, as between FaceID plus and plus v2: what it is.",
                ),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="The CLIP vision model that it was trained with; FaceID without plus needs none.",
                ),
            ],
            outputs=[
                AdapterSocket.Output(
                    "adapter", display_name="adapter", tooltip="For the Embedding Injector."
                ),
                io.String.Output(
                    "description",
                    display_name="description",
                    tooltip="What the file is, how many layers it has, and what it looks through.",
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, adapter_name: str, **_inputs: Any) -> str:
        # A file that was replaced under its name is another adapter.
        return adapter_state(adapter_name)

    @classmethod
    def execute(cls, *, adapter_name: str, variant: str, clip_vision: Any = None) -> io.NodeOutput:
        adapter = load_adapter(adapter_name, variant, clip_vision)
        return io.NodeOutput(adapter, describe(adapter))


class InjectionSettings(io.ComfyNode):
    """Says how an adapter acts."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerInjectionSettings",
            display_name="Injection Settings",
            category=CHARACTER,
            description=(
                "Says how strongly, where in the model and when in sampling an adapter acts, and how several "
                "references become one identity."
            ),
            inputs=_settings_inputs(),
            outputs=[
                InjectionSettingsSocket.Output(
                    "settings", display_name="settings", tooltip="For the Embedding Injector."
                )
            ],
        )

    @classmethod
    def execute(cls, *, same_composition: bool, auto_shortcut: bool, **values: Any) -> io.NodeOutput:
        if same_composition:
            values["weight_composition"] = None
        if auto_shortcut:
            values["shortcut_scale"] = None
        return io.NodeOutput(AdapterSettings(**values))


def _settings_inputs() -> list[io.Input]:
    share: dict[str, Any] = {"min": 0.0, "max": 1.0, "step": 0.01}
    weight: dict[str, Any] = {"min": -1.0, "max": 5.0, "step": 0.05}
    return [
        io.Float.Input(
            "weight",
            default=0.8,
            **weight,
            tooltip="Larger is closer to the references; 1 is as trained, below 0 leads away from them.",
        ),
        io.Combo.Input(
            "weight_type",
            options=list(WEIGHT_TYPES),
            default="linear",
            tooltip="Which blocks it acts in: all, those of style, those of composition, or eased.",
        ),
        io.Boolean.Input(
            "same_composition",
            default=True,
            tooltip="Whether the blocks of composition get the same weight; else the one below.",
        ),
        io.Float.Input(
            "weight_composition",
            default=0.8,
            **weight,
            tooltip="In the types that have both: larger is closer to the references' composition.",
        ),
        io.Combo.Input(
            "combine",
            options=list(COMBINATIONS),
            default=COMBINATIONS[0],
            tooltip="Several references: side by side, averaged, or one for each frame.",
        ),
        io.Float.Input(
            "start",
            default=0.0,
            **share,
            tooltip="Share of sampling from which it acts; larger leaves more of the layout to the prompt.",
        ),
        io.Float.Input(
            "end",
            default=1.0,
            **share,
            tooltip="Share of sampling until which it acts; larger gives it more of the details.",
        ),
        io.Combo.Input(
            "scaling",
            options=list(SCALINGS),
            default="V only",
            tooltip="What the weight scales: values alone, as published, or keys too, which is softer.",
        ),
        io.String.Input(
            "block_weights",
            default="",
            tooltip="Factors of blocks in place of the type's, such as out1: 1, in8: 0.4; others get 0.",
        ),
        io.String.Input(
            "curve",
            default="",
            tooltip="Factor over sampling, such as 0: 1, 0.5: 0.3, 1: 0; larger is more, empty is level.",
        ),
        io.Boolean.Input(
            "auto_shortcut",
            default=True,
            tooltip="FaceID plus v2: whether the picture counts twice the weight; else as below.",
        ),
        io.Float.Input(
            "shortcut_scale",
            default=1.0,
            min=0.0,
            max=5.0,
            step=0.05,
            tooltip="FaceID plus v2: larger takes more from the picture beside the face embedding.",
        ),
        io.Float.Input(
            "lora_strength",
            default=0.6,
            min=-2.0,
            max=2.0,
            step=0.05,
            tooltip="FaceID: larger is more of the LoRA inside the file; 0 leaves it out.",
        ),
        io.Boolean.Input(
            "compatible",
            default=False,
            tooltip="Reproduce older packs: no middle block, masks of guessed size, their norm average.",
        ),
    ]
