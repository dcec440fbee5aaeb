"""Drawn characters for measurements: parametric figures whose identity, shot and parts are known.

Two hands draw them. ``cel`` has outlines, shadows, gradients in the hair and tall bodies; ``chibi`` is flat,
without outlines, with large round heads. Tune on one, report on the other.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

HAIR_STYLES = ("bob", "long", "twin_tails", "ponytail", "spiky", "bun", "wavy", "short")
TOPS = ("hoodie", "sailor", "jacket", "shirt", "dress", "kimono")
BOTTOMS = ("skirt", "trousers", "shorts")
ACCESSORIES = ("none", "ribbon", "clip", "glasses", "scarf", "band")
EXPRESSIONS = ("calm", "smile", "open", "closed", "angry", "sad")
BACKGROUNDS = (
    "white",
    "flat",
    "gradient",
    "room",
    "street",
    "foliage",
    "night",
    "stripes",
    "noise",
    "sunset",
    "dots",
    "photo",
)
LIGHTS = ("none", "none", "none", "warm", "night", "dim", "cool", "sunset", "bright")
FRAMINGS = ("full", "full", "knee", "bust", "bust", "close")
SKINS: tuple[Colour, ...] = (
    (255, 226, 205),
    (250, 214, 190),
    (240, 196, 165),
    (214, 160, 125),
    (160, 110, 80),
)
HAIRS: tuple[Colour, ...] = (
    (40, 34, 38), (92, 58, 40), (150, 96, 52), (236, 204, 120), (214, 66, 56), (238, 130, 60), (240, 150, 180),
    (150, 96, 190), (60, 90, 180), (110, 180, 220), (80, 160, 110), (232, 232, 238), (140, 144, 156), (36, 140, 140),
)  # fmt: skip

HAIR, SKIN, EYES, TOP, BOTTOM, OTHER = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True)
class Look:
    """Who is drawn."""

    hair_style: str
    hair: Colour
    bangs: int
    eyes: Colour
    skin: Colour
    top_kind: str
    top: Colour
    trim: Colour
    bottom_kind: str
    bottom: Colour
    socks: Colour
    shoes: Colour
    accessory: str
    accent: Colour
    hair_length: float
    build: float


@dataclass(frozen=True)
class Shot:
    """How the figure is drawn this time."""

    framing: str = "full"
    expression: str = "smile"
    background: str = "white"
    light: str = "none"
    shift: float = 0.0
    zoom: float = 1.0
    tilt: float = 0.0
    lean: float = 0.0
    arms: tuple[float, float] = (0.25, 0.25)
    is_mirrored: bool = False
    size: tuple[int, int] = (512, 640)
    seed: int = 0


@dataclass(frozen=True)
class Drawing:
    """A picture, and what is where in it.

    `parts` is 0 background, 1 hair, 2 skin, 3 eyes, 4 top, 5 bottom, 6 other; `faces` has centre and
    radius of each face in pixels, from left to right.
    """

    image: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    faces: tuple[tuple[float, float, float], ...]


# -- who and how ---------------------------------------------------------------------------------


def random_colour(rng: np.random.Generator) -> Colour:
    hue, saturation, value = rng.uniform(), rng.choice([0.08, 0.35, 0.6, 0.8]), rng.uniform(0.25, 0.97)
    return _code(colorsys.hsv_to_rgb(hue, float(saturation), float(value)))


def _code(rgb: tuple[float, float, float]) -> Colour:
    return (round(rgb[0] * 255), round(rgb[1] * 255), round(rgb[2] * 255))


def _jitter(rng: np.random.Generator, colour: Colour, amount: int = 14) -> Colour:
    red, green, blue = (int(np.clip(c + rng.integers(-amount, amount + 1), 0, 255)) for c in colour)
    return (red, green, blue)


def random_look(rng: np.random.Generator) -> Look:
    return Look(
        hair_style=str(rng.choice(HAIR_STYLES)),
        hair=_jitter(rng, HAIRS[rng.integers(len(HAIRS))]),
        bangs=int(rng.integers(3)),
        eyes=_code(colorsys.hsv_to_rgb(rng.uniform(), 0.7, 0.75)),
        skin=_jitter(rng, SKINS[rng.choice(5, p=[0.35, 0.3, 0.2, 0.1, 0.05])], 6),
        top_kind=str(rng.choice(TOPS)),
        top=random_colour(rng),
        trim=random_colour(rng),
        bottom_kind=str(rng.choice(BOTTOMS)),
        bottom=random_colour(rng),
        socks=random_colour(rng),
        shoes=random_colour(rng),
        accessory=str(rng.choice(ACCESSORIES)),
        accent=_code(colorsys.hsv_to_rgb(rng.uniform(), 0.8, 0.85)),
        hair_length=float(rng.uniform(0.7, 1.3)),
        build=float(rng.uniform(0.88, 1.12)),
    )


def colour_distance(first: Colour, second: Colour) -> float:
    """Rough perceptual distance of two codes, 0 to about 765."""
    mean_red = (first[0] + second[0]) / 2
    red, green, blue = (a - b for a, b in zip(first, second, strict=True))
    return float(
        np.sqrt((2 + mean_red / 256) * red**2 + 4 * green**2 + (2 + (255 - mean_red) / 256) * blue**2)
    )


def other_hair(rng: np.random.Generator, look: Look, *, far: float = 150.0) -> Look:
    """Return the same person with hair of a clearly different colour."""
    choices = [hair for hair in HAIRS if colour_distance(hair, look.hair) > far]
    return replace(look, hair=_jitter(rng, choices[rng.integers(len(choices))]))


def same_hair(rng: np.random.Generator, look: Look) -> Look:
    """Return somebody else whose hair has the same colour."""
    return replace(random_look(rng), hair=_jitter(rng, look.hair, 6))


def look_alike(rng: np.random.Generator, look: Look) -> Look:
    """Return somebody who differs in one feature: clothes, hair style, or hair colour."""
    kind = rng.integers(4)
    stranger = random_look(rng)
    if kind == 0:
        return other_hair(rng, look)
    if kind == 1:
        return replace(look, top=stranger.top, top_kind=stranger.top_kind, trim=stranger.trim)
    if kind == 2:
        return replace(
            look,
            top=_far_colour(rng, look.top),
            bottom=_far_colour(rng, look.bottom),
        )
    styles = [style for style in HAIR_STYLES if style != look.hair_style]
    return replace(look, hair_style=str(rng.choice(styles)), bangs=(look.bangs + 1) % 3)


def _far_colour(rng: np.random.Generator, colour: Colour) -> Colour:
    while colour_distance(candidate := random_colour(rng), colour) < 150:
        pass
    return candidate


def random_shot(
    rng: np.random.Generator, *, framing: str | None = None, size: tuple[int, int] | None = None
) -> Shot:
    sizes = ((512, 640), (640, 512), (512, 512), (480, 720), (768, 432))
    return Shot(
        framing=framing or str(rng.choice(FRAMINGS)),
        expression=str(rng.choice(EXPRESSIONS)),
        background=str(rng.choice(BACKGROUNDS)),
        light=str(rng.choice(LIGHTS)),
        shift=float(rng.uniform(-0.22, 0.22)),
        zoom=float(rng.uniform(0.85, 1.12)),
        tilt=float(rng.uniform(-14, 14)),
        lean=float(rng.uniform(-5, 5)),
        arms=(float(rng.uniform(0.05, 2.4)), float(rng.uniform(0.05, 2.4))),
        is_mirrored=bool(rng.integers(2)),
        size=size or sizes[rng.integers(len(sizes))],
        seed=int(rng.integers(1 << 31)),
    )


def reference_shots(
    rng: np.random.Generator, count: int, *, size: tuple[int, int] = (512, 640)
) -> list[Shot]:
    """Return what people give as references: mostly plain light and simple backgrounds, varied framing."""
    framings = ("full", "bust", "close", "knee", "bust")
    return [
        replace(
            random_shot(rng, framing=framings[i % 5], size=size),
            background=str(rng.choice(("white", "flat", "gradient", "room"))),
            light=str(rng.choice(("none", "none", "none", "warm"))),
            shift=float(rng.uniform(-0.08, 0.08)),
        )
        for i in range(count)
    ]


# -- drawing -------------------------------------------------------------------------------------


class Pen:
    """Draws shapes given in head units on the picture and on the map of parts."""

    def __init__(self, size: tuple[int, int], *, outline: float, is_shaded: bool) -> None:
        self.picture = Image.new("RGB", size)
        self.parts = Image.new("L", size, 0)
        self._paint = ImageDraw.Draw(self.picture)
        self._map = ImageDraw.Draw(self.parts)
        self._matrix = np.eye(3)
        self._outline = outline
        self.is_shaded = is_shaded
        self.faces: list[tuple[float, float, float]] = []

    def mark_face(self) -> None:
        """Note where the face is: call with the head's transform in force."""
        [(x, y)] = self._pixels([(0.0, 0.15)])
        self.faces.append((x / 2, y / 2, 0.85 * self._scale / 2))

    def place(self, *, scale: float, x: float, y: float, is_mirrored: bool = False) -> None:
        self._scale = scale
        self._matrix = np.array([[-scale if is_mirrored else scale, 0, x], [0, scale, y], [0, 0, 1]])

    def turned(self, degrees: float, x: float, y: float) -> NDArray[np.float64]:
        """Turn what follows about a point; returns the matrix to restore."""
        before = self._matrix
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1]])
        self._matrix = before @ turn
        return before

    def restore(self, matrix: NDArray[np.float64]) -> None:
        self._matrix = matrix

    def shape(
        self, points: object, colour: Colour, part: int, *, line: bool = True, shadow: bool = True
    ) -> None:
        pixels = self._pixels(points)
        self._paint.polygon(pixels, fill=colour)
        if part:
            self._map.polygon(pixels, fill=part)
        if self.is_shaded and shadow:
            self._shade(pixels, colour)
        if self._outline and line:
            width = max(1, round(self._outline * self._scale))
            self._paint.line([*pixels, pixels[0]], fill=_darker(colour, 0.35), width=width, joint="curve")

    def stroke(self, points: object, colour: Colour, width: float, part: int = 0) -> None:
        pixels = self._pixels(points)
        thick = max(1, round(width * self._scale))
        self._paint.line(pixels, fill=colour, width=thick, joint="curve")
        if part:
            self._map.line(pixels, fill=part, width=thick, joint="curve")

    def _pixels(self, points: object) -> list[tuple[float, float]]:
        p = np.asarray(points, dtype=float)
        q = p @ self._matrix[:2, :2].T + self._matrix[:2, 2]
        return [(float(a), float(b)) for a, b in q]

    def _shade(self, pixels: list[tuple[float, float]], colour: Colour) -> None:
        box = np.array(pixels)
        left, top = np.floor(box.min(axis=0)).astype(int)
        right, bottom = np.ceil(box.max(axis=0)).astype(int) + 1
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.picture.width), min(bottom, self.picture.height)
        if right - left < 4 or bottom - top < 4:
            return
        inside = Image.new("L", (right - left, bottom - top), 0)
        local = [(x - left, y - top) for x, y in pixels]
        ImageDraw.Draw(inside).polygon(local, fill=255)
        lit = Image.new("L", inside.size, 0)
        move = 0.14 * min(right - left, bottom - top)
        ImageDraw.Draw(lit).polygon([(x - move, y - move * 0.6) for x, y in local], fill=255)
        shade = Image.fromarray(np.where(np.asarray(lit) > 0, 0, np.asarray(inside)).astype(np.uint8))
        self.picture.paste(_darker(colour, 0.82), (left, top), shade)


