"""The Music Check: measures generated music against its plan, and has it made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui
from comfy_execution.graph_utils import GraphBuilder

from .. import services
from ..errors import GateStopError, InputError
from ..host.execution import running_prompt_id, stop_if_cancelled
from ..host.upstream import (
    SeedInput,
    find_seeds,
    grow,
    host_inputs,
    is_link,
    nodes_upstream,
    plan_regrowth,
    relinked,
)
from ..services.theme_attempts import DEFAULT_ATTEMPTS, MAX_ATTEMPTS, ThemeAttempts, rank, seed_after
from ..services.themes import KEY_RULES
from .convert import n_takes, to_audio, to_samples
from .sockets import MUSIC, AttemptsSocket

if TYPE_CHECKING:
    from ..music.theme_check import CheckedTheme

REPORT, STOP, REGENERATE = "report", "stop", "regenerate"
_N_OUTPUTS = 5


class MusicCheck(io.ComfyNode):
    """Lets music through that is as planned, and cuts and stretches it to the picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerMusicCheck",
            display_name="Music Check",
            category=MUSIC,
            description=(
                "Measures length, tempo and key of generated music against its plan, stretches it to the "
                "planned tempo at the same pitch, and cuts it to the picture. Can have music made again with "
                "other seeds until it passes."
            ),
            inputs=_inputs(),
            outputs=_outputs(),
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls,
        *,
        audio: Mapping[str, Any],
        plan: str,
        on_fail: str,
        max_stretch: float,
        key_rule: str,
        max_attempts: int = DEFAULT_ATTEMPTS,
        best_so_far: Mapping[str, Any] | None = None,
        earlier_attempts: str | None = None,
    ) -> io.NodeOutput:
        themes, hidden = services.current().themes, cls.hidden

        def check(sound: Mapping[str, Any]) -> CheckedTheme:
            takes = [
                themes.check(plan, *to_samples(sound, take), max_stretch=max_stretch, key_rule=key_rule)
                for take in range(n_takes(sound))
            ]
            return max(takes, key=lambda taken: rank(taken.status, taken.score))

        checked = check(audio)
        before = ThemeAttempts.from_text(earlier_attempts) if earlier_attempts else None
        attempts = before or ThemeAttempts.begin(_seeds(hidden.dynprompt, hidden.unique_id))
        attempts = attempts.add(checked)
        themes.record(checked, attempts, running_prompt_id())
        if on_fail == STOP and checked.status != "pass":
            raise GateStopError(checked.summary, hint="Change the plan, the limits, or on_fail.")
        is_new_best = attempts.best == len(attempts.made)
        if on_fail == REGENERATE and not attempts.is_over(max_attempts):
            stop_if_cancelled()
            return _expanded(hidden.dynprompt, hidden.unique_id, attempts, is_new_best=is_new_best)
        best = checked if is_new_best or best_so_far is None else check(best_so_far)
        return _answer(best, attempts)


def _answer(checked: CheckedTheme, attempts: ThemeAttempts) -> io.NodeOutput:
    made = list(attempts.made)
    report = {**checked.as_json(), "attempts": made}
    summary = checked.summary
    if len(made) > 1:
        summary += f"\nAttempt {attempts.best} of {len(made)} was the best."
    return io.NodeOutput(
        to_audio(checked.signal.samples, checked.signal.sample_rate),
        checked.status == "pass",
        checked.status,
        json.dumps(report, ensure_ascii=False),
        len(made),
        ui=ui.PreviewText(summary),
    )


def _seeds(graph: Any, node_id: str) -> dict[str, int]:
    """Return the seeds behind the music, as ``NODE.INPUT`` of the visible nodes."""
    link = graph.get_node(node_id)["inputs"].get("audio")
    if not is_link(link):
        return {}
    found = find_seeds(nodes_upstream(graph.get_node, link), host_inputs)
    return {_place(seed, graph.get_display_node_id): seed.value for seed in found if seed.value is not None}


