"""Bodies and clothes below the head, in its units: shoulders at 200, waist near 400, soles near 1110."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from drawing import Colour, Coverage, Points, ellipse, lock, ribbon, smooth
from numpy.typing import ArrayLike
from pen import Pen, mix


@dataclass(frozen=True)
class Build:
    shoulder: float = 94.0
    chest: float = 80.0
    waist: float = 63.0
    hip: float = 84.0
    neck: float = 25.0
    arm: float = 46.0
    upper_length: float = 148.0
    fore_length: float = 138.0


GIRL = Build()
BOY = Build(shoulder=112, chest=98, waist=86, hip=88, neck=31, arm=56, upper_length=160, fore_length=150)


@dataclass(frozen=True)
class Outfit:
    cut: str  # sailor, jacket
    top: Colour
    under: Colour
    trim: Colour
    accent: Colour
    skirt: Colour | None
    legs: Colour
    shoes: Colour


def mirror(points: ArrayLike) -> Points:
    return np.asarray(points, dtype=np.float64) * (-1, 1)


def ink_of(pen: Pen, colour: Colour) -> Colour:
    return mix(pen.light.shade(colour), (24, 14, 32), 0.66)


def cloth(pen: Pen, outlines: list, colour: Colour, depth: float = 12.0, width: float = 2.6) -> Coverage:
    shade = pen.light.shade(colour)
    return pen.shape(
        outlines, pen.light.on(colour), ink=ink_of(pen, colour), ink_width=width, shade=shade, depth=depth
    )


def fold(pen: Pen, points: ArrayLike, colour: Colour, width: float = 2.0) -> None:
    pen.line(points, [0.5, width, 0.5], mix(pen.light.shade(colour), ink_of(pen, colour), 0.55))


def crease(pen: Pen, spine: ArrayLike, width: float, colour: Colour, clip: Coverage | None = None) -> None:
    """Paint a pointed shadow where cloth bends."""
    pen.fill(lock(spine, width, root=0.9), pen.light.shade(colour), clip=clip, opacity=0.9)


def draw_neck(pen: Pen, build: Build, skin: Colour) -> None:
    half = build.neck
    outline = [(-half, 84), (-half, 150), (-half - 22, 178), (-half - 46, 192), (0, 262),
               (half + 46, 192), (half + 22, 178), (half, 150), (half, 84)]  # fmt: skip
    body = cloth(pen, [smooth(outline, closed=True, cusps=(0, 8))], skin, depth=0)
    shadow = [(-half - 4, 84), (-half - 4, 140), (-8, 172), (half - 4, 158), (half + 6, 128), (half + 4, 84)]
    pen.fill(smooth(shadow, closed=True, cusps=(0, 5)), pen.light.shade_skin(skin), clip=body)
    bone = ink_of(pen, skin)
    pen.line([(-34, 190), (-18, 196), (-8, 197)], 1.6, bone, opacity=0.6)
    pen.line([(34, 190), (18, 196), (8, 197)], 1.6, bone, opacity=0.6)


def draw_lower_body(pen: Pen, build: Build, outfit: Outfit, skin: Colour) -> None:
    if outfit.skirt is None:
        _draw_trousers(pen, build, outfit)
        return
    for side in (-1, 1):
        thigh = [(side * 44, 500), (side * 45, 640), (side * 42, 760), (side * 43, 860), (side * 38, 1040)]
        widths = [76, 72, 54, 54, 34]
        cloth(pen, [ribbon(thigh, widths)], skin, depth=9)
        sock = [(side * 43, 735), (side * 42, 790), (side * 43, 860), (side * 38, 1050)]
        cloth(pen, [ribbon(sock, [61, 56, 58, 38])], outfit.legs, depth=10)
        _draw_shoe(pen, side, 38, 1046, outfit.shoes)
    _draw_skirt(pen, build, outfit)


def _draw_shoe(pen: Pen, side: int, x: float, y: float, colour: Colour) -> None:
    points = [
        (x - 21, y),
        (x + 19, y),
        (x + 30, y + 34),
        (x + 34, y + 56),
        (x + 2, y + 62),
        (x - 26, y + 54),
        (x - 26, y + 26),
    ]
    outline = smooth(np.array(points) * (side, 1), closed=True)
    cloth(pen, [outline], colour, depth=9)
    pen.line(
        np.array([(x - 25, y + 50), (x + 4, y + 57), (x + 33, y + 52)]) * (side, 1), 3.0, ink_of(pen, colour)
    )


def _draw_skirt(pen: Pen, build: Build, outfit: Outfit) -> None:
    colour, waist = outfit.skirt, build.waist + 3
    hem = np.linspace(-1, 1, 9)
    points = [(-waist, 392), (-build.hip - 26, 490), (-142, 608)]
    for left, right in pairwise(hem):
        points += [
            ((left * 0.45 + right * 0.55) * 142, 624 - 7 * abs(left + right)),
            (right * 142, 610 + 6 * (1 - abs(right))),
        ]
    points += [(build.hip + 26, 490), (waist, 392)]
    body = cloth(pen, [np.array(points)], colour, depth=14)
    for share in hem[1:-1]:
        top, low = (share * waist * 0.95, 400), (share * 142, 620)
        pen.fill([top, low, (low[0] + 17, 626)], pen.light.shade(colour), clip=body, opacity=0.85)
        pen.line(
            [top, ((top[0] + low[0]) / 2 + 2 * share, 500), low],
            [0.6, 2.2, 2.6],
            ink_of(pen, colour),
            clip=body,
        )
    stripe = [(share * 139, 594 + 6 * (1 - abs(share))) for share in np.linspace(-1, 1, 13)]
    pen.line(stripe, [4.0, 4.0], pen.light.on(outfit.trim), clip=body, opacity=0.9)


def _draw_trousers(pen: Pen, build: Build, outfit: Outfit) -> None:
    for side in (-1, 1):
        cloth(pen, [ribbon([(side * 38, 1040), (side * 38, 1100)], [44, 44])], (236, 232, 226), depth=6)
        _draw_shoe(pen, side, 40, 1084, outfit.shoes)
    legs = []
    for side in (-1, 1):
        legs.append(
            ribbon(
                [(side * 44, 470), (side * 48, 640), (side * 46, 800), (side * 44, 1092)], [96, 94, 76, 66]
            )
        )
    body = cloth(pen, legs, outfit.legs, depth=14)
    pen.line([(0, 540), (2, 600), (1, 1090)], 3.0, ink_of(pen, outfit.legs), clip=body)
    for side in (-1, 1):
        crease(pen, [(side * 4, 560), (side * 30, 580), (side * 62, 572)], 14, outfit.legs, body)
        crease(pen, [(side * 82, 800), (side * 50, 822), (side * 22, 816)], 12, outfit.legs, body)
        crease(pen, [(side * 78, 1040), (side * 50, 1062), (side * 18, 1050)], 12, outfit.legs, body)


def torso_outline(build: Build, hem: float, flare: float = 0.0) -> Points:
    neck, shoulder, waist = build.neck, build.shoulder, build.waist
    half = [(neck + 10, 176), (shoulder - 22, 190), (shoulder + 6, 214), (shoulder - 4, 262),
            (build.chest, 310), (waist + flare, 400), (waist + flare * 1.6 + 4, hem)]  # fmt: skip
    right = smooth(half)
    return np.vstack([right, mirror(right)[::-1]])


def draw_torso(pen: Pen, build: Build, outfit: Outfit) -> Coverage:
    """Draw the upper garment and return what it covers."""
    return (_draw_sailor_top if outfit.cut == "sailor" else _draw_jacket)(pen, build, outfit)


def draw_collar(pen: Pen, build: Build, outfit: Outfit) -> None:
    if outfit.cut == "sailor":
        _draw_sailor_collar(pen, build, outfit)
        _draw_bow(pen, outfit.accent, 0, 292)
    else:
        _draw_lapels(pen, outfit)
        _draw_shirt_collar(pen, build, outfit)


def _draw_sailor_top(pen: Pen, build: Build, outfit: Outfit) -> Coverage:
    body = cloth(pen, [torso_outline(build, 424, 4)], outfit.top, depth=16)
    for side in (-1, 1):
        crease(pen, [(side * 86, 300), (side * 56, 322), (side * 26, 318)], 13, outfit.top, body)
        crease(pen, [(side * 66, 396), (side * 48, 384), (side * 24, 388)], 11, outfit.top, body)
        fold(pen, [(side * 40, 330), (side * 46, 370), (side * 42, 416)], outfit.top)
    pen.fill([(-34, 176), (34, 176), (0, 292)], pen.light.on(outfit.under), clip=body)
    pen.fill([(-34, 160), (34, 160), (0, 236)], pen.light.shade(outfit.under), clip=body)
    return body


def _draw_sailor_collar(pen: Pen, build: Build, outfit: Outfit) -> None:
    edge = build.shoulder - 4
    flap = [(-build.neck - 7, 160), (-edge * 0.72, 178), (-edge, 206), (-edge + 8, 240), (-42, 282),
            (-2, 314), (-2, 280), (-22, 232)]  # fmt: skip
    stripe = [(-edge + 13, 206), (-edge + 20, 232), (-46, 268), (-4, 300)]
    for flip in (1, -1):
        outline = smooth(np.array(flap) * (flip, 1), closed=True, cusps=(0, 2, 3, 5, 6))
        body = cloth(pen, [outline], mix(outfit.top, outfit.skirt or outfit.top, 0.5), depth=8)
        line = np.array(stripe) * (flip, 1)
        pen.line(line, [3.4, 3.4], pen.light.on(outfit.trim), clip=body, curve=False)
        pen.line(
            np.add(line, (flip * 8.5, -6)), [2.0, 2.0], pen.light.on(outfit.trim), clip=body, curve=False
        )


def _draw_bow(pen: Pen, colour: Colour, x: float, y: float) -> None:
    for side in (-1, 1):
        tail = [(0, 4), (side * 16, 40), (side * 30, 96), (side * 14, 88), (side * 4, 98), (side * 2, 50)]
        cloth(pen, [smooth(np.add(tail, (x, y)), closed=True, cusps=(0, 2, 3, 4))], colour, depth=6)
    for side in (-1, 1):
        loop = [(0, 0), (side * 26, -24), (side * 56, -26), (side * 60, 0), (side * 54, 22), (side * 24, 14)]
        cloth(pen, [smooth(np.add(loop, (x, y)), closed=True, cusps=(0,))], colour, depth=8)
        fold(pen, [(x + side * 8, y - 2), (x + side * 24, y - 8), (x + side * 40, y - 6)], colour, 2.4)
    cloth(pen, [ellipse(x, y + 1, 12, 14)], colour, depth=4)


def _draw_jacket(pen: Pen, build: Build, outfit: Outfit) -> Coverage:
    shirt = cloth(pen, [torso_outline(build, 500)], outfit.under, depth=0)
    pen.fill(
        [(-60, 180), (-8, 220), (-26, 500), (-90, 500)],
        pen.light.shade(outfit.under),
        clip=shirt,
        opacity=0.8,
    )
    fold(pen, [(3, 262), (4, 360), (3, 498)], outfit.under, 2.4)
    for y in (300, 352, 404, 456):
        pen.fill(ellipse(-5, y, 3.2), pen.light.shade(mix(outfit.under, (90, 90, 110), 0.4)))
    for side in (-1, 1):
        crease(pen, [(side * 44, 330), (side * 20, 350), (side * 8, 346)], 10, outfit.under, shirt)
    left, right = (_draw_jacket_side(pen, build, outfit, side) for side in (-1, 1))
    return left.union(right)


def _draw_jacket_side(pen: Pen, build: Build, outfit: Outfit, side: int) -> Coverage:
    neck, shoulder, waist = build.neck, build.shoulder, build.waist
    edge = [(30, 168), (40, 240), (46, 330), (50, 430), (56, 522)]
    half = [(neck + 8, 172), (shoulder - 20, 188), (shoulder + 8, 214), (shoulder, 270),
            (build.chest + 6, 320), (waist + 12, 410), (waist + 20, 520)]  # fmt: skip
    outline = np.vstack([smooth(half), smooth(edge)[::-1]]) * (side, 1)
    body = cloth(pen, [outline], outfit.top, depth=15, width=2.8)
    for spine, width in (
        ([(build.chest, 300), (build.chest - 26, 324), (60, 326)], 13),
        ([(build.waist + 12, 430), (build.waist - 10, 452), (60, 448)], 12),
        ([(54, 480), (70, 470), (build.waist + 6, 474)], 9),
    ):
        crease(pen, np.array(spine) * (side, 1), width, outfit.top, body)
    band = np.array([(54, 504), (build.waist + 20, 502), (build.waist + 20, 526), (54, 526)]) * (side, 1)
    cloth(pen, [band], outfit.trim, depth=5)
    return body


def _draw_lapels(pen: Pen, outfit: Outfit) -> None:
    lapel = [(26, 160), (50, 172), (66, 206), (52, 226), (58, 240), (44, 318), (36, 240)]
    for side in (-1, 1):
        outline = smooth(np.array(lapel) * (side, 1), closed=True, cusps=(0, 2, 3, 4, 5))
        cloth(pen, [outline], outfit.trim, depth=7)


def _draw_shirt_collar(pen: Pen, build: Build, outfit: Outfit) -> None:
    for side in (-1, 1):
        wing = np.array([(build.neck + 2, 150), (build.neck + 14, 170), (38, 214), (16, 226), (2, 206)]) * (
            side,
            1,
        )
        cloth(pen, [smooth(wing, closed=True, cusps=(0, 2, 3, 4))], outfit.under, depth=5, width=2.2)
