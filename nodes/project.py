"""The Project Loader and the Project Saver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from .. import services
from ..errors import InputError, NotFoundError, TowerError
from ..host.execution import progress_bar, running_node_id, running_prompt_id
from ..host.saving import embedded, preview_of, save_flac, save_mp4, save_png
from ..host.video import probe_video
from ..production.asset import Asset
from ..production.project import Project
from .choices import looks_like_hint, project_names
from .convert import n_takes, to_image_array, to_samples
from .sockets import PROJECT, ProjectSocket


class ProjectLoader(io.ComfyNode):
    """Opens a project, or makes a new one."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerProjectLoader",
            display_name="Project Loader",
            category=PROJECT,
            description="Opens a project, or makes a new one, so that files and jobs are filed under it.",
            inputs=[
                io.Combo.Input(
                    "project",
                    options=project_names(),
                    tooltip="An existing project. Press R to see one that was just made.",
                ),
                io.String.Input(
                    "new_name",
                    default="",
                    optional=True,
                    tooltip="When filled: the project of this name is used, and made if there is none.",
                ),
            ],
            outputs=[
                ProjectSocket.Output(
                    "loaded_project", display_name="project", tooltip="The project: for the Project Saver."
                ),
                io.String.Output("name", display_name="name", tooltip="Its name."),
                io.String.Output(
                    "folder", display_name="folder", tooltip="Its folder below ComfyUI's output directory."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, project: str | None = None, new_name: str | None = "") -> bool | str:
        # Naming the combo takes the place of ComfyUI's own check against the list.
        try:
            if project is not None and new_name == "":
                _find_project(project)
        except TowerError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, project: str | None = None, new_name: str | None = "") -> str:
        return new_name or ("" if project is None else repr(_find_project(project)))

    @classmethod
    def execute(cls, project: str, new_name: str = "") -> io.NodeOutput:
        current = services.current()
        name = new_name.strip()
        found = current.projects.ensure(name) if name else _find_project(project)
        return io.NodeOutput(found, found.name, str(current.assets.project_folder(found)))


def _find_project(name: str) -> Project:
    try:
        return services.current().projects.find(name)
    except NotFoundError as error:
        if not looks_like_hint(name):
            raise
        raise NotFoundError(
            "No project is chosen.", field="project", hint="Type a name into new_name to make one."
        ) from error


class ProjectSaver(io.ComfyNode):
    """Saves pictures, video and sound under a project."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerProjectSaver",
            display_name="Project Saver",
            category=PROJECT,
            description=(
                "Saves pictures (PNG), video (MP4) and sound (FLAC) in the project's folder of ComfyUI's "
                "output directory, with prompt and workflow inside, and records each file with its SHA-256."
            ),
            inputs=_saver_inputs(),
            outputs=[
                io.String.Output(
                    "paths",
                    display_name="paths",
                    is_output_list=True,
                    tooltip="The full path of each saved file, one after the other.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip='JSON list: [{"asset_id", "file_type", "path", "sha256", "size_bytes", …}].',
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        *,
        project_name: str,
        filename_prefix: str,
        images: Tensor | None = None,
        video: Any = None,
        audio: Mapping[str, Any] | None = None,
        project: Project | None = None,
    ) -> io.NodeOutput:
        if images is None and video is None and audio is None:
            raise InputError(
                "The Project Saver got nothing to save.", hint="Connect images, a video or an audio."
            )
        shelf = _Shelf(
            project or services.current().projects.ensure(project_name),
            filename_prefix,
            embedded(cls.hidden.prompt, cls.hidden.extra_pnginfo),
        )
        assets = list(shelf.save(images, video, audio))
        report = json.dumps([_describe(asset) for asset in assets], ensure_ascii=False)
        return io.NodeOutput([str(asset.file_path) for asset in assets], report, ui=_previews(assets))


def _saver_inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "project_name",
            default="My Project",
            tooltip="The project to file under; made when new. A connected project goes first.",
        ),
        io.String.Input(
            "filename_prefix",
            default="tower",
            tooltip="What the file names start with; a number follows, and nothing is ever overwritten.",
        ),
        io.Image.Input("images", optional=True, tooltip="Pictures: one PNG each."),
        io.Video.Input("video", optional=True, tooltip="A video: one MP4; MP4 input is copied without loss."),
        io.Audio.Input("audio", optional=True, tooltip="Sound: one FLAC for each take of the batch."),
        ProjectSocket.Input("project", optional=True, tooltip="A project, from a Project Loader."),
    ]


@dataclass(frozen=True)
class _Shelf:
    """Where one run's files go, and what they carry."""

    project: Project
    prefix: str
    metadata: Mapping[str, Any]

    def save(self, images: Tensor | None, video: Any, audio: Mapping[str, Any] | None) -> Iterator[Asset]:
        """Save what there is; what was saved before an error stays."""
        if images is not None:
            yield from self._save_images(images)
        if video is not None:
            yield self._save_video(video)
        if audio is not None:
            yield from self._save_audio(audio)

    def _save_images(self, images: Tensor) -> Iterator[Asset]:
        progress = progress_bar()
        for number, image in enumerate(images, 1):
            path, picture = self._next_path(".png"), to_image_array(image)
            save_png(path, picture, self.metadata)
            yield self._register(path, "image", width=picture.shape[1], height=picture.shape[0])
            progress(number, len(images))

    def _save_video(self, video: Any) -> Asset:
        path = self._next_path(".mp4")
        save_mp4(path, video, self.metadata)
        probe = probe_video(path)
        return self._register(
            path,
            "video",
            width=probe.width,
            height=probe.height,
            fps=probe.fps,
            duration_seconds=probe.duration_seconds,
        )

    def _save_audio(self, audio: Mapping[str, Any]) -> Iterator[Asset]:
        for take in range(n_takes(audio)):
            samples, sample_rate = to_samples(audio, take)
            path = self._next_path(".flac")
            save_flac(path, samples, sample_rate, self.metadata)
            yield self._register(path, "audio", duration_seconds=samples.shape[1] / sample_rate)

    def _next_path(self, extension: str) -> Path:
        return services.current().assets.next_path(self.project, self.prefix, extension)

    def _register(self, path: Path, file_type: str, **fields: Any) -> Asset:
        current, prompt_id = services.current(), running_prompt_id()
        return current.assets.register(
            path,
            file_type,
            project_id=self.project.id,
            job_id=current.job_log.job_id_of(prompt_id) if prompt_id else None,
            metadata={**self.metadata, "node_id": running_node_id(), "prompt_id": prompt_id},
            **fields,
        )


def _describe(asset: Asset) -> dict[str, Any]:
    described = {
        "asset_id": asset.id,
        "file_type": asset.file_type,
        "path": str(asset.file_path),
        "sha256": asset.sha256,
        "size_bytes": asset.size_bytes,
        "width": asset.width,
        "height": asset.height,
        "fps": asset.fps,
        "duration_seconds": asset.duration_seconds,
    }
    return {key: value for key, value in described.items() if value is not None}


def _previews(assets: list[Asset]) -> dict[str, list[Any]]:
    """Return what the editor shows in the node: the video when there is one, else the pictures."""
    shown: dict[str, list[Any]] = {"image": [], "video": [], "audio": []}
    for asset in assets:
        shown[asset.file_type].append(preview_of(asset.file_path))
    previews: dict[str, list[Any]] = {}
    if shown["video"]:
        previews |= {"images": shown["video"], "animated": [True]}
    elif shown["image"]:
        previews |= {"images": shown["image"]}
    if shown["audio"]:
        previews |= {"audio": shown["audio"]}
    return previews
