"""The Music Matcher node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from comfy_api.latest import io, ui

from .. import services
from ..errors import NotFoundError
from .convert import to_audio
from .picture_input import numbers
from .sockets import MUSIC, TrackAnalysisSocket, TracksSocket

if TYPE_CHECKING:
    from ..music.track import TrackSummary

FORMULAS = ("folded", "legacy")


class MusicMatcher(io.ComfyNode):
    """Chooses the track whose beats carry the cuts of a picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerMusicMatcher",
            display_name="Music Matcher",
            category=MUSIC,
            description=(
                "Ranks tracks by how well their beats can carry the cuts of a picture, by mood, energy, key "
                "and length, says why, and hands on the music of the best."
            ),
            inputs=_inputs(),
            outputs=[
                io.Audio.Output("audio", display_name="audio", tooltip="The music of the chosen track."),
                TrackAnalysisSocket.Output(
                    "analysis", display_name="analysis", tooltip="What was measured of it, for Beat Schedule."
                ),
                io.Float.Output("score", display_name="score", tooltip="How well it suits, from 0 to 1."),
                io.String.Output(
                    "report", display_name="report", tooltip="The ranking with reasons, as a JSON list."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        *,
        shot_seconds: str,
        mood: str,
        motion: float,
        previous_key: str,
        formula: str,
        choice: int,
        limit: int,
        tracks: list[TrackSummary] | None = None,
    ) -> io.NodeOutput:
        opened = services.current()
        ranking = opened.music.match(
            numbers(shot_seconds, "shot_seconds"),
            mood=mood,
            motion=None if motion < 0 else motion,
            previous_key=previous_key.strip(),
            formula=formula,
            limit=max(limit, choice),
            tracks=tracks,
        )
        if len(ranking) < choice:
            raise NotFoundError(
                f"There is no track number {choice}: {len(ranking)} of the tracks come into question.",
                field="choice",
                hint="Analyse music with the Track Library, or use the folded formula.",
            )
        chosen = ranking[choice - 1]
        opened.licences.sync_file(chosen.track.path)
        track, signal = opened.music.open_track(chosen.track)
        lines = [
            f"{n}. {match.track.label} ({match.score:.2f}): {match.reasons[0]}"
            for n, match in enumerate(ranking, 1)
        ]
        return io.NodeOutput(
            to_audio(signal.samples, signal.sample_rate),
            track.analysis,
            chosen.score,
            json.dumps([match.as_json() for match in ranking], ensure_ascii=False),
            ui=ui.PreviewText("\n".join(lines)),
        )


def _inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "shot_seconds",
            default="",
            tooltip="Lengths of the shots with commas between, as Video Tempo gives them; may stay empty.",
        ),
        io.String.Input(
            "mood", default="", tooltip="Free words, such as: rainy, a tense chase. May stay empty."
        ),
        io.Float.Input(
            "motion",
            default=-1.0,
            min=-1.0,
            max=1.0,
            step=0.01,
            tooltip="How much moves in the picture, 0 to 1; larger asks for more energy. −1 leaves it out.",
        ),
        io.String.Input(
            "previous_key",
            default="",
            tooltip="Key of the music before, as A minor or 8A; empty when there is none.",
        ),
        io.Combo.Input(
            "formula",
            options=list(FORMULAS),
            default=FORMULAS[0],
            tooltip="folded: beats a shot, and all else. legacy: tempo within 10 BPM of the cuts a minute.",
        ),
        io.Int.Input(
            "choice",
            default=1,
            min=1,
            max=200,
            step=1,
            tooltip="Which one to take; larger goes down the ranking.",
        ),
        io.Int.Input(
            "limit",
            default=10,
            min=1,
            max=200,
            step=1,
            tooltip="How many the ranking lists; larger lists more.",
        ),
        TracksSocket.Input(
            "tracks",
            optional=True,
            tooltip="From the Track Library; all that was analysed when nothing is connected.",
        ),
    ]
