"""The places of the story; every function paints one background of any size."""

from __future__ import annotations

import numpy as np
from drawing import Colour, ellipse, rectangle, smooth
from pen import Pen, mix
from PIL import Image
from props import (
    cumulus,
    glow,
    moon,
    new_scene,
    sky,
    skyline,
    stars,
    street_lamp,
    streak,
    tone,
    train_side,
    width_of,
)

Size = tuple[int, int]
DUSK = [
    (0, (62, 58, 122)),
    (0.3, (134, 88, 146)),
    (0.55, (226, 126, 122)),
    (0.78, (255, 184, 122)),
    (1, (255, 226, 164)),
]


def platform(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 560, DUSK)
    glow(pen, wide * 0.72, 520, 520, (255, 220, 150), 0.85)
    pen.fill(ellipse(wide * 0.72, 512, 52), (255, 246, 214))
    for x, y, length, height in (
        (0.86, 150, 620, 34),
        (0.62, 250, 520, 22),
        (0.95, 330, 460, 24),
        (0.7, 400, 700, 16),
    ):
        streak(pen, wide * x, y, length, height, (255, 168, 140), 0.75)
        streak(pen, wide * x + 14, y - 5, length * 0.8, height * 0.5, (255, 214, 176), 0.8)
    skyline(pen, 560, 120, (150, 92, 122), 3, (255, 214, 150))
    skyline(pen, 566, 70, (104, 66, 104), 8, (255, 222, 160))
    _tracks(pen, wide)
    _platform_floor(pen, wide)
    _canopy(pen, wide)
    return pen.layer.image


def _tracks(pen: Pen, wide: float) -> None:
    vanish = np.array([wide * 0.70, 560.0])
    ground = [(0, 560), (wide, 560), (wide, 900), (0, 900)]
    pen.fill(ground, tone(pen, (0, 560), (0, 900), [(0, (150, 98, 112)), (1, (62, 48, 78))]))
    for share in np.linspace(0.06, 1.0, 18) ** 2.2:
        left, right = (vanish + share * (np.array([end, 900]) - vanish) for end in (wide * 0.70, wide * 1.12))
        thick = 3 + 16 * share
        pen.fill([left, right, right + (0, thick), left + (0, thick)], (58, 40, 62), opacity=0.8)
    for end in (wide * 0.76, wide * 1.05):
        pen.line([vanish, (end, 905)], [1, 13], (70, 52, 80), curve=False)
        pen.line([vanish + (-1, 0), (end - 4, 905)], [0.6, 4], (255, 206, 160), curve=False)
    for share in (0.22, 0.4, 0.78):
        x, base = vanish[0] + share * (wide * 1.0 - vanish[0]) + 40 * share, 560 + 120 * share
        pen.line([(x, base), (x, base - 640 * share - 40)], [10 * share + 2] * 2, (66, 46, 78))
        pen.line(
            [(x, base - 560 * share - 30), (x - 190 * share, base - 575 * share - 30)],
            [5 * share + 1] * 2,
            (66, 46, 78),
        )
    for lift in (0, 34):
        pen.line(
            [(vanish[0], 540), (wide * 0.86, 330 - lift), (wide * 1.05, 30 - 2 * lift)],
            [0.8, 2.0, 3.0],
            (74, 50, 86),
        )


def _platform_floor(pen: Pen, wide: float) -> None:
    vanish = (wide * 0.70, 560)
    floor = [vanish, (0, 640), (0, 900), (wide * 0.62, 900)]
    pen.fill([vanish, (wide * 0.62, 900), (wide * 0.665, 900)], (86, 62, 88))
    pen.fill(
        floor,
        tone(pen, (0, 560), (0, 900), [(0, (232, 160, 140)), (0.5, (168, 122, 136)), (1, (112, 88, 122))]),
    )
    for end in np.linspace(-0.6, 0.5, 7):
        pen.line([vanish, (wide * end, 900)], [0.5, 2.2], (120, 88, 116), curve=False, opacity=0.6)
    pen.fill([vanish, (wide * 0.53, 900), (wide * 0.575, 900)], (250, 200, 92))
    pen.fill([vanish, (wide * 0.60, 900), (wide * 0.62, 900)], (244, 226, 214))
    for share in np.linspace(0.1, 1, 9) ** 2:
        x, y = vanish[0] + share * (wide * 0.36 - vanish[0]), vanish[1] + share * 160
        pen.fill([(x, y), (x - 150 * share, y + 34 * share), (x - 400 * share, y + 30 * share), (x - 250 * share, y)],
                 (255, 206, 160), opacity=0.18)  # fmt: skip


