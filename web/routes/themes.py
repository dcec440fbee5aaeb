"""Music made to measure over HTTP: the plan of a theme."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ...errors import InputError
from ...services.themes import MOST_SHOTS, ThemeOrder, WishedShot
from .fields import Id, Text
from .pool import CpuPool
from .registrar import Registrar
from .schemas import Body, Shown

if TYPE_CHECKING:
    from ...services import Services

_Words = Annotated[Text, Field(max_length=2000)]
_Bpm = Annotated[float, Field(ge=30, le=300)]


class ThemeShotBody(Body):
    """A shot of the cut plan."""

    seconds: Annotated[float, Field(gt=0, le=900)]
    mood: Annotated[Text, Field(max_length=500)] = ""


class ThemeBody(Body):
    """What music is asked for."""

    mood: _Words = Field(default="", description="Free words; short phrases become tags.")
    shots: Annotated[list[ThemeShotBody], Field(max_length=MOST_SHOTS)] = Field(
        default=[], description="The cut plan; without it the picture is one shot of `seconds`."
    )
    seconds: Annotated[float, Field(ge=1, le=900)] = 30.0
    fps: Annotated[str, Field(pattern=r"^[0-9]{1,6}(/[1-9][0-9]{0,5})?$")] = Field(
        default="24", description="Frames per second, as 24 or 24000/1001."
    )
    project_id: Id | None = Field(default=None, description="Its bible's mood, tone and genre count as well.")
    character_id: Id | None = Field(default=None, description="Their mood and nature count as well.")
    min_bpm: _Bpm | None = None
    max_bpm: _Bpm | None = None
    key: Annotated[str, Field(max_length=20)] = Field(default="", description="As A minor; empty to choose.")
    previous_key: Annotated[str, Field(max_length=20)] = ""
    time_signature: Literal[2, 3, 4, 6] | None = None
    vocals: bool = False
    lyrics: Text = Field(default="", description="The lines of the song, dealt out to its parts.")


class ThemeSectionShown(Shown):
    """A part of a theme."""

    name: Literal["intro", "verse", "chorus", "bridge", "outro"]
    start_seconds: float
    end_seconds: float
    mood: list[str]
    energy: float
    n_lines: int
    n_syllables: int


class ThemePlanShown(Shown):
    """What a music generator is asked for; nodes and commands take it as it is."""

    mood: list[str]
    bpm: int
    tempo_bpm: float = Field(description="The tempo at which the cuts fit, at most half a BPM away.")
    key: str
    beats_per_bar: int
    seconds: float
    ask_seconds: float = Field(description="Length to ask for, so that it can be cut to the picture.")
    offset_seconds: float = Field(description="How far inside a bar the music is at the first frame.")
    energy: float
    tags: str
    lyrics: str
    sections: list[ThemeSectionShown]
    fps: str
    cut_times: list[float]
    on_beat: float = Field(description="Share of the cuts within a frame of a beat.")
    on_bar: float
    chance: float = Field(description="What any tempo as fast would put on beats.")
    reasons: list[str]
    sources: list[str]
    summary: str


def add_theme_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the route of themes."""

    @api.write("POST", "/anime/music/theme", errors=(404, 429))
    async def plan_theme(body: ThemeBody) -> ThemePlanShown:
        """Plan music for a picture: tempo, key, metre, length, tags and lyrics; nothing is stored."""
        order = await services.database.run(_order, services, body)
        plan = await pool.run(services.themes.plan, order)
        return ThemePlanShown.model_validate(plan.as_json())


def _order(services: Services, body: ThemeBody) -> ThemeOrder:
    limits = {
        "bpm_range": _range(body.min_bpm, body.max_bpm),
        "key": body.key,
        "previous_key": body.previous_key,
        "beats_per_bar": body.time_signature,
        "vocals": body.vocals,
        "words": body.lyrics,
    }
    return ThemeOrder(
        mood=body.mood,
        shots=tuple(WishedShot(shot.seconds, shot.mood) for shot in body.shots),
        seconds=body.seconds,
        fps=_rate(body.fps),
        project=services.projects.get(body.project_id) if body.project_id else None,
        character=services.characters.get(body.character_id) if body.character_id else None,
        limits=limits,
    )


def _range(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None and high is None else (low or 30.0, high or 300.0)


def _rate(text: str) -> Fraction:
    rate = Fraction(text)
    if not 1 <= rate <= 240:
        raise InputError(f"{text} frames a second are not possible.", field="fps", hint="Give 1 to 240.")
    return rate
