"""Pieces that backgrounds are made of: skies, clouds, stars, moons, glows, buildings, trains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from drawing import Colour, Coverage, Gradient, Layer, ellipse, rectangle, smooth
from pen import LIGHTS, Pen, mix
from PIL import Image, ImageChops, ImageFilter

Place = tuple[float, float]
Stops = Sequence[tuple[float, tuple[int, ...]]]

# Where the moon's spots lie and how large they are, in radii.
CRATERS = ((-0.3, -0.2, 0.22), (0.25, 0.1, 0.3), (-0.1, 0.45, 0.18), (0.4, -0.4, 0.12), (-0.55, 0.25, 0.13))


def new_scene(size: tuple[int, int], design_height: float = 900.0) -> Pen:
    """Return a pen on an empty picture whose height is `design_height` units."""
    return Pen.at(Layer(size), LIGHTS["day"], 0.0, 0.0, size[1] / design_height)


def width_of(pen: Pen) -> float:
    return pen.layer.size[0] / pen.scale


def sky(pen: Pen, top: float, bottom: float, stops: Stops) -> None:
    start, end = pen.to_pixels([(0, top), (0, bottom)])
    whole = Coverage(pen.layer.frame, Image.new("L", pen.layer.size, 255))
    pen.layer.paint(whole, Gradient(tuple(start), tuple(end), stops))


def tone(pen: Pen, start: Place, end: Place, stops: Stops) -> Gradient:
    first, last = pen.to_pixels([start, end])
    return Gradient(tuple(first), tuple(last), stops)


def glow(pen: Pen, centre: Place, radius: float, colour: Colour, strength: float = 0.8) -> None:
    x, y = centre
    middle, edge = pen.to_pixels([(x, y), (x + radius, y)])
    fall = [(t, (*colour, round(255 * strength * (1 - t) ** 2.2))) for t in np.linspace(0, 1, 9).tolist()]
    pen.fill(ellipse(x, y, radius), Gradient(tuple(middle), tuple(edge), fall, radial=True))


def stars(pen: Pen, count: int, bottom: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        x, y = rng.uniform(0, width_of(pen)), bottom * rng.uniform(0, 1) ** 1.3
        size = rng.choice([0.9, 1.2, 1.7, 2.3], p=[0.45, 0.3, 0.18, 0.07])
        pen.fill(ellipse(x, y, size, count=10), (255, 250, 235), opacity=float(rng.uniform(0.45, 1.0)))


def moon(pen: Pen, x: float, y: float, radius: float) -> None:
    glow(pen, (x, y), radius * 3.4, (190, 205, 255), 0.5)
    glow(pen, (x, y), radius * 1.7, (255, 240, 205), 0.7)
    pale = [(0, (255, 252, 236)), (1, (250, 226, 176))]
    paint = tone(pen, (x - radius, y - radius), (x + radius, y + radius), pale)
    disc = pen.fill(ellipse(x, y, radius, count=80), paint)
    for dx, dy, size in CRATERS:
        crater = ellipse(x + dx * radius, y + dy * radius, size * radius, size * radius * 0.85)
        pen.fill(crater, (232, 206, 156), clip=disc, opacity=0.45)


def cumulus(pen: Pen, base: Place, width: float, colours: tuple[Colour, Colour], seed: int) -> None:
    """Paint a heap of round puffs on a flat base; `colours` are its lit and its shaded side."""
    rng = np.random.default_rng(seed)
    (x, y), (lit, shaded) = base, colours
    puffs = []
    for _ in range(34):
        along = rng.normal(0, 0.42)
        height = max(1 - (along / 1.05) ** 2, 0.05) * rng.uniform(0, 0.52)
        radius = rng.uniform(0.10, 0.2) * (1.15 - 0.6 * min(abs(along), 1))
        puffs.append((x + along * width / 2, y - height * width * 0.62, radius * width / 2))
    floor = pen.cover(rectangle(x - width, y - width, x + width, y))
    body = pen.cover(*[ellipse(px, py, r, r * 0.92) for px, py, r in puffs],
                     ellipse(x, y, width * 0.56, width * 0.08)).within(floor)  # fmt: skip
    pen.layer.paint(
        body, tone(pen, (x, y - width * 0.42), (x, y), [(0, lit), (0.55, lit), (1, mix(lit, shaded, 0.75))])
    )
    for px, py, r in sorted(puffs, key=lambda puff: puff[1]):
        puff = pen.cover(ellipse(px, py, r, r * 0.92)).within(floor)
        under = puff.minus(puff.shifted(-0.32 * r * pen.scale, -0.42 * r * pen.scale))
        pen.layer.paint(under.blurred(0.12 * r * pen.scale), shaded, opacity=0.34)
        edge = puff.minus(puff.shifted(0.2 * r * pen.scale, 0.3 * r * pen.scale))
        pen.layer.paint(edge.blurred(0.08 * r * pen.scale).within(body), lit, opacity=0.55)


def streak(pen: Pen, centre: Place, extent: Place, colour: Colour, opacity: float = 0.8) -> None:
    """Paint a long thin cloud; `extent` is its length and height."""
    outline = [(-0.5, 0), (-0.2, -0.5), (0.1, -1), (0.5, -0.1), (0.15, 0.35), (-0.25, 0.2)]
    placed = np.array(outline) * extent + np.array(centre)
    pen.fill(smooth(placed, closed=True, cusps=(0, 3)), colour, opacity=opacity)


def skyline(
    pen: Pen, base: float, tallest: float, colour: Colour, seed: int, *, lamp: Colour | None = None
) -> None:
    """Paint a row of flat-roofed houses standing on `base`, some of their windows lit."""
    rng = np.random.default_rng(seed)
    x = -20.0
    while x < width_of(pen) + 20:
        width, height = rng.uniform(40, 110), tallest * rng.uniform(0.3, 1.0)
        pen.fill(rectangle(x, base - height, x + width, base + 2), colour)
        if rng.random() < 0.4:
            tank = rectangle(x + width * 0.3, base - height - 14, x + width * 0.55, base - height + 2)
            pen.fill(tank, colour)
        if lamp:
            _windows(pen, rng, (x, base - height, x + width, base), lamp)
        x += width + rng.choice([0.0, 0.0, 8.0])


def _windows(
    pen: Pen, rng: np.random.Generator, box: tuple[float, float, float, float], lamp: Colour
) -> None:
    left, top, right, bottom = box
    for wx in np.arange(left + 9, right - 10, 14):
        for wy in np.arange(top + 10, bottom - 8, 17):
            if rng.random() < 0.3:
                pen.fill(rectangle(wx, wy, wx + 6, wy + 8), lamp, opacity=float(rng.uniform(0.5, 1.0)))


def street_lamp(pen: Pen, foot: Place, height: float, side: int, lit: Colour = (255, 222, 160)) -> None:
    """Paint a lamp post whose arm reaches to one `side` (-1 left, 1 right), and the light it throws."""
    (x, ground), dark, size = foot, (30, 30, 58), height / 300
    top = ground - height
    reach = np.array([side, 1]) * size
    mast = [(x, ground), (x, top + 24 * size), (14, 0) * reach + (x, top), (58, -4) * reach + (x, top)]
    pen.line(mast, [9 * size, 6 * size, 5 * size, 4 * size], dark)
    pen.fill(np.array([(36, 2), (46, -12), (78, -10), (84, 4)]) * reach + np.array([x, top]), dark)
    bulb = x + side * 61 * size
    glow(pen, (bulb, top + 6 * size), 190 * size, lit, 0.55)
    pen.fill(ellipse(bulb, top + 5 * size, 20 * size, 6 * size), mix(lit, (255, 255, 255), 0.6))
    cone = [
        (bulb - 16 * size, top + 8 * size),
        (bulb + 16 * size, top + 8 * size),
        (bulb + 110 * size, ground),
        (bulb - 110 * size, ground),
    ]
    fall = tone(pen, (bulb, top), (bulb, ground), [(0, (*lit, 70)), (1, (*lit, 0))])
    pen.fill(cone, fall)
    glow(pen, (bulb, ground), 120 * size, lit, 0.28)


def train_side(pen: Pen, rail: Place, cars: int, height: float) -> float:
    """Paint a lit train from the side, its tail at `rail` on top of the rails; return where its nose is."""
    x, y = rail
    body, dark = (226, 222, 236), (20, 18, 50)
    sheen = tone(
        pen, (0, y - height), (0, y), [(0, mix(body, (255, 255, 255), 0.15)), (1, mix(body, dark, 0.45))]
    )
    length = height * 3.6
    for car in range(cars):
        left = x + car * (length + height * 0.06)
        pen.fill(rectangle(left + length * 0.05, y - height * 0.16, left + length * 0.95, y), (26, 24, 44))
        pen.fill(rectangle(left, y - height, left + length, y - height * 0.1), sheen)
        pen.fill(rectangle(left, y - height * 0.38, left + length, y - height * 0.26), (66, 140, 150))
        for window in left + length * np.linspace(0.05, 0.86, 8):
            pane = rectangle(window, y - height * 0.84, window + length * 0.085, y - height * 0.48)
            pen.fill(pane, (255, 232, 170))
        for door in (left + 0.2 * length, left + 0.72 * length):
            pen.line([(door, y - height * 0.9), (door, y - height * 0.12)], [2, 2], mix(body, dark, 0.6))
    return left + length


def ripples(pen: Pen, x: float, y: float, colour: Colour, seed: int) -> None:
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


def bloom(image: Image.Image, strength: float = 0.35) -> Image.Image:
    """Let bright places bleed a little, and darken the corners: what ties figure and background together."""
    bright = image.point(lambda value: max(value - 150, 0) * 2)
    radius = image.size[1] / 45
    soft = bright.filter(ImageFilter.GaussianBlur(radius)).point(lambda value: int(value * strength))
    lit = np.asarray(ImageChops.screen(image, soft), dtype=np.float32)
    y, x = np.mgrid[-1 : 1 : image.size[1] * 1j, -1 : 1 : image.size[0] * 1j].astype(np.float32)
    corner = 1.0 - 0.16 * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.6
    return Image.fromarray(np.clip(lit * corner[..., None], 0, 255).round().astype(np.uint8))