def _canopy(pen: Pen, wide: float) -> None:
    vanish = np.array([wide * 0.70, 560.0])
    dark, lit = (60, 44, 82), (128, 82, 106)
    roof = [(-10, -10), (wide * 0.50, -10), vanish + (-14, -34), (-10, 330)]
    pen.fill(roof, tone(pen, (0, 0), (wide * 0.6, 420), [(0, (48, 38, 76)), (1, (118, 76, 102))]))
    for share in np.linspace(0.12, 1, 8) ** 1.4:
        a, b = (
            vanish + share * (np.array([wide * 0.50, -10]) - vanish),
            vanish + share * (np.array([-10, 330]) - vanish),
        )
        pen.line([a, b], [3 + 9 * share] * 2, dark, curve=False)
    pen.line([(wide * 0.50, -10), vanish + (-10, -34)], [15, 3], lit, curve=False)
    for share in (0.2, 0.36, 0.64, 1.02):
        x = vanish[0] + share * (wide * 0.17 - vanish[0])
        floor, top = 560 + 118 * share, 545 - 330 * share
        pen.line([(x, floor), (x, top)], [20 * share + 2] * 2, dark, curve=False)
        pen.line(
            [(x + 7 * share, floor), (x + 7 * share, top)],
            [4 * share] * 2,
            (255, 190, 140),
            curve=False,
            opacity=0.8,
        )
        glow(pen, x + 90 * share, top + 6, 150 * share, (255, 236, 190), 0.6)
        pen.fill(rectangle(x + 50 * share, top - 2, x + 130 * share, top + 9 * share), (255, 250, 226))
    _station_sign(pen, wide * 0.30, 392)


def _station_sign(pen: Pen, x: float, y: float) -> None:
    pen.line([(x - 78, y - 90), (x - 78, y)], [5, 5], (60, 44, 82))
    pen.line([(x + 78, y - 96), (x + 78, y)], [5, 5], (60, 44, 82))
    pen.fill(rectangle(x - 112, y - 4, x + 112, y + 68), (60, 44, 82))
    pen.fill(rectangle(x - 106, y + 2, x + 106, y + 62), (248, 240, 228))
    pen.fill(rectangle(x - 106, y + 40, x + 106, y + 50), (66, 140, 132))
    pen.fill(ellipse(x, y + 45, 8), (232, 98, 84))
    for dx in (-40, -20, 0, 20, 40):
        pen.fill(rectangle(x + dx - 6, y + 14, x + dx + 6, y + 28), (70, 62, 92))


def classroom(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 620, [(0, (92, 170, 236)), (0.7, (178, 222, 250)), (1, (236, 246, 252))])
    cumulus(pen, wide * 0.34, 560, 560, ((255, 255, 255), (188, 210, 240)), 5)
    cumulus(pen, wide * 0.82, 600, 420, ((255, 255, 255), (188, 210, 240)), 9)
    skyline(pen, 640, 60, (150, 190, 206), 4)
    for x in np.arange(-40, wide + 60, 70):
        pen.fill(
            ellipse(x, 655, 60, 46 + 14 * np.sin(x)), mix((108, 178, 128), (130, 196, 140), abs(np.sin(x)))
        )
    _classroom_frame(pen, wide)
    _curtain(pen, -30, 210)
    _curtain(pen, wide + 30, wide - 170)
    _desks(pen, wide)
    glow(pen, wide * 0.5, 120, 900, (255, 250, 226), 0.35)
    return pen.layer.image


def _classroom_frame(pen: Pen, wide: float) -> None:
    wall, frame, dim = (240, 226, 204), (250, 246, 238), (206, 194, 184)
    pen.fill(rectangle(0, 0, wide, 46), wall)
    pen.fill(
        rectangle(0, 640, wide, 900),
        tone(pen, (0, 640), (0, 900), [(0, (236, 216, 188)), (1, (206, 176, 152))]),
    )
    for x in np.arange(60, wide + 200, 370):
        pen.fill(rectangle(x, 40, x + 26, 646), frame)
        pen.fill(rectangle(x + 18, 40, x + 26, 646), dim)
        pen.fill(rectangle(x + 190, 40, x + 200, 646), frame)
    pen.fill(rectangle(0, 36, wide, 58), frame)
    pen.fill(rectangle(0, 230, wide, 244), frame)
    pen.fill(rectangle(0, 240, wide, 246), dim)
    pen.fill(rectangle(0, 626, wide, 664), frame)
    pen.fill(rectangle(0, 656, wide, 668), dim)
    for x in np.arange(90, wide, 370):
        beam = [(x + 20, 668), (x + 170, 668), (x + 60, 900), (x - 120, 900)]
        pen.fill(beam, (255, 248, 216), opacity=0.4)


