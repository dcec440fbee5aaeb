"""Hair: each style is a set of shapes behind the body and a set of locks over the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from drawing import Colour, Coverage, Paint, Points, lock, smooth
from face import warp
from numpy.typing import ArrayLike
from pen import Pen, mix

Spine = Sequence[tuple[float, float]]
# Hair lies outside the skull, so it turns on a larger cylinder than the eyes.
HAIR_RADIUS = 150.0
# The upper part of a lock is one with the hair around it.
ROOT_SHARE = 0.3
# Lengths of the tongues of the shine, uneven like brushed hair.
SHINE_UP = (8.0, 13.0, 9.0, 15.0, 11.0)
SHINE_DOWN = (19.0, 11.0, 23.0, 14.0, 9.0)


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
    for spine, width in (*style.side_locks, *style.locks):
        _draw_lock(pen, lock(spine, width), turn, _Tones(tone, shade, ink))
    _draw_crown(pen, style, turn, shade, body)
    _draw_shine(pen, style, colours, turn, body)


@dataclass(frozen=True)
class _Tones:
    lit: Paint
    shade: Colour
    ink: Colour


def _draw_lock(pen: Pen, outline: Points, turn: float, tones: _Tones) -> None:
    """Lay a lock over those before it: a shaded flank, and two edges that start thin at the root."""
    half = len(outline) // 2
    flanks = (outline[:half], outline[half:][::-1])
    visible = [edge[round(half * ROOT_SHARE) :] for edge in flanks]
    # A pointed top, so that the lock grows out of the hair instead of lying on it.
    root = (flanks[0] + flanks[1])[round(half * ROOT_SHARE * 0.4)] / 2
    front = np.vstack([root, visible[0], visible[1][::-1]])
    cover = pen.fill(warp(front, turn, HAIR_RADIUS), tones.lit)
    pick = max if pen.light.direction[0] < 0 else min
    dark = pick(visible, key=lambda flank: flank[:, 0].mean())
    centre = (visible[0] + visible[1]) / 2
    deep = np.sin(np.linspace(0, np.pi * 0.62, len(dark)))[:, None] * 0.62
    flank = np.vstack([dark, (dark + (centre - dark) * deep)[::-1]])
    pen.fill(warp(flank, turn, HAIR_RADIUS), tones.shade, clip=cover, opacity=0.9)
    for edge in visible:
        pen.line(warp(edge, turn, HAIR_RADIUS), [0.3, 1.3, 2.0, 1.3], tones.ink, curve=False, opacity=0.95)


def _draw_crown(pen: Pen, style: HairStyle, turn: float, shade: Colour, body: Coverage) -> None:
    """Draw fine strands that fan out from the crown."""
    height, reach, sag = style.shine
    for across in (-0.92, -0.66, -0.4, -0.12, 0.2, 0.48, 0.74, 0.95):
        low = (reach * across * 1.02, height + sag * across**2 + 6)
        middle = ((18 * across + low[0]) * 0.62, -106 + 16 * across**2)
        spine = [(18 * across, -119 + 4 * across**2), middle, low]
        pen.line(warp(spine, turn, HAIR_RADIUS), [0.3, 1.8, 0.4], shade, clip=body, opacity=0.8)


def _draw_shine(pen: Pen, style: HairStyle, colours: HairColours, turn: float, body: Coverage) -> None:
    """Paint the ring of light that follows the curve of the skull, in tongues along the strands."""
    height, reach, sag = style.shine
    light = pen.light.on(colours.shine)
    shift = 8 * pen.light.direction[0]
    across = np.linspace(-1, 1, 27)
    middle = np.sqrt(np.maximum(1 - across**2, 0))
    x, y = reach * across + shift, height + sag * across**2
    tooth = np.arange(27) % 2
    up = middle * np.where(tooth, np.resize(SHINE_UP, 27), 4.0)
    down = middle * np.where(tooth, np.resize(SHINE_DOWN, 27), 5.0)
    edge = np.stack([np.r_[x + 3 * tooth, (x - 3 * tooth)[::-1]], np.r_[y - up, (y + down)[::-1]]], axis=1)
    pen.fill(warp(edge, turn, HAIR_RADIUS), light, clip=body, opacity=0.82)
