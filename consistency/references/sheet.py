"""A reference sheet: who a character is on one picture, each panel with the picture it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..verdict import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image, ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from ..encoders.base import Box
    from ..palettes.swatches import Swatch

    Font: TypeAlias = FreeTypeFont | ImageFont

PANEL, HEAD, GAP, TITLE, BADGE = 360, 150, 16, 84, 26
_PAPER, _INK, _SOFT_INK, _FRAME = (250, 249, 246), (34, 32, 40), (110, 108, 116), (255, 255, 255)
# Of the Okabe-Ito colours, which people with any colour vision tell apart.
_COLOURS = {Status.PASS: (0, 158, 115), Status.FAIL: (213, 94, 0), Status.UNKNOWN: (110, 110, 110)}
_WORDS = {Status.PASS: "pass", Status.FAIL: "fail", Status.UNKNOWN: "?"}
# Names are written in any script, and Pillow's own font has Latin letters only.
_WIDE_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansJP-Regular.otf", "YuGothM.ttc", "msgothic.ttc",
    "ヒラギノ角ゴシック W3.ttc", "Arial Unicode.ttf", "DejaVuSans.ttf",
)  # fmt: skip
_MAX_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """One reference as the sheet shows it.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    status : Status
        What the other references say of it.
    score : float or None
        In [0, 1]; None when unknown.
    head : tuple of int or None
        Its head: left, top, right, bottom in pixels.
    source : dict
        Where it comes from, for the map of panels.
    kind : str
        ``reference``, or ``pose`` for a test pose.
    """

    image: NDArray[np.uint8]
    status: Status = Status.UNKNOWN
    score: float | None = None
    head: Box | None = None
    source: dict[str, Any] = field(default_factory=dict)
    kind: str = "reference"


@dataclass(frozen=True, slots=True)
class SheetPanel:
    """One part of a sheet: what it shows, where it lies in pixels, and where it comes from."""

    kind: str
    box: Box
    source: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the panel for programs."""
        return {"kind": self.kind, "box": list(self.box), **self.source}


