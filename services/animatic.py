"""An episode from its spec: checked, cut on beats, rendered, and recorded."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.verdict import Status, Verdict
from ..errors import TowerError
from ..production.episode import ShotRecord
from ..production.job import JobStatus
from .files import check_writable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.character import Character
    from ..db.episodes import EpisodeRepository
    from ..db.gates import GateRepository
    from ..db.jobs import JobRepository
    from ..db.projects import ProjectRepository
    from ..production.asset import Asset
    from ..production.job import Job
    from ..production.project import Project
    from ..production.spec import EpisodeSpec, ShotSpec
    from .assets import AssetLibrary
    from .characters import CharacterStudio
    from .identity import IdentityService
    from .licences import LicenceService
    from .music import MusicService
    from .soundtrack import Soundtrack

Progress = Callable[[str, int, int], None]

# A run that was silent for longer is dead: rendering reports every frame.
DEAD_AFTER_SECONDS = 120.0
THUMBNAIL_WIDTH = 480


@dataclass(frozen=True)
class CheckedShot:
    """A shot of the spec with the verdict on each character it should show."""

    spec: ShotSpec
    thumbnail: NDArray[np.uint8]
    verdicts: dict[str, Verdict]

    @property
    def still(self) -> Path:
        """The picture or clip of the shot."""
        return self.spec.still


@dataclass(frozen=True)
class AnimaticResult:
    """What a run found and wrote."""

    project: Project
    job_id: int
    episode_id: int
    outputs: dict[str, Path]
    shots: list[CheckedShot]
    soundtrack: Soundtrack
    warnings: list[str] = field(default_factory=list)

    def failed(self) -> list[tuple[CheckedShot, str]]:
        """Return the shots that do not show a character they should, with the character's name."""
        return [
            (shot, name)
            for shot in self.shots
            for name, verdict in shot.verdicts.items()
            if verdict.status is not Status.PASS
        ]

    def sentences(self) -> list[str]:
        """Return the outcome in a few sentences."""
        plan, track = self.soundtrack.plan, self.soundtrack.track
        off_model = self.failed()
        n_verdicts = sum(len(shot.verdicts) for shot in self.shots)
        stills = ", ".join(dict.fromkeys(shot.still.name for shot, _ in off_model))
        tempo = track.analysis.beats.tempo_bpm or 0.0
        return [
            *(f"note: {warning}" for warning in self.warnings),
            f"{n_verdicts - len(off_model)} of {n_verdicts} checks passed"
            + (f"; look at {stills}." if off_model else "."),
            f"Music: {track.path.name}, {tempo:.1f} BPM. {plan.hit_rate:.0%} of the cuts are within one frame"
            f" of a beat (by chance {plan.chance_hit_rate:.0%}).",
            f"Written in {float(plan.duration_seconds):.2f} s of picture: "
            + ", ".join(str(path) for path in self.outputs.values()),
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for programs."""
        plan, analysis = self.soundtrack.plan, self.soundtrack.track.analysis
        starts = self.soundtrack.shot_starts()
        return {
            "project": self.project.name,
            "job_id": self.job_id,
            "episode_id": self.episode_id,
            "outputs": {kind: str(path) for kind, path in self.outputs.items()},
            "fps": str(plan.fps),
            "n_frames": sum(plan.n_frames),
            "duration_seconds": float(plan.duration_seconds),
            "shots": [
                {
                    "still": str(shot.still),
                    "start_seconds": start,
                    "n_frames": n_frames,
                    "verdicts": {name: verdict.as_json() for name, verdict in shot.verdicts.items()},
                }
                for shot, start, n_frames in zip(self.shots, starts, plan.n_frames, strict=True)
            ],
            "music": {
                "file": str(self.soundtrack.track.path),
                "tempo_bpm": analysis.beats.tempo_bpm,
                "start_seconds": plan.music_start_seconds,
                "ranking": [
                    {"file": str(match.track.path), "score": match.score, "reasons": list(match.reasons)}
                    for match in self.soundtrack.matches
                ],
            },
            "cuts": {
                "times": plan.cut_times.tolist(),
                "beat_times": plan.beat_times.tolist(),
                "hit_rate": plan.hit_rate,
                "hit_rate_40ms": plan.hit_rate_40ms,
                "bias_seconds": plan.bias_seconds,
                "chance_hit_rate": plan.chance_hit_rate,
            },
            "warnings": self.warnings,
        }


@dataclass(frozen=True)
class AnimaticService:
    """Turns an episode file into a film; each step is stored as soon as it is done."""

    projects: ProjectRepository
    characters: CharacterStudio
    identity: IdentityService
    music: MusicService
    jobs: JobRepository
    assets: AssetLibrary
    gates: GateRepository
    episodes: EpisodeRepository
    licences: LicenceService

    def run(self, spec_path: Path, folder: Path, progress: Progress) -> AnimaticResult:
        """Make the episode that `spec_path` describes.

        Parameters
        ----------
        spec_path : Path
            The episode file.
        folder : Path
            Where the MP4, the subtitles and the report go; made if absent.
        progress : callable
            Told the stage, and how much of it is done and in all.

        Raises
        ------
        InputError
            If the spec, a picture, or the music cannot be used; nothing is rendered then.
        StorageError
            If `folder` cannot be written.
        """
        from ..production.spec import load_spec

        spec = load_spec(spec_path)
        check_writable(folder)
        outputs = {
            "video": folder / f"{spec_path.stem}.mp4",
            "subtitles": folder / f"{spec_path.stem}.srt",
            "report": folder / "report.html",
        }
        project = self.projects.ensure(spec.project)
        self.jobs.interrupt_unfinished("animatic", silent_seconds=DEAD_AFTER_SECONDS)
        params = {
            "spec": spec.model_dump(mode="json"),
            "spec_path": str(spec_path.absolute()),
            "bible_version": self.projects.bible_version(project.id).number,
        }
        job = self.jobs.create(str(uuid.uuid4()), "animatic", project_id=project.id, workflow_params=params)
        job = self.jobs.move(job.id, JobStatus.RUNNING)
        try:
            result = _Run(self, spec, project, job, outputs, progress).make()
        except KeyboardInterrupt:
            self.jobs.move(job.id, JobStatus.CANCELLED, error_log="interrupted by the user")
            raise
        except TowerError as error:
            self.jobs.move(job.id, JobStatus.FAILED, error_log=str(error))
            raise
        except Exception:  # the job's boundary: recorded, then reported by the face
            self.jobs.move(job.id, JobStatus.FAILED, error_log=traceback.format_exc())
            raise
        worst = [v.score for shot in result.shots for v in shot.verdicts.values() if v.score is not None]
        self.jobs.move(job.id, JobStatus.DONE, quality_score=min(worst, default=None))
        return result


@dataclass
class _Run:
    """One run: what was asked for, where it goes, and what the reader should know."""

    _service: AnimaticService
    _spec: EpisodeSpec
    _project: Project
    _job: Job
    _outputs: dict[str, Path]
    _progress: Progress
    _warnings: list[str] = field(default_factory=list)

    def make(self) -> AnimaticResult:
        """Do all steps in order."""
        from .soundtrack import compose

        cast = self._cast()
        shots = self._check(cast)
        soundtrack = compose(self._spec, self._service.music, self._stage("hearing the music"), self._warn)
        audio = soundtrack.mixed()
        self._render(soundtrack, audio)
        episode_id = self._record(shots, soundtrack)
        result = AnimaticResult(
            self._project, self._job.id, episode_id, self._outputs, shots, soundtrack, self._warnings
        )
        self._report(result, audio)
        return result

    def _cast(self) -> dict[str, Character]:
        tell = self._stage("meeting the characters")
        cast: dict[str, Character] = {}
        for n_done, (name, spec) in enumerate(self._spec.characters.items(), 1):
            cast[name], checks = self._service.characters.ensure(
                name,
                spec.references,
                project_id=self._project.id,
                prompt=spec.prompt,
                consistency_threshold=spec.threshold,
            )
            self._service.characters.note_use(self._job.id, cast[name].version.id)
            self._warnings += [f"{name}: {warning}" for check in checks for warning in check.warnings]
            tell(n_done, len(self._spec.characters))
        return cast

    def _check(self, cast: dict[str, Character]) -> list[CheckedShot]:
        from ..consistency.images import read_image
        from ..production.frames import representative_frame
        from ..production.scaling import cover

        tell = self._stage("checking the stills")
        width, height = self._spec.size
        thumbnail_size = (THUMBNAIL_WIDTH, max(1, THUMBNAIL_WIDTH * height // width))
        shots = []
        for n_done, spec in enumerate(self._spec.shots, 1):
            picture = representative_frame(spec.still, read_image)
            shown = {name: cast[name] for name in spec.characters}
            verdicts = self._verdicts(shown, picture)
            for name, verdict in verdicts.items():
                self._store_gate(spec, shown[name], verdict)
            shots.append(CheckedShot(spec, cover(picture, thumbnail_size), verdicts))
            tell(n_done, len(self._spec.shots))
        return shots

    def _verdicts(self, shown: Mapping[str, Character], picture: NDArray[np.uint8]) -> dict[str, Verdict]:
        """Judge each character of a shot on a figure of its own."""
        if not shown:
            return {}
        [verdicts] = self._service.identity.score_cast(list(shown.values()), [picture])
        return {name: verdicts[character.label] for name, character in shown.items()}

    def _store_gate(self, spec: ShotSpec, character: Character, verdict: Verdict) -> None:
        self._service.gates.add(
            "post_gen",
            {Status.PASS: True, Status.FAIL: False, Status.UNKNOWN: None}[verdict.status],
            score=verdict.score,
            details={"image": str(spec.still), "character": character.name, **verdict.as_json()},
            job_id=self._job.id,
            character_id=character.id,
        )

    def _render(self, soundtrack: Soundtrack, audio: NDArray[np.float32]) -> None:
        from ..consistency.images import read_image
        from ..production.assembly import render_episode
        from ..production.frames import ShotPicture
        from ..production.subtitles import write_srt

        render_episode(
            [ShotPicture(shot.still, shot.camera_move) for shot in self._spec.shots],
            soundtrack.plan.n_frames,
            fps=self._spec.fps,
            size=self._spec.size,
            audio=audio,
            output=self._outputs["video"],
            read_image=read_image,
            progress=self._stage("rendering"),
        )
        seconds = float(soundtrack.plan.duration_seconds)
        write_srt(soundtrack.spoken_lines(), seconds, self._outputs["subtitles"])

    def _record(self, shots: list[CheckedShot], soundtrack: Soundtrack) -> int:
        self._register("subtitles")
        self._register("video", soundtrack)
        self._service.licences.record_produced(self._project.id, soundtrack.track.path, self._spec.title)
        return self._service.episodes.save(
            self._project.id,
            self._spec.title,
            spec=self._spec.model_dump(mode="json"),
            shots=list(_shot_records(shots, soundtrack)),
            job_id=self._job.id,
        )

    def _register(self, kind: str, soundtrack: Soundtrack | None = None) -> Asset:
        facts: dict[str, Any] = {}
        if soundtrack is not None:
            plan = soundtrack.plan
            facts = {
                "width": self._spec.size[0],
                "height": self._spec.size[1],
                "fps": float(plan.fps),
                "duration_seconds": float(plan.duration_seconds),
                "licence": f"music: {soundtrack.track.licence}",
                "quality_metrics": {"cut_hit_rate": plan.hit_rate, "cut_bias_seconds": plan.bias_seconds},
                "metadata": {"music": str(soundtrack.track.path), "n_frames": sum(plan.n_frames)},
            }
        return self._service.assets.register(
            self._outputs[kind], kind, project_id=self._project.id, job_id=self._job.id, **facts
        )

    def _report(self, result: AnimaticResult, audio: NDArray[np.float32]) -> None:
        from .report import report_run

        report_run(result, self._spec, audio, self._outputs["report"])
        self._register("report")

    def _warn(self, sentence: str) -> None:
        self._warnings.append(sentence)

    def _stage(self, name: str) -> Callable[[int, int], None]:
        """Return a reporter of one stage that also keeps the job's heartbeat."""
        share = {"meeting the characters": 5, "checking the stills": 15, "hearing the music": 25}
        last_percent = -1

        def tell(done: int, total: int) -> None:
            nonlocal last_percent
            self._progress(name, done, total)
            percent = share.get(name) or 25 + 70 * done // max(total, 1)
            if percent != last_percent:
                last_percent = percent
                self._service.jobs.touch(self._job.id, progress=percent)

        return tell


def _shot_records(shots: list[CheckedShot], soundtrack: Soundtrack) -> list[ShotRecord]:
    plan = soundtrack.plan
    records, start = [], 0
    for number, (shot, n_frames) in enumerate(zip(shots, plan.n_frames, strict=True), 1):
        records.append(
            ShotRecord(
                position=number,
                source_path=shot.still,
                planned_seconds=shot.spec.seconds,
                start_frame=start,
                n_frames=n_frames,
                scene=shot.spec.scene,
                camera=shot.spec.camera.move,
                characters=shot.spec.characters,
                dialogue=" ".join(line.text for line in shot.spec.dialogue),
                details={
                    "start_seconds": float(Fraction(start) / plan.fps),
                    "verdicts": {name: verdict.as_json() for name, verdict in shot.verdicts.items()},
                },
            )
        )
        start += n_frames
    return records
