"""A project at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character, CharacterVersion
from ..production.asset import Asset
from ..production.episode import EpisodeRecord
from ..production.job import Job
from ..production.project import Project

if TYPE_CHECKING:
    from . import Services


@dataclass(frozen=True, slots=True)
class Overview:
    """A project with what belongs to it, newest jobs and files first."""

    project: Project
    characters: list[Character]
    episodes: list[EpisodeRecord]
    jobs: list[Job]
    assets: list[Asset]

    def as_json(self) -> dict[str, Any]:
        """Return the page for programs."""
        return {
            **project_json(self.project),
            "characters": [character_json(character) for character in self.characters],
            "episodes": [
                {"id": episode.id, "title": episode.title, "shots": len(episode.shots)}
                for episode in self.episodes
            ],
            "jobs": [
                {
                    "id": job.id,
                    "job_type": job.job_type,
                    "status": job.status.value,
                    "progress": job.progress,
                    "quality_score": job.quality_score,
                }
                for job in self.jobs
            ],
            "assets": [
                {
                    "id": asset.id,
                    "file_type": asset.file_type,
                    "file_path": str(asset.file_path),
                    "sha256": asset.sha256,
                    "missing": asset.is_missing,
                }
                for asset in self.assets
            ],
        }


def overview(services: Services, name: str) -> Overview:
    """Collect what belongs to the project called `name`.

    Raises
    ------
    NotFoundError
        If there is no such project.
    """
    project = services.projects.find(name)
    return Overview(
        project=project,
        characters=services.characters.list(project_id=project.id),
        episodes=services.episodes.list(project.id),
        jobs=services.jobs.list(project_id=project.id, limit=20),
        assets=services.assets.list(project_id=project.id, limit=20),
    )


def project_json(project: Project) -> dict[str, Any]:
    """Return a project for programs."""
    return {
        "id": project.id,
        "name": project.name,
        "folder": project.folder,
        "description": project.description,
        "status": project.status,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }


def character_json(character: Character) -> dict[str, Any]:
    """Return a character for programs."""
    return {
        "id": character.id,
        "name": character.name,
        "label": character.label,
        "project_id": character.project_id,
        "prompt": character.prompt,
        "negative_prompt": character.negative_prompt,
        "consistency_threshold": character.consistency_threshold,
        "version": character.version.number,
        "age_state": character.version.age_state,
        "emotional_state": character.version.emotional_state,
        "version_prompt": character.version.prompt,
        "current_version": character.current_version,
        "bible": character.bible,
        "references": _references_json(character.version),
    }


def version_json(version: CharacterVersion, current: int, job_ids: list[int]) -> dict[str, Any]:
    """Return a version of a character for programs, with the jobs that used it."""
    return {
        "number": version.number,
        "is_current": version.number == current,
        "age_state": version.age_state,
        "emotional_state": version.emotional_state,
        "prompt": version.prompt,
        "jobs": job_ids,
        "created_at": version.created_at,
        "references": _references_json(version),
    }


def _references_json(version: CharacterVersion) -> list[dict[str, Any]]:
    return [
        {
            "path": str(reference.path),
            "sha256": reference.sha256,
            "width": reference.width,
            "height": reference.height,
            "warnings": list(reference.warnings),
            "weight": reference.weight,
            "box": reference.box,
            "report": reference.report,
        }
        for reference in version.references
    ]
