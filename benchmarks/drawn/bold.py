"""The hand ``bold``: thick black lines, huge eyes, patterned clothes, and grain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .looks import BOTTOM, EYES, HAIR, OTHER, SKIN, TOP, Colour, Look, Shot
from .pen import Pen, limb, oval, smooth


def draw_bold(pen: Pen, look: Look, shot: Shot) -> None:
    """Draw a figure with a wide head and a small body."""
    lean = pen.turned(shot.lean * 1.5, 0, 6)
    head = pen.turned(shot.tilt * 1.3, 0, 1.0)
    _back(pen, look)
    pen.restore(head)
    _body(pen, look, shot)
    head = pen.turned(shot.tilt * 1.3, 0, 1.0)
    _head(pen, look, shot)
    _fringe(pen, look)
    _accessory(pen, look)
    pen.restore(head)
    pen.restore(lean)


def _back(pen: Pen, look: Look) -> None:
    n, style, h = look.hair_length, look.hair_style, look.hair
    if style in ("long", "wavy"):
        down = 2.9 * n
        hem = [(1.3 - 0.43 * i, down - 0.5 * (i % 2)) for i in range(7)]
        pen.shape([(-1.3, -0.5), (-0.7, -1.35), (0.7, -1.35), (1.3, -0.5), *hem], h, HAIR)
    elif style == "bob":
        pen.shape(smooth([(-1.3, -0.4), (0, -1.45), (1.3, -0.4), (1.45, 0.9 * n), (0, 0.9), (-1.45, 0.9 * n)]), h, HAIR)  # fmt: skip
    elif style == "twin_tails":
        for s in (-1, 1):
            pen.shape([(s * 0.9, -0.9), (s * 1.9, -0.7), (s * 2.1, 0.8), (s * 1.6, 2.3 * n), (s * 1.5, 0.4)], h, HAIR)  # fmt: skip
    elif style == "ponytail":
        pen.shape(smooth([(0.2, -1.2), (1.3, -1.6), (2.1, -0.6), (1.9, 1.6 * n), (1.4, 0.2)]), h, HAIR)
    elif style == "spiky":
        t = np.linspace(-np.pi * 1.1, np.pi * 0.1, 17)
        r = np.where(np.arange(17) % 2, 1.8, 1.2)
        pen.shape(np.stack([r * np.cos(t), r * np.sin(t)], axis=1), h, HAIR)
    elif style == "bun":
        for s in (-1, 1):
            pen.shape(oval(s * 0.95, -1.15, 0.5, 0.5), h, HAIR)


def _body(pen: Pen, look: Look, shot: Shot) -> None:
    w = 0.9 * look.build
    trousers = look.bottom_kind == "trousers"
    for s in (-1, 1):
        leg = look.bottom if trousers else look.skin
        pen.shape(limb((s * 0.4 * w, 4.0), (s * 0.5 * w, 6.4), 0.34, 0.24), leg, BOTTOM if trousers else SKIN)
        pen.shape(smooth([(s * 0.2, 6.2), (s * 0.7, 6.1), (s * 1.0, 6.7), (s * 0.2, 6.8)]), look.shoes, OTHER)
    for s, angle in zip((-1, 1), shot.arms, strict=True):
        start = (s * 0.8 * w, 1.7)
        elbow = (start[0] + s * 0.95 * np.sin(angle), 1.7 + 0.95 * np.cos(angle))
        hand = (elbow[0] + s * 0.9 * np.sin(angle * 1.5), elbow[1] + 0.9 * np.cos(angle * 1.5))
        pen.shape(limb(elbow, hand, 0.24, 0.2), look.skin if look.top_kind == "shirt" else look.top, TOP)
        pen.shape(limb(start, elbow, 0.33, 0.27), look.top, TOP)
        pen.shape(oval(*hand, 0.24, 0.24, 12), look.skin, SKIN)
    flare = {"skirt": 1.25, "shorts": 0.85, "trousers": 0.7}[look.bottom_kind]
    if look.top_kind == "dress":
        pen.shape([(-0.6 * w, 3.0), (0.6 * w, 3.0), (1.5 * w, 5.2), (-1.5 * w, 5.2)], look.top, TOP)
    else:
        pen.shape(
            [(-0.65 * w, 3.2), (0.65 * w, 3.2), (flare * w, 4.6), (-flare * w, 4.6)], look.bottom, BOTTOM
        )
    torso = [(-0.4, 1.1), (0.4, 1.1), (0.95 * w, 1.5), (0.75 * w, 3.5), (-0.75 * w, 3.5), (-0.95 * w, 1.5)]
    pen.shape(torso, look.top, TOP)
    _pattern(pen, look, w)


def _pattern(pen: Pen, look: Look, w: float) -> None:
    if look.top_kind in ("sailor", "hoodie"):
        for y in (1.9, 2.4, 2.9):
            pen.shape([(-0.78 * w, y), (0.78 * w, y), (0.76 * w, y + 0.22), (-0.76 * w, y + 0.22)], look.trim, TOP, line=False)  # fmt: skip
    elif look.top_kind == "kimono":
        for x, y in ((-0.4, 1.9), (0.35, 2.2), (-0.2, 2.7), (0.4, 3.1), (-0.45, 3.2)):
            pen.shape(oval(x * w, y, 0.15, 0.15, 12), look.trim, TOP, line=False)
    elif look.top_kind == "jacket":
        pen.shape([(-0.3, 1.15), (0.3, 1.15), (0.2, 3.45), (-0.2, 3.45)], look.trim, TOP)
    elif look.top_kind == "shirt":
        pen.shape([(-0.5, 1.15), (0, 1.5), (0.5, 1.15), (0, 2.0)], look.trim, TOP)


def _head(pen: Pen, look: Look, shot: Shot) -> None:
    pen.mark_face()
    pen.shape(oval(0, -0.15, 1.2, 1.2), look.hair, HAIR)
    pen.shape(smooth([(-1.0, -0.1), (-0.6, -0.75), (0.6, -0.75), (1.0, -0.1), (0.75, 0.7), (0, 1.05), (-0.75, 0.7)]), look.skin, SKIN)  # fmt: skip
    for s in (-1, 1):
        x = s * 0.46
        if shot.expression == "closed":
            pen.stroke([(x - 0.28, 0.2), (x, 0.34), (x + 0.28, 0.2)], (20, 16, 20), 0.11)
            continue
        tall = {"angry": 0.27, "sad": 0.3, "open": 0.42}.get(shot.expression, 0.37)
        pen.shape(oval(x, 0.18, 0.28, tall), look.eyes, EYES)
        pen.shape(oval(x, 0.24, 0.14, tall * 0.5), (20, 16, 24), EYES, line=False)
        pen.shape(oval(x - 0.1, 0.02, 0.1, 0.12, 12), (255, 255, 255), EYES, line=False)
    if shot.expression in ("open", "smile"):
        pen.shape(smooth([(-0.2, 0.66), (0.2, 0.66), (0, 0.9)]), (190, 70, 80), SKIN)
    else:
        pen.stroke([(-0.14, 0.74), (0.14, 0.74)], (20, 16, 20), 0.07)


def _fringe(pen: Pen, look: Look) -> None:
    crown = [(-1.15, 0.35), (-1.22, -0.5), (-0.65, -1.3), (0.65, -1.3), (1.22, -0.5), (1.15, 0.35)]
    tips = {
        0: [(0.9, -0.35), (0.6, 0.0), (0.3, -0.4), (0.0, 0.05), (-0.3, -0.4), (-0.6, 0.0), (-0.9, -0.35)],
        1: [(0.9, -0.1), (0.2, -0.65), (-0.8, 0.0)],
        2: [(0.95, -0.2), (0.5, -0.12), (-0.5, -0.12), (-0.95, -0.2)],
    }[look.bangs]
    pen.shape(crown + tips, look.hair, HAIR)


def _accessory(pen: Pen, look: Look) -> None:
    if look.accessory == "ribbon":
        for s in (-1, 1):
            pen.shape([(0, -1.3), (s * 0.6, -1.75), (s * 0.6, -0.95)], look.accent, OTHER)
    elif look.accessory == "clip":
        for y in (-0.6, -0.4):
            pen.shape(oval(-0.85, y, 0.2, 0.08, 12), look.accent, OTHER)
    elif look.accessory == "glasses":
        for s in (-1, 1):
            ring = oval(s * 0.46, 0.2, 0.4, 0.36)
            pen.stroke(np.vstack([ring, ring[:1]]), look.accent, 0.09)
    elif look.accessory == "scarf":
        pen.shape(smooth([(-0.85, 1.0), (0.85, 1.0), (0.9, 1.45), (-0.9, 1.45)]), look.accent, OTHER)
    elif look.accessory == "band":
        pen.shape([(-1.2, -0.55), (0, -1.0), (1.2, -0.55), (1.15, -0.8), (0, -1.28), (-1.15, -0.8)], look.accent, OTHER)  # fmt: skip


def grained(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add the grain of paper."""
    grain = rng.normal(0, 7, (*image.shape[:2], 1))
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return a colour between two."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return (red, green, blue)