def _curtain(pen: Pen, edge: float, inner: float) -> None:
    reach = inner - edge
    outline = smooth([(edge, 20), (inner, 20), (inner - reach * 0.12, 300), (inner + reach * 0.10, 520), (inner - reach * 0.05, 690),
                      (edge + reach * 0.4, 672), (edge, 700)], closed=True, cusps=(0, 1, 4, 6))  # fmt: skip
    body = pen.fill(outline, tone(pen, (edge, 0), (inner, 0), [(0, (226, 214, 206)), (1, (255, 250, 240))]))
    for share in (0.2, 0.42, 0.62, 0.84):
        x = edge + reach * share
        pen.line(
            [(x, 20), (x - 0.06 * reach, 320), (x + 0.08 * reach, 690)],
            [4, 14, 20],
            (204, 192, 196),
            clip=body,
            opacity=0.6,
        )


def _desks(pen: Pen, wide: float) -> None:
    for x in np.arange(-60, wide, 430):
        top = [(x + 30, 790), (x + 300, 790), (x + 340, 836), (x, 836)]
        pen.fill(rectangle(x + 20, 836, x + 320, 900), (150, 112, 92))
        pen.fill(top, (226, 178, 128))
        pen.fill([(x, 836), (x + 340, 836), (x + 340, 850), (x, 850)], (184, 134, 96))
        pen.fill([(x + 60, 794), (x + 160, 794), (x + 150, 812), (x + 40, 812)], (252, 248, 240), opacity=0.9)


def street(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 640, [(0, (16, 20, 58)), (0.5, (36, 46, 104)), (1, (92, 84, 150))])
    stars(pen, 130, 420, 2)
    moon(pen, wide * 0.62, 130, 44)
    skyline(pen, 620, 250, (44, 48, 98), 12, (255, 214, 140))
    skyline(pen, 640, 130, (34, 36, 80), 15, (255, 222, 160))
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
        street_lamp(pen, wide * x, ground, height, side)
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
    glow(pen, (left + right) / 2, 690, 280, (255, 206, 130), 0.5)
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
    glow(pen, (left + right) / 2, 610, 150, warm, 0.5)


def _reflection(pen: Pen, x: float, y: float, length: float) -> None:
    for step in range(7):
        half = 16 - 1.6 * step
        pen.fill(
            ellipse(x + 4 * (-1) ** step, y + 12 + step * length / 7, half, 3.0),
            (255, 222, 160),
            opacity=0.35 - 0.04 * step,
        )


def rooftop(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 760, [(0, (44, 122, 216)), (0.55, (120, 188, 244)), (1, (218, 240, 252))])
    white: tuple[Colour, Colour] = ((255, 255, 255), (176, 204, 242))
    cumulus(pen, wide * 0.80, 640, 820, white, 21)
    cumulus(pen, wide * 0.16, 660, 620, white, 33)
    cumulus(pen, wide * 0.46, 300, 260, white, 14)
    streak(pen, wide * 0.3, 120, 520, 16, (255, 255, 255), 0.7)
    skyline(pen, 700, 70, (140, 176, 216), 6)
    skyline(pen, 712, 40, (112, 150, 196), 7)
    pen.fill(
        rectangle(0, 706, wide, 900),
        tone(pen, (0, 706), (0, 900), [(0, (196, 206, 214)), (1, (228, 226, 222))]),
    )
    for x in np.arange(-wide, 2 * wide, 170):
        pen.line([(wide / 2 + (x - wide / 2) * 0.5, 760), (x, 900)], [1, 2.5], (168, 178, 192), curve=False)
    _fence(pen, wide)
    return pen.layer.image


