"""The Palette Enforcer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..errors import InputError
from ..host.execution import progress_bar
from .convert import to_image_batch, to_mask_arrays, to_measurable_arrays, with_changes
from .sockets import CONSISTENCY, CharacterSocket

if TYPE_CHECKING:
    from ..consistency.palettes.enforcement import EnforcedPicture

SWATCHES = ("hair", "eyes", "skin", "outfit", "accent")
_ON = SWATCHES[:3]
# The row of a picture that holds NaN: nothing was measured of it, and nothing changed.
_NO_NUMBERS: dict[str, Any] = {
    "mean_delta_e": None,
    "figure_found": False,
    "changed_pixels": 0,
    "changes": [],
    "reason": "The picture holds values that are not numbers (NaN), so it was left as it is.",
}


class PaletteEnforcer(io.ComfyNode):
    """Moves hair, eyes, skin and clothes whose colour is off back to the character's."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerPaletteEnforcer",
            display_name="Palette Enforcer",
            category=CONSISTENCY,
            description=(
                "Finds the colours of the figure, compares them with the character's, and moves the regions "
                "that are off towards them; the drawing's structure and all other pixels stay."
            ),
            inputs=_inputs(),
            outputs=[
                io.Image.Output("enforced", display_name="images", tooltip="The pictures, corrected."),
                io.Image.Output(
                    "palette_card",
                    display_name="palette_card",
                    tooltip="The character's swatches beside those that were found.",
                ),
                io.Float.Output(
                    "delta_e",
                    display_name="delta_e",
                    tooltip="Weighted mean CIEDE2000 before any change, of the picture furthest off; -1 when "
                    "nothing could be compared.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="JSON list: for each picture the differences, and each region before and after.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        images: Tensor,
        strength: float,
        limit: float,
        ignore_lightness: bool,
        palette: str = "",
        character: Character | None = None,
        mask: Tensor | None = None,
        **enforced: bool,
    ) -> io.NodeOutput:
        palettes = services.current().palettes
        wanted = palettes.wanted(character, _typed(palette))
        pictures = to_measurable_arrays(images)
        masks = None if mask is None else to_mask_arrays(mask, images)
        finite = {at: picture for at, picture in enumerate(pictures) if picture is not None}
        made = palettes.enforce(
            list(finite.values()),
            wanted,
            None if masks is None else [masks[at] for at in finite],
            progress=progress_bar(),
            strength=strength,
            limit=limit,
            ignore_lightness=ignore_lightness,
            names=tuple(name for name in SWATCHES if enforced.get(f"enforce_{name}")),
        )
        found = dict(zip(finite, made, strict=True))
        results = [found.get(at) for at in range(len(pictures))]
        changed = with_changes(
            images, [one and one.image for one in results], [one and one.changed for one in results]
        )
        report = json.dumps([_NO_NUMBERS if one is None else one.as_json() for one in results])
        card = to_image_batch([palettes.card(wanted, made)])
        return io.NodeOutput(changed, card, _worst(made), report, ui=ui.PreviewText(_summary(results)))


def _inputs() -> list[io.Input]:
    return [
        io.Image.Input("images", tooltip="The pictures; in each the dominant figure is corrected."),
        io.Float.Input(
            "strength",
            default=0.8,
            min=0.0,
            max=1.0,
            step=0.05,
            tooltip="How far a region is moved; larger is nearer to the swatch, 0 only reports.",
        ),
        io.Float.Input(
            "limit",
            default=5.0,
            min=0.0,
            max=50.0,
            step=0.5,
            tooltip="Difference (CIEDE2000) up to which a swatch is left alone; larger changes less.",
        ),
        io.Boolean.Input(
            "ignore_lightness",
            default=False,
            tooltip="For night and sunset: divide the scene's light out and compare hue and chroma only.",
        ),
        *(
            io.Boolean.Input(
                f"enforce_{name}", default=name in _ON, tooltip=f"Let the colour of {name} be changed."
            )
            for name in SWATCHES
        ),
        io.String.Input(
            "palette",
            default="",
            optional=True,
            tooltip='Typed swatches as JSON, such as {"hair": "#3a7bd5"}; they go before the character\'s.',
        ),
        CharacterSocket.Input("character", optional=True, tooltip="Whose colours, from a Character Loader."),
        io.Mask.Input(
            "mask",
            optional=True,
            tooltip="Where pixels may change, and which figure is meant; one mask for all, or one for each.",
        ),
    ]


def _typed(palette: str) -> dict[str, Any]:
    if not palette.strip():
        return {}
    try:
        typed = json.loads(palette)
    except ValueError as error:
        raise _no_palette(palette) from error
    if not isinstance(typed, dict):
        raise _no_palette(palette)
    return typed


def _no_palette(palette: str) -> InputError:
    return InputError(
        f"The palette {palette.strip()[:80]!r} is no JSON object.",
        field="palette",
        hint='Write it like {"hair": "#3a7bd5", "eyes": "#c08020"}.',
    )


def _worst(results: Sequence[EnforcedPicture]) -> float:
    return max((one.report.mean for one in results if one.report.mean is not None), default=-1.0)


def _summary(results: Sequence[EnforcedPicture | None]) -> str:
    lines = []
    for number, one in enumerate(results, 1):
        if one is None:
            lines.append(f"Picture {number}: {_NO_NUMBERS['reason']}")
            continue
        if not one.found:
            lines.append(f"Picture {number}: no figure was found.")
        for change in one.changes:
            after = f" → {change.after:.1f}" if change.strength else ""
            line = f"Picture {number}, {change.name}: ΔE {change.before:.1f}{after}. {change.note}"
            lines.append(line.strip())
    return "\n".join(lines) or "Nothing was to be compared."
