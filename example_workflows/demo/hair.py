"""Hair: each style is a set of shapes behind the body and a set of locks over the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from drawing import Colour, Coverage, Points, lock, smooth
from face import warp
from numpy.typing import ArrayLike
from pen import Pen, mix

Spine = Sequence[tuple[float, float]]
# Hair lies outside the skull, so it turns on a larger cylinder than the eyes.
HAIR_RADIUS = 150.0


@dataclass(frozen=True)
class HairStyle:
    back: tuple[ArrayLike, ...]  # outlines behind the body
    back_cusps: tuple[tuple[int, ...], ...]
    cap: ArrayLike  # outline of the hair on the skull, face side included
    locks: tuple[tuple[Spine, float], ...]  # over the face: spine and width
    side_locks: tuple[tuple[Spine, float], ...] = ()
    flyaways: tuple[tuple[Spine, float], ...] = ()
    shine: tuple[float, float, float] = (-60.0, 84.0, 20.0)  # height of the ring, half width, sag


@dataclass(frozen=True)
class HairColours:
    base: Colour
    deep: Colour
    shine: Colour


def _ink(pen: Pen, colours: HairColours) -> Colour:
    return mix(pen.light.shade(colours.deep), (20, 12, 30), 0.55)


def draw_back(pen: Pen, style: HairStyle, colours: HairColours, turn: float) -> None:
    """Paint the hair that hangs behind the shoulders; it lags behind a turning face."""
    light, ink = pen.light, _ink(pen, colours)
    outlines = [
        smooth(np.asarray(outline, dtype=np.float64), closed=True, cusps=cusps) - (9 * turn, 0)
        for outline, cusps in zip(style.back, style.back_cusps, strict=True)
    ]
    top = min(outline[:, 1].min() for outline in outlines)
    bottom = max(outline[:, 1].max() for outline in outlines)
    dark = mix(light.shade(colours.base), light.shade(colours.deep), 0.45)
    tone = pen.fade((0, top), (0, bottom), dark, dark, mix(dark, light.on(colours.base), 0.6))
    body = pen.shape(outlines, tone, ink=ink)
    for outline in outlines:
        _back_strands(pen, outline, body, ink, light.on(colours.base))


def _back_strands(pen: Pen, outline: Points, body: Coverage, ink: Colour, lit: Colour) -> None:
    left, right = outline[:, 0].min(), outline[:, 0].max()
    top, bottom = outline[:, 1].min(), outline[:, 1].max()
    middle = (left + right) / 2
    if bottom - top < 180:
        return
    for share in np.linspace(-0.85, 0.85, 9):
        x = middle + share * (right - left) / 2
        sway = 10 * np.sin(5 * share)
        spine = [(x * 0.8, top + 60), (x + sway, top + 0.55 * (bottom - top)), (x * 0.97 - sway, bottom - 12)]
        if round(share * 100) % 2:
            pen.line(spine, [0.4, 11, 0.6], lit, clip=body, opacity=0.35)
        pen.line(spine, [0.5, 2.4, 0.8], ink, clip=body, opacity=0.55)


def front_shapes(style: HairStyle, turn: float) -> list[Points]:
    cap = smooth(style.cap, closed=True)
    # The outer edge of the hair stays on the skull; only the edge around the face turns.
    turning = np.clip((112 - np.hypot(*cap.T)) / 16, 0, 1)[:, None]
    shapes = [cap + (warp(cap, turn, HAIR_RADIUS) - cap) * turning]
    for spine, width in (*style.side_locks, *style.locks):
        shapes.append(warp(lock(spine, width), turn, HAIR_RADIUS))
    return shapes


def draw_front(pen: Pen, style: HairStyle, colours: HairColours, turn: float) -> None:
    light, ink = pen.light, _ink(pen, colours)
    base, shade = light.on(colours.base), mix(light.shade(colours.base), light.shade(colours.deep), 0.25)
    shapes = front_shapes(style, turn)
    for spine, width in style.flyaways:
        pen.line(warp(spine, turn, HAIR_RADIUS), [width, width * 0.8, 0.6], ink)
    tone = pen.fade((0, -125), (0, 60), base, base, mix(base, shade, 0.55))
    body = pen.shape(shapes, tone, ink=ink, shade=shade, depth=9)
    pen.layer.paint(pen.form_shadow(body, 22), shade, opacity=0.35)
    _draw_shine(pen, style, colours, turn, body)
    for spine, width in (*style.side_locks, *style.locks):
        _draw_lock(pen, spine, width, turn, shade, ink)


def _draw_lock(pen: Pen, spine: Spine, width: float, turn: float, shade: Colour, ink: Colour) -> None:
    """Mark a lock off from its neighbours: a shaded flank and two edges that start thin at the root."""
    outline = lock(spine, width)
    half = len(outline) // 2
    flanks = (outline[:half], outline[half:][::-1])
    lock_cover = pen.cover(warp(outline, turn, HAIR_RADIUS))
    centre = (flanks[0] + flanks[1]) / 2
    away = 1 if pen.light.direction[0] < 0 else 0
    right = max(flanks, key=lambda flank: flank[:, 0].mean()) if away else min(flanks, key=lambda f: f[:, 0].mean())
    flank = np.vstack([right[half // 4 :], (0.62 * right + 0.38 * centre)[half // 4 :][::-1]])
    pen.fill(warp(flank, turn, HAIR_RADIUS), shade, clip=lock_cover, opacity=0.85)
    for edge in flanks:
        path = warp(edge[half // 4 :], turn, HAIR_RADIUS)
        pen.line(path, [0.4, 1.4, 2.0, 2.2], ink, curve=False, opacity=0.9)


def _draw_shine(pen: Pen, style: HairStyle, colours: HairColours, turn: float, body: Coverage) -> None:
    """Paint the jagged ring of light that follows the curve of the skull."""
    height, reach, sag = style.shine
    across = np.linspace(-1, 1, 23)
    x = reach * across
    y = height - sag * (1 - across**2) + sag
    tooth = np.where(np.arange(23) % 2 == 0, 1.0, 0.25) * (1 - 0.75 * np.abs(across)) * 15
    band = np.vstack([np.stack([x, y - 0.7 * tooth], axis=1), np.stack([x, y + tooth + 1], axis=1)[::-1]])
    shine = pen.light.on(colours.shine)
    pen.fill(warp(band - (8 * pen.light.direction[0] * -1, 0), turn, HAIR_RADIUS), shine, clip=body, opacity=0.8)
