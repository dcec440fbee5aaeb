"""Music under picture over HTTP: synchronised, planned, and mixed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ...errors import InputError
from ...services.mixing import MixOrder, mix_levels
from ...services.sync_assets import SoundSource
from ...services.under_picture import SyncOptions
from .fields import Id
from .pool import CpuPool
from .registrar import Registrar
from .schemas import Body, Shown

if TYPE_CHECKING:
    from ...services import Services

# Writing video takes long; it must not keep pictures from being scored.
_N_THREADS, _N_WAITING = 1, 4
MAX_SHOTS, MAX_SOUNDS = 2000, 64


def _rate(text: str) -> str:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError("it is no rate such as 24 or 24000/1001") from error
    if not 1 <= rate <= 120:
        raise ValueError("it is not between 1 and 120")
    return text


def _as_text(rate: Any) -> Any:
    is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
    return str(rate) if is_number else rate


_Share = Annotated[float, Field(ge=0, le=1)]
_Seconds = Annotated[float, Field(ge=0, le=14_400)]
_Track = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{1,30}:[A-Za-z0-9._-]{1,100}$")]
_Fps = Annotated[str, Field(max_length=20), BeforeValidator(_as_text), AfterValidator(_rate)]
_Lufs = Annotated[float, Field(ge=-40, le=-8)]


class SoundBody(Body):
    """A sound: an asset, or a track as `provider:id`."""

    asset_id: Id | None = None
    track: _Track | None = None

    def source(self) -> SoundSource:
        """Return it for the services."""
        return SoundSource(self.asset_id, self.track)


class SyncRequest(Body):
    """A stored video, or the lengths of shots to come, and music."""

    music: SoundBody
    project_id: Id | None = Field(default=None, description="Where the result goes; needed with a video.")
    video_asset_id: Id | None = None
    shot_seconds: list[Annotated[float, Field(gt=0, le=3600)]] | None = Field(
        default=None, max_length=MAX_SHOTS, description="Instead of a video: lengths to plan."
    )
    shortest_seconds: list[_Seconds] = Field(default_factory=list, max_length=MAX_SHOTS)
    scene_starts: list[Annotated[float, Field(ge=1)]] = Field(default_factory=list, max_length=MAX_SHOTS)
    fps: _Fps = Field(default="24", description="Of planned shots: `24`, `24000/1001`.")
    mode: Literal["fit", "recut"] = "fit"
    max_stretch: Annotated[float, Field(ge=0, le=0.15)] = 0.06
    max_retime: Annotated[float, Field(ge=0, le=0.25)] = 0.08
    max_change: Annotated[float, Field(ge=0.01, le=1)] = 0.35
    bpm_hint: Annotated[float, Field(ge=20, le=400)] | None = None
    keep_sound: bool = False
    target_lufs: _Lufs = -14.0

    def options(self) -> SyncOptions:
        """Return what may be done."""
        return SyncOptions(
            mode=self.mode,
            max_stretch=self.max_stretch,
            max_retime=self.max_retime,
            max_change=self.max_change,
            bpm_hint=self.bpm_hint,
            keeps_sound=self.keep_sound,
            target_lufs=self.target_lufs,
        )


class SyncShown(Shown):
    """How cuts and beats meet."""

    asset_id: int | None = Field(description="The video that was made; null for a plan.")
    fps: str
    tempo_bpm: float | None
    n_frames: int
    shot_n_frames: list[int] = Field(description="Exact frames of each shot, to ask a generator for.")
    duration_seconds: float
    cut_times: list[float]
    beat_times: list[float]
    music_start_seconds: float
    music_stretch: float
    music_loops: bool
    music_loop: dict[str, float | bool] | None = Field(
        description="Seconds between which the music goes round; whether both were measured to be alike."
    )
    hit_rate: float = Field(description="Share of cuts within one frame of a beat.")
    hit_rate_40ms: float
    bias_seconds: float
    chance_hit_rate: float
    ceiling_hit_rate: float = Field(description="What the best single offset would reach.")
    notes: list[str]
    summary: str


class PlacedSound(SoundBody):
    """A sound and the second at which it begins."""

    start_seconds: _Seconds = 0.0


class MixRequest(Body):
    """What is to be mixed; the length is the video's, or `duration_seconds`."""

    project_id: Id
    video_asset_id: Id | None = None
    duration_seconds: Annotated[float, Field(gt=0, le=14_400)] | None = None
    music: SoundBody | None = None
    dialogue: list[PlacedSound] = Field(default_factory=list, max_length=MAX_SOUNDS)
    effects: list[PlacedSound] = Field(default_factory=list, max_length=MAX_SOUNDS)
    music_db: Annotated[float, Field(ge=-40, le=20)] = 0.0
    duck_ratio: Annotated[float, Field(ge=1, le=20)] = 6.0
    duck_attack_seconds: Annotated[float, Field(ge=0.01, le=2)] = 0.2
    duck_release_seconds: Annotated[float, Field(ge=0.05, le=5)] = 1.0
    fade_out_seconds: Annotated[float, Field(ge=0, le=30)] = 2.0
    target_lufs: _Lufs = -14.0
    peak_dbfs: Annotated[float, Field(ge=-12, le=0)] = -1.0
    stems: bool = False