def _expanded(graph: Any, node_id: str, attempts: ThemeAttempts, *, is_new_best: bool) -> io.NodeOutput:
    """Become the graph of the next attempt: the nodes that made the music with new seeds, and a check behind.

    Raises
    ------
    InputError
        If nothing upstream has a seed.
    """
    inputs, shown_as = graph.get_node(node_id)["inputs"], graph.get_display_node_id
    link = inputs["audio"]
    if not is_link(link) or not find_seeds(nodes_upstream(graph.get_node, link), host_inputs):
        raise InputError(
            "There is nothing to regenerate: no node upstream of audio has a seed or noise_seed.",
            field="on_fail",
            hint="Connect audio to what a sampler makes, or choose another on_fail.",
        )

    def new_seed(seed: SeedInput) -> int:
        return seed_after(seed.value, _place(seed, shown_as), seed.low, seed.high)

    plan = plan_regrowth(graph.get_node, link, host_inputs, new_seed)
    builder = GraphBuilder()
    copies = grow(plan, graph.get_node, builder, shown_as)
    following = builder.node(graph.get_node(node_id)["class_type"])
    for name, value in inputs.items():
        following.set_input(name, value)
    following.set_input("audio", relinked(link, copies))
    following.set_input("best_so_far", link if is_new_best else inputs.get("best_so_far", link))
    seeds = {}
    for place, seed in plan.seeds.items():
        maker, _, name = place.rpartition(".")
        seeds[f"{shown_as(maker)}.{name}"] = seed
    handed_on = ThemeAttempts(attempts.run_key, attempts.made, seeds)
    following.set_input("earlier_attempts", handed_on.to_text())
    return io.NodeOutput(*(following.out(index) for index in range(_N_OUTPUTS)), expand=builder.finalize())


def _place(seed: SeedInput, shown_as: Any) -> str:
    return f"{shown_as(seed.node_id)}.{seed.name}"


def _inputs() -> list[io.Input]:
    return [
        io.Audio.Input("audio", tooltip="Music as a generator made it; of a batch, the take that fits best."),
        io.String.Input("plan", force_input=True, tooltip="The plan from the Theme Planner, as JSON."),
        io.Combo.Input(
            "on_fail",
            options=[REPORT, STOP, REGENERATE],
            default=REPORT,
            tooltip=(
                "When the music does not pass. report: it goes on, and passed is false. stop: the run ends "
                "with an error. regenerate: all of it is made again with other seeds."
            ),
        ),
        io.Float.Input(
            "max_stretch",
            default=0.08,
            min=0.0,
            max=0.25,
            step=0.01,
            tooltip="Share by which music may be slowed down or sped up, its pitch kept; larger mends more.",
        ),
        io.Combo.Input(
            "key_rule",
            options=list(KEY_RULES),
            default=KEY_RULES[0],
            tooltip=(
                "compatible: the planned key or one that mixes well with it. exact: no other. off: the key "
                "is not checked."
            ),
        ),
        io.Int.Input(
            "max_attempts",
            default=DEFAULT_ATTEMPTS,
            min=1,
            max=MAX_ATTEMPTS,
            step=1,
            optional=True,
            tooltip="Most attempts when regenerating, the first included; more take longer.",
        ),
        io.Audio.Input(
            "best_so_far",
            optional=True,
            tooltip="Leave it empty: the check hands the best music from attempt to attempt by it.",
        ),
        AttemptsSocket.Input(
            "earlier_attempts",
            optional=True,
            tooltip="Leave it empty: the check hands its record from attempt to attempt by it.",
        ),
    ]


def _outputs() -> list[io.Output]:
    return [
        io.Audio.Output("fitted", display_name="audio", tooltip="The music, exactly as long as the picture."),
        io.Boolean.Output(
            "passed", display_name="passed", tooltip="Whether length, tempo and key were all as planned."
        ),
        io.String.Output(
            "status",
            display_name="status",
            tooltip="pass, fail, or unknown when something could not be measured.",
        ),
        io.String.Output(
            "report", display_name="report", tooltip="What was measured, with all attempts, as JSON."
        ),
        io.Int.Output("attempts", display_name="attempts", tooltip="How many attempts were made."),
    ]
