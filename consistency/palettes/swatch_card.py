"""The palette picture: wanted and found colours side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .swatches import Swatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .swatch_distance import SwatchGap, SwatchReport

_WIDTH, _ROW, _HEAD, _PATCH = 420, 56, 28, 110
_PAPER, _INK, _FAINT = (250, 250, 252), (30, 30, 36), (140, 140, 150)


def draw_swatch_card(
    wanted: Sequence[Swatch], reports: Sequence[SwatchReport], found: Sequence[Sequence[Swatch]]
) -> NDArray[np.uint8]:
    """Draw each wanted swatch beside what was found for it in each picture, with the difference.

    Parameters
    ----------
    wanted : sequence of Swatch
        The character's colours.
    reports : sequence of SwatchReport
        One a picture; the differences are those of the picture that is furthest off.
    found : sequence of sequence of Swatch
        The colours of each picture.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    from PIL import Image, ImageDraw

    card = Image.new("RGB", (_WIDTH, _HEAD + _ROW * max(len(wanted), 1)), _PAPER)
    pen = ImageDraw.Draw(card)
    for text, x in (("wanted", 10), ("found", 20 + _PATCH), ("difference", 30 + 2 * _PATCH)):
        pen.text((x, 9), text, fill=_FAINT)
    for number, swatch in enumerate(wanted):
        top = _HEAD + number * _ROW
        pen.rectangle((10, top, 10 + _PATCH, top + _ROW - 8), fill=swatch.rgb, outline=_FAINT)
        gap = _worst(swatch.name, reports)
        box = (20 + _PATCH, top, 20 + 2 * _PATCH, top + _ROW - 8)
        if gap is None:
            pen.rectangle(box, outline=_FAINT)
            pen.line((box[0], box[3], box[2], box[1]), fill=_FAINT)
        else:
            pen.rectangle(box, fill=gap.found.rgb, outline=_FAINT)
        # The built-in font has no letters but ASCII ones.
        pen.text((30 + 2 * _PATCH, top + 6), f"{_ascii(swatch.name)}  {swatch.hex}", fill=_INK)
        line = "unknown" if gap is None else f"dE {gap.delta_e:.1f}  {gap.found.hex}"
        pen.text((30 + 2 * _PATCH, top + 24), line, fill=_INK)
    pen.text((_WIDTH - 90, 9), f"{sum(map(bool, found))}/{len(found)} figures", fill=_FAINT)
    return np.asarray(card)


def _worst(name: str, reports: Sequence[SwatchReport]) -> SwatchGap | None:
    gaps = [gap for report in reports for gap in report.gaps if gap.wanted.name == name]
    return max(gaps, key=lambda gap: gap.delta_e, default=None)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