def _darker(colour: Colour, share: float) -> Colour:
    return (int(colour[0] * share), int(colour[1] * share), int(min(colour[2] * (share + 0.04), 255)))


def smooth(points: object, steps: int = 8) -> NDArray[np.float64]:
    """Closed Catmull-Rom curve through the points."""
    p = np.asarray(points, dtype=float)
    a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = a[:, None], b[:, None], c[:, None], d[:, None]
    return (
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    ).reshape(-1, 2)


def oval(x: float, y: float, rx: float, ry: float, n: int = 28) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)


def limb(
    start: tuple[float, float], end: tuple[float, float], wide: float, narrow: float
) -> NDArray[np.float64]:
    a, b = np.array(start), np.array(end)
    along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    side = np.array([-along[1], along[0]])
    return np.array([a + side * wide, b + side * narrow, b - side * narrow, a - side * wide])


def draw(look: Look, shot: Shot, hand: str = "cel") -> Drawing:
    """Draw a character; `hand` is ``cel`` or ``chibi``."""
    return draw_group([look], shot, hand)


def draw_group(looks: list[Look], shot: Shot, hand: str = "cel") -> Drawing:
    """Draw characters side by side in one picture, from left to right."""
    width, height = shot.size
    canvas = (width * 2, height * 2)
    rng = np.random.default_rng(shot.seed)
    pen = Pen(canvas, outline=0.045 if hand == "cel" else 0.0, is_shaded=hand == "cel")
    pen.picture.paste(_background(shot.background, canvas, rng))
    tall = 9.6 if hand == "cel" else 5.2
    for index, look in enumerate(looks):
        _place(pen, shot, tall, canvas, (index + 0.5) / len(looks), len(looks))
        (_cel if hand == "cel" else _chibi)(pen, look, shot)
    image = np.asarray(pen.picture.resize((width, height), Image.Resampling.BOX))
    parts = np.asarray(pen.parts.resize((width, height), Image.Resampling.NEAREST))
    return Drawing(_lit(image, shot.light, rng), parts, tuple(pen.faces))


