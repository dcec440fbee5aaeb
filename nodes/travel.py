"""Character Export and Character Import: a character as one file."""

from __future__ import annotations

from pathlib import Path

from comfy_api.latest import io, ui

from .. import services
from ..consistency.character import Character
from ..errors import InputError, TowerError
from ..host.execution import progress_bar
from ..host.loras import lora_names
from ..host.paths import input_directory, output_directory
from ..production.project import Project
from .choices import LiveList, looks_like_hint
from .sockets import CHARACTER, CharacterSocket, ProjectSocket

NO_FILE = "(no .tower file in ComfyUI's input folder)"


def _files() -> list[str]:
    return sorted(path.name for path in input_directory().glob("*.tower") if path.is_file())


tower_files = LiveList(_files, NO_FILE)


class CharacterExport(io.ComfyNode):
    """Writes a character into one file."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerCharacterExport",
            display_name="Character Export",
            category=CHARACTER,
            description="Writes a character with its versions, pictures, bible and embeddings into one file.",
            inputs=[
                CharacterSocket.Input("character", tooltip="The character, from a Character Loader."),
                io.Boolean.Input(
                    "with_crops",
                    default=False,
                    tooltip="Put the figures, cut out of the pictures, into the file too; it grows by them.",
                ),
            ],
            outputs=[
                io.String.Output("path", display_name="path", tooltip="The full path of the file."),
            ],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **_: object) -> float:
        # What is stored may have changed, and the same character gives the same file.
        return float("nan")

    @classmethod
    def execute(cls, character: Character, with_crops: bool = False) -> io.NodeOutput:
        folder = output_directory() / "tower" / "characters"
        path = services.current().courier.export_into(character.id, folder, with_crops=with_crops)
        return io.NodeOutput(str(path), ui=ui.PreviewText(f"{character.label}: {path}"))


class CharacterImport(io.ComfyNode):
    """Takes in the character of a file."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerCharacterImport",
            display_name="Character Import",
            category=CHARACTER,
            description="Takes in the character of a .tower file, whole or not at all.",
            inputs=[
                io.Combo.Input(
                    "file",
                    options=tower_files(),
                    tooltip="A .tower file in ComfyUI's input folder. Press R to see one just put there.",
                ),
                io.String.Input(
                    "new_name",
                    default="",
                    optional=True,
                    tooltip="When filled: what the character is called here, not as in the file.",
                ),
                ProjectSocket.Input(
                    "project",
                    optional=True,
                    tooltip="The project it belongs to; shared by all projects without.",
                ),
            ],
            outputs=[
                CharacterSocket.Output(
                    "taken_character",
                    display_name="character",
                    tooltip="The character: for the Embedding Injector and the Consistency Gate.",
                ),
                io.String.Output(
                    "notes",
                    display_name="notes",
                    tooltip="What could not be used as it was, one sentence a line; empty when all could.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> bool | str:
        # Naming the input takes the place of ComfyUI's own check against the list.
        try:
            if file is not None:
                _path_of(file)
        except TowerError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(
        cls, file: str | None = None, new_name: str | None = "", project: object = None
    ) -> str:
        return "" if file is None else f"{new_name} {_path_of(file).stat().st_mtime_ns}"

    @classmethod
    def execute(cls, file: str, new_name: str = "", project: Project | None = None) -> io.NodeOutput:
        show = progress_bar()
        arrival = services.current().courier.take_in(
            _path_of(file),
            project_id=None if project is None else project.id,
            name=new_name.strip() or None,
            loras=lora_names(),
            reuse=True,
            progress=lambda _, done, total: show(done, total),
        )
        notes = "\n".join(arrival.notes)
        summary = f"{arrival.character.label}: {len(arrival.character.references)} references. {notes}"
        return io.NodeOutput(arrival.character, notes, ui=ui.PreviewText(summary.strip()))


def _path_of(file: str) -> Path:
    """Return the path of a file that the list may show.

    Raises
    ------
    InputError
        If it is not there, or not in ComfyUI's input folder.
    """
    if looks_like_hint(file):
        raise InputError(
            "No file is chosen.", field="file", hint="Put a .tower file into ComfyUI's input folder, press R."
        )
    folder = input_directory()
    path = (folder / file).resolve()
    if path.suffix != ".tower" or not path.is_relative_to(folder) or not path.is_file():
        raise InputError(
            f"There is no file {file[:80]!r} in ComfyUI's input folder.",
            field="file",
            hint="Put a .tower file there, press R and choose it.",
        )
    return path
