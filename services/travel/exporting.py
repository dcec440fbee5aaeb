"""A stored character as the members and the manifest of a travelling file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...consistency.character import Character, Reference
from ...errors import ConflictError, InputError
from ..files import sha256_of
from .archive import MAX_FILE_BYTES, MAX_MEMBERS, MEMBER
from .manifest import FORMAT, FORMAT_VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...consistency.scores.identity import Identity
    from ...db.travel import KeptCharacter, KeptEmbeddings, KeptVersion

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
Calibrations = dict[int, list[dict[str, Any]]]


class Packing:
    """Collects members by what is in them, so that a picture that two versions share is there once."""

    def __init__(self) -> None:
        self.members: dict[str, Path | bytes] = {}
        self._listed: dict[str, dict[str, Any]] = {}

    def picture(self, reference: Reference) -> str:
        """Add a reference as it lies on disk; return its path in the file.

        Raises
        ------
        ConflictError
            If it is gone, or no longer the picture that was stored.
        """
        name = f"references/{reference.sha256}{picture_suffix(reference.path)}"
        if name not in self.members:
            if sha256_of(reference.path) != reference.sha256:
                raise ConflictError(
                    f"the picture {reference.path} was changed since it was stored.",
                    field="references",
                    hint="Put back the original, or give the character new references.",
                )
            self._add(name, reference.path, reference.sha256, reference.path.stat().st_size)
        return name

    def crop(self, reference: Reference, box: Sequence[int]) -> dict[str, Any]:
        """Add the figure cut out of a reference; return its entry in the manifest."""
        data = _png_of(reference.path, box)
        name = f"crops/{reference.key}.png"
        self._add(name, data, hashlib.sha256(data).hexdigest(), len(data))
        return {"member": name, "reference": reference.sha256, "box": list(box)}

    def vectors(self, rows: NDArray[np.float32]) -> str:
        """Add embeddings, shape (n, dimension), as little-endian float32; return their path."""
        data = rows.astype("<f4").tobytes()
        name = f"embeddings/{sum(path.startswith('embeddings/') for path in self.members) + 1:04d}.f32"
        self._add(name, data, hashlib.sha256(data).hexdigest(), len(data))
        return name

    def listed(self) -> list[dict[str, Any]]:
        """Return the manifest's list of members, in the order of their paths.

        Raises
        ------
        InputError
            If there are more than a file may have, or they are larger.
        """
        n_bytes = sum(member["size"] for member in self._listed.values())
        if len(self._listed) >= MAX_MEMBERS or n_bytes > MAX_FILE_BYTES - (16 << 20):
            raise InputError(
                f"the character has {len(self._listed)} files of {n_bytes >> 20} MiB, too much for one.",
                field="references",
                hint="Delete versions that are not needed.",
            )
        return [self._listed[path] for path in sorted(self._listed)]

    def _add(self, name: str, content: Path | bytes, sha256: str, size: int) -> None:
        if not MEMBER.fullmatch(name):
            raise ConflictError(f"{name} has not the name of a picture.", field="references")
        self.members[name] = content
        self._listed[name] = {"path": name, "sha256": sha256, "size": size}


def describe(
    kept: KeptCharacter, packing: Packing, *, created_by: str, calibrations: Calibrations, with_crops: bool
) -> dict[str, Any]:
    """Return the manifest of a character, and put what it speaks of into `packing`."""
    versions = [_version(one, packing, calibrations.get(one.version.number, [])) for one in kept.versions]
    licence = kept.character.bible.get("licence", "not stated")
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created_by": created_by,
        "licences": {"references": licence},
        "character": _character(kept.character),
        "current_version": kept.character.current_version,
        "versions": versions,
        "poses": [{"name": name, "keypoints": keypoints} for name, keypoints in sorted(kept.poses.items())],
        "crops": _crops(kept, packing) if with_crops else [],
        "members": packing.listed(),
    }


def picture_suffix(path: Path) -> str:
    """Return the suffix of a picture's true format, read off its first bytes.

    Raises
    ------
    InputError
        If it cannot be opened.
    """
    from PIL import Image, UnidentifiedImageError

    from ...consistency.images import FORMATS

    try:
        with Image.open(path, formats=FORMATS) as picture:
            return SUFFIXES[picture.format or ""]
    except (OSError, UnidentifiedImageError, KeyError, Image.DecompressionBombError) as error:
        raise InputError(
            f"the picture {path} cannot be read.",
            field="references",
            hint="Put it back, or give the character new references.",
        ) from error


def _character(character: Character) -> dict[str, Any]:
    return {
        "name": character.name,
        "description": character.description,
        "prompt": character.prompt,
        "negative_prompt": character.negative_prompt,
        "loras": [
            {"name": lora.name, "strength_model": lora.strength_model, "strength_clip": lora.strength_clip}
            for lora in character.loras
        ],
        "consistency_threshold": character.consistency_threshold,
        "color_palette": character.color_palette,
        "style_template": character.style_template,
        "bible": character.bible,
    }


def _version(kept: KeptVersion, packing: Packing, calibration: list[dict[str, Any]]) -> dict[str, Any]:
    version = kept.version
    keys = {reference.key for reference in version.references}
    groups = [(seen, sorted(keys & seen.sightings.keys())) for seen in kept.embeddings]
    return {
        "number": version.number,
        "age_state": version.age_state,
        "emotional_state": version.emotional_state,
        "prompt": version.prompt,
        "references": [
            {
                "member": packing.picture(reference),
                "warnings": list(reference.warnings)[:20],
                "weight": float(reference.weight),
                "box": list(reference.box or ()),
            }
            for reference in version.references
        ],
        "embeddings": [_embeddings(seen, known, packing) for seen, known in groups if known],
        "calibration": calibration,
    }


def _embeddings(seen: KeptEmbeddings, keys: list[str], packing: Packing) -> dict[str, Any]:
    import numpy as np

    dimension = seen.sightings[keys[0]].embedding.size
    keys = [key for key in keys if seen.sightings[key].embedding.size == dimension]
    return {
        "encoder": seen.encoder,
        "encoder_version": seen.encoder_version,
        "dimension": dimension,
        "member": packing.vectors(np.stack([seen.sightings[key].embedding for key in keys])),
        "seen": [
            {
                "key": key,
                "box": list(seen.sightings[key].box or ()),
                "palette": seen.sightings[key].palette,
            }
            for key in keys
        ],
    }


def _crops(kept: KeptCharacter, packing: Packing) -> list[dict[str, Any]]:
    crops: dict[str, dict[str, Any]] = {}
    for one in kept.versions:
        for reference in one.version.references:
            box = reference.box or _seen_box(one, reference)
            if box is not None and reference.key not in crops:
                crops[reference.key] = packing.crop(reference, box)
    return [crops[key] for key in sorted(crops)]


def _seen_box(kept: KeptVersion, reference: Reference) -> tuple[int, int, int, int] | None:
    for seen in kept.embeddings:
        sighting = seen.sightings.get(reference.key)
        if sighting is not None and sighting.box is not None and _has_area(sighting.box):
            return sighting.box
    return None


def _has_area(box: Sequence[int]) -> bool:
    left, top, right, bottom = box
    return left < right and top < bottom


def _png_of(path: Path, box: Sequence[int]) -> bytes:
    from PIL import Image

    from ...consistency.images import read_image

    left, top, right, bottom = box
    stream = BytesIO()
    Image.fromarray(read_image(path)[top:bottom, left:right]).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def calibration_entry(identity: Identity) -> dict[str, Any]:
    """Return where an encoder's scores pass for a version, as the manifest has it."""
    return {
        "encoder": identity.encoder,
        "encoder_version": identity.encoder_version,
        "rule": identity.calibration,
        "thresholds": [float(threshold) for threshold in identity.thresholds],
    }
