"""The Gated KSampler."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui

from .. import services
from ..consistency.character import Character
from ..host.sampling import Sampling
from ..services.attempts import DEFAULT_ATTEMPTS
from ..services.gating import contact_sheet
from .convert import to_image_arrays, to_image_batch
from .gate_inputs import (
    attempts_inputs,
    cast_inputs,
    check_inputs,
    encoder_input,
    order_of,
    threshold_input,
)
from .gated_loop import EARLY_AUTO, EARLY_LOG, EARLY_OFF, GatedLoop, LoopOrder, LoopResult
from .sockets import CONSISTENCY, CharacterSocket, ReportSocket

LARGEST_SEED = 0xFFFFFFFFFFFFFFFF


class GatedKSampler(io.ComfyNode):
    """Samples until the picture shows the character."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerGatedKSampler",
            display_name="Gated KSampler",
            category=CONSISTENCY,
            description=(
                "Samples, decodes and judges in one node, with new seeds until the picture shows the "
                "character or the cap is reached. Keeps only the best attempt in memory; its first one is "
                "the KSampler's, bit for bit."
            ),
            inputs=_inputs(),
            outputs=_outputs(),
        )

    @classmethod
    def execute(
        cls,
        *,
        model: Any,
        positive: list[Any],
        negative: list[Any],
        latent_image: dict[str, Any],
        vae: Any,
        character: Character,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        denoise: float,
        threshold: float = 0.0,
        encoder: str = "auto",
        max_attempts: int = DEFAULT_ATTEMPTS,
        give_up_early: bool = False,
        adjust: bool = True,
        technical: bool = False,
        palette: bool = False,
        early_rejection: str = EARLY_OFF,
        early_fraction: float = 0.4,
        character_2: Character | None = None,
        character_3: Character | None = None,
        clip_vision: Any = None,
    ) -> io.NodeOutput:
        sampling = Sampling(
            model, positive, negative, latent_image, steps, cfg, sampler_name, scheduler, denoise
        )
        order = order_of(
            (character, character_2, character_3),
            encoder,
            threshold,
            clip_vision,
            technical=technical,
            palette=palette,
        )
        loop = GatedLoop(
            services.current(),
            LoopOrder(
                sampling=sampling,
                vae=vae,
                gate=order,
                seed=seed,
                max_attempts=max_attempts,
                give_up_early=give_up_early,
                adjust=adjust,
                early=early_rejection,
                fraction=early_fraction,
            ),
        )
        return _answer(loop.run())


def _inputs() -> list[io.Input]:
    return [
        io.Model.Input("model", tooltip="The diffusion model, usually from an Embedding Injector."),
        io.Conditioning.Input("positive", tooltip="What the picture should show."),
        io.Conditioning.Input("negative", tooltip="What the picture should not show."),
        io.Latent.Input("latent_image", tooltip="The latent to denoise; a batch is judged as a whole."),
        io.Vae.Input("vae", tooltip="Decodes each attempt, so that it can be judged."),
        CharacterSocket.Input("character", tooltip="Whom the pictures should show."),
        *_sampler_inputs(),
        threshold_input(),
        encoder_input(),
        *attempts_inputs(),
        io.Boolean.Input(
            "adjust",
            default=True,
            optional=True,
            tooltip="Change steps and guidance too, where that helps what failed; within bounds.",
        ),
        *check_inputs(),
        io.Combo.Input(
            "early_rejection",
            options=[EARLY_OFF, EARLY_LOG, EARLY_AUTO],
            default=EARLY_OFF,
            optional=True,
            tooltip=(
                "Score a sketch part of the way. log: only compare it with the final score. auto: also stop "
                "hopeless samples, once enough was logged for this model and the two go together."
            ),
        ),
        io.Float.Input(
            "early_fraction",
            default=0.4,
            min=0.1,
            max=0.9,
            step=0.05,
            optional=True,
            tooltip="After which part of the steps to look; later is surer and saves less.",
        ),
        *cast_inputs(),
    ]


def _sampler_inputs() -> list[io.Input]:
    from comfy.samplers import KSampler

    return [
        io.Int.Input(
            "seed",
            default=0,
            min=0,
            max=LARGEST_SEED,
            step=1,
            control_after_generate=True,
            tooltip="The seed of the first attempt; those of the others follow from it.",
        ),
        io.Int.Input(
            "steps", default=20, min=1, max=10000, step=1, tooltip="Steps of an attempt; more are finer."
        ),
        io.Float.Input(
            "cfg",
            default=8.0,
            min=0.0,
            max=100.0,
            step=0.1,
            tooltip="Larger follows the prompt closer.",
        ),
        io.Combo.Input("sampler_name", options=KSampler.SAMPLERS, tooltip="How noise is taken away."),
        io.Combo.Input("scheduler", options=KSampler.SCHEDULERS, tooltip="How much of it at each step."),
        io.Float.Input(
            "denoise",
            default=1.0,
            min=0.0,
            max=1.0,
            step=0.01,
            tooltip="How much of the latent is made anew; smaller keeps more of it.",
        ),
    ]


def _outputs() -> list[io.Output]:
    return [
        io.Latent.Output("latent", display_name="latent", tooltip="The latent of the best attempt."),
        io.Image.Output("images", display_name="images", tooltip="The pictures of the best attempt."),
        io.Boolean.Output("all_passed", display_name="all_passed", tooltip="Whether all of them passed."),
        io.Float.Output(
            "score",
            display_name="score",
            tooltip="The lowest score, 0–1; 0.5 is the threshold, and 0 stands for not measured.",
        ),
        io.Int.Output("attempts", display_name="attempts", tooltip="How many attempts were made."),
        io.Int.Output("best_seed", display_name="best_seed", tooltip="The seed of the best attempt."),
        io.String.Output(
            "report", display_name="report", tooltip="Verdicts, attempts and steps saved, as JSON object."
        ),
        ReportSocket.Output(
            "gate_report", display_name="gate_report", tooltip="The same, for nodes that go on with it."
        ),
    ]


def _answer(result: LoopResult) -> io.NodeOutput:
    report, attempts = result.report, result.attempts
    whole = {**report.as_json(), "attempts": list(attempts.made), "early_rejection": result.early}
    seed = attempts.made[attempts.best_attempt - 1]["seeds"]["seed"]
    sheet = to_image_batch([contact_sheet(to_image_arrays(result.images), report)])
    outcome = "passed" if report.passed else "was the best, and did not pass"
    summary = (
        f"Attempt {attempts.best_attempt} of {len(attempts.made)} {outcome}: {report.pictures[0].reason}"
    )
    return io.NodeOutput(
        *(result.latent, result.images, report.passed, report.score),
        *(len(attempts.made), seed, json.dumps(whole, ensure_ascii=False), whole),
        ui={**ui.PreviewImage(sheet).as_dict(), "text": (summary,)},
    )
