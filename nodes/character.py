"""The Character Loader."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui
from comfy_execution.graph_utils import ExecutionBlocker

from .. import services
from ..consistency.character import Character
from ..errors import EmptyReferenceError, NotFoundError, TowerError
from ..host.execution import running_prompt_id
from .choices import character_labels, looks_like_hint
from .convert import to_image_batch
from .sockets import CHARACTER, CharacterSocket


class CharacterLoader(io.ComfyNode):
    """Brings a stored character into the graph."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerCharacterLoader",
            display_name="Character Loader",
            category=CHARACTER,
            description="Brings a stored character and its reference pictures into the graph.",
            inputs=[
                io.Combo.Input(
                    "character",
                    options=character_labels(),
                    tooltip="The character, as project / name. Press R to see one that was just added.",
                ),
                io.Int.Input(
                    "version",
                    default=0,
                    min=0,
                    max=9999,
                    step=1,
                    optional=True,
                    tooltip="Number of the version: an age, a mood, other pictures. 0 is the current one.",
                ),
            ],
            outputs=[
                CharacterSocket.Output(
                    "loaded_character",
                    display_name="character",
                    tooltip="The character: for the Embedding Injector and the Consistency Gate.",
                ),
                io.Image.Output(
                    "references",
                    display_name="references",
                    tooltip="Its reference pictures as one batch, letterboxed on white to the largest one.",
                ),
                io.String.Output(
                    "prompt",
                    display_name="prompt",
                    tooltip="The prompt fragment of the character and of its current version.",
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="What is stored about the character, as JSON."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, character: str | None = None, version: int | None = 0) -> bool | str:
        # Naming the input takes the place of ComfyUI's own check against the list.
        try:
            if character is not None:
                find_character(character, version or 0)
        except TowerError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, character: str | None = None, version: int | None = 0) -> str:
        return "" if character is None else repr(find_character(character, version or 0))

    @classmethod
    def execute(cls, character: str, version: int = 0) -> io.NodeOutput:
        found = find_character(character, version)
        services.current().gating.note_use(running_prompt_id(), [found])
        report = json.dumps(describe(found), ensure_ascii=False, default=str)
        summary = f"{found.label}, version {found.version.number}: {len(found.references)} references"
        return io.NodeOutput(
            found, _references(found), prompt_fragment(found), report, ui=ui.PreviewText(summary)
        )


def find_character(label: str, version: int = 0) -> Character:
    """Return the character that a combo names, in the version of that number; 0 is the current one.

    Raises
    ------
    NotFoundError
        If there is no such character or version, or the combo shows only a hint.
    """
    characters = services.current().characters
    try:
        found = characters.by_label(label)
        return characters.get(found.id, version) if version else found
    except NotFoundError as error:
        if not looks_like_hint(label):
            raise
        raise NotFoundError(
            "No character is chosen.",
            field="character",
            hint="Add one (tower character add NAME REF.png …), press R and choose it.",
        ) from error


def prompt_fragment(character: Character) -> str:
    """Return the prompt of the character, followed by that of its version."""
    parts = (character.prompt, character.version.prompt)
    return ", ".join(part.strip().strip(",").strip() for part in parts if part.strip(" ,\n"))


def describe(character: Character) -> dict[str, Any]:
    """Return what the report says about a character."""
    return {
        "id": character.id,
        "name": character.name,
        "project": character.project_name,
        "version": character.version.number,
        "current_version": character.current_version,
        "age_state": character.version.age_state,
        "emotional_state": character.version.emotional_state,
        "bible": character.bible,
        "prompt": prompt_fragment(character),
        "negative_prompt": character.negative_prompt,
        "loras": [lora.name for lora in character.loras],
        "consistency_threshold": character.consistency_threshold,
        "references": [
            {
                "file": reference.path.name,
                "sha256": reference.sha256,
                "width": reference.width,
                "height": reference.height,
                "warnings": list(reference.warnings),
            }
            for reference in character.references
        ],
    }


def _references(character: Character) -> Any:
    """Return the reference pictures; without any, what wants them is blocked and says why."""
    try:
        return to_image_batch(services.current().characters.reference_images(character))
    except EmptyReferenceError as error:
        return ExecutionBlocker(str(error))
