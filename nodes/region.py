"""Several characters in one picture, each in its own part of it."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..consistency.character import Character
from ..host.adapters.apply import AdapterSettings
from ..host.adapters.cast import PARTS, Member, everywhere, part_of_picture
from .sockets import CHARACTER, CastSocket, CharacterSocket, InjectionSettingsSocket


class CharacterRegion(io.ComfyNode):
    """Puts a character into a part of the picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        share: dict[str, Any] = {"min": 0.0, "max": 1.0, "step": 0.01}
        return io.Schema(
            node_id="TowerCharacterRegion",
            display_name="Character Region",
            category=CHARACTER,
            description=(
                "One more character for the Embedding Injector, which acts in its part of the picture only. "
                "Chain these for as many as you need."
            ),
            inputs=[
                CharacterSocket.Input("character", tooltip="The character, from a Character Loader."),
                io.Combo.Input(
                    "region",
                    options=list(PARTS),
                    default="left half",
                    tooltip="Its part of the picture; with box, the numbers below. A mask narrows it.",
                ),
                io.Float.Input(
                    "left",
                    default=0.0,
                    **share,
                    tooltip="Left edge of the box as a share of the width; larger is further right.",
                ),
                io.Float.Input(
                    "top",
                    default=0.0,
                    **share,
                    tooltip="Upper edge of the box as a share of the height; larger is further down.",
                ),
                io.Float.Input(
                    "right", default=0.5, **share, tooltip="Right edge of the box; larger is wider."
                ),
                io.Float.Input(
                    "bottom", default=1.0, **share, tooltip="Lower edge of the box; larger is taller."
                ),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=2.0,
                    step=0.05,
                    tooltip="Factor on its adapter and LoRAs; larger is more of it, 0 leaves it out.",
                ),
                io.Mask.Input(
                    "mask", optional=True, tooltip="A painted part of the picture; several are one a frame."
                ),
                io.Image.Input(
                    "references", optional=True, tooltip="Pictures in place of the character's stored ones."
                ),
                InjectionSettingsSocket.Input(
                    "settings", optional=True, tooltip="How the adapter acts on this one."
                ),
                CastSocket.Input("cast", optional=True, tooltip="The characters before this one."),
            ],
            outputs=[
                CastSocket.Output(
                    "cast_with_character",
                    display_name="cast",
                    tooltip="All so far, for the Embedding Injector or the next Character Region.",
                ),
                io.Mask.Output("region_mask", display_name="mask", tooltip="The part of the picture."),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        character: Character,
        region: str,
        left: float,
        top: float,
        right: float,
        bottom: float,
        strength: float,
        mask: Tensor | None = None,
        references: Tensor | None = None,
        settings: AdapterSettings | None = None,
        cast: tuple[Member, ...] = (),
    ) -> io.NodeOutput:
        where = part_of_picture(region, mask, (left, top, right, bottom))
        member = Member(character, strength, where, references, settings)
        return io.NodeOutput((*cast, member), everywhere() if where is None else where)
