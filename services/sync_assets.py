"""Synchronising and mixing stored files: from assets to assets of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, NotFoundError
from .sync import SyncService

if TYPE_CHECKING:
    from ..db.projects import ProjectRepository
    from ..music.mix import Mixdown
    from ..production.asset import Asset
    from ..production.project import Project
    from .alignment import Alignment
    from .assets import AssetLibrary
    from .licences import LicenceService
    from .mixing import MixOrder, Samples
    from .under_picture import SyncOptions

SYNC_PREFIX, MIX_PREFIX = "sync", "mix"


@dataclass(frozen=True)
class SoundSource:
    """A sound that is named rather than given: an asset, or a track as ``provider:id``."""

    asset_id: int | None = None
    track: str | None = None


class SyncDesk:
    """Makes assets of assets, and enters the music that they use into the project's ledger."""

    def __init__(
        self, sync: SyncService, assets: AssetLibrary, projects: ProjectRepository, licences: LicenceService
    ) -> None:
        self._sync = sync
        self._assets = assets
        self._projects = projects
        self._licences = licences

    def sync(
        self, project_id: int, video_asset_id: int, music: SoundSource, options: SyncOptions
    ) -> tuple[Alignment, Asset]:
        """Store a video with music under it; return the outcome and the new asset.

        Raises
        ------
        NotFoundError
            If the project, an asset or a track does not exist, or its file is gone.
        RightsError, NoBeatError, InputError, StorageError
            As `SyncService.sync_files`.
        """
        project, video = self._projects.get(project_id), self._file(video_asset_id, "video")
        audio = self._sound(music, "audio")
        output = self._assets.next_path(project, SYNC_PREFIX, ".mp4")
        aligned = self._sync.sync_files(video, audio, output=output, options=options, progress=_unseen)
        asset = self._store(output, "video", project, {"sync": aligned.as_json()})
        self._licences.record(project.id, music.track or audio, output.name)
        return aligned, asset

    def plan(
        self, music: SoundSource, shot_seconds: Sequence[float], options: SyncOptions, **wishes: Any
    ) -> Alignment:
        """Plan shots that are not rendered yet; nothing is stored."""
        return self._sync.plan(shot_seconds, self.samples(music), options=options, **wishes)

    def mix(
        self, project_id: int, order: MixOrder, *, video_asset_id: int | None, with_stems: bool
    ) -> tuple[Mixdown, list[Asset]]:
        """Store a mix, with its video when there is one, and its stems when they are wanted."""
        from ..production.sound_file import write_wav

        project = self._projects.get(project_id)
        if video_asset_id is None:
            mixed = self._sync.mix(order)
            output = write_wav(self._assets.next_path(project, MIX_PREFIX, ".wav"), mixed.samples)
            stored = [self._store(output, "audio", project, {})]
        else:
            output = self._assets.next_path(project, MIX_PREFIX, ".mp4")
            video = self._file(video_asset_id, "video")
            mixed = self._sync.mix_under(video, order, output=output, progress=_nothing)
            stored = [self._store(output, "video", project, {})]
        for name, samples in mixed.stems.items() if with_stems else ():
            path = write_wav(self._assets.next_path(project, f"{MIX_PREFIX}_{name}", ".wav"), samples)
            stored.append(self._store(path, "audio", project, {"stem": name}))
        return mixed, stored

    def samples(self, source: SoundSource, field: str = "audio") -> Samples:
        """Decode a sound that may be put under picture."""
        from ..music.signal import decode

        signal = decode(self._sound(source, field))
        return signal.samples, signal.sample_rate

    def _sound(self, source: SoundSource, field: str) -> Path:
        if (source.asset_id is None) == (source.track is None):
            raise InputError("Name one asset or one track.", field=field)
        path = source.track if source.asset_id is None else self._file(source.asset_id, field)
        return self._licences.sync_file(str(path))

    def _file(self, asset_id: int, field: str) -> Path:
        asset = self._assets.get(asset_id)
        if asset.is_missing:
            raise NotFoundError(f"The file of asset {asset_id} is gone.", field=field)
        return asset.file_path

    def _store(self, path: Path, kind: str, project: Project, metadata: dict[str, Any]) -> Asset:
        if kind == "audio":
            return self._assets.register(path, kind, project_id=project.id, metadata=metadata)
        from ..production.clip import probe

        facts = probe(path)
        return self._assets.register(
            path,
            kind,
            project_id=project.id,
            width=facts.width,
            height=facts.height,
            fps=float(facts.fps),
            duration_seconds=facts.duration_seconds,
            metadata=metadata,
        )


def _unseen(_stage: str, _done: int, _total: int) -> None:
    return None


def _nothing(_done: int, _total: int) -> None:
    return None