def _fence(pen: Pen, wide: float) -> None:
    post, wire = (92, 124, 136), (150, 178, 186)
    for x in np.arange(-300, wide, 26):
        pen.line([(x, 750), (x + 300, 450)], [1.4, 1.4], wire, curve=False, opacity=0.7)
        pen.line([(x, 450), (x + 300, 750)], [1.4, 1.4], wire, curve=False, opacity=0.7)
    for y in (448, 600, 750):
        pen.line([(0, y), (wide, y)], [8, 8], post, curve=False)
        pen.line([(0, y - 2), (wide, y - 2)], [2, 2], (206, 228, 230), curve=False)
    for x in np.arange(70, wide, 300):
        pen.line([(x, 436), (x, 770)], [12, 12], post, curve=False)
        pen.line([(x - 3, 436), (x - 3, 770)], [3, 3], (206, 228, 230), curve=False)
    pen.fill(rectangle(0, 752, wide, 790), (206, 212, 216))
    pen.fill(rectangle(0, 784, wide, 796), (150, 160, 176))


def studio(size: Size, inner: Colour, outer: Colour) -> Image.Image:
    """Paint a plain backdrop: what a reference picture should have."""
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 900, [(0, outer), (1, mix(outer, inner, 0.55))])
    pen.fill(ellipse(wide / 2, 470, min(wide * 0.44, 400)), mix(outer, inner, 0.6))
    pen.fill(ellipse(wide / 2, 470, min(wide * 0.36, 330)), inner)
    return pen.layer.image


def paper_moon(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 680, [(0, (14, 18, 56)), (0.45, (40, 50, 118)), (0.8, (110, 96, 168)), (1, (206, 148, 176))])
    stars(pen, 220, 560, 5)
    moon(pen, wide * 0.66, 270, 130)
    for x, y, length, height in ((0.5, 330, 560, 26), (0.84, 400, 620, 30), (0.22, 440, 700, 26)):
        streak(pen, wide * x, y, length, height, (128, 116, 190), 0.75)
        streak(pen, wide * x + 10, y - 6, length * 0.7, height * 0.5, (196, 176, 222), 0.6)
    skyline(pen, 690, 90, (62, 58, 122), 17, (255, 214, 150))
    pen.fill(
        rectangle(0, 688, wide, 900),
        tone(pen, (0, 688), (0, 900), [(0, (116, 94, 156)), (0.4, (56, 56, 120)), (1, (22, 26, 70))]),
    )
    _ripples(pen, wide * 0.66, 700, (255, 240, 205), 9)
    _viaduct(pen, wide)
    train_side(pen, wide * 0.10, 600, 3, 76, (226, 222, 236), (66, 140, 150), (255, 232, 170))
    glow(pen, wide * 0.10 + 836, 574, 110, (255, 240, 190), 0.9)
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


