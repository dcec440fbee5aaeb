"""The Identity Score."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from torch import Tensor

from .. import services
from ..consistency.character import Character
from ..consistency.verdict import Status
from ..host.execution import progress_bar
from ..services.sequence import drift_curve
from .convert import check_images, holding_nan, to_image_array, to_image_batch
from .gate_inputs import encoder_input, order_of, threshold_input
from .sockets import CONSISTENCY, CharacterSocket


class IdentityScore(io.ComfyNode):
    """Measures how well, and how steadily, the frames of a sequence show a character."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerIdentityScore",
            display_name="Identity Score",
            category=CONSISTENCY,
            description=(
                "Scores pictures or the frames of a shot against a character, and draws how far each one "
                "drifts. It only measures: the Consistency Gate decides what goes on."
            ),
            inputs=[
                io.Image.Input("images", tooltip="The pictures, or the frames of one shot in their order."),
                CharacterSocket.Input("character", tooltip="Whom they should show, from a Character Loader."),
                encoder_input(),
                io.Combo.Input(
                    "mapping",
                    options=["calibrated", "legacy"],
                    default="calibrated",
                    tooltip=(
                        "How a similarity becomes a score. calibrated: 0.5 is the threshold fitted to the "
                        "character. legacy: above 0.85 is 1, above 0.70 is the similarity, the rest is 0."
                    ),
                ),
                threshold_input(),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="Measures by this model when encoder is auto or clip_vision.",
                ),
            ],
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls,
        *,
        images: Tensor,
        character: Character,
        encoder: str,
        mapping: str,
        threshold: float,
        clip_vision: Any = None,
    ) -> io.NodeOutput:
        check_images(images)
        order = order_of((character,), encoder, threshold, clip_vision)
        progress = progress_bar()
        frames = (
            None if is_broken else to_image_array(image)
            for image, is_broken in zip(images, holding_nan(images), strict=True)
        )
        score = services.current().identity.score_sequence(
            character,
            frames,
            encoder=order.encoder,
            mapping=mapping,
            threshold=order.threshold,
            progress=lambda n_done: progress(n_done, len(images)),
        )
        report = {**score.as_json(), "frames": [verdict.as_json() for verdict in score.verdicts]}
        return io.NodeOutput(
            score.mean or 0.0,
            score.worst or 0.0,
            -1 if score.worst_frame is None else score.worst_frame,
            score.coverage,
            score.status is Status.PASS,
            json.dumps(list(score.drift)),
            to_image_batch([drift_curve(score)]),
            json.dumps(report, ensure_ascii=False),
            ui=ui.PreviewText(score.reason),
        )


def _outputs() -> list[io.Output]:
    return [
        io.Float.Output(
            "score",
            display_name="score",
            tooltip="Mean score of the pictures with the character, 0–1; 0 where it is in none.",
        ),
        io.Float.Output("worst", display_name="worst", tooltip="The lowest of them, 0–1."),
        io.Int.Output(
            "worst_frame", display_name="worst_frame", tooltip="Which it is, from 0; -1 where there is none."
        ),
        io.Float.Output(
            "coverage", display_name="coverage", tooltip="Share of the pictures with the character, 0–1."
        ),
        io.Boolean.Output(
            "passed",
            display_name="passed",
            tooltip="Whether it is in one at least, and at most a tenth of those with it fail.",
        ),
        io.String.Output(
            "drift",
            display_name="drift",
            tooltip="1 − similarity of each picture, as JSON list; null where the character was not found.",
        ),
        io.Image.Output(
            "curve", display_name="curve", tooltip="The drift as a picture, with its trend and threshold."
        ),
        io.String.Output("report", display_name="report", tooltip="All that was measured, as JSON."),
    ]
