"""The composition root: settings in, everything below the faces out.

Nodes, routes and commands reach the domain through `current`; tests put a fake there with `using`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import TowerError
from ..settings import Settings, load_settings

if TYPE_CHECKING:
    from ..consistency.encoders.registry import EncoderRegistry
    from ..db.database import Database
    from ..db.episodes import EpisodeRepository
    from ..db.gates import GateRepository
    from ..db.jobs import JobRepository
    from ..db.projects import ProjectRepository
    from .adapter_inputs import AdapterInputService
    from .animatic import AnimaticService
    from .assets import AssetLibrary
    from .catalogues import CatalogueService
    from .characters import CharacterStudio
    from .early import EarlyRejection
    from .gating import GateService
    from .generating import GenerationService
    from .health import HealthService
    from .identity import IdentityService
    from .job_log import JobLog
    from .licences import LicenceService
    from .models import ModelStore
    from .music import MusicService
    from .palettes import PaletteService
    from .playlists import PlaylistService
    from .poses import PoseLibrary
    from .resubmission import Resubmission
    from .studio import Studio
    from .styles import StyleLibrary
    from .sync import SyncService
    from .sync_assets import SyncDesk
    from .themes import ThemeService
    from .travel.courier import Courier
    from .workflows import WorkflowService


@dataclass(frozen=True)
class Services:
    """All that a face may use, wired to one database."""

    settings: Settings
    database: Database
    projects: ProjectRepository
    characters: CharacterStudio
    courier: Courier
    studio: Studio
    models: ModelStore
    encoders: EncoderRegistry
    adapter_inputs: AdapterInputService
    identity: IdentityService
    jobs: JobRepository
    job_log: JobLog
    episodes: EpisodeRepository
    assets: AssetLibrary
    gates: GateRepository
    gating: GateService
    early: EarlyRejection
    resubmission: Resubmission
    palettes: PaletteService
    poses: PoseLibrary
    styles: StyleLibrary
    music: MusicService
    catalogues: CatalogueService
    playlists: PlaylistService
    licences: LicenceService
    sync: SyncService
    sync_desk: SyncDesk
    themes: ThemeService
    animatic: AnimaticService
    workflows: WorkflowService
    generation: GenerationService
    health: HealthService

    def close(self) -> None:
        """Write what is pending and let go of the database."""
        self.job_log.close()
        self.catalogues.close()
        self.database.close()


_current: Services | None = None


def open_services(settings: Settings | None = None) -> Services:
    """Wire the services; nothing is read or written until one of them is used.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment when omitted.
    """
    # Imported here: SQLAlchemy alone takes a third of a second, which `import` of the pack may not.
    from ..db.database import Database
    from ..db.early_scores import EarlyScoreRepository
    from ..db.episodes import EpisodeRepository
    from ..db.gates import GateRepository
    from ..db.jobs import JobRepository
    from ..db.licence_uses import LicenceUseRepository
    from ..db.music_files import MusicFileRepository
    from ..db.playlists import PlaylistRepository
    from ..db.projects import ProjectRepository
    from ..db.tracks import TrackRepository
    from ..db.travel import TravelRepository
    from .adapter_inputs import AdapterInputService
    from .animatic import AnimaticService
    from .assets import AssetLibrary
    from .catalogues import open_catalogues
    from .characters import CharacterStudio
    from .early import EarlyRejection
    from .encoders import open_encoders
    from .gating import GateService
    from .generating import GenerationService
    from .health import HealthService
    from .identity import IdentityService
    from .job_log import JobLog
    from .licences import LicenceService
    from .models import ModelStore
    from .music import MusicService
    from .palettes import PaletteService
    from .playlists import PlaylistService
    from .poses import PoseLibrary
    from .resubmission import Resubmission
    from .studio import Studio
    from .styles import StyleLibrary
    from .sync_assets import SyncDesk, SyncService
    from .themes import ThemeService
    from .travel.courier import Courier
    from .workflows import WorkflowService

    settings = settings or load_settings()
    database = Database(settings.database_url)
    jobs, projects, gates = JobRepository(database), ProjectRepository(database), GateRepository(database)
    characters = CharacterStudio(database, settings.references)
    models = ModelStore(settings)
    encoders = open_encoders(settings, models)
    identity = IdentityService(characters, encoders, settings.encoder)
    music, job_log = MusicService(TrackRepository(database)), JobLog(database, jobs)
    assets = AssetLibrary(database, jobs, settings.output)
    catalogues = open_catalogues(settings, MusicFileRepository(database))
    licences = LicenceService(
        LicenceUseRepository(database),
        catalogues,
        unknown_blocks=settings.catalogues.unknown_licence_blocks,
    )
    palettes, poses, sync = PaletteService(characters), PoseLibrary(database), SyncService(licences)
    episodes, workflows = (
        EpisodeRepository(database),
        WorkflowService(characters, poses, settings.comfy_models),
    )
    return Services(
        settings=settings,
        database=database,
        projects=projects,
        characters=characters,
        courier=Courier(TravelRepository(database), characters, identity, settings),
        studio=Studio(database, characters, identity, palettes, poses, sheets=settings.home / "sheets"),
        models=models,
        encoders=encoders,
        adapter_inputs=AdapterInputService(models, encoders, settings.device),
        identity=identity,
        jobs=jobs,
        job_log=job_log,
        episodes=episodes,
        assets=assets,
        gates=gates,
        gating=GateService(characters, gates, jobs, job_log),
        early=EarlyRejection(EarlyScoreRepository(database), job_log),
        resubmission=Resubmission(jobs, job_log),
        palettes=palettes,
        poses=poses,
        styles=StyleLibrary(database, assets, settings.home),
        music=music,
        catalogues=catalogues,
        playlists=PlaylistService(PlaylistRepository(database), catalogues),
        licences=licences,
        sync=sync,
        sync_desk=SyncDesk(sync, assets, projects, licences),
        themes=ThemeService(music, gates, job_log),
        animatic=AnimaticService(
            projects, characters, identity, music, jobs, assets, gates, episodes, licences
        ),
        workflows=workflows,
        generation=GenerationService(
            characters=characters,
            workflows=workflows,
            jobs=jobs,
            job_log=job_log,
            assets=assets,
            gates=gates,
            model_directories=settings.comfy_models,
        ),
        health=HealthService(database, jobs, settings),
    )


def install(services: Services) -> None:
    """Make `services` the ones that `current` returns."""
    global _current  # noqa: PLW0603 - the one tolerated global: V3 nodes are class methods
    _current = services


def current() -> Services:
    """Return the installed services.

    Raises
    ------
    TowerError
        If nothing was installed, which means that the pack did not start.
    """
    if _current is None:
        raise TowerError("Tower has not started.", hint="Look in ComfyUI's log for the reason.")
    return _current


@contextmanager
def using(services: Services) -> Iterator[Services]:
    """Install `services` for the length of a ``with`` block."""
    global _current  # noqa: PLW0603
    before, _current = _current, services
    try:
        yield services
    finally:
        _current = before