def _ripples(pen: Pen, x: float, y: float, colour: Colour, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for step in range(46):
        depth = step / 46
        half = rng.uniform(14, 60) * (0.5 + depth)
        centre = x + rng.normal(0, 34 + 60 * depth)
        pen.fill(
            ellipse(centre, y + 6 + depth**1.3 * 190, half, 1.4 + 2.2 * depth),
            colour,
            opacity=float(rng.uniform(0.25, 0.75)),
        )


def river(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(
        pen,
        0,
        520,
        [(0, (88, 96, 176)), (0.4, (196, 128, 164)), (0.7, (255, 166, 126)), (1, (255, 226, 156))],
    )
    glow(pen, wide * 0.5, 470, 600, (255, 226, 150), 0.8)
    pen.fill(ellipse(wide * 0.5, 462, 58), (255, 248, 216))
    cumulus(pen, wide * 0.13, 400, 420, ((255, 206, 176), (204, 128, 156)), 41)
    cumulus(pen, wide * 0.92, 380, 470, ((255, 206, 176), (204, 128, 156)), 44)
    skyline(pen, 520, 80, (156, 96, 128), 19, (255, 222, 160))
    pen.fill(
        rectangle(0, 518, wide, 760),
        tone(pen, (0, 518), (0, 760), [(0, (255, 206, 146)), (0.35, (226, 136, 136)), (1, (104, 90, 148))]),
    )
    _ripples(pen, wide * 0.5, 520, (255, 244, 204), 23)
    for x in np.arange(0, wide, 240):
        pen.line([(x, 498), (x + 120, 440), (x + 240, 498)], [4, 4, 4], (112, 70, 108))
        pen.line([(x, 498), (x, 548)], [9, 9], (112, 70, 108))
    pen.fill(rectangle(0, 492, wide, 504), (112, 70, 108))
    _bank(pen, wide)
    return pen.layer.image


def _bank(pen: Pen, wide: float) -> None:
    bank = smooth([(-20, 742), (wide * 0.3, 700), (wide * 0.7, 716), (wide + 20, 672)])
    pen.fill(
        np.vstack([bank, [(wide + 20, 910), (-20, 910)]]),
        tone(pen, (0, 680), (0, 900), [(0, (150, 146, 84)), (1, (64, 80, 78))]),
    )
    rng = np.random.default_rng(77)
    greens = ((196, 176, 92), (120, 134, 80), (88, 108, 80), (224, 190, 104))
    for step in range(420):
        depth = step / 420
        x, y = rng.uniform(0, wide), 715 + 190 * depth
        height, lean = (16 + 34 * depth) * rng.uniform(0.6, 1.2), rng.uniform(-9, 13)
        pen.fill([(x - 2.5, y), (x + lean, y - height), (x + 2.5, y)], greens[rng.integers(4)], opacity=0.75)


def train_interior(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 100, 520, [(0, (38, 42, 100)), (0.6, (120, 92, 152)), (1, (230, 142, 140))])
    skyline(pen, 530, 130, (56, 50, 104), 27, (255, 214, 150))
    rng = np.random.default_rng(6)
    for _ in range(26):
        x, y, length = rng.uniform(0, wide), rng.uniform(380, 520), rng.uniform(40, 190)
        pen.line(
            [(x, y), (x + length, y)],
            float(rng.uniform(2, 5)),
            ((255, 220, 150), (255, 170, 150), (190, 220, 255))[rng.integers(3)],
            opacity=0.7,
        )
    _carriage_wall(pen, wide)
    _seats(pen, wide)
    _straps(pen, wide)
    glow(pen, wide * 0.5, 20, 760, (255, 244, 214), 0.4)
    return pen.layer.image


def _carriage_wall(pen: Pen, wide: float) -> None:
    wall, dim = (236, 222, 202), (196, 176, 168)
    pen.fill(rectangle(0, 0, wide, 150), tone(pen, (0, 0), (0, 150), [(0, (252, 244, 226)), (1, wall)]))
    pen.fill(rectangle(0, 530, wide, 900), wall)
    for left in np.arange(-190, wide, 420):
        pen.fill(rectangle(left, 140, left + 60, 540), wall)
        pen.fill(rectangle(left + 48, 140, left + 60, 540), dim)
        pen.line([(left + 60, 150), (left + 420, 150)], [7, 7], dim, curve=False)
        pen.line([(left + 60, 530), (left + 420, 530)], [10, 10], (250, 242, 228), curve=False)
        for shift in (90, 190):
            glare = [
                (left + shift, 530),
                (left + shift + 46, 530),
                (left + shift + 190, 150),
                (left + shift + 144, 150),
            ]
            pen.fill(glare, (255, 255, 255), opacity=0.08)
    for x in np.arange(30, wide, 300):
        pen.fill(
            rectangle(x, 44, x + 220, 116),
            ((246, 190, 150), (168, 206, 208), (240, 214, 150))[int(x / 300) % 3],
        )
        pen.fill(rectangle(x + 14, 58, x + 110, 66), (255, 255, 255), opacity=0.8)
        pen.fill(rectangle(x + 14, 76, x + 160, 82), (255, 255, 255), opacity=0.6)


def _seats(pen: Pen, wide: float) -> None:
    for x in np.arange(-90, wide, 232):
        back = smooth(
            [(x + 6, 900), (x + 4, 660), (x + 30, 622), (x + 200, 622), (x + 226, 660), (x + 226, 900)],
            cusps=(1, 4),
        )
        pen.fill(back, tone(pen, (0, 620), (0, 900), [(0, (74, 142, 122)), (1, (38, 88, 92))]))
        pen.line([(x + 12, 668), (x + 36, 632), (x + 196, 632), (x + 218, 664)], 4.0, (130, 190, 164))
        for row in np.arange(690, 900, 44):
            pen.line([(x + 20, row), (x + 210, row)], 2.0, (40, 100, 98), opacity=0.5)


def _straps(pen: Pen, wide: float) -> None:
    pen.line([(0, 172), (wide, 172)], [8, 8], (214, 216, 222), curve=False)
    pen.line([(0, 169), (wide, 169)], [2.5, 2.5], (255, 255, 255), curve=False)
    for x in np.arange(60, wide, 150):
        sway = 8 * np.sin(x)
        pen.line([(x, 172), (x + sway, 246)], [9, 9], (246, 240, 230), curve=False)
        ring = ellipse(x + sway, 274, 24)
        pen.line(np.vstack([ring, ring[:1]]), [7, 7], (250, 246, 240), curve=False)
