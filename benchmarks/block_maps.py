"""Draw where an adapter acts: ``python benchmarks/block_maps.py`` writes docs/images/injection-*.svg.

The numbers are those that the nodes use: block names, layers of adapter files and weights are asked of the
package, so that the pictures cannot say something else. A test compares the files with what is drawn here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tower_anime.consistency.injection.sites import Site, in_file_order
from tower_anime.consistency.injection.weights import (
    SD15_ROLES,
    SDXL_ROLES,
    WEIGHT_TYPES,
    BlockRoles,
    site_weights,
)

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"

INK, PALE, GREY, PAPER = "#1f2933", "#7b8794", "#e4e7eb", "#ffffff"
STYLE, COMPOSITION, OTHER, REVERSED = "#7c5cc4", "#d97706", "#3f7fbf", "#c2410c"


@dataclass(frozen=True)
class Unet:
    """A UNet as it is drawn.

    `levels` are the rows from the largest activations to the smallest: the blocks of the encoder and of the
    decoder, each with how many transformer blocks it has, 0 for none. The middle has `middle`.
    """

    title: str
    context: int
    roles: BlockRoles
    levels: list[tuple[str, dict[int, int], dict[int, int]]]
    middle: int

    def sites(self) -> list[Site]:
        blocks = [("input", n, d) for _, encoder, _ in self.levels for n, d in encoder.items()]
        blocks.append(("middle", 0, self.middle))
        blocks += [("output", n, d) for _, _, decoder in self.levels[::-1] for n, d in decoder.items()]
        attending = [block for block in blocks if block[2]]
        return [
            Site(block, number, depth, transformer, 1280, self.context, f"{block}.{number}.{depth}")
            for transformer, (block, number, depths) in enumerate(attending)
            for depth in range(depths)
        ]


def _row(first: int, *depths: int) -> dict[int, int]:
    return {first + at: depth for at, depth in enumerate(depths)}


UNETS = {
    "sd15": Unet(
        "SD 1.5: 16 cross-attentions",
        768,
        SD15_ROLES,
        [
            ("1/8 · 320", _row(0, 0, 1, 1, 0), _row(9, 1, 1, 1)),
            ("1/16 · 640", _row(4, 1, 1, 0), _row(6, 1, 1, 1)),
            ("1/32 · 1280", _row(7, 1, 1, 0), _row(3, 1, 1, 1)),
            ("1/64 · 1280", _row(10, 0, 0), _row(0, 0, 0, 0)),
        ],
        1,
    ),
    "sdxl": Unet(
        "SDXL: 70 cross-attentions",
        2048,
        SDXL_ROLES,
        [
            ("1/8 · 320", _row(0, 0, 0, 0, 0), _row(6, 0, 0, 0)),
            ("1/16 · 640", _row(4, 2, 2, 0), _row(3, 2, 2, 2)),
            ("1/32 · 1280", _row(7, 10, 10), _row(0, 10, 10, 10)),
        ],
        10,
    ),
}


class Drawing:
    """An SVG, element by element."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
            f' height="{height}" font-family="Helvetica, Arial, sans-serif" role="img">',
            f"<title>{title}</title>",
        ]
        self.box(0, 0, width, height, PAPER, corner=0)

    def box(self, x: float, y: float, w: float, h: float, fill: str, corner: int = 5, **more: Any) -> None:
        extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{corner}" fill="{fill}"{extra}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int = 12,
        fill: str = INK,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>'
            f"{text}</text>"
        )

    def line(self, *points: tuple[float, float]) -> None:
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{PALE}" stroke-width="1.5" stroke-dasharray="4 3"/>'
        )

    def svg(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])


BOX_W, BOX_H, GAP, LEVEL_H, LEFT = 94, 56, 8, 84, 96
COLUMNS = 4


def block_map(unet: Unet) -> str:
    """Draw the blocks of a UNet: the encoder down at the left, the middle, the decoder up at the right."""
    half = COLUMNS * (BOX_W + GAP)
    width, height = LEFT + 2 * half + 60, 118 + len(unet.levels) * LEVEL_H + 96
    drawing = Drawing(width, height, f"Block map of {unet.title}")
    drawing.text(20, 30, unet.title, size=18, anchor="start", bold=True)
    _legend(drawing, width)
    numbers = _numbers(unet)
    right = LEFT + half + 40
    for row, (label, encoder, decoder) in enumerate(unet.levels):
        y = 80 + row * LEVEL_H
        drawing.text(16, y + BOX_H / 2 + 4, label, fill=PALE, anchor="start")
        for at, number in enumerate(encoder):
            _block(drawing, unet, numbers, f"in{number}", LEFT + at * (BOX_W + GAP), y)
        for at, number in enumerate(decoder):
            _block(drawing, unet, numbers, f"out{number}", right + at * (BOX_W + GAP), y)
        drawing.line((LEFT + half - GAP, y + BOX_H / 2), (right - GAP, y + BOX_H / 2))
    y = 80 + len(unet.levels) * LEVEL_H
    middle = LEFT + half + 20 - BOX_W / 2 - GAP / 2
    _block(drawing, unet, numbers, "mid", middle, y)
    drawing.text(LEFT, 70, "encoder, runs downwards", fill=PALE, anchor="start")
    drawing.text(right, 70, "decoder, runs upwards", fill=PALE, anchor="start")
    drawing.text(
        LEFT,
        y + BOX_H + 34,
        "t: number of the transformer, in running order, for block_weights.  N: layers in the adapter file, odd numbers.",
        fill=PALE,
        anchor="start",
    )
    drawing.text(16, 70, "size · width", fill=PALE, anchor="start")
    return drawing.svg()


