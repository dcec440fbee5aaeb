"""Places outdoors by day and at dusk; every function paints one background of any size."""

from __future__ import annotations

import numpy as np
from drawing import Colour, ellipse, rectangle, smooth
from pen import Pen
from PIL import Image
from props import cumulus, glow, new_scene, ripples, sky, skyline, streak, tone, width_of

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
    glow(pen, (wide * 0.72, 520), 520, (255, 220, 150), 0.85)
    pen.fill(ellipse(wide * 0.72, 512, 52), (255, 246, 214))
    for x, y, length, height in (
        (0.86, 150, 620, 34),
        (0.62, 250, 520, 22),
        (0.95, 330, 460, 24),
        (0.7, 400, 700, 16),
    ):
        streak(pen, (wide * x, y), (length, height), (255, 168, 140), 0.75)
        streak(pen, (wide * x + 14, y - 5), (length * 0.8, height * 0.5), (255, 214, 176), 0.8)
    skyline(pen, 560, 120, (150, 92, 122), 3, lamp=(255, 214, 150))
    skyline(pen, 566, 70, (104, 66, 104), 8, lamp=(255, 222, 160))
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
        down = np.array([0, thick])
        pen.fill([left, right, right + down, left + down], (58, 40, 62), opacity=0.8)
    for end in (wide * 0.76, wide * 1.05):
        pen.line([vanish, (end, 905)], [1, 13], (70, 52, 80), curve=False)
        pen.line([np.add(vanish, (-1, 0)), (end - 4, 905)], [0.6, 4], (255, 206, 160), curve=False)
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
        patch = np.array([(0, 0), (-150, 34), (-400, 30), (-250, 0)]) * share + np.array([x, y])
        pen.fill(patch, (255, 206, 160), opacity=0.18)


def _canopy(pen: Pen, wide: float) -> None:
    vanish = np.array([wide * 0.70, 560.0])
    dark, lit = (60, 44, 82), (128, 82, 106)
    roof = [(-10, -10), (wide * 0.50, -10), np.add(vanish, (-14, -34)), (-10, 330)]
    pen.fill(roof, tone(pen, (0, 0), (wide * 0.6, 420), [(0, (48, 38, 76)), (1, (118, 76, 102))]))
    for share in np.linspace(0.12, 1, 8) ** 1.4:
        a, b = (
            vanish + share * (np.array([wide * 0.50, -10]) - vanish),
            vanish + share * (np.array([-10, 330]) - vanish),
        )
        pen.line([a, b], [3 + 9 * share] * 2, dark, curve=False)
    pen.line([(wide * 0.50, -10), np.add(vanish, (-10, -34))], [15, 3], lit, curve=False)
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
        glow(pen, (x + 90 * share, top + 6), 150 * share, (255, 236, 190), 0.6)
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


def rooftop(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 760, [(0, (44, 122, 216)), (0.55, (120, 188, 244)), (1, (218, 240, 252))])
    white: tuple[Colour, Colour] = ((255, 255, 255), (176, 204, 242))
    cumulus(pen, (wide * 0.80, 640), 820, white, 21)
    cumulus(pen, (wide * 0.16, 660), 620, white, 33)
    cumulus(pen, (wide * 0.46, 300), 260, white, 14)
    streak(pen, (wide * 0.3, 120), (520, 16), (255, 255, 255), 0.7)
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


def river(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(
        pen,
        0,
        520,
        [(0, (88, 96, 176)), (0.4, (196, 128, 164)), (0.7, (255, 166, 126)), (1, (255, 226, 156))],
    )
    glow(pen, (wide * 0.5, 470), 600, (255, 226, 150), 0.8)
    pen.fill(ellipse(wide * 0.5, 462, 58), (255, 248, 216))
    cumulus(pen, (wide * 0.13, 400), 420, ((255, 206, 176), (204, 128, 156)), 41)
    cumulus(pen, (wide * 0.92, 380), 470, ((255, 206, 176), (204, 128, 156)), 44)
    skyline(pen, 520, 80, (156, 96, 128), 19, lamp=(255, 222, 160))
    pen.fill(
        rectangle(0, 518, wide, 760),
        tone(pen, (0, 518), (0, 760), [(0, (255, 206, 146)), (0.35, (226, 136, 136)), (1, (104, 90, 148))]),
    )
    ripples(pen, wide * 0.5, 520, (255, 244, 204), 23)
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
