"""The Style Template and Style Transfer nodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from comfy.samplers import KSampler
from comfy_api.latest import io, ui
from comfy_execution.graph_utils import ExecutionBlocker
from torch import Tensor

from .. import services
from ..consistency.styles.style import Style, StyleLora, StyleSettings
from ..errors import InputError, NotFoundError, TowerError
from ..host.execution import progress_bar
from ..host.loras import LoraOrder, load_lora, lora_names
from ..host.style_injection import StyleOrder, inject_style
from .choices import LiveList, looks_like_hint
from .convert import to_finite_arrays, to_measurable_arrays, with_changes
from .sockets import CONSISTENCY, AnyChoice

if TYPE_CHECKING:
    from ..consistency.styles.transfer import TransferredPicture

NO_STYLE = "(no style: name one in save_as)"
NO_LORA = "(none)"
# The row of a picture that holds NaN.
_NO_NUMBERS = {
    "distance_before": None,
    "distance_after": None,
    "fall": None,
    "reason": "The picture holds values that are not numbers (NaN), so it was left as it is.",
}


def _labels() -> list[str]:
    return [NO_STYLE, *services.current().styles.labels()]


style_labels = LiveList(_labels, NO_STYLE)


class StyleTemplate(io.ComfyNode):
    """Measures and saves a style, and gives what a generation in it needs."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerStyleTemplate",
            display_name="Style Template",
            category=CONSISTENCY,
            description=(
                "Saves a style from pictures, words, a LoRA and sampler settings, or brings a saved one "
                "back: into the model, the prompts and the sampler."
            ),
            inputs=_template_inputs(),
            outputs=[
                io.Model.Output("styled_model", display_name="model", tooltip="The model with the LoRAs."),
                io.Clip.Output(
                    "styled_clip", display_name="clip", tooltip="The text encoder with the LoRAs."
                ),
                io.String.Output(
                    "styled_prompt", display_name="prompt", tooltip="text, followed by the style's prompt."
                ),
                io.String.Output(
                    "styled_negative",
                    display_name="negative",
                    tooltip="negative_text, followed by the style's negative prompt.",
                ),
                AnyChoice.Output("sampler", display_name="sampler_name", tooltip="For a KSampler."),
                AnyChoice.Output("schedule", display_name="scheduler", tooltip="For a KSampler."),
                io.Int.Output("n_steps", display_name="steps", tooltip="For a KSampler."),
                io.Float.Output("guidance", display_name="cfg", tooltip="For a KSampler."),
                io.String.Output(
                    "report", display_name="report", tooltip="The style and its measurements, as JSON."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, style: str | None = None) -> bool | str:
        # Naming the input takes the place of ComfyUI's own check against the list.
        try:
            if style is not None and not looks_like_hint(style):
                services.current().styles.named(style)
        except TowerError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, style: str | None = None, **_inputs: Any) -> str:
        # A stored style can change under its name.
        return "" if style is None or looks_like_hint(style) else repr(services.current().styles.named(style))

    @classmethod
    def execute(
        cls,
        *,
        style: str,
        save_as: str,
        prompt: str,
        negative_prompt: str,
        lora: str,
        lora_strength: float,
        sampler_name: str,
        scheduler: str,
        steps: int,
        cfg: float,
        images: Tensor | None = None,
        model: Any = None,
        clip: Any = None,
        text: str = "",
        negative_text: str = "",
    ) -> io.NodeOutput:
        loras = () if lora == NO_LORA else (StyleLora(lora, lora_strength, lora_strength),)
        widgets = StyleSettings(loras, sampler_name, scheduler, steps, cfg)
        if save_as.strip():
            found = services.current().styles.save(
                save_as,
                () if images is None else to_finite_arrays(images, "images"),
                prompt=prompt.strip(),
                negative_prompt=negative_prompt.strip(),
                settings=widgets,
            )
        else:
            found = find_style(style)
        settings = found.settings
        styled = _with_loras(model, clip, settings.loras)
        return io.NodeOutput(
            *styled,
            _joined(text, found.prompt),
            _joined(negative_text, found.negative_prompt),
            settings.sampler_name or sampler_name,
            settings.scheduler or scheduler,
            settings.steps or steps,
            cfg if settings.cfg is None else settings.cfg,
            json.dumps(describe(found), ensure_ascii=False),
            ui=ui.PreviewText(_summary(found)),
        )


