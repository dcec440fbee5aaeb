"""Places indoors: the classroom, the carriage, the plain studio of the reference pictures."""

from __future__ import annotations

import numpy as np
from drawing import Colour, ellipse, rectangle, smooth
from pen import Pen, mix
from PIL import Image
from props import cumulus, glow, new_scene, sky, skyline, tone, width_of

Size = tuple[int, int]


def classroom(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 620, [(0, (92, 170, 236)), (0.7, (178, 222, 250)), (1, (236, 246, 252))])
    cumulus(pen, (wide * 0.34, 560), 560, ((255, 255, 255), (188, 210, 240)), 5)
    cumulus(pen, (wide * 0.82, 600), 420, ((255, 255, 255), (188, 210, 240)), 9)
    skyline(pen, 640, 60, (150, 190, 206), 4)
    for x in np.arange(-40, wide + 60, 70):
        pen.fill(
            ellipse(x, 655, 60, 46 + 14 * np.sin(x)), mix((108, 178, 128), (130, 196, 140), abs(np.sin(x)))
        )
    _classroom_frame(pen, wide)
    _curtain(pen, -30, 210)
    _curtain(pen, wide + 30, wide - 170)
    _desks(pen, wide)
    glow(pen, (wide * 0.5, 120), 900, (255, 250, 226), 0.35)
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
    corners = [(0, 20), (1, 20), (0.88, 300), (1.1, 520), (0.95, 690), (0.4, 672), (0, 700)]
    outline = np.array([(edge + reach * across, y) for across, y in corners])
    body = pen.fill(
        smooth(outline, closed=True, cusps=(0, 1, 4, 6)),
        tone(pen, (edge, 0), (inner, 0), [(0, (226, 214, 206)), (1, (255, 250, 240))]),
    )
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


def train_interior(size: Size) -> Image.Image:
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 100, 520, [(0, (38, 42, 100)), (0.6, (120, 92, 152)), (1, (230, 142, 140))])
    skyline(pen, 530, 130, (56, 50, 104), 27, lamp=(255, 214, 150))
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
    glow(pen, (wide * 0.5, 20), 760, (255, 244, 214), 0.4)
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


def studio(size: Size, inner: Colour, outer: Colour) -> Image.Image:
    """Paint a plain backdrop: what a reference picture should have."""
    pen = new_scene(size)
    wide = width_of(pen)
    sky(pen, 0, 900, [(0, outer), (1, mix(outer, inner, 0.55))])
    pen.fill(ellipse(wide / 2, 470, min(wide * 0.44, 400)), mix(outer, inner, 0.6))
    pen.fill(ellipse(wide / 2, 470, min(wide * 0.36, 330)), inner)
    return pen.layer.image
