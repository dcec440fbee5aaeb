"""The Character Studio."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..errors import InputError
from ..host.execution import progress_bar, stop_if_cancelled
from ..host.painting import PaintBox, paint
from ..production.project import Project
from ..production.studio_run import STAGES
from .convert import holding_nan, to_image_arrays, to_image_batch
from .sockets import CHARACTER, CharacterSocket, ProjectSocket

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..services.trial_poses import Painter


class CharacterStudioNode(io.ComfyNode):
    """Makes a character of pictures and traits."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerCharacterStudio",
            display_name="Character Studio",
            category=CHARACTER,
            description=(
                "Makes a stored character of pictures and traits: the pictures are checked, the bible is "
                "written, the encoder looks, and a report and a reference sheet say how consistent it is."
            ),
            inputs=[
                io.Image.Input(
                    "images",
                    tooltip="1 to 8 pictures of the character, 512 pixels or more on the short side.",
                ),
                io.String.Input(
                    "name",
                    default="",
                    tooltip="What the character is called. Who has that name already is brought up to date.",
                ),
                io.String.Input(
                    "visual_traits",
                    default="{}",
                    multiline=True,
                    tooltip='What it looks like, as a JSON object: {"hair": "teal, long", "eyes": "amber"}.',
                ),
                io.String.Input(
                    "personality",
                    default="",
                    multiline=True,
                    tooltip="What it is like, in a sentence or two.",
                ),
                io.String.Input(
                    "prompt",
                    default="",
                    multiline=True,
                    tooltip="The fragment that is added to the prompt wherever the character appears.",
                ),
                ProjectSocket.Input(
                    "project",
                    optional=True,
                    tooltip="The project it belongs to; shared by all projects without.",
                ),
                *_model_inputs(),
            ],
            outputs=[
                CharacterSocket.Output(
                    "made_character",
                    display_name="character",
                    tooltip="The character: for the Embedding Injector and the Consistency Gate.",
                ),
                io.Image.Output(
                    "sheet",
                    display_name="reference_sheet",
                    tooltip="Its references with their scores, its heads and its colours on one picture.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="The run as JSON: each stage with its state, and the consistency report.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, name: str | None = None, visual_traits: str | None = None) -> bool | str:
        if name is not None and not name.strip():
            return "The character has no name. Type one into name."
        try:
            if visual_traits is not None:
                _traits(visual_traits)
        except InputError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        *,
        images: Tensor,
        name: str,
        visual_traits: str = "{}",
        personality: str = "",
        prompt: str = "",
        project: Project | None = None,
        model: Any = None,
        clip: Any = None,
        vae: Any = None,
        **settings: Any,
    ) -> io.NodeOutput:
        if any(holding_nan(images)):
            raise InputError("A picture holds values that are not numbers (NaN).", field="images")
        traits = _traits(visual_traits)
        bible: dict[str, Any] = {"visual_traits": traits} if traits else {}
        if personality.strip():
            bible["personality"] = {"summary": personality.strip()}
        studio, show = services.current().studio, progress_bar()
        character, run = studio.of_pictures(
            name,
            to_image_arrays(images),
            bible=bible,
            prompt=prompt,
            project_id=None if project is None else project.id,
            progress=_progress(show),
            painter=_painter(model, clip, vae, settings),
        )
        sheet = to_image_batch([studio.sheet_image(character.id)])
        report = json.dumps(run.as_json(), ensure_ascii=False, default=str)
        return io.NodeOutput(character, sheet, report, ui=ui.PreviewImage(sheet, cls=cls))


def _model_inputs() -> list[io.Input]:
    return [
        io.Model.Input(
            "model", optional=True, tooltip="With it, CLIP and VAE four test poses are drawn and scored."
        ),
        io.Clip.Input("clip", optional=True, tooltip="The text encoder, for the test poses."),
        io.Vae.Input("vae", optional=True, tooltip="The decoder, for the test poses."),
        io.Int.Input(
            "pose_seed",
            default=0,
            min=0,
            max=0xFFFFFFFFFFFFFFFF,
            step=1,
            optional=True,
            tooltip="Seed of the first test pose; each further one has the next.",
        ),
        io.Int.Input(
            "pose_steps",
            default=20,
            min=1,
            max=200,
            step=1,
            optional=True,
            tooltip="Sampling steps of a test pose; more take longer.",
        ),
        io.Float.Input(
            "pose_cfg",
            default=7.0,
            min=0.0,
            max=100.0,
            step=0.5,
            optional=True,
            tooltip="How closely a test pose follows the prompt; larger follows it more closely.",
        ),
        io.Int.Input(
            "pose_side",
            default=768,
            min=64,
            max=4096,
            step=64,
            optional=True,
            tooltip="Width and height of a test pose in pixels; larger takes longer and more memory.",
        ),
    ]


def _painter(model: Any, clip: Any, vae: Any, settings: dict[str, Any]) -> Painter | None:
    """Return who draws test poses; None where no model is wired."""
    if model is None and clip is None and vae is None:
        return None
    # Told before anything is stored.
    if model is None or clip is None or vae is None:
        raise InputError(
            "Test poses need a model, a CLIP and a VAE.",
            field="model",
            hint="Wire all three, from one checkpoint loader, or none.",
        )
    box = PaintBox(
        model,
        clip,
        vae,
        side=settings.get("pose_side", 768),
        seed=settings.get("pose_seed", 0),
        steps=settings.get("pose_steps", 20),
        cfg=settings.get("pose_cfg", 7.0),
    )

    def draw(prompt: str, negative: str, number: int) -> NDArray[np.uint8]:
        image = paint(box, prompt, negative, number, stop_if_cancelled)
        if any(holding_nan(image)):
            raise InputError(
                "The model drew values that are not numbers (NaN).",
                field="model",
                hint="Try another VAE, or full precision.",
            )
        return to_image_arrays(image)[0]

    return draw


def _traits(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"visual_traits is not JSON: {str(error)[:80]}.",
            field="visual_traits",
            hint='Write {"hair": "teal"}.',
        ) from error
    if not isinstance(value, dict):
        raise InputError(
            "visual_traits is not a JSON object.", field="visual_traits", hint='Write {"hair": "teal"}.'
        )
    return value


def _progress(show: Callable[[int, int], None]) -> Callable[[str, int, int], None]:
    """Spread the stages evenly over one bar."""

    def tell(stage: str, done: int, total: int) -> None:
        show(STAGES.index(stage) * 100 + 100 * done // max(total, 1), len(STAGES) * 100)

    return tell