class MixShown(Shown):
    """The mix that was made."""

    asset_id: int
    stem_asset_ids: list[int]
    n_samples: int
    sample_rate: int
    duration_seconds: float
    loudness_lufs: float | None
    true_peak_dbfs: float | None


def add_sync_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of music under picture."""
    pool = CpuPool(_N_THREADS, _N_WAITING)

    @api.write("POST", "/anime/music/sync", errors=(404, 429))
    async def sync_music(body: SyncRequest) -> SyncShown:
        """Put music under a stored video so that its cuts land on beats, or plan shots that are to come."""
        return await pool.run(_synced, services, body)

    @api.write("POST", "/anime/music/mix", errors=(404, 429))
    async def mix_music(body: MixRequest) -> MixShown:
        """Mix dialogue, music and effects exactly as long as the picture."""
        return await pool.run(_mixed, services, body)


def _synced(services: Services, body: SyncRequest) -> SyncShown:
    desk, asset_id = services.sync_desk, None
    if (body.video_asset_id is None) == (body.shot_seconds is None):
        raise InputError("Give a video or lengths of shots, and not both.", field="video_asset_id")
    if body.shot_seconds is not None:
        aligned = desk.plan(
            body.music.source(),
            body.shot_seconds,
            body.options(),
            fps=Fraction(body.fps),
            shortest_seconds=body.shortest_seconds,
            scene_starts=body.scene_starts,
        )
    elif body.project_id is None or body.video_asset_id is None:
        raise InputError("The result needs a project to go to.", field="project_id")
    else:
        aligned, asset = desk.sync(body.project_id, body.video_asset_id, body.music.source(), body.options())
        asset_id = asset.id
    return SyncShown.model_validate({"asset_id": asset_id, **aligned.as_json()})


def _mixed(services: Services, body: MixRequest) -> MixShown:
    desk = services.sync_desk
    if body.video_asset_id is None and body.duration_seconds is None:
        raise InputError("The mix has no length.", field="duration_seconds", hint="Or name a video.")
    order = MixOrder(
        duration_seconds=Fraction(body.duration_seconds or 1.0).limit_denominator(1_000_000),
        music=None if body.music is None else desk.samples(body.music.source(), "music"),
        lines=[desk.samples(sound.source(), "dialogue") for sound in body.dialogue],
        line_starts=[sound.start_seconds for sound in body.dialogue],
        effects=[desk.samples(sound.source(), "effects") for sound in body.effects],
        effect_starts=[sound.start_seconds for sound in body.effects],
        **_settings(body),
    )
    mixed, stored = desk.mix(
        body.project_id, order, video_asset_id=body.video_asset_id, with_stems=body.stems
    )
    made, *stems = (asset.id for asset in stored)
    return MixShown.model_validate({"asset_id": made, "stem_asset_ids": stems, **mix_levels(mixed)})


def _settings(body: MixRequest) -> dict[str, Any]:
    names = ("music_db", "duck_ratio", "duck_attack_seconds", "duck_release_seconds", "fade_out_seconds")
    return {name: getattr(body, name) for name in (*names, "target_lufs", "peak_dbfs")}
