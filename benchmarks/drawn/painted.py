"""The hand ``painted``: soft edges, shaded volumes, strands of hair, and heads turned to the side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .bold import mix
from .looks import BOTTOM, EYES, HAIR, OTHER, SKIN, TOP, Look, Shot
from .pen import Pen, darker, limb, oval, smooth


def draw_painted(pen: Pen, look: Look, shot: Shot) -> None:
    """Draw a tall figure; the head is turned by up to a third of its width."""
    turn = float(np.random.default_rng(shot.seed).uniform(-0.32, 0.32))
    lean = pen.turned(shot.lean, 0, 8)
    head = pen.turned(shot.tilt, 0, 1.0)
    _back(pen, look)
    pen.restore(head)
    _body(pen, look, shot)
    head = pen.turned(shot.tilt, 0, 1.0)
    _face(pen, look, shot, turn)
    _front(pen, look, turn)
    _accessory(pen, look, turn)
    pen.restore(head)
    pen.restore(lean)


def _strands(pen: Pen, look: Look, points: list[tuple[float, float]], *, count: int = 5) -> None:
    curve = smooth(points)
    pen.shape(curve, look.hair, HAIR)
    middle = curve.mean(axis=0)
    for number in range(count):
        share = 0.25 + 0.6 * number / count
        tone = darker(look.hair, 0.8) if number % 2 else mix(look.hair, (255, 255, 255), 0.12)
        inner = middle + (curve - middle) * share
        pen.stroke(inner[number * 3 : number * 3 + len(curve) // 3], tone, 0.05)


def _back(pen: Pen, look: Look) -> None:
    n, style = look.hair_length, look.hair_style
    cap = [(-1.0, 0.2), (-1.0, -0.7), (0, -1.22), (1.0, -0.7), (1.0, 0.2), (0, 0.5)]
    if style == "long":
        cap = [
            (-1.0, -0.7),
            (0, -1.22),
            (1.0, -0.7),
            (1.2, 1.4),
            (0.9, 3.4 * n),
            (-0.9, 3.4 * n),
            (-1.2, 1.4),
        ]
    elif style == "wavy":
        cap = [(-1.0, -0.7), (0, -1.22), (1.0, -0.7), (1.3, 0.5), (1.1, 1.3), (1.5, 2.0 * n), (0.8, 2.6 * n), (-0.8, 2.6 * n), (-1.5, 2.0 * n), (-1.1, 1.3), (-1.3, 0.5)]  # fmt: skip
    elif style == "bob":
        cap = [
            (-1.0, -0.7),
            (0, -1.22),
            (1.0, -0.7),
            (1.2, 0.6),
            (0.9, 1.2 * n),
            (-0.9, 1.2 * n),
            (-1.2, 0.6),
        ]
    elif style == "spiky":
        t = np.linspace(-np.pi * 1.05, np.pi * 0.05, 11)
        r = np.where(np.arange(11) % 2, 1.7, 1.0)
        cap = [(float(a * np.cos(b)), float(a * np.sin(b) - 0.1)) for a, b in zip(r, t, strict=True)]
    _strands(pen, look, cap)
    if style == "twin_tails":
        for s in (-1, 1):
            _strands(pen, look, [(s * 0.85, -0.7), (s * 1.5, -0.6), (s * 1.9, 1.2), (s * 1.5, 3.0 * n), (s * 1.3, 1.0)])  # fmt: skip
    elif style == "ponytail":
        _strands(pen, look, [(0.4, -1.0), (1.2, -1.0), (1.8, 0.4), (1.5, 2.8 * n), (1.2, 0.8)])
    elif style == "bun":
        _strands(pen, look, [(-0.5, -1.2), (0, -1.8), (0.5, -1.2), (0, -0.9)])


def _body(pen: Pen, look: Look, shot: Shot) -> None:
    w = look.build
    trousers = look.bottom_kind == "trousers"
    leg = look.bottom if trousers else look.skin
    for s in (-1, 1):
        pen.shape(
            limb((s * 0.4 * w, 4.4), (s * 0.46 * w, 8.6), 0.4 * w, 0.2 * w), leg, BOTTOM if trousers else SKIN
        )
        pen.shape(
            limb((s * 0.25 * w, 4.4), (s * 0.36 * w, 8.5), 0.1, 0.06), darker(leg, 0.85), BOTTOM, line=False
        )
        pen.shape(oval(s * 0.55, 8.8, 0.36, 0.2), look.shoes, OTHER)
    for s, angle in zip((-1, 1), shot.arms, strict=True):
        start = (s * 0.85 * w, 1.8)
        elbow = (start[0] + s * 1.2 * np.sin(angle), 1.8 + 1.2 * np.cos(angle))
        hand = (elbow[0] - s * 0.3 * np.sin(angle), elbow[1] + 1.1 * np.cos(angle * 1.2))
        pen.shape(limb(elbow, hand, 0.2, 0.15), look.skin, SKIN)
        pen.shape(limb(start, elbow, 0.3, 0.24), darker(look.top, 0.92), TOP)
    pen.shape(limb((0, 0.6), (0, 1.6), 0.26, 0.36), darker(look.skin, 0.86), SKIN)
    if look.top_kind != "dress":
        flare = {"skirt": 1.2, "shorts": 0.85, "trousers": 0.7}[look.bottom_kind]
        pen.shape(
            smooth([(-0.7 * w, 3.6), (0.7 * w, 3.6), (flare * w, 5.6), (0, 5.8), (-flare * w, 5.6)]),
            look.bottom,
            BOTTOM,
        )
    hem = 1.3 if look.top_kind == "dress" else 0.75
    low = 5.8 if look.top_kind == "dress" else 4.0
    pen.shape(smooth([(-0.4, 1.35), (0.4, 1.35), (1.0 * w, 1.7), (0.75 * w, 3.3), (hem * w, low), (-hem * w, low), (-0.75 * w, 3.3), (-1.0 * w, 1.7)]), look.top, TOP)  # fmt: skip
    pen.shape(
        smooth([(0.35 * w, 1.7), (0.9 * w, 1.8), (0.7 * w, 3.3), (0.6 * w, 3.8)]),
        darker(look.top, 0.82),
        TOP,
        line=False,
    )
    if look.top_kind in ("sailor", "shirt", "kimono"):
        pen.shape(smooth([(-0.6, 1.35), (0, 1.5), (0.6, 1.35), (0, 2.4)]), look.trim, TOP)
    elif look.top_kind in ("jacket", "hoodie"):
        pen.shape([(-0.3, 1.4), (0.3, 1.4), (0.2, 3.9), (-0.2, 3.9)], look.trim, TOP)


def _face(pen: Pen, look: Look, shot: Shot, turn: float) -> None:
    pen.mark_face()
    pen.shape(smooth([(-0.82, -0.3), (0, -0.9), (0.82, -0.3), (0.72, 0.4), (0.2 + turn * 0.4, 0.98), (-0.2 + turn * 0.4, 0.98), (-0.72, 0.4)]), look.skin, SKIN)  # fmt: skip
    pen.shape(
        smooth([(0.82, -0.3), (0.72, 0.4), (0.3, 0.9), (0.55, 0.2)]), darker(look.skin, 0.9), SKIN, line=False
    )
    for s in (-1, 1):
        x, wide = s * 0.36 + turn, 0.2 * (1 - 0.5 * s * turn)
        pen.shape(oval(x, 0.45, 0.2, 0.1), mix(look.skin, (235, 120, 110), 0.35), SKIN)
        if shot.expression == "closed":
            pen.stroke([(x - wide, 0.16), (x, 0.24), (x + wide, 0.16)], darker(look.hair, 0.5), 0.06)
        else:
            tall = {"angry": 0.18, "sad": 0.2, "open": 0.28}.get(shot.expression, 0.24)
            pen.shape(oval(x, 0.14, wide, tall), (244, 244, 248), EYES)
            pen.shape(oval(x, 0.16, wide * 0.78, tall * 0.95), darker(look.eyes, 0.7), EYES)
            pen.shape(oval(x, 0.24, wide * 0.6, tall * 0.55), look.eyes, EYES)
            pen.stroke([(x - wide, 0.06), (x, 0.12 - tall), (x + wide, 0.06)], darker(look.hair, 0.4), 0.06)
    x = turn * 1.1
    if shot.expression == "open":
        pen.shape(oval(x, 0.68, 0.13, 0.13), (160, 60, 66), SKIN)
    else:
        bend = {"smile": 0.06, "sad": -0.06}.get(shot.expression, 0.0)
        pen.stroke([(x - 0.14, 0.66), (x, 0.66 + bend), (x + 0.14, 0.66)], (170, 80, 84), 0.04)


def _front(pen: Pen, look: Look, turn: float) -> None:
    part = {0: 0.0, 1: 0.5, 2: -0.4}[look.bangs] + turn * 0.5
    for s in (-1, 1):
        edge = [
            (part, -1.2),
            (s * 0.8, -0.95),
            (s * 1.05, -0.2),
            (s * 0.85, 0.3 if look.bangs else 0.7),
            (s * 0.6, -0.3),
        ]
        _strands(pen, look, edge, count=4)


def _accessory(pen: Pen, look: Look, turn: float) -> None:
    if look.accessory == "ribbon":
        for s in (-1, 1):
            pen.shape(
                smooth([(0.5, -1.0), (0.5 + s * 0.5, -1.4), (0.5 + s * 0.45, -0.7)]), look.accent, OTHER
            )
    elif look.accessory == "clip":
        pen.shape(oval(-0.65, -0.45, 0.22, 0.12, 14), look.accent, OTHER)
    elif look.accessory == "glasses":
        for s in (-1, 1):
            ring = oval(s * 0.36 + turn, 0.15, 0.28, 0.26)
            pen.stroke(np.vstack([ring, ring[:1]]), darker(look.accent, 0.6), 0.05)
    elif look.accessory == "scarf":
        pen.shape(smooth([(-0.7, 1.0), (0, 1.25), (0.7, 1.0), (0.8, 1.6), (-0.8, 1.6)]), look.accent, OTHER)
    elif look.accessory == "band":
        pen.stroke([(-0.95, -0.55), (-0.4, -0.95), (0.4, -0.95), (0.95, -0.55)], look.accent, 0.16, OTHER)


def softened(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur a little and darken towards one side, as if lit from the other."""
    soft = Image.fromarray(image).filter(ImageFilter.GaussianBlur(image.shape[0] / 400))
    side = np.linspace(1.0, rng.uniform(0.75, 1.0), image.shape[1])[None, :, None]
    shade = side if rng.uniform() < 0.5 else side[:, ::-1]
    return np.clip(np.asarray(soft) * shade, 0, 255).astype(np.uint8)
