"""The Audio Analysis node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from comfy_api.latest import io, ui

from .. import services
from ..errors import InputError
from ..services.beat_backends import BACKENDS, TOWER
from .convert import n_takes, to_image_batch, to_samples
from .sockets import MUSIC, TrackAnalysisSocket

if TYPE_CHECKING:
    from ..music.track import TrackAnalysis


class AudioAnalysis(io.ComfyNode):
    """Finds beats, key, sections, loudness and mood of music."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerAudioAnalysis",
            display_name="Audio Analysis",
            category=MUSIC,
            description=(
                "Finds the tempo, beats and downbeats of music, its key, sections, loudness, energy and "
                "mood, and where it can be looped, and draws its waveform with all of them."
            ),
            inputs=_inputs(),
            outputs=[
                TrackAnalysisSocket.Output(
                    "analysis", display_name="analysis", tooltip="All of it, for Beat Schedule."
                ),
                io.Float.Output(
                    "tempo_bpm",
                    display_name="tempo_bpm",
                    tooltip="Beats a minute; 0 without a steady beat.",
                ),
                io.String.Output(
                    "key", display_name="key", tooltip="As A minor; empty when nothing tonal was heard."
                ),
                io.Float.Output(
                    "energy", display_name="energy", tooltip="0 is calm or silent, 1 dense and loud."
                ),
                io.Image.Output(
                    "waveform",
                    display_name="waveform",
                    tooltip="The sound over time, beats, downbeats and sections, as a picture.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="All that was measured, as JSON; times in seconds.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        audio: Mapping[str, Any],
        bpm_hint: float,
        min_bpm: float,
        max_bpm: float,
        beats_per_bar: int,
        backend: str,
    ) -> io.NodeOutput:
        music = services.current().music
        samples, sample_rate = to_samples(audio)
        wishes = music.wishes(bpm_hint, min_bpm, max_bpm, beats_per_bar)
        analysis = music.hear(samples, sample_rate, wishes=wishes, backend=backend)
        drawing = music.waveform(analysis, heights=music.peaks(samples))
        picture = to_image_batch([np.asarray(drawing)])
        report = {**analysis.as_json(), "summary": summary(analysis), "takes_left_out": n_takes(audio) - 1}
        return io.NodeOutput(
            analysis,
            analysis.beats.tempo_bpm or 0.0,
            analysis.key or "",
            analysis.energy,
            picture,
            json.dumps(report, ensure_ascii=False),
            ui=ui.PreviewImage(picture, cls=cls),
        )


def summary(analysis: TrackAnalysis) -> str:
    """Say in one line what was heard."""
    beats = analysis.beats
    parts = [f"{beats.tempo_bpm:.1f} BPM in {beats.beats_per_bar}" if beats.tempo_bpm else "no steady beat"]
    parts.append(f"{analysis.key} ({analysis.camelot})" if analysis.key else "no key")
    if analysis.loudness_lufs is not None:
        parts.append(f"{analysis.loudness_lufs:.1f} LUFS")
    return ", ".join([*parts, *analysis.mood])


def require_analysis(
    analysis: TrackAnalysis | None, audio: Mapping[str, Any] | None, node: str
) -> TrackAnalysis:
    """Return the analysis that is connected, or that of the connected music.

    Raises
    ------
    InputError
        If neither is connected.
    """
    if analysis is not None:
        return analysis
    if audio is None:
        raise InputError(f"{node} got no music.", hint="Connect an analysis, or audio.")
    return services.current().music.hear(*to_samples(audio))


def _inputs() -> list[io.Input]:
    return [
        io.Audio.Input("audio", tooltip="The music; of a batch, the first take."),
        _bpm("bpm_hint", "The tempo, when you know it: settles half against double. 0 lets Tower decide."),
        _bpm("min_bpm", "No tempo below this; a larger value rules slow readings out. 0 sets no bound."),
        _bpm("max_bpm", "No tempo above this; a larger value lets fast readings in. 0 sets no bound."),
        io.Int.Input(
            "beats_per_bar",
            default=0,
            min=0,
            max=16,
            step=1,
            tooltip="Beats to a bar, when you know them; larger makes bars longer. 0 lets Tower decide.",
        ),
        io.Combo.Input(
            "backend",
            options=list(BACKENDS),
            default=TOWER,
            tooltip="Who finds the beats; librosa and beat_this must be installed, and run by themselves.",
        ),
    ]


def _bpm(name: str, tooltip: str) -> io.Input:
    return io.Float.Input(name, default=0.0, min=0.0, max=400.0, step=0.1, tooltip=tooltip)
