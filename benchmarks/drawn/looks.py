"""Who is drawn, and how: looks, shots, and people who differ in something one can see."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

HAIR_STYLES = ("bob", "long", "twin_tails", "ponytail", "spiky", "bun", "wavy", "short")
TOPS = ("hoodie", "sailor", "jacket", "shirt", "dress", "kimono")
BOTTOMS = ("skirt", "trousers", "shorts")
# Hair styles of like outline; another style means one of another outline.
OUTLINES = (("bob",), ("long", "wavy"), ("twin_tails",), ("ponytail",), ("spiky",), ("bun", "short"))
# In what look-alikes differ.
FEATURES = ("hair colour", "hair style", "eyes", "top colour", "top", "outfit colours", "accessory")
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


def random_colour(rng: np.random.Generator) -> Colour:
    hue, saturation, value = rng.uniform(), rng.choice([0.08, 0.35, 0.6, 0.8]), rng.uniform(0.25, 0.97)
    return code_of(colorsys.hsv_to_rgb(hue, float(saturation), float(value)))


def code_of(rgb: tuple[float, float, float]) -> Colour:
    return (round(rgb[0] * 255), round(rgb[1] * 255), round(rgb[2] * 255))


def jitter(rng: np.random.Generator, colour: Colour, amount: int = 14) -> Colour:
    red, green, blue = (int(np.clip(c + rng.integers(-amount, amount + 1), 0, 255)) for c in colour)
    return (red, green, blue)


def random_look(rng: np.random.Generator) -> Look:
    return Look(
        hair_style=str(rng.choice(HAIR_STYLES)),
        hair=jitter(rng, HAIRS[rng.integers(len(HAIRS))]),
        bangs=int(rng.integers(3)),
        eyes=_eye_colour(rng),
        skin=jitter(rng, SKINS[rng.choice(5, p=[0.35, 0.3, 0.2, 0.1, 0.05])], 6),
        top_kind=str(rng.choice(TOPS)),
        top=random_colour(rng),
        trim=random_colour(rng),
        bottom_kind=str(rng.choice(BOTTOMS)),
        bottom=random_colour(rng),
        socks=random_colour(rng),
        shoes=random_colour(rng),
        accessory=str(rng.choice(ACCESSORIES)),
        accent=code_of(colorsys.hsv_to_rgb(rng.uniform(), 0.8, 0.85)),
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
    return replace(look, hair=jitter(rng, choices[rng.integers(len(choices))]))


def same_hair(rng: np.random.Generator, look: Look) -> Look:
    """Return somebody else whose hair has the same colour."""
    return replace(random_look(rng), hair=jitter(rng, look.hair, 6))


def look_alike(rng: np.random.Generator, look: Look, feature: str | None = None) -> Look:
    """Return somebody who differs in one feature that people see; random when not named.

    Parameters
    ----------
    feature : str, optional
        One of `FEATURES`.
    """
    feature = feature or str(rng.choice(FEATURES))
    stranger = random_look(rng)
    if feature == "hair colour":
        return other_hair(rng, look)
    if feature == "hair style":
        groups = [group for group in OUTLINES if look.hair_style not in group]
        styles = [style for group in groups for style in group]
        return replace(look, hair_style=str(rng.choice(styles)), bangs=(look.bangs + 1) % 3)
    if feature == "eyes":
        return replace(look, eyes=_far_colour(rng, look.eyes, _eye_colour))
    if feature == "top colour":
        return replace(look, top=_far_colour(rng, look.top, random_colour))
    if feature == "top":
        return replace(look, top=stranger.top, top_kind=stranger.top_kind, trim=stranger.trim)
    if feature == "outfit colours":
        top, bottom = (_far_colour(rng, colour, random_colour) for colour in (look.top, look.bottom))
        return replace(look, top=top, bottom=bottom)
    others = [kind for kind in ACCESSORIES[1:] if kind != look.accessory]
    return replace(
        look, accessory=str(rng.choice(others)), accent=_far_colour(rng, look.accent, random_colour)
    )


def _far_colour(
    rng: np.random.Generator, colour: Colour, draw: Callable[[np.random.Generator], Colour]
) -> Colour:
    while colour_distance(candidate := draw(rng), colour) < 150:
        pass
    return candidate


def _eye_colour(rng: np.random.Generator) -> Colour:
    return code_of(colorsys.hsv_to_rgb(rng.uniform(), 0.7, 0.75))


def random_shot(
    rng: np.random.Generator, *, framing: str | None = None, size: tuple[int, int] | None = None
) -> Shot:
    sizes = ((512, 640), (640, 512), (512, 512), (480, 720), (768, 432), (960, 540))
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


def shows(feature: str, shot: Shot, look: Look) -> bool:
    """Tell whether a look-alike's `feature` can be seen in a shot at all."""
    if feature == "eyes":
        return shot.expression != "closed" and shot.framing in ("bust", "close", "knee")
    if feature in ("top colour", "top", "outfit colours"):
        return shot.framing != "close"
    return True