def _numbers(unet: Unet) -> dict[str, tuple[int, list[int]]]:
    """Return the transformer of each block that attends, and its layers in an adapter file."""
    found: dict[str, tuple[int, list[int]]] = {}
    for order, site in enumerate(in_file_order(unet.sites())):
        found.setdefault(site.block_name, (site.transformer, []))[1].append(2 * order + 1)
    return found


def _block(drawing: Drawing, unet: Unet, numbers: dict[str, Any], name: str, x: float, y: float) -> None:
    if name not in numbers:
        drawing.box(x, y, BOX_W, BOX_H, GREY)
        drawing.text(x + BOX_W / 2, y + BOX_H / 2 + 4, name, fill=PALE)
        return
    transformer, layers = numbers[name]
    fill = STYLE if name in unet.roles.style else COMPOSITION if name in unet.roles.composition else OTHER
    span = f"{layers[0]}–{layers[-1]}" if len(layers) > 1 else f"{layers[0]}"
    drawing.box(x, y, BOX_W, BOX_H, fill)
    drawing.text(x + BOX_W / 2, y + 18, name, size=14, fill=PAPER, bold=True)
    drawing.text(x + BOX_W / 2, y + 34, f"t {transformer}", fill=PAPER)
    drawing.text(x + BOX_W / 2, y + 49, f"N {span}", fill=PAPER)


def _legend(drawing: Drawing, width: int) -> None:
    x = width - 470
    for fill, label in ((STYLE, "style"), (COMPOSITION, "composition"), (OTHER, "other"), (GREY, "no text")):
        drawing.box(x, 18, 16, 16, fill, corner=3)
        drawing.text(x + 22, 31, label, anchor="start")
        x += 118


CELL, NAME_W = 44, 190


def heat_map(unet: Unet) -> str:
    """Draw what each weight type gives each block, at the weight 1."""
    sites = {site.block_name: site for site in unet.sites()}
    width, height = NAME_W + len(sites) * CELL + 20, 100 + len(WEIGHT_TYPES) * 26
    drawing = Drawing(width, height, f"Weight of each block by weight type, {unet.title}")
    drawing.text(
        16, 30, f"{unet.title.split(':')[0]}: weight of each block", size=18, anchor="start", bold=True
    )
    for column, name in enumerate(sites):
        drawing.text(NAME_W + (column + 0.5) * CELL, 62, name, bold=True)
    for row, weight_type in enumerate(WEIGHT_TYPES):
        y = 72 + row * 26
        drawing.text(NAME_W - 10, y + 17, weight_type, anchor="end")
        weights = site_weights(unet.sites(), 1.0, weight_type)
        for column, site in enumerate(sites.values()):
            at = weights[site]
            _cell(drawing, NAME_W + column * CELL, y, at.weight, is_reversed=at.is_reversed)
    drawing.text(
        16,
        height - 10,
        "running order from left to right · orange: reversed, the reference acts on the unconditional side",
        fill=PALE,
        anchor="start",
    )
    return drawing.svg()


def _cell(drawing: Drawing, x: float, y: float, weight: float, *, is_reversed: bool) -> None:
    fill = REVERSED if is_reversed else OTHER
    drawing.box(x + 1, y + 1, CELL - 2, 24, GREY, corner=2)
    if weight:
        drawing.box(x + 1, y + 1, CELL - 2, 24, fill, corner=2, fill_opacity=f"{0.12 + 0.88 * weight:.3f}")
    shown = f"{weight:.2f}".rstrip("0").rstrip(".")
    drawing.text(x + CELL / 2, y + 17, shown, size=11, fill=PAPER if weight > 0.45 else INK)


def pictures() -> dict[str, str]:
    """Return every picture by its file name."""
    maps = {f"injection-blocks-{name}.svg": block_map(unet) for name, unet in UNETS.items()}
    return maps | {f"injection-weights-{name}.svg": heat_map(unet) for name, unet in UNETS.items()}


def main() -> None:
    for name, svg in pictures().items():
        (IMAGES / name).write_text(svg, "utf-8")
        print(IMAGES / name, file=sys.stdout)


if __name__ == "__main__":
    main()
