"""What a travelling character says of itself: the manifest, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import InputError
from .archive import refuse

FORMAT, FORMAT_VERSION = "tower.character", 1

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
State = Annotated[str, Field(max_length=50)]
Text = Annotated[str, Field(max_length=20_000)]
Side = Annotated[int, Field(ge=0, le=100_000)]
Box = Annotated[list[Side], Field(max_length=4)]
Similarity = Annotated[float, Field(ge=-1, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class Member(_Part):
    """A file in the box, and the digest of its bytes."""

    path: Annotated[str, Field(max_length=100)]
    sha256: Digest
    size: Annotated[int, Field(ge=0)]


class LoraEntry(_Part):
    """A LoRA by name; the file does not travel."""

    name: Annotated[str, Field(min_length=1, max_length=300)]
    strength_model: Annotated[float, Field(ge=-20, le=20)]
    strength_clip: Annotated[float, Field(ge=-20, le=20)]


class CharacterEntry(_Part):
    """Who the character is, besides its versions."""

    name: Name
    description: Text
    prompt: Text
    negative_prompt: Text
    loras: Annotated[list[LoraEntry], Field(max_length=16)]
    consistency_threshold: Similarity | None
    color_palette: dict[str, Any]
    style_template: dict[str, Any]
    bible: dict[str, Any]


class ReferenceEntry(_Part):
    """A reference picture of a version."""

    member: str
    warnings: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=20)]
    weight: Annotated[float, Field(gt=0, le=1000)]
    box: Box


class SeenEntry(_Part):
    """What belongs to one row of embeddings: the picture with the chosen figure, where it is, its colours."""

    key: Digest
    box: Box
    palette: dict[str, Any]


class EmbeddingsEntry(_Part):
    """What an encoder saw: `seen` rows of `dimension` little-endian float32 numbers."""

    encoder: Annotated[str, Field(min_length=1, max_length=100)]
    encoder_version: Annotated[str, Field(min_length=1, max_length=100)]
    dimension: Annotated[int, Field(ge=1, le=65536)]
    member: str
    seen: Annotated[list[SeenEntry], Field(min_length=1, max_length=500)]


class CalibrationEntry(_Part):
    """Where an encoder's scores pass for this version, for the record: it follows from the embeddings."""

    encoder: str
    encoder_version: str
    rule: Annotated[str, Field(max_length=50)]
    thresholds: Annotated[list[Similarity], Field(max_length=16)]


class VersionEntry(_Part):
    """One version with its pictures."""

    number: Annotated[int, Field(ge=1, le=1_000_000)]
    age_state: State
    emotional_state: State
    prompt: Text
    references: Annotated[list[ReferenceEntry], Field(max_length=200)]
    embeddings: Annotated[list[EmbeddingsEntry], Field(max_length=20)]
    calibration: Annotated[list[CalibrationEntry], Field(max_length=20)]


class CropEntry(_Part):
    """The figure cut out of a reference, for people who look into the file."""

    member: str
    reference: str
    box: Box


class PoseEntry(_Part):
    """A pose of the character."""

    name: Name
    keypoints: dict[str, Any]


class Manifest(_Part):
    """All that a travelling file says of itself."""

    format: str
    format_version: int
    created_by: Annotated[str, Field(max_length=100)]
    licences: Annotated[dict[str, Annotated[str, Field(max_length=500)]], Field(max_length=20)]
    character: CharacterEntry
    current_version: int
    versions: Annotated[list[VersionEntry], Field(min_length=1, max_length=500)]
    poses: Annotated[list[PoseEntry], Field(max_length=200)]
    crops: Annotated[list[CropEntry], Field(max_length=500)]
    members: Annotated[list[Member], Field(max_length=1000)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Manifest:
        paths = [member.path for member in self.members]
        if len(set(paths)) < len(paths):
            raise ValueError("a member is listed twice")
        unused = set(paths) ^ self.used_members()
        if unused:
            raise ValueError(f"{min(unused)[:90]!r} is listed and not used, or used and not listed")
        numbers = [version.number for version in self.versions]
        if numbers != sorted(set(numbers)) or self.current_version not in numbers:
            raise ValueError("the numbers of its versions do not fit together")
        return self

    def used_members(self) -> set[str]:
        """Return the paths that the rest of the manifest speaks of."""
        used = {reference.member for version in self.versions for reference in version.references}
        used |= {entry.member for version in self.versions for entry in version.embeddings}
        return used | {crop.member for crop in self.crops}

    def by_path(self) -> dict[str, Member]:
        """Return the members by their paths."""
        return {member.path: member for member in self.members}


def read_manifest(content: Mapping[str, Any], sizes: Mapping[str, int]) -> Manifest:
    """Check a manifest, and that the file holds what it lists and nothing else.

    Parameters
    ----------
    content : mapping
        As read from JSON.
    sizes : mapping of str to int
        Bytes of each member that is in the file.

    Raises
    ------
    InputError
        If it is of another or a newer format, or something in it is not possible.
    """
    if content.get("format") != FORMAT:
        refuse(f"its manifest does not say {FORMAT!r}")
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        refuse(
            f"it has format {version}, and this Tower reads {FORMAT_VERSION}", "Update Tower, then try again."
        )
    if version != FORMAT_VERSION or isinstance(version, bool):
        refuse(f"it has format {str(version)[:20]!r}")
    manifest = _validated(content)
    listed = {member.path: member.size for member in manifest.members}
    for path in sorted(listed.keys() ^ sizes.keys()):
        refuse(f"{path} is {'missing' if path in listed else 'not listed in its manifest'}")
    for path, size in listed.items():
        if sizes[path] != size:
            refuse(f"{path} has {sizes[path]} bytes, not {size} as its manifest says")
    for version_entry in manifest.versions:
        _check_version(version_entry, manifest)
    return manifest


def _validated(content: Mapping[str, Any]) -> Manifest:
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        finding = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part)[:40] for part in finding["loc"])
        fault = finding["msg"].removeprefix("Value error, ")
        raise InputError(
            f"This is not a character that can be taken in: {where or 'its manifest'}: {fault[:120]}.",
            field="file",
            hint="Ask for the file again, made by tower character export.",
        ) from error


def _check_version(version: VersionEntry, manifest: Manifest) -> None:
    members = manifest.by_path()
    for reference in version.references:
        path = PurePosixPath(reference.member)
        if path.parts[0] != "references" or path.stem != members[reference.member].sha256:
            refuse(f"{reference.member} is not named by the digest of its bytes")
        if len(reference.box) not in (0, 4):
            refuse(f"the figure chosen in {reference.member} has {len(reference.box)} sides")
    for entry in version.embeddings:
        if not entry.member.startswith("embeddings/"):
            refuse(f"{entry.member} is no embedding")
        if members[entry.member].size != 4 * entry.dimension * len(entry.seen):
            refuse(f"{entry.member} has not 4 bytes for each of {entry.dimension} numbers")
        if any(len(seen.box) not in (0, 4) for seen in entry.seen):
            refuse(f"a figure in {entry.member} has not four sides")