def _place(pen: Pen, shot: Shot, tall: float, canvas: tuple[int, int], middle: float, count: int) -> None:
    width, height = canvas
    heads = {"full": tall + 1.9, "knee": 0.68 * tall + 1.9, "bust": 5.0, "close": 3.2}[shot.framing]
    scale = shot.zoom * height / heads
    if shot.framing == "full":
        scale = min(scale, 0.99 * height / heads)
    widest = 4.2 if shot.framing in ("full", "knee") else 3.4
    scale = min(scale, width / count / widest * (1.25 if shot.framing == "close" else 1.0))
    top = 1.75 if shot.framing == "full" else 1.6
    y = top * scale
    if shot.framing == "full":
        y = max(y, height - (tall + 0.2) * scale) if height / scale > heads * 1.3 else y
    elif shot.framing == "close":
        y = min(1.55 * scale, 0.5 * height)
    room = max(0.0, width / count / 2 - 1.3 * scale) / width
    x = width * (middle + np.clip(shot.shift, -room, room))
    pen.place(scale=scale, x=x, y=y, is_mirrored=shot.is_mirrored)


# -- the cel hand ----------------------------------------------------------------------------------


def _cel(pen: Pen, look: Look, shot: Shot) -> None:
    lean = pen.turned(shot.lean, 0, 9)
    head = pen.turned(shot.tilt, 0, 0.9)
    _back_hair(pen, look)
    pen.restore(head)
    _body(pen, look, shot)
    head = pen.turned(shot.tilt, 0, 0.9)
    _face(pen, look, shot)
    _front_hair(pen, look)
    _accessory(pen, look)
    pen.restore(head)
    if look.accessory == "scarf":
        pen.shape(
            smooth([(-0.75, 0.95), (0, 1.2), (0.75, 0.95), (0.8, 1.35), (0, 1.6), (-0.8, 1.35)]),
            look.accent,
            OTHER,
        )
    pen.restore(lean)


