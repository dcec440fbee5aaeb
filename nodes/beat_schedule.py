"""The Beat Schedule node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui

from .. import services
from ..host.video import frame_rate
from ..services.beat_curves import CURVES, SHAPES
from .audio_analysis import require_analysis
from .sockets import MUSIC, TrackAnalysisSocket

if TYPE_CHECKING:
    from ..music.track import TrackAnalysis


class BeatScheduleNode(io.ComfyNode):
    """Turns music into numbers for each frame."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerBeatSchedule",
            display_name="Beat Schedule",
            category=MUSIC,
            description=(
                "Turns music into one number a frame, for prompt travel, motion strength or the weight of a "
                "ControlNet: a pulse on each beat, the level of the music, the place in the bar."
            ),
            inputs=_inputs(),
            outputs=[
                _curve("pulse", "high on each beat, highest on downbeats"),
                _curve("envelope", "the level of the music"),
                _curve("bar_phase", "rising through each bar"),
                io.String.Output(
                    "keyframes",
                    display_name="keyframes",
                    tooltip="The chosen curve as 0:(1.0), 12:(0.2), with straight lines between.",
                ),
                io.Int.Output(
                    "scheduled_frames", display_name="n_frames", tooltip="Frames that were scheduled."
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="Frames of beats, downbeats and sections, as JSON.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        fps: float,
        n_frames: int,
        start_seconds: float,
        shape: str,
        pulse_seconds: float,
        accent: float,
        low: float,
        high: float,
        keyframes_of: str,
        analysis: TrackAnalysis | None = None,
        audio: Mapping[str, Any] | None = None,
    ) -> io.NodeOutput:
        curves = services.current().music.curves(
            require_analysis(analysis, audio, "Beat Schedule"),
            fps=frame_rate(fps),
            n_frames=n_frames,
            start_seconds=start_seconds,
            shape=shape,
            pulse_seconds=pulse_seconds,
            accent=accent,
            between=(low, high),
        )
        report = json.dumps(curves.as_json(), ensure_ascii=False)
        return io.NodeOutput(
            curves.pulse,
            curves.envelope,
            curves.bar_phase,
            curves.keyframes(keyframes_of),
            curves.n_frames,
            report,
            ui=ui.PreviewText(curves.summary),
        )


def _curve(name: str, what: str) -> io.Output:
    return io.Float.Output(
        name, display_name=name, tooltip=f"A list with one number a frame, from low to high: {what}."
    )


def _inputs() -> list[io.Input]:
    return [
        io.Float.Input(
            "fps",
            default=24.0,
            min=1.0,
            max=240.0,
            step=0.001,
            tooltip="Frames per second of the picture; larger gives more numbers a beat.",
        ),
        io.Int.Input(
            "n_frames",
            default=0,
            min=0,
            max=1_000_000,
            step=1,
            tooltip="Frames of the picture; larger goes on through the music. 0: as long as the music.",
        ),
        _number(
            "start_seconds",
            0.0,
            0.0,
            36_000.0,
            "Second of the music at the first frame; larger is later.",
        ),
        io.Combo.Input(
            "shape",
            options=list(SHAPES),
            default=SHAPES[0],
            tooltip="decay falls from the beat on, attack rises up to it, triangle does both, square holds.",
        ),
        _number("pulse_seconds", 0.2, 0.01, 10.0, "How long the pulse of a beat lasts; larger is softer."),
        _number("accent", 0.6, 0.0, 1.0, "Height of beats that open no bar; larger makes all beats alike."),
        _number(
            "low", 0.0, -1000.0, 1000.0, "The number between beats, and of silence; larger lifts the bottom."
        ),
        _number(
            "high",
            1.0,
            -1000.0,
            1000.0,
            "The number on downbeats, and of the loudest music; larger lifts the top.",
        ),
        io.Combo.Input(
            "keyframes_of",
            options=list(CURVES),
            default=CURVES[0],
            tooltip="The curve that keyframes are made of.",
        ),
        TrackAnalysisSocket.Input("analysis", optional=True, tooltip="From Audio Analysis."),
        io.Audio.Input("audio", optional=True, tooltip="The music, when there is no analysis."),
    ]


def _number(name: str, default: float, low: float, high: float, tooltip: str) -> io.Input:
    return io.Float.Input(name, default=default, min=low, max=high, step=0.01, tooltip=tooltip)
