"""Where the UNets of the families attend to text: block, number, and transformer blocks, as they run."""

from __future__ import annotations

from typing import Any

SD15 = [
    *(("input", n, 1) for n in (1, 2, 4, 5, 7, 8)),
    ("middle", 0, 1),
    *(("output", n, 1) for n in range(3, 12)),
]


def _sdxl(few: int, many: int) -> list[tuple[str, int, int]]:
    return [
        *(("input", n, few) for n in (4, 5)),
        *(("input", n, many) for n in (7, 8)),
        ("middle", 0, many),
        *(("output", n, many) for n in (0, 1, 2)),
        *(("output", n, few) for n in (3, 4, 5)),
    ]


SDXL = _sdxl(2, 10)
VEGA = _sdxl(1, 2)


def sites_of(blocks: list[tuple[str, int, int]], context: int, width: int = 4) -> list[Any]:
    """Return the sites of such a UNet, all of one width."""
    from tower_anime.consistency.injection.sites import Site

    return [
        Site(block, number, depth, transformer, width, context, f"{block}.{number}.{depth}")
        for transformer, (block, number, depths) in enumerate(blocks)
        for depth in range(depths)
    ]