def _back_hair(pen: Pen, look: Look) -> None:
    n, dark = look.hair_length, _darker(look.hair, 0.86)
    if look.hair_style == "long":
        pen.shape(smooth([(-1.05, -0.6), (0, -1.3), (1.05, -0.6), (1.25, 1.5), (1.05, 3.2 * n), (0, 3.0 * n), (-1.05, 3.2 * n), (-1.25, 1.5)]), dark, HAIR)  # fmt: skip
    elif look.hair_style == "wavy":
        pts = [(-1.1, -0.6), (0, -1.3), (1.1, -0.6), (1.5, 0.8), (1.2, 1.5), (1.55, 2.2 * n), (0.7, 2.5 * n), (0, 2.2 * n), (-0.7, 2.5 * n), (-1.55, 2.2 * n), (-1.2, 1.5), (-1.5, 0.8)]  # fmt: skip
        pen.shape(smooth(pts), dark, HAIR)
    elif look.hair_style == "twin_tails":
        for s in (-1, 1):
            pen.shape(smooth([(s * 0.9, -0.8), (s * 1.7, -0.9), (s * 2.0, 1.0), (s * 1.6, 2.9 * n), (s * 1.25, 1.2), (s * 1.0, 0)]), dark, HAIR)  # fmt: skip
        pen.shape(oval(0, -0.15, 1.02, 1.12), dark, HAIR)
    elif look.hair_style == "ponytail":
        pen.shape(
            smooth([(0.5, -1.0), (1.5, -1.1), (2.0, 0.2), (1.6, 2.6 * n), (1.2, 1.0), (0.8, -0.2)]),
            dark,
            HAIR,
        )
        pen.shape(oval(0, -0.15, 1.0, 1.1), dark, HAIR)
    elif look.hair_style == "bob":
        pen.shape(smooth([(-1.05, -0.6), (0, -1.3), (1.05, -0.6), (1.25, 0.6), (1.05, 1.15 * n), (0, 1.05), (-1.05, 1.15 * n), (-1.25, 0.6)]), dark, HAIR)  # fmt: skip
    elif look.hair_style == "spiky":
        t = np.linspace(-np.pi * 1.12, np.pi * 0.12, 15)
        r = np.where(np.arange(15) % 2, 1.55, 1.05)
        pen.shape(np.stack([r * np.cos(t), r * np.sin(t) * 0.98 - 0.1], axis=1), dark, HAIR)
    elif look.hair_style == "bun":
        pen.shape(oval(0.1, -1.35, 0.5, 0.45), dark, HAIR)
        pen.shape(oval(0, -0.15, 1.0, 1.08), dark, HAIR)
    else:
        pen.shape(oval(0, -0.2, 1.02, 1.05), dark, HAIR)


def _body(pen: Pen, look: Look, shot: Shot) -> None:
    w = look.build
    legs = _darker(look.bottom, 1.0) if look.bottom_kind == "trousers" else look.skin
    part = BOTTOM if look.bottom_kind == "trousers" else SKIN
    for s in (-1, 1):
        hip, knee, foot = (s * 0.42 * w, 4.6), (s * 0.5 * w, 6.8), (s * 0.52 * w, 9.0)
        pen.shape(limb(hip, knee, 0.4 * w, 0.3 * w), legs, part)
        pen.shape(
            limb(knee, foot, 0.3 * w, 0.2 * w),
            legs if look.bottom_kind == "trousers" else look.socks,
            part or OTHER,
        )
        pen.shape(
            smooth([(s * 0.3, 8.9), (s * 0.75, 8.9), (s * 0.95, 9.3), (s * 0.3, 9.3)]), look.shoes, OTHER
        )
    pen.shape(limb((0, 0.6), (0, 1.5), 0.3, 0.34), _darker(look.skin, 0.92), SKIN)
    if look.bottom_kind == "shorts":
        pen.shape(
            [(-0.8 * w, 3.9), (0.8 * w, 3.9), (0.95 * w, 5.5), (0.1, 5.4), (-0.1, 5.4), (-0.95 * w, 5.5)],
            look.bottom,
            BOTTOM,
        )
    elif look.bottom_kind == "skirt" and look.top_kind != "dress":
        pen.shape([(-0.72 * w, 3.8), (0.72 * w, 3.8), (1.3 * w, 5.7), (-1.3 * w, 5.7)], look.bottom, BOTTOM)
    elif look.bottom_kind == "trousers":
        pen.shape([(-0.75 * w, 3.8), (0.75 * w, 3.8), (0.82 * w, 4.9), (-0.82 * w, 4.9)], look.bottom, BOTTOM)
    _top(pen, look)
    for s, angle in zip((-1, 1), shot.arms, strict=True):
        shoulder = (s * 0.98 * w, 1.75)
        elbow = (shoulder[0] + s * 1.25 * np.sin(angle), 1.75 + 1.25 * np.cos(angle))
        bend = angle * 1.35
        hand = (elbow[0] + s * 1.15 * np.sin(bend), elbow[1] + 1.15 * np.cos(bend))
        short = look.top_kind in ("shirt", "dress")
        pen.shape(limb(elbow, hand, 0.22, 0.17), look.skin if short else look.top, SKIN if short else TOP)
        pen.shape(limb(shoulder, elbow, 0.32, 0.26), look.top, TOP)
        pen.shape(oval(hand[0], hand[1], 0.2, 0.22, 12), look.skin, SKIN)


