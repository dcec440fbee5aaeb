"""The last stage of the studio: how consistent the references are, and the sheet that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character, Reference
from ..consistency.verdict import Status, Verdict
from ..production.part_file import part_file

if TYPE_CHECKING:
    from ..consistency.encoders.base import IdentityEncoder
    from ..consistency.palettes.swatches import Swatch
    from ..consistency.references.sheet import SheetPicture
    from ..consistency.scores.cross_check import CrossCheck
    from ..db.embeddings import StoredSighting

# Large enough for a panel of the sheet and a sharp crop of the head.
_WORKING_SIDE = 1600


@dataclass(frozen=True, slots=True)
class StudioReport:
    """What the report is made from.

    Parameters
    ----------
    names : tuple of str
        What each reference is called.
    sightings : mapping of str to StoredSighting
        What the encoder saw in each, by `Reference.key`.
    poses : tuple of dict
        What `draw_test_poses` told of each test pose; their pictures lie beside the sheet.
    """

    character: Character
    names: tuple[str, ...]
    encoder: IdentityEncoder
    sightings: Mapping[str, StoredSighting]
    swatches: tuple[Swatch, ...]
    poses: tuple[dict[str, Any], ...] = ()


def draw_report(report: StudioReport, target: Path, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Hold each reference against the others, draw the sheet, and return both for programs.

    Parameters
    ----------
    target : Path
        The sheet, a PNG file; an older one there is replaced when the new one is whole.
    progress : callable
        Told how many pictures are done, and how many there are.

    Raises
    ------
    StorageError
        If the sheet cannot be written.
    """
    from PIL import Image

    from ..consistency.references.sheet import draw_reference_sheet

    character = report.character
    checked = _cross_check(report)
    pictures = []
    for number, (reference, verdict) in enumerate(zip(character.references, checked.verdicts, strict=True)):
        progress(number, len(character.references))
        pictures.append(_sheet_picture(reference, report.names[number], verdict))
    version = character.version
    subtitle = f"version {version.number}" + (f", {version.state}" if version.state else "")
    subtitle += (
        f" · {checked.n_passed} of {len(pictures)} references recognised by the others ({checked.encoder})"
    )
    posed = [_posed_picture(pose, target.parent) for pose in report.poses]
    sheet, panels = draw_reference_sheet(character.name, subtitle, [*pictures, *posed], report.swatches)
    with part_file(target) as part:
        Image.fromarray(sheet).save(part, "PNG")
    progress(len(pictures), len(pictures))
    return {
        "version": version.number,
        **checked.as_json(),
        "warnings": {
            name: list(reference.warnings)
            for name, reference in zip(report.names, character.references, strict=True)
            if reference.warnings
        },
        "palette": [swatch.as_json() for swatch in report.swatches],
        "sheet": {
            "file": target.name,
            "width": sheet.shape[1],
            "height": sheet.shape[0],
            "panels": [panel.as_json() for panel in panels],
        },
    }


def _cross_check(report: StudioReport) -> CrossCheck:
    import numpy as np

    from ..consistency.scores.cross_check import cross_check

    references = report.character.references
    seen = [report.sightings[reference.key] for reference in references]
    return cross_check(
        report.encoder,
        np.stack([sighting.embedding for sighting in seen]),
        report.names,
        palettes=[sighting.palette for sighting in seen],
        boxes=[sighting.box for sighting in seen],
        weights=[reference.weight for reference in references],
        threshold=report.character.consistency_threshold,
        warnings=[reference.warnings for reference in references],
    )


def _posed_picture(pose: dict[str, Any], folder: Path) -> SheetPicture:
    from ..consistency.images import read_image
    from ..consistency.references.sheet import SheetPicture

    source = {"name": pose["pose"], "file": pose["file"]}
    image = read_image(folder / pose["file"])
    return SheetPicture(image, Status(pose["status"]), pose["score"], None, source, kind="pose")


def _sheet_picture(reference: Reference, name: str, verdict: Verdict) -> SheetPicture:
    from ..consistency.figure.anatomy import read_anatomy, shrink
    from ..consistency.images import read_image
    from ..consistency.references.sheet import SheetPicture, head_box

    image = read_image(reference.path)
    if reference.box is not None:
        left, top, right, bottom = reference.box
        image = image[top:bottom, left:right]
    image = shrink(image, _WORKING_SIDE)
    head = None
    for figure in read_anatomy(image):
        centre = (figure.head.x / figure.scale, figure.head.y / figure.scale)
        head = head_box(centre, figure.head.radius / figure.scale, (image.shape[1], image.shape[0]))
    return SheetPicture(
        image,
        verdict.status,
        verdict.score,
        head,
        {"reference_id": reference.id, "sha256": reference.sha256, "name": name},
    )
