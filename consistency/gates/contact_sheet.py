"""A sheet of small pictures with a badge on each, so that people see what a gate saw."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ..verdict import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image, ImageDraw

    from .gate_report import GateReport, PictureResult

# Of the Okabe-Ito colours, which people with any colour vision tell apart; the sign says the same.
_COLOURS = {Status.PASS: (0, 158, 115), Status.FAIL: (213, 94, 0), Status.UNKNOWN: (110, 110, 110)}
_SIGNS = {Status.PASS: "pass", Status.FAIL: "fail", Status.UNKNOWN: "?"}
_TILE = 224
_GAP = 6
_BADGE = 22
_MOST = 36


def draw_contact_sheet(images: Sequence[NDArray[np.uint8] | None], report: GateReport) -> NDArray[np.uint8]:
    """Draw pictures in a grid, each with its score on a badge in the colour of its outcome.

    Of more than 36 pictures the ones with the lowest scores are drawn, in their order.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3), or None
        RGB, at least one; an empty square stands for None.
    report : GateReport
        What a gate found in them.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    from PIL import Image, ImageDraw

    shown = _shown(report)
    tiles = [_tile(images[index]) for index in shown]
    width, height = max(tile.width for tile in tiles), max(tile.height for tile in tiles)
    columns = ceil(sqrt(len(tiles) * height / width)) if len(tiles) > 1 else 1
    rows = ceil(len(tiles) / columns)
    cell = (width + _GAP, height + _BADGE + _GAP)
    sheet = Image.new("RGB", (columns * cell[0] + _GAP, rows * cell[1] + _GAP), (32, 32, 36))
    pen = ImageDraw.Draw(sheet)
    for place, (index, tile) in enumerate(zip(shown, tiles, strict=True)):
        left, top = _GAP + place % columns * cell[0], _GAP + place // columns * cell[1]
        sheet.paste(tile, (left + (width - tile.width) // 2, top + _BADGE))
        _draw_badge(pen, (left, top, left + width - 1, top + _BADGE - 1), index, report.pictures[index])
    return np.asarray(sheet)


def _shown(report: GateReport) -> list[int]:
    indices = range(len(report.pictures))
    worst_first = sorted(indices, key=lambda index: report.pictures[index].score or 0.0)
    return sorted(worst_first[:_MOST])


def _tile(image: NDArray[np.uint8] | None) -> Image.Image:
    from PIL import Image

    if image is None:
        return Image.new("RGB", (_TILE, _TILE), _COLOURS[Status.UNKNOWN])
    tile = Image.fromarray(image)
    tile.thumbnail((_TILE, _TILE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return tile


def _draw_badge(
    pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], index: int, picture: PictureResult
) -> None:
    score = "" if picture.score is None else f"  {picture.score:.2f}"
    pen.rectangle(box, fill=_COLOURS[picture.status])
    pen.text((box[0] + 5, box[1] + 5), f"{index + 1}  {_SIGNS[picture.status]}{score}", fill=(255, 255, 255))
