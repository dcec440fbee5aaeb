"""Workflows that are made to keep a character, on what is stored about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character, split_version
from ..errors import EmptyReferenceError, InputError
from ..production.graphs.ensured import Change, EnsureOptions
from ..production.graphs.ensuring import ensure_consistency
from ..production.graphs.reading import EXPORT_HINT
from ..production.part_file import write_text

if TYPE_CHECKING:
    from .characters import CharacterStudio
    from .poses import PoseLibrary


@dataclass(frozen=True, slots=True)
class EnsuredWorkflow:
    """A workflow that keeps a character, and what may stop it.

    Parameters
    ----------
    prompt : dict
        The workflow in API form.
    changes : tuple of Change
        How it differs from what came in.
    warnings : tuple of str
        What was not found and will be missed when it runs.
    """

    prompt: dict[str, Any]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "prompt": self.prompt,
            "changes": [change.as_json() for change in self.changes],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class EnsureOrder:
    """A character that exists, and how it is put into a workflow."""

    character: Character
    options: EnsureOptions


class WorkflowService:
    """Puts stored characters into workflows.

    Parameters
    ----------
    characters : CharacterStudio
        Who is stored.
    poses : PoseLibrary
        Poses by name.
    model_directories : sequence of Path
        What holds the host's folders of models; nothing is looked for without any.
    """

    def __init__(
        self, characters: CharacterStudio, poses: PoseLibrary, model_directories: Sequence[Path] = ()
    ) -> None:
        self._characters = characters
        self._poses = poses
        self._model_directories = tuple(model_directories)

    def ensure(self, graph: Any, name: str, options: EnsureOptions) -> EnsuredWorkflow:
        """Put a character in front of every sampler of a workflow in API form.

        Parameters
        ----------
        graph : mapping
            The workflow; it is not changed.
        name : str
            Label of the character, or a name that only one has; ``NAME @ 2`` is its second version.
        options : EnsureOptions
            How it is put in.

        Raises
        ------
        NotFoundError
            If there is no such character, version or pose.
        InputError
            If the workflow cannot be changed, or an adapter is to see a character without pictures.
        """
        return self.put(graph, self.order(name, options))

    def ensure_file(
        self, file: Path, name: str, options: EnsureOptions, output: Path | None = None
    ) -> EnsuredWorkflow:
        """Do the same for a workflow in a file, and write the changed one to `output` if that is named.

        Raises
        ------
        InputError
            Also if the file cannot be read.
        StorageError
            If `output` cannot be written.
        """
        ensured = self.ensure(_read(file), name, options)
        if output is not None:
            write_text(output, json.dumps(ensured.prompt, ensure_ascii=False, indent=2) + "\n")
        return ensured

    def order(self, name: str, options: EnsureOptions) -> EnsureOrder:
        """Look up who and what is asked for; the part of `ensure` that reads the database."""
        character = self._characters.named(name)
        version = character.version.number if split_version(name)[1] is not None else options.version
        if version:
            character = self._characters.get(character.id, version)
        if options.pose is not None:
            options = replace(options, pose=self._poses.named(options.pose).name)
        if options.adapter is not None and not character.references:
            raise EmptyReferenceError(
                f"{character.label} has no reference pictures that the adapter {options.adapter} could see.",
                field="adapter",
                hint="Add some (tower character add NAME REF.png …), or leave the adapter out.",
            )
        has_references = bool(character.references)
        return EnsureOrder(character, replace(options, version=version, has_references=has_references))

    def put(self, graph: Any, order: EnsureOrder) -> EnsuredWorkflow:
        """Change a workflow; the part of `ensure` that takes time."""
        ensured = ensure_consistency(graph, order.character.label, order.options)
        return EnsuredWorkflow({**ensured.graph}, ensured.changes, tuple(self._warnings(order)))

    def _warnings(self, order: EnsureOrder) -> list[str]:
        """Name the model files that are in none of the host's folders, as far as these are known."""
        uses_lora = order.options.use_lora is not False
        wanted = [("loras", lora.name) for lora in order.character.loras if uses_lora]
        named = {
            "controlnet": order.options.controlnet,
            "ipadapter": order.options.adapter,
            "clip_vision": order.options.clip_vision,
        }
        wanted += [(folder, name) for folder, name in named.items() if name is not None]
        return [
            f"{name} was not found in ComfyUI's folder {folder}; the run needs it."
            for folder, name in wanted
            if not self._is_there(folder, name)
        ]

    def _is_there(self, folder: str, name: str) -> bool:
        known = [directory / folder for directory in self._model_directories]
        return not known or any((place / name.replace("\\", "/")).is_file() for place in known)


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read.", field="graph", hint=f"{error.strerror}.") from error
    # RecursionError: nested beyond what any workflow needs.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not JSON.", field="graph", hint=EXPORT_HINT) from error
