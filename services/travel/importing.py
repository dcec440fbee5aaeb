"""A travelling file as a character to store: everything checked before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ...consistency.character import Character, CharacterLora, CharacterVersion, Reference
from ...db.columns import json_text
from ...db.embeddings import StoredSighting
from ...db.travel import KeptCharacter, KeptEmbeddings, KeptVersion
from ...errors import InputError
from ...production.character_bible import checked_bible
from ..files import copy_whole
from .archive import SealedArchive, refuse
from .exporting import picture_suffix
from .manifest import EmbeddingsEntry, Manifest, ReferenceEntry, VersionEntry, read_manifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# An embedding has length 1, or 0 where no figure was seen; float32 keeps it to seven digits.
_LENGTH_TOLERANCE = 1e-3
_MAX_STYLE_CHARACTERS = 50_000
# Blank pictures are small files and large in memory. The references of a version are decoded together by
# who shows them, so together they may be as large as eight of the largest; all of a file, ten times that.
_VERSION_MEGAPIXELS, _FILE_MEGAPIXELS = 400, 4000


@dataclass
class Pictures:
    """The reference pictures of an arriving character: first beside, then in the store.

    Parameters
    ----------
    staging : Path
        Folder where they lie until all is checked.
    store : Path
        Folder of the stored references.
    sizes : dict of str to tuple of int
        Width and height of each, by its member.
    fresh : list of Path
        What `keep` put into the store.
    """

    staging: Path
    store: Path
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    fresh: list[Path] = field(default_factory=list)

    def target(self, member: str) -> Path:
        """Return where a picture is stored: under the digest of its bytes."""
        name = PurePosixPath(member).name
        return self.store / name[:2] / name

    def keep(self) -> None:
        """Copy the pictures that are not there yet into the store."""
        for member in self.sizes:
            target = self.target(member)
            if not target.is_file():
                self.fresh.append(target)
                copy_whole(self.staging / PurePosixPath(member).name, target)


def unseal(archive: SealedArchive, pictures: Pictures) -> tuple[Manifest, KeptCharacter]:
    """Check all that is in a file, and return it as a character to store.

    Pictures are written to the staging folder and decoded one at a time.

    Raises
    ------
    InputError
        If anything in it is not as it should be.
    """
    manifest = read_manifest(archive.manifest(), archive.sizes)
    bible = _checked_character(manifest)
    vectors: dict[str, NDArray[np.float32]] = {}
    n_pixels = 0
    for path, member in sorted(manifest.by_path().items()):
        staged = pictures.staging / PurePosixPath(path).name
        archive.extract(path, staged, member.sha256)
        if path.startswith("embeddings/"):
            vectors[path] = _numbers(staged, path)
        else:
            size = _checked_picture(staged, path)
            n_pixels += size[0] * size[1]
            if n_pixels > _FILE_MEGAPIXELS * 1_000_000:
                refuse(f"its pictures have more than {_FILE_MEGAPIXELS} megapixels")
            if path.startswith("references/"):
                pictures.sizes[path] = size
    versions = tuple(_version(entry, manifest, pictures, vectors) for entry in manifest.versions)
    entry = manifest.character
    current = next(one.version for one in versions if one.version.number == manifest.current_version)
    character = Character(
        id=0,
        name=entry.name,
        version=current,
        description=entry.description,
        prompt=entry.prompt,
        negative_prompt=entry.negative_prompt,
        loras=tuple(CharacterLora(**lora.model_dump()) for lora in entry.loras),
        consistency_threshold=entry.consistency_threshold,
        color_palette=entry.color_palette,
        style_template=entry.style_template,
        bible=bible,
        current_version=manifest.current_version,
    )
    poses = {pose.name: pose.keypoints for pose in manifest.poses}
    return manifest, KeptCharacter(character, versions, poses)


def _checked_character(manifest: Manifest) -> dict[str, Any]:
    """Check what is stored as JSON, so that whoever reads it later finds what belongs there."""
    from ...consistency.palettes.swatches import typed_swatches
    from ...consistency.poses.pose import joints_from_json

    entry = manifest.character
    try:
        bible = checked_bible(entry.bible)
        typed_swatches(entry.color_palette)
    except InputError as error:
        refuse(str(error).rstrip("."))
    if len(json_text(entry.style_template)) > _MAX_STYLE_CHARACTERS:
        refuse("its style is longer than any")
    for pose in manifest.poses:
        try:
            joints = joints_from_json(pose.keypoints["joints"])
            is_sound = joints.shape == (18, 2) and joints.dtype.kind in "fi"
            is_sound = is_sound and isinstance(pose.keypoints.get("prompt", ""), str)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            is_sound = False
        if not is_sound or pose.keypoints.keys() - {"joints", "prompt"}:
            refuse(f"its pose {pose.name[:40]!a} is none")
    return bible


def usable(kept: KeptCharacter, known: Mapping[str, str]) -> tuple[KeptCharacter, list[tuple[str, str]]]:
    """Leave out the embeddings that nothing here can be compared with.

    Parameters
    ----------
    kept : KeptCharacter
        As it arrived.
    known : mapping of str to str
        Version of each encoder that is here.

    Returns
    -------
    KeptCharacter
        With the embeddings of those encoders in those versions.
    list of tuple of str
        Encoder and version of what was left out.
    """
    left_out: dict[tuple[str, str], None] = {}
    versions = []
    for one in kept.versions:
        fitting = tuple(seen for seen in one.embeddings if known.get(seen.encoder) == seen.encoder_version)
        for seen in one.embeddings:
            if seen not in fitting:
                left_out[seen.encoder, seen.encoder_version] = None
        versions.append(KeptVersion(one.version, fitting))
    return KeptCharacter(kept.character, tuple(versions), kept.poses), list(left_out)


def _version(
    entry: VersionEntry,
    manifest: Manifest,
    pictures: Pictures,
    vectors: Mapping[str, NDArray[np.float32]],
) -> KeptVersion:
    from ...db.versions import clean_state

    references = tuple(_reference(reference, manifest, pictures) for reference in entry.references)
    if sum(one.width * one.height for one in references) > _VERSION_MEGAPIXELS * 1_000_000:
        refuse(f"the pictures of version {entry.number} have more than {_VERSION_MEGAPIXELS} megapixels")
    keys = {reference.key for reference in references}
    version = CharacterVersion(
        id=0,
        number=entry.number,
        age_state=clean_state(entry.age_state, "age_state"),
        emotional_state=clean_state(entry.emotional_state, "emotional_state"),
        prompt=entry.prompt,
        references=references,
    )
    return KeptVersion(version, tuple(_embeddings(one, keys, vectors) for one in entry.embeddings))


def _reference(entry: ReferenceEntry, manifest: Manifest, pictures: Pictures) -> Reference:
    width, height = pictures.sizes[entry.member]
    box = (entry.box[0], entry.box[1], entry.box[2], entry.box[3]) if entry.box else None
    if box is not None and not (box[0] < box[2] <= width and box[1] < box[3] <= height):
        refuse(f"the figure chosen in {entry.member} is not in the picture")
    return Reference(
        path=pictures.target(entry.member),
        sha256=manifest.by_path()[entry.member].sha256,
        width=width,
        height=height,
        warnings=tuple(entry.warnings),
        weight=entry.weight,
        box=box,
    )


def _embeddings(
    entry: EmbeddingsEntry, keys: set[str], vectors: Mapping[str, NDArray[np.float32]]
) -> KeptEmbeddings:
    rows = vectors[entry.member].reshape(len(entry.seen), entry.dimension)
    sightings = {}
    for seen, row in zip(entry.seen, rows, strict=True):
        if seen.key not in keys or seen.key in sightings:
            refuse(f"{entry.member} speaks of a picture that its version has not, or twice")
        length = float((row.astype("f8") ** 2).sum()) ** 0.5
        if length and abs(length - 1.0) > _LENGTH_TOLERANCE:
            refuse(f"an embedding in {entry.member} has not the length 1")
        box = (seen.box[0], seen.box[1], seen.box[2], seen.box[3]) if seen.box else None
        sightings[seen.key] = StoredSighting(row.copy(), box, _checked_palette(seen.palette, entry.member))
    return KeptEmbeddings(entry.encoder, entry.encoder_version, sightings)


def _checked_palette(palette: dict[str, Any], member: str) -> dict[str, Any]:
    from ...consistency.palettes.palette import Palette

    if not palette:
        return {}
    try:
        read = Palette.from_json(palette).as_json()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        read = None
    numbers = [value for part in (read or {}).values() for colour in part.values() for value in colour]
    if read != palette or not all(isinstance(value, int | float) and 0 <= value < 1e6 for value in numbers):
        refuse(f"a palette beside {member} is not one")
    return palette


def _numbers(path: Path, member: str) -> NDArray[np.float32]:
    import numpy as np

    values = np.frombuffer(path.read_bytes(), "<f4").astype(np.float32)
    if not np.isfinite(values).all():
        refuse(f"{member} has numbers that are not finite")
    path.unlink()
    return values


def _checked_picture(path: Path, member: str) -> tuple[int, int]:
    """Decode a picture and return its width and height; no reference is animated or small."""
    from ...consistency.images import read_image, read_still
    from ...consistency.references.check import MIN_SHORT_SIDE

    is_reference = member.startswith("references/")
    try:
        height, width = (read_still if is_reference else read_image)(path).shape[:2]
        suffix = picture_suffix(path)
    except InputError as error:
        reason = error.message.replace(str(path), "it").rstrip(".")
        refuse(f"{member} is not a picture that is read: {reason}")
    if suffix != PurePosixPath(member).suffix:
        refuse(f"{member} is in truth a {suffix[1:].upper()}")
    if is_reference and min(width, height) < MIN_SHORT_SIDE:
        refuse(f"{member} has {width}×{height} pixels, and a reference {MIN_SHORT_SIDE} on its short side")
    return width, height