class StyleTransfer(io.ComfyNode):
    """Gives pictures the colours and tones of a style."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerStyleTransfer",
            display_name="Style Transfer",
            category=CONSISTENCY,
            description=(
                "Gives pictures the colours and tones of a saved style or of other pictures, on pixels: "
                "lines and shapes stay. Given a model and style pictures, also has the model draw in their "
                "style, through the attention of its style blocks alone."
            ),
            inputs=[
                io.Combo.Input(
                    "style",
                    options=style_labels(),
                    tooltip="The saved style. Connected style pictures go first.",
                ),
                io.Float.Input(
                    "strength",
                    default=0.7,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="Share of the way that each colour goes; larger is nearer, 0 changes nothing.",
                ),
                io.Image.Input("images", optional=True, tooltip="The pictures to change."),
                io.Image.Input(
                    "style_images", optional=True, tooltip="Pictures in the style, measured together."
                ),
                *_injection_inputs(),
            ],
            outputs=[
                io.Image.Output("styled", display_name="images", tooltip="The pictures in the style."),
                io.Float.Output(
                    "least_fall",
                    display_name="fall",
                    tooltip="Share of the distance to the style that is gone, of the picture with the least.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip='JSON list: [{"distance_before", "distance_after", "fall"}].',
                ),
                io.Model.Output(
                    "drawing_model", display_name="model", tooltip="The model, drawing in the style."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, style: str | None = None) -> bool | str:
        return StyleTemplate.validate_inputs(style)

    @classmethod
    def fingerprint_inputs(cls, style: str | None = None, **_inputs: Any) -> str:
        return StyleTemplate.fingerprint_inputs(style)

    @classmethod
    def execute(
        cls,
        *,
        style: str,
        strength: float,
        images: Tensor | None = None,
        style_images: Tensor | None = None,
        model: Any = None,
        vae: Any = None,
        start: float = 0.0,
        end: float = 1.0,
    ) -> io.NodeOutput:
        if images is None and model is None:
            raise InputError(
                "Style Transfer has nothing to work on.", field="images", hint="Connect images, or a model."
            )
        drawing = _drawing_model(model, vae, style_images, StyleOrder(strength, start, end))
        if images is None:
            nothing = ExecutionBlocker("The Style Transfer has no images: connect some to it.")
            return io.NodeOutput(nothing, nothing, nothing, drawing)
        moved, made = _moved(images, style, style_images, strength)
        least = min((one.fall for one in made.values()), default=0.0)
        rows = [made[at].as_json() if at in made else _NO_NUMBERS for at in range(len(images))]
        told = ui.PreviewText(_told(least, len(images) - len(made)))
        return io.NodeOutput(moved, least, json.dumps(rows), drawing, ui=told)


def _moved(
    images: Tensor, style: str, style_images: Tensor | None, strength: float
) -> tuple[Tensor, dict[int, TransferredPicture]]:
    """Put the style on each picture that holds no NaN; return all, and what was done by index."""
    styles, pictures = services.current().styles, to_measurable_arrays(images)
    learnt = None if style_images is None else to_finite_arrays(style_images, "style_images")
    wanted = find_style(style) if learnt is None else styles.measured(learnt)
    finite = {at: picture for at, picture in enumerate(pictures) if picture is not None}
    done = styles.transfer(list(finite.values()), wanted, strength=strength, progress=progress_bar())
    made = dict(zip(finite, done, strict=True))
    new = [made[at].image if at in made else None for at in range(len(pictures))]
    where = [
        (made[at].image != finite[at]).any(axis=-1) if at in made else None for at in range(len(pictures))
    ]
    return with_changes(images, new, where), made


def _told(least: float, n_broken: int) -> str:
    told = f"The distance to the style fell by {least:.0%}."
    return f"{told} Left as they are, since they hold NaN: {n_broken}." if n_broken else told


def _injection_inputs() -> list[io.Input]:
    return [
        io.Model.Input("model", optional=True, tooltip="Draws in the style: SD 1.5 and SDXL families."),
        io.Vae.Input("vae", optional=True, tooltip="Encodes the style pictures for the model."),
        io.Float.Input(
            "start",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.01,
            optional=True,
            tooltip="For the model: part of the steps after which the style acts; later keeps more layout.",
        ),
        io.Float.Input(
            "end",
            default=1.0,
            min=0.0,
            max=1.0,
            step=0.01,
            optional=True,
            tooltip="For the model: part of the steps after which it acts no more; earlier keeps detail.",
        ),
    ]


def _drawing_model(model: Any, vae: Any, style_images: Tensor | None, order: StyleOrder) -> Any:
    """Return the model with the style in it; without one, what wants it is blocked and says why."""
    if model is None:
        return ExecutionBlocker("The Style Transfer has no model: connect one to it.")
    if vae is None or style_images is None:
        raise InputError(
            "A model takes its style from pictures, which a VAE encodes.",
            field="style_images",
            hint="Connect vae and style_images too.",
        )
    return inject_style(model, vae, style_images, order)


def find_style(label: str) -> Style:
    """Return the style that a combo names.

    Raises
    ------
    NotFoundError
        If there is no such style, or the combo shows only a hint.
    """
    if looks_like_hint(label):
        raise NotFoundError(
            "No style is chosen.",
            field="style",
            hint="Save one with a Style Template (save_as), or: tower style add NAME IMAGE…; then press R.",
        )
    return services.current().styles.named(label)


def describe(style: Style) -> dict[str, Any]:
    """Return what the report says about a style."""
    measured = {key: style.statistics.get(key) for key in ("line_weight", "contrast", "saturation", "warmth")}
    return {
        "id": style.id,
        "style": style.label,
        "prompt": style.prompt,
        "negative_prompt": style.negative_prompt,
        "settings": style.settings.as_json(),
        "n_images": style.n_images,
        "measured": measured if style.statistics else None,
    }


def _with_loras(model: Any, clip: Any, loras: Sequence[StyleLora]) -> tuple[Any, Any]:
    """Load the LoRAs; an output whose input is not connected blocks what follows it."""
    if model is None and clip is None:
        nothing = ExecutionBlocker("The Style Template has no model: connect model and clip to it.")
        return nothing, nothing
    if model is None or clip is None:
        raise InputError(
            "The Style Template has only one of model and clip.", field="model", hint="Connect both, or none."
        )
    for lora in loras:
        loaded = load_lora(model, clip, LoraOrder(lora.name, lora.strength_model, lora.strength_clip))
        model, clip = loaded.model, loaded.clip
    return model, clip


def _joined(*parts: str) -> str:
    return ", ".join(part.strip().strip(",").strip() for part in parts if part.strip(" ,\n"))


def _summary(style: Style) -> str:
    loras = ", ".join(lora.name for lora in style.settings.loras) or "no LoRA"
    return f"{style.label}: {style.n_images} pictures measured, {loras}."


def _template_inputs() -> list[io.Input]:
    return [
        io.Combo.Input(
            "style", options=style_labels(), tooltip="A saved style. Press R to see one that was just saved."
        ),
        io.String.Input(
            "save_as",
            default="",
            tooltip="When filled: a style of this name is made, or changed, from what is below, and used.",
        ),
        io.String.Input("prompt", default="", multiline=True, tooltip="Saved: the style in words."),
        io.String.Input(
            "negative_prompt", default="", multiline=True, tooltip="Saved: what the style is not, in words."
        ),
        io.Combo.Input(
            "lora",
            options=[NO_LORA, *lora_names()],
            default=NO_LORA,
            tooltip="Saved: a LoRA that is loaded with the style.",
        ),
        io.Float.Input(
            "lora_strength",
            default=1.0,
            min=-20.0,
            max=20.0,
            step=0.05,
            tooltip="Saved: strength of the LoRA on model and text encoder; 1 is as trained.",
        ),
        io.Combo.Input(
            "sampler_name", options=KSampler.SAMPLERS, default="euler", tooltip="Saved: the sampler."
        ),
        io.Combo.Input(
            "scheduler", options=KSampler.SCHEDULERS, default="normal", tooltip="Saved: the scheduler."
        ),
        io.Int.Input(
            "steps", default=20, min=1, max=10000, step=1, tooltip="Saved: steps; more take longer."
        ),
        io.Float.Input(
            "cfg",
            default=7.0,
            min=0.0,
            max=100.0,
            step=0.1,
            tooltip="Saved: guidance; larger follows the prompt more closely.",
        ),
        io.Image.Input("images", optional=True, tooltip="Saved: pictures in the style, measured together."),
        io.Model.Input("model", optional=True, tooltip="The diffusion model; a copy gets the LoRAs."),
        io.Clip.Input("clip", optional=True, tooltip="The text encoder; a copy gets the LoRAs."),
        io.String.Input(
            "text", default="", optional=True, tooltip="What the picture shows; the style's words follow."
        ),
        io.String.Input(
            "negative_text", default="", optional=True, tooltip="What it does not; the style's follows it."
        ),
    ]