def _top(pen: Pen, look: Look) -> None:
    w = look.build
    torso = smooth([(-0.5, 1.25), (0.5, 1.25), (1.15 * w, 1.55), (0.95 * w, 2.8), (0.85 * w, 4.1), (-0.85 * w, 4.1), (-0.95 * w, 2.8), (-1.15 * w, 1.55)])  # fmt: skip
    if look.top_kind == "dress":
        pen.shape([(-0.7 * w, 3.4), (0.7 * w, 3.4), (1.55 * w, 6.4), (-1.55 * w, 6.4)], look.top, TOP)
    pen.shape(torso, look.top, TOP)
    if look.top_kind == "sailor":
        pen.shape(
            [(-0.95 * w, 1.45), (0, 2.5), (0.95 * w, 1.45), (0.4, 1.3), (0, 1.8), (-0.4, 1.3)], look.trim, TOP
        )
        pen.shape([(0, 2.3), (-0.35, 2.95), (0, 2.7), (0.35, 2.95)], look.accent, TOP)
    elif look.top_kind == "jacket":
        pen.shape([(-0.35, 1.35), (0.35, 1.35), (0.25, 4.1), (-0.25, 4.1)], look.trim, TOP)
    elif look.top_kind == "hoodie":
        pen.shape(
            smooth([(-0.8, 1.2), (0, 1.55), (0.8, 1.2), (0.6, 1.75), (0, 2.0), (-0.6, 1.75)]),
            _darker(look.top, 0.8),
            TOP,
        )
        pen.shape([(-0.5, 3.0), (0.5, 3.0), (0.65, 3.7), (-0.65, 3.7)], look.trim, TOP)
    elif look.top_kind == "kimono":
        pen.shape([(-0.5, 1.3), (-0.25, 1.3), (0.45, 3.2), (0.15, 3.2)], look.trim, TOP)
        pen.shape([(-0.95 * w, 2.9), (0.95 * w, 2.9), (0.9 * w, 3.6), (-0.9 * w, 3.6)], look.accent, TOP)
    elif look.top_kind == "dress":
        pen.shape([(-0.85 * w, 3.3), (0.85 * w, 3.3), (0.85 * w, 3.65), (-0.85 * w, 3.65)], look.trim, TOP)
    else:
        pen.shape([(-0.45, 1.25), (0, 1.9), (0.45, 1.25)], look.trim, TOP)


def _face(pen: Pen, look: Look, shot: Shot) -> None:
    pen.mark_face()
    for s in (-1, 1):
        pen.shape(oval(s * 0.86, 0.1, 0.14, 0.22, 12), look.skin, SKIN)
    pen.shape(smooth([(-0.86, -0.3), (-0.5, -0.85), (0.5, -0.85), (0.86, -0.3), (0.8, 0.3), (0.42, 0.82), (0, 1.02), (-0.42, 0.82), (-0.8, 0.3)]), look.skin, SKIN)  # fmt: skip
    mood = shot.expression
    for s in (-1, 1):
        x = s * 0.4
        if mood == "closed":
            t = np.linspace(0, np.pi, 9)
            pen.stroke(np.stack([x + 0.22 * np.cos(t), 0.18 + 0.1 * np.sin(t)], axis=1), (40, 28, 34), 0.06)
        else:
            tall = {"angry": 0.2, "sad": 0.22, "open": 0.32}.get(mood, 0.28)
            pen.shape(oval(x, 0.14, 0.21, tall), (252, 252, 252), EYES, line=False, shadow=False)
            pen.shape(oval(x, 0.16, 0.165, tall * 0.92), look.eyes, EYES, line=False, shadow=False)
            pen.shape(
                oval(x, 0.14, 0.08, tall * 0.5), _darker(look.eyes, 0.25), EYES, line=False, shadow=False
            )
            pen.shape(oval(x - 0.06, 0.04, 0.05, 0.06, 10), (255, 255, 255), EYES, line=False, shadow=False)
            pen.stroke(
                [(x - 0.24, 0.0), (x - 0.1, 0.14 - tall), (x + 0.1, 0.14 - tall), (x + 0.24, 0.0)],
                (40, 28, 34),
                0.07,
            )
        slope = {"angry": 0.14, "sad": -0.12}.get(mood, -0.03)
        pen.stroke([(x - 0.2, -0.3 - s * -slope), (x + 0.2, -0.3 - s * slope)], _darker(look.hair, 0.5), 0.05)
    pen.stroke([(0.02, 0.38), (-0.03, 0.48)], _darker(look.skin, 0.7), 0.04)
    _mouth(pen, mood)


