"""Produced files: where they go, and the record of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..db.assets import AssetRepository
from ..errors import InputError, StorageError
from ..production.asset import Asset
from ..production.project import Project
from .files import sha256_of

if TYPE_CHECKING:
    from ..db.database import Database
    from ..db.jobs import JobRepository

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class AssetLibrary(AssetRepository):
    """The stored assets, and the project folders that hold their files."""

    def __init__(self, database: Database, jobs: JobRepository, output: Path | None) -> None:
        super().__init__(database)
        self._jobs = jobs
        self._output = output

    def project_folder(self, project: Project) -> Path:
        """Return the folder of a project below the host's output directory, made if absent.

        Raises
        ------
        StorageError
            If there is no output directory, or the folder cannot be made.
        """
        if self._output is None:
            raise StorageError(
                "There is no output directory outside ComfyUI.", hint="Run this inside ComfyUI."
            )
        root = self._output.resolve()
        folder = (root / "tower" / project.folder).resolve()
        if not folder.is_relative_to(root):
            raise StorageError(f"The folder of project {project.name!r} leads out of {root}.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror}.") from error
        return folder

    def next_path(self, project: Project, prefix: str, extension: str) -> Path:
        """Return a path in the project's folder that no file has yet.

        Parameters
        ----------
        prefix : str
            What the name starts with; characters other than ASCII letters, digits, ``-`` and
            ``_`` become ``_``.
        extension : str
            With its dot, such as ``.png``.

        Raises
        ------
        InputError
            If nothing of `prefix` is left.
        """
        stem = _UNSAFE.sub("_", prefix).strip("_")[:80]
        if not stem:
            raise InputError(
                f"The file name prefix {prefix!r} has no letter or digit.",
                field="filename_prefix",
                hint="Use ASCII letters, digits, '-' or '_'.",
            )
        folder = self.project_folder(project)
        taken = [
            int(match[1])
            for path in folder.glob(f"{stem}_*")
            if (match := re.fullmatch(rf"{re.escape(stem)}_(\d+)", path.stem))
        ]
        return folder / f"{stem}_{max(taken, default=0) + 1:05d}{extension}"

    def register(
        self,
        path: Path,
        file_type: str,
        *,
        prompt_id: str | None = None,
        job_id: int | None = None,
        **fields: Any,
    ) -> Asset:
        """Store the record of a file that now stands at `path`.

        Parameters
        ----------
        file_type : str
            ``image``, ``video``, ``audio``, ``subtitles`` or ``report``.
        prompt_id : str, optional
            The host's id of the running prompt, when `job_id` is not known.
        **fields
            Further columns of `Asset`.
        """
        if job_id is None and prompt_id:
            job = self._jobs.by_prompt(prompt_id)
            job_id = job.id if job else None
        return self.add(
            file_path=path.resolve(),
            file_type=file_type,
            sha256=sha256_of(path),
            size_bytes=path.stat().st_size,
            job_id=job_id,
            **fields,
        )
