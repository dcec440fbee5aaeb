"""Backgrounds and light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from .looks import jitter, random_colour
from .pen import darker


def background(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
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
        wall = jitter(rng, (226, 212, 190), 25)
        pen.rectangle((0, 0, width, floor), fill=wall)
        pen.rectangle((0, floor, width, height), fill=jitter(rng, (150, 110, 80), 25))
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
            fill=jitter(rng, (120, 80, 60), 30),
        )
    elif kind in ("street", "night", "photo"):
        dark = kind == "night"
        pen.rectangle((0, 0, width, floor), fill=(24, 28, 60) if dark else jitter(rng, (160, 200, 235), 20))
        x = 0
        while x < width:
            w, top = int(rng.uniform(0.1, 0.28) * width), int(rng.uniform(0.1, 0.5) * height)
            wall = jitter(rng, (50, 50, 80), 15) if dark else random_colour(rng)
            pen.rectangle((x, top, x + w, floor), fill=wall)
            for wx in range(x + 20, x + w - 30, 70):
                for wy in range(top + 20, floor - 40, 90):
                    pane = (240, 210, 120) if dark and rng.uniform() < 0.5 else darker(wall, 0.75)
                    pen.rectangle((wx, wy, wx + 34, wy + 48), fill=pane)
            x += w
        pen.rectangle(
            (0, floor, width, height), fill=(40, 42, 60) if dark else jitter(rng, (130, 130, 135), 20)
        )
    else:
        pen.rectangle((0, 0, width, height), fill=jitter(rng, (150, 205, 150), 25))
        for _ in range(160):
            x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.08) * height
            pen.ellipse((x - r, y - r, x + r, y + r), fill=jitter(rng, (80, 150, 80), 40))


def lit_by(image: NDArray[np.uint8], light: str, rng: np.random.Generator) -> NDArray[np.uint8]:
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