def _mouth(pen: Pen, mood: str) -> None:
    t = np.linspace(0, np.pi, 9)
    if mood == "open":
        pen.shape(oval(0, 0.68, 0.16, 0.14), (170, 60, 70), SKIN, line=False, shadow=False)
    elif mood in ("smile", "closed"):
        pen.stroke(np.stack([0.2 * np.cos(t), 0.62 + 0.1 * np.sin(t)], axis=1), (120, 50, 55), 0.04)
    elif mood in ("sad", "angry"):
        pen.stroke(np.stack([0.16 * np.cos(t), 0.72 - 0.07 * np.sin(t)], axis=1), (120, 50, 55), 0.04)
    else:
        pen.stroke([(-0.12, 0.66), (0.12, 0.66)], (120, 50, 55), 0.04)


def _front_hair(pen: Pen, look: Look) -> None:
    tips = {
        0: [
            (0.75, -0.1),
            (0.45, -0.45),
            (0.3, -0.05),
            (0, -0.45),
            (-0.3, -0.05),
            (-0.45, -0.45),
            (-0.75, -0.1),
        ],
        1: [(0.8, 0.2), (0.55, -0.4), (0.1, -0.5), (-0.35, -0.2), (-0.7, 0.1)],
        2: [(0.82, -0.1), (0.6, -0.12), (0.2, -0.1), (-0.2, -0.1), (-0.6, -0.12), (-0.82, -0.1)],
    }[look.bangs]
    crown = [
        (-0.98, 0.25),
        (-1.08, -0.5),
        (-0.6, -1.15),
        (0, -1.28),
        (0.6, -1.15),
        (1.08, -0.5),
        (0.98, 0.25),
    ]
    pen.shape(crown + tips, look.hair, HAIR)
    if look.hair_style in ("long", "wavy", "bob"):
        for s in (-1, 1):
            pen.shape(
                smooth([(s * 0.98, -0.4), (s * 0.75, 0.2), (s * 0.85, 1.1), (s * 1.12, 0.9), (s * 1.12, 0)]),
                look.hair,
                HAIR,
            )
    if pen.is_shaded:
        shine = np.array(
            [(-0.6, -0.85), (-0.2, -0.98), (0.25, -0.98), (0.25, -0.88), (-0.2, -0.86), (-0.58, -0.74)]
        )
        light = tuple(int(c + (255 - c) * 0.45) for c in look.hair)
        pen.shape(shine, light, HAIR, line=False, shadow=False)  # type: ignore[arg-type]


def _accessory(pen: Pen, look: Look) -> None:
    if look.accessory == "ribbon":
        pen.shape([(0.55, -1.1), (0.1, -1.45), (0.1, -0.85)], look.accent, OTHER)
        pen.shape([(0.55, -1.1), (1.0, -1.45), (1.0, -0.85)], look.accent, OTHER)
    elif look.accessory == "clip":
        pen.shape(oval(-0.7, -0.5, 0.16, 0.12, 10), look.accent, OTHER)
    elif look.accessory == "glasses":
        for s in (-1, 1):
            ring = oval(s * 0.4, 0.16, 0.3, 0.28)
            pen.stroke(np.vstack([ring, ring[:1]]), look.accent, 0.06)
        pen.stroke([(-0.1, 0.14), (0.1, 0.14)], look.accent, 0.06)
    elif look.accessory == "band":
        pen.shape(
            [(-1.0, -0.62), (0, -1.02), (1.0, -0.62), (0.96, -0.8), (0, -1.2), (-0.96, -0.8)],
            look.accent,
            OTHER,
        )


# -- the chibi hand --------------------------------------------------------------------------------


def _chibi(pen: Pen, look: Look, shot: Shot) -> None:
    lean = pen.turned(shot.lean, 0, 5)
    head = pen.turned(shot.tilt, 0, 1.0)
    _chibi_back_hair(pen, look)
    pen.restore(head)
    _chibi_body(pen, look, shot)
    head = pen.turned(shot.tilt, 0, 1.0)
    _chibi_head(pen, look, shot)
    pen.restore(head)
    pen.restore(lean)


def _chibi_back_hair(pen: Pen, look: Look) -> None:
    n, h = look.hair_length, look.hair
    if look.hair_style in ("long", "wavy"):
        pen.shape(
            smooth(
                [
                    (-1.2, -0.5),
                    (0, -1.4),
                    (1.2, -0.5),
                    (1.5, 1.2),
                    (1.3, 2.4 * n),
                    (-1.3, 2.4 * n),
                    (-1.5, 1.2),
                ]
            ),
            h,
            HAIR,
        )
    elif look.hair_style == "twin_tails":
        for s in (-1, 1):
            pen.shape(oval(s * 1.6, 0.7, 0.5, 1.4 * n), h, HAIR)
    elif look.hair_style == "ponytail":
        pen.shape(oval(1.4, 0.4, 0.45, 1.5 * n), h, HAIR)
    elif look.hair_style == "bun":
        for s in (-1, 1):
            pen.shape(oval(s * 0.8, -1.2, 0.45, 0.45), h, HAIR)
    elif look.hair_style == "spiky":
        t = np.linspace(-np.pi * 1.05, np.pi * 0.05, 13)
        r = np.where(np.arange(13) % 2, 1.6, 1.15)
        pen.shape(np.stack([r * np.cos(t), r * np.sin(t) - 0.05], axis=1), h, HAIR)
    elif look.hair_style == "bob":
        pen.shape(smooth([(-1.25, -0.5), (0, -1.4), (1.25, -0.5), (1.4, 0.9 * n), (-1.4, 0.9 * n)]), h, HAIR)


