"""Places at night: the street with its lamps, the viaduct under the moon."""

from __future__ import annotations

import numpy as np
from drawing import ellipse, rectangle, smooth
from pen import Pen
from PIL import Image
from props import (
    glow,
    moon,
    new_scene,
    ripples,
    sky,
    skyline,
    stars,
    streak,
    street_lamp,
    tone,
    train_side,
    width_of,
)

Size = tuple[int, int]


def street(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 640, [(0, (16, 20, 58)), (0.5, (36, 46, 104)), (1, (92, 84, 150))])
    stars(pen, 130, 420, 2)
    moon(pen, wide * 0.62, 130, 44)
    skyline(pen, 620, 250, (44, 48, 98), 12, lamp=(255, 214, 140))
    skyline(pen, 640, 130, (34, 36, 80), 15, lamp=(255, 222, 160))
    middle = wide * 0.52
    pen.fill(
        rectangle(0, 630, wide, 900), tone(pen, (0, 630), (0, 900), [(0, (70, 68, 124)), (1, (30, 30, 68))])
    )
    pen.fill([(middle - 20, 632), (middle + 20, 632), (wide * 0.86, 900), (wide * 0.16, 900)], (46, 46, 92))
    for near, far in ((0.25, 0.36), (0.5, 0.62), (0.8, 0.97)):
        y0, y1 = 632 + 268 * near**1.5, 632 + 268 * far**1.5
        pen.fill(
            [
                (middle - 3 * near, y0),
                (middle + 3 * near, y0),
                (middle + 9 * far, y1),
                (middle - 9 * far, y1),
            ],
            (206, 206, 236),
        )
    _shop(pen, -20, 300, wide * 0.2)
    _shop(pen, wide * 0.84, 260, wide + 20)
    for x, ground, height, side in (
        (0.40, 664, 170, 1),
        (0.63, 664, 170, -1),
        (0.25, 760, 390, 1),
        (0.80, 770, 410, -1),
    ):
        street_lamp(pen, (wide * x, ground), height, side)
        _reflection(pen, wide * x + side * 60 * height / 300, ground, height * 0.4)
    return pen.layer.image


def _shop(pen: Pen, left: float, top: float, right: float) -> None:
    wall = (40, 38, 82)
    pen.fill(rectangle(left, top, right, 742), tone(pen, (0, top), (0, 742), [(0, wall), (1, (64, 52, 100))]))
    for y in np.arange(top + 30, 560, 86):
        for x in np.arange(left + 34, right - 50, 92):
            lit = (int(x) + int(y)) % 3 != 0
            pen.fill(rectangle(x, y, x + 50, y + 54), (255, 214, 138) if lit else (58, 60, 116))
            pen.line([(x + 25, y), (x + 25, y + 54)], [3, 3], wall)
    _shop_window(pen, left + 14, right - 14)
    glow(pen, ((left + right) / 2, 690), 280, (255, 206, 130), 0.5)
    for x in np.arange(left + 14, right - 14, 56):
        pen.fill([(x, 572), (x + 28, 572), (x + 28, 612), (x, 612)], (210, 84, 92))
        pen.fill([(x + 28, 572), (x + 56, 572), (x + 56, 612), (x + 28, 612)], (244, 232, 226))


def _shop_window(pen: Pen, left: float, right: float) -> None:
    warm, dark = (255, 226, 164), (104, 66, 84)
    pen.fill(
        rectangle(left, 600, right, 738),
        tone(pen, (0, 600), (0, 738), [(0, (255, 240, 200)), (1, (250, 204, 132))]),
    )
    rng = np.random.default_rng(int(left) + 99)
    colours = ((206, 120, 96), (120, 140, 120), (226, 172, 96), (150, 108, 130))
    for shelf in (660, 706):
        x = left + 12
        while x < right - 18:
            width, height = rng.uniform(9, 20), rng.uniform(12, 30)
            pen.fill(rectangle(x, shelf - height, x + width, shelf), colours[rng.integers(4)], opacity=0.75)
            x += width + rng.uniform(3, 14)
        pen.fill(rectangle(left, shelf, right, shelf + 5), (176, 118, 84))
    for x in np.linspace(left, right, 4):
        pen.fill(rectangle(x - 4, 600, x + 4, 742), dark)
    pen.fill(rectangle(left, 734, right, 746), dark)
    glow(pen, ((left + right) / 2, 610), 150, warm, 0.5)


def _reflection(pen: Pen, x: float, y: float, length: float) -> None:
    for step in range(7):
        half = 16 - 1.6 * step
        pen.fill(
            ellipse(x + 4 * (-1) ** step, y + 12 + step * length / 7, half, 3.0),
            (255, 222, 160),
            opacity=0.35 - 0.04 * step,
        )


def paper_moon(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 680, [(0, (14, 18, 56)), (0.45, (40, 50, 118)), (0.8, (110, 96, 168)), (1, (206, 148, 176))])
    stars(pen, 220, 560, 5)
    moon(pen, wide * 0.66, 270, 130)
    for x, y, length, height in ((0.5, 330, 560, 26), (0.84, 400, 620, 30), (0.22, 440, 700, 26)):
        streak(pen, (wide * x, y), (length, height), (128, 116, 190), 0.75)
        streak(pen, (wide * x + 10, y - 6), (length * 0.7, height * 0.5), (196, 176, 222), 0.6)
    skyline(pen, 690, 90, (62, 58, 122), 17, lamp=(255, 214, 150))
    pen.fill(
        rectangle(0, 688, wide, 900),
        tone(pen, (0, 688), (0, 900), [(0, (116, 94, 156)), (0.4, (56, 56, 120)), (1, (22, 26, 70))]),
    )
    ripples(pen, wide * 0.66, 700, (255, 240, 205), 9)
    _viaduct(pen, wide)
    nose = train_side(pen, (wide * 0.10, 600), 3, 76)
    glow(pen, (nose + 2, 574), 110, (255, 240, 190), 0.9)
    return pen.layer.image


def _viaduct(pen: Pen, wide: float) -> None:
    dark = (34, 32, 78)
    pen.fill(rectangle(0, 600, wide, 628), dark)
    pen.fill(rectangle(0, 600, wide, 605), (130, 116, 180))
    for x in np.arange(-60, wide + 100, 190):
        pier = [(x - 16, 622), (x + 16, 622), (x + 12, 748), (x - 12, 748)]
        pen.fill(pier, dark)
        arch = smooth([(x + 12, 700), (x + 36, 656), (x + 95, 636), (x + 154, 656), (x + 178, 700)])
        pen.fill(np.vstack([arch, [(x + 178, 620), (x + 12, 620)]]), dark)
        pen.line([(x + 95, 600), (x + 95, 520)], [4, 3], dark)
    pen.line([(0, 524), (wide, 524)], [1.5, 1.5], dark, curve=False)