def draw_reference_sheet(
    title: str, subtitle: str, pictures: Sequence[SheetPicture], swatches: Sequence[Swatch] = ()
) -> tuple[NDArray[np.uint8], tuple[SheetPanel, ...]]:
    """Draw the references of a character, its heads and its colours on one picture.

    Parameters
    ----------
    title, subtitle : str
        The name, and what is said below it.
    pictures : sequence of SheetPicture
        At least one.
    swatches : sequence of Swatch
        Its named colours.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    tuple of SheetPanel
        ``reference``, ``pose``, ``head`` and ``swatch`` panels; no two lie over each other.
    """
    from PIL import Image, ImageDraw

    heads = [picture for picture in pictures if picture.head is not None]
    columns = min(len(pictures), _MAX_COLUMNS)
    rows = -(-len(pictures) // columns)
    width = max(columns * (PANEL + GAP) + GAP, 2 * (PANEL + GAP) + GAP)
    heads_a_row = (width - GAP) // (HEAD + GAP)
    head_rows = -(-len(heads) // heads_a_row)
    below = TITLE + rows * (PANEL + BADGE + GAP)
    height = below + head_rows * (HEAD + GAP) + (HEAD + GAP if swatches else 0)
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    _write(pen, (GAP, 14), title, 32, colour=_INK, room=width - 2 * GAP)
    _write(pen, (GAP, 54), subtitle, 16, colour=_SOFT_INK, room=width - 2 * GAP)
    panels = []
    for place, picture in enumerate(pictures):
        left = GAP + place % columns * (PANEL + GAP)
        panels.append(
            _draw_reference(sheet, pen, picture, left, TITLE + place // columns * (PANEL + BADGE + GAP))
        )
    for place, picture in enumerate(heads):
        left = GAP + place % heads_a_row * (HEAD + GAP)
        panels.append(_draw_head(sheet, picture, left, below + place // heads_a_row * (HEAD + GAP)))
    panels += _draw_swatches(pen, swatches, below + head_rows * (HEAD + GAP), width)
    return np.asarray(sheet), tuple(panels)


def _draw_reference(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, picture: SheetPicture, left: int, top: int
) -> SheetPanel:
    sheet.paste(_letterbox(picture.image, PANEL), (left, top))
    score = "" if picture.score is None else f"  {picture.score:.2f}"
    pen.rectangle(
        (left, top + PANEL, left + PANEL - 1, top + PANEL + BADGE - 1), fill=_COLOURS[picture.status]
    )
    _write(
        pen,
        (left + 8, top + PANEL + 4),
        f"{_WORDS[picture.status]}{score}",
        16,
        colour=_FRAME,
        room=PANEL - 16,
    )
    return SheetPanel(picture.kind, (left, top, left + PANEL, top + PANEL + BADGE), picture.source)


def _draw_head(sheet: Image.Image, picture: SheetPicture, left: int, top: int) -> SheetPanel:
    x0, y0, x1, y1 = picture.head or (0, 0, 1, 1)
    sheet.paste(_letterbox(picture.image[y0:y1, x0:x1], HEAD), (left, top))
    return SheetPanel("head", (left, top, left + HEAD, top + HEAD), picture.source)


def _draw_swatches(
    pen: ImageDraw.ImageDraw, swatches: Sequence[Swatch], top: int, width: int
) -> list[SheetPanel]:
    panels: list[SheetPanel] = []
    each = (width - GAP) // max(len(swatches), 1)
    for place, swatch in enumerate(swatches):
        left = GAP + place * each
        box = (left, top, left + each - GAP, top + HEAD)
        pen.rectangle((left, top, box[2] - 1, top + HEAD - BADGE), fill=swatch.rgb, outline=_SOFT_INK)
        _write(
            pen,
            (left, top + HEAD - BADGE + 6),
            f"{swatch.name} {swatch.hex}",
            15,
            colour=_INK,
            room=each - GAP,
        )
        panels.append(SheetPanel("swatch", box, {"name": swatch.name, "hex": swatch.hex}))
    return panels


def _letterbox(image: NDArray[np.uint8], side: int) -> Image.Image:
    from PIL import Image

    tile = Image.fromarray(np.ascontiguousarray(image))
    scale = side / max(tile.size)
    inner = (max(round(tile.width * scale), 1), max(round(tile.height * scale), 1))
    canvas = Image.new("RGB", (side, side), _FRAME)
    canvas.paste(
        tile.resize(inner, Image.Resampling.LANCZOS, reducing_gap=3.0),
        ((side - inner[0]) // 2, (side - inner[1]) // 2),
    )
    return canvas


def _write(
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    size: int,
    *,
    colour: tuple[int, int, int],
    room: int,
) -> None:
    font = _font(text, size)
    while len(text) > 1 and pen.textlength(text, font=font) > room:
        text = text[:-2] + "…"
    pen.text(place, text, font=font, fill=colour)


def _font(text: str, size: int) -> Font:
    """Return a font that has the letters of a text, if this machine has one."""
    from PIL import ImageFont

    if text.isascii():
        return ImageFont.load_default(size)
    for name in _WIDE_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:  # not on this machine
            continue
    return ImageFont.load_default(size)


def head_box(centre: tuple[float, float], radius: float, size: tuple[int, int]) -> Box:
    """Return the square around a head with its hair, within a picture of that width and height.

    Parameters
    ----------
    centre : tuple of float
        Of the face, in pixels.
    radius : float
        Half the width of the head without hair, in pixels.
    size : tuple of int
        Width and height of the picture.
    """
    # Hair stands out by about half a head radius above and to the sides.
    reach = 1.9 * radius
    (x, y), (width, height) = centre, size
    left = min(max(int(x - reach), 0), width - 1)
    top = min(max(int(y - 1.1 * reach), 0), height - 1)
    right = min(max(int(x + reach) + 1, left + 1), width)
    bottom = min(max(int(y + 0.9 * reach) + 1, top + 1), height)
    return (left, top, right, bottom)