def _chibi_body(pen: Pen, look: Look, shot: Shot) -> None:
    w = look.build * 0.9
    for s in (-1, 1):
        trousers = look.bottom_kind == "trousers"
        pen.shape(
            limb((s * 0.3, 3.0), (s * 0.34, 4.6), 0.27, 0.25),
            look.bottom if trousers else look.skin,
            BOTTOM if trousers else SKIN,
        )
        if not trousers:
            pen.shape(limb((s * 0.32, 3.9), (s * 0.34, 4.6), 0.26, 0.25), look.socks, OTHER)
        pen.shape(oval(s * 0.4, 4.8, 0.38, 0.24), look.shoes, OTHER)
    hem = {"skirt": 1.15, "dress": 1.25}.get("dress" if look.top_kind == "dress" else look.bottom_kind, 0.7)
    lower = look.top if look.top_kind == "dress" else look.bottom
    pen.shape(
        [(-0.6 * w, 2.5), (0.6 * w, 2.5), (hem * w, 3.6), (-hem * w, 3.6)],
        lower,
        TOP if look.top_kind == "dress" else BOTTOM,
    )
    pen.shape(
        smooth([(-0.4, 1.0), (0.4, 1.0), (0.8 * w, 1.4), (0.72 * w, 2.8), (-0.72 * w, 2.8), (-0.8 * w, 1.4)]),
        look.top,
        TOP,
    )
    if look.top_kind in ("sailor", "shirt"):
        pen.shape([(-0.6, 1.2), (0, 1.8), (0.6, 1.2)], look.trim, TOP)
    elif look.top_kind in ("jacket", "hoodie"):
        pen.shape([(-0.2, 1.1), (0.2, 1.1), (0.2, 2.75), (-0.2, 2.75)], look.trim, TOP)
    elif look.top_kind == "kimono":
        pen.shape([(-0.75 * w, 2.1), (0.75 * w, 2.1), (0.72 * w, 2.6), (-0.72 * w, 2.6)], look.accent, TOP)
    for s, angle in zip((-1, 1), shot.arms, strict=True):
        start = (s * 0.68 * w, 1.5)
        hand = (start[0] + s * 1.1 * np.sin(angle), 1.5 + 1.1 * np.cos(angle))
        pen.shape(limb(start, hand, 0.26, 0.22), look.top, TOP)
        pen.shape(oval(hand[0], hand[1], 0.24, 0.24, 12), look.skin, SKIN)
    if look.accessory == "scarf":
        pen.shape(oval(0, 1.15, 0.8, 0.3), look.accent, OTHER)


def _chibi_head(pen: Pen, look: Look, shot: Shot) -> None:
    pen.mark_face()
    pen.shape(oval(0, -0.1, 1.22, 1.2), look.hair, HAIR)
    pen.shape(
        smooth([(-0.98, -0.1), (0, -0.5), (0.98, -0.1), (0.92, 0.6), (0.5, 1.0), (-0.5, 1.0), (-0.92, 0.6)]),
        look.skin,
        SKIN,
    )
    for s in (-1, 1):
        if shot.expression in ("closed",):
            pen.stroke([(s * 0.45 - 0.2, 0.35), (s * 0.45, 0.45), (s * 0.45 + 0.2, 0.35)], (50, 40, 40), 0.08)
        else:
            tall = 0.2 if shot.expression in ("angry", "sad") else 0.3
            pen.shape(oval(s * 0.45, 0.35, 0.2, tall), look.eyes, EYES)
            pen.shape(oval(s * 0.45, 0.38, 0.12, tall * 0.6), _darker(look.eyes, 0.3), EYES)
            pen.shape(oval(s * 0.45 + 0.07, 0.25, 0.06, 0.07), (255, 255, 255), EYES)
        pen.shape(oval(s * 0.66, 0.66, 0.14, 0.08), (245, 160, 150), SKIN)
    if shot.expression == "open":
        pen.shape(oval(0, 0.75, 0.14, 0.12), (180, 70, 80), SKIN)
    else:
        pen.stroke([(-0.12, 0.74), (0, 0.8), (0.12, 0.74)], (150, 70, 70), 0.05)
    fringe = {
        0: [
            (-1.1, 0.2),
            (-0.9, -0.7),
            (0, -1.05),
            (0.9, -0.7),
            (1.1, 0.2),
            (0.6, -0.05),
            (0.2, 0.1),
            (-0.2, -0.1),
            (-0.6, 0.1),
        ],
        1: [(-1.1, 0.35), (-0.9, -0.7), (0, -1.05), (0.9, -0.7), (1.1, 0.3), (0.5, -0.3), (-0.3, 0.0)],
        2: [(-1.1, 0.1), (-0.9, -0.7), (0, -1.05), (0.9, -0.7), (1.1, 0.1), (0.5, 0.05), (-0.5, 0.05)],
    }[look.bangs]
    pen.shape(fringe, look.hair, HAIR)
    _accessory(pen, look)


# -- background and light ------------------------------------------------------------------------


def _background(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    width, height = size
    base = random_colour(rng)
    if kind == "white":
        return Image.new("RGB", size, (255, 255, 255))
    if kind == "flat":
        return Image.new("RGB", size, base)
    if kind in ("gradient", "sunset"):
        ends = (base, random_colour(rng)) if kind == "gradient" else ((90, 70, 140), (255, 170, 100))
        t = np.linspace(0, 1, height)[:, None, None]
        rows = np.array(ends[0]) * (1 - t) + np.array(ends[1]) * t
        return Image.fromarray(np.repeat(rows, width, axis=1).astype(np.uint8))
    picture = Image.new("RGB", size, base)
    pen = ImageDraw.Draw(picture)
    if kind == "noise":
        field = rng.normal(0, 1, (height // 16, width // 16, 3)) * 22 + np.array(base)
        return Image.fromarray(np.clip(field, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    if kind == "stripes":
        second, step = random_colour(rng), int(rng.integers(40, 160))
        for x in range(-height, width, 2 * step):
            pen.polygon(
                [(x, 0), (x + step, 0), (x + step + height // 3, height), (x + height // 3, height)],
                fill=second,
            )
    elif kind == "dots":
        second, step = random_colour(rng), int(rng.integers(60, 160))
        for x in range(0, width + step, step):
            for y in range(0, height + step, step):
                pen.ellipse((x - step // 4, y - step // 4, x + step // 4, y + step // 4), fill=second)
    else:
        _scene(kind, pen, size, rng)
    return picture.filter(ImageFilter.GaussianBlur(6)) if kind == "photo" else picture


def _scene(kind: str, pen: ImageDraw.ImageDraw, size: tuple[int, int], rng: np.random.Generator) -> None:
    width, height = size
    floor = int(height * rng.uniform(0.62, 0.85))
    if kind == "room":
        wall = _jitter(rng, (226, 212, 190), 25)
        pen.rectangle((0, 0, width, floor), fill=wall)
        pen.rectangle((0, floor, width, height), fill=_jitter(rng, (150, 110, 80), 25))
        x = int(rng.uniform(0, 0.7) * width)
        pen.rectangle(
            (x, height // 8, x + width // 4, height // 2),
            fill=(170, 210, 240),
            outline=(120, 90, 70),
            width=10,
        )
        x = int(rng.uniform(0, 0.7) * width)
        pen.rectangle(
            (x, floor - height // 5, x + width // 3, floor + height // 12),
            fill=_jitter(rng, (120, 80, 60), 30),
        )
    elif kind in ("street", "night", "photo"):
        dark = kind == "night"
        pen.rectangle((0, 0, width, floor), fill=(24, 28, 60) if dark else _jitter(rng, (160, 200, 235), 20))
        x = 0
        while x < width:
            w, top = int(rng.uniform(0.1, 0.28) * width), int(rng.uniform(0.1, 0.5) * height)
            wall = _jitter(rng, (50, 50, 80), 15) if dark else random_colour(rng)
            pen.rectangle((x, top, x + w, floor), fill=wall)
            for wx in range(x + 20, x + w - 30, 70):
                for wy in range(top + 20, floor - 40, 90):
                    pane = (240, 210, 120) if dark and rng.uniform() < 0.5 else _darker(wall, 0.75)
                    pen.rectangle((wx, wy, wx + 34, wy + 48), fill=pane)
            x += w
        pen.rectangle(
            (0, floor, width, height), fill=(40, 42, 60) if dark else _jitter(rng, (130, 130, 135), 20)
        )
    else:
        pen.rectangle((0, 0, width, height), fill=_jitter(rng, (150, 205, 150), 25))
        for _ in range(160):
            x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.08) * height
            pen.ellipse((x - r, y - r, x + r, y + r), fill=_jitter(rng, (80, 150, 80), 40))


def _lit(image: NDArray[np.uint8], light: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    gains = {
        "none": (1, 1, 1), "warm": (1.05, 0.9, 0.68), "night": (0.42, 0.52, 0.85), "dim": (0.6, 0.6, 0.62),
        "cool": (0.82, 0.95, 1.08), "sunset": (1.05, 0.72, 0.55), "bright": (1.12, 1.12, 1.1),
    }[light]  # fmt: skip
    strength = rng.uniform(0.7, 1.1) if light != "none" else 1.0
    factor = 1 + (np.array(gains) - 1) * strength
    lit = image * factor
    if light in ("night", "sunset") and rng.uniform() < 0.4:
        veil = np.array((30, 40, 110) if light == "night" else (255, 140, 60))
        lit = image * (0.65 + 0.35 * factor) * 0.75 + veil * 0.25
    return np.clip(lit, 0, 255).astype(np.uint8)
