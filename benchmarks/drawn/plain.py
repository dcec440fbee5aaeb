"""The hand ``plain``: ellipses, boxes and triangles of flat colour, as one draws them in a hundred lines."""

from __future__ import annotations

import numpy as np

from .looks import BOTTOM, EYES, HAIR, OTHER, SKIN, TOP, Look, Shot
from .pen import Pen, oval

Points = list[tuple[float, float]]


def draw_plain(pen: Pen, look: Look, shot: Shot) -> None:
    """Draw a figure whose head is one unit in radius."""
    head = pen.turned(shot.tilt, 0, 1.0)
    _hair_behind(pen, look)
    pen.restore(head)
    _body(pen, look, shot)
    head = pen.turned(shot.tilt, 0, 1.0)
    pen.mark_face()
    pen.shape(oval(0, 0, 0.92, 1.05), look.skin, SKIN)
    _features(pen, look, shot)
    _bangs(pen, look)
    _accessory(pen, look)
    pen.restore(head)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """Return the corners of a box."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _hair_behind(pen: Pen, look: Look) -> None:
    n, style = look.hair_length, look.hair_style
    pen.shape(oval(0, -0.2, 1.15, 1.15), look.hair, HAIR)
    if style in ("long", "wavy"):
        pen.shape(box(-1.15, -0.2, 1.15, (3.2 if style == "long" else 2.2) * n), look.hair, HAIR)
    elif style == "bob":
        pen.shape(box(-1.15, -0.2, 1.15, 1.0 * n), look.hair, HAIR)
    elif style == "twin_tails":
        for side in (-1, 1):
            pen.shape(oval(side * 1.45, 0.6, 0.38, 1.5 * n), look.hair, HAIR)
    elif style == "ponytail":
        pen.shape([(0.6, -1.0), (1.5, -0.9), (1.9, 2.2 * n), (1.3, 1.8 * n)], look.hair, HAIR)
    elif style == "spiky":
        for angle in np.linspace(-np.pi, 0, 7):
            tip = (1.75 * np.cos(angle), 1.75 * np.sin(angle) - 0.1)
            base = [(np.cos(angle + turn), np.sin(angle + turn) - 0.1) for turn in (-0.3, 0.3)]
            pen.shape([base[0], tip, base[1]], look.hair, HAIR)
    elif style == "bun":
        pen.shape(oval(0, -1.45, 0.5, 0.5), look.hair, HAIR)


def _body(pen: Pen, look: Look, shot: Shot) -> None:
    w = look.build
    trousers = look.bottom_kind == "trousers"
    for side in (-1, 1):
        leg = look.bottom if trousers else look.skin
        x = side * 0.42 * w
        pen.shape(box(x - 0.26, 4.0, x + 0.26, 7.0), leg, BOTTOM if trousers else SKIN)
        pen.shape(box(x - 0.3, 6.8, x + 0.34, 7.2), look.shoes, OTHER)
        angle = shot.arms[0 if side < 0 else 1] * 0.6
        start = (side * 0.85 * w, 1.6)
        hand = (start[0] + side * 2.0 * np.sin(angle), start[1] + 2.0 * np.cos(angle))
        pen.stroke([start, hand], look.top, 0.42, TOP)
        pen.shape(oval(*hand, 0.25, 0.25, 14), look.skin, SKIN)
    pen.shape(box(-0.25, 0.8, 0.25, 1.5), look.skin, SKIN)
    if look.top_kind == "dress":
        pen.shape([(-0.8 * w, 1.3), (0.8 * w, 1.3), (1.5 * w, 5.0), (-1.5 * w, 5.0)], look.top, TOP)
    else:
        flare = {"skirt": 1.3, "shorts": 0.9, "trousers": 0.75}[look.bottom_kind]
        pen.shape(
            [(-0.75 * w, 3.5), (0.75 * w, 3.5), (flare * w, 4.9), (-flare * w, 4.9)], look.bottom, BOTTOM
        )
        pen.shape([(-1.0 * w, 1.3), (1.0 * w, 1.3), (0.8 * w, 3.7), (-0.8 * w, 3.7)], look.top, TOP)
    if look.top_kind in ("sailor", "kimono", "shirt"):
        pen.shape([(-0.5, 1.3), (0.5, 1.3), (0, 2.1)], look.trim, TOP)
    elif look.top_kind in ("hoodie", "jacket"):
        pen.shape(box(-0.15, 1.3, 0.15, 3.7), look.trim, TOP)


def _features(pen: Pen, look: Look, shot: Shot) -> None:
    for side in (-1, 1):
        x = side * 0.38
        if shot.expression == "closed":
            pen.stroke([(x - 0.18, 0.12), (x + 0.18, 0.12)], (40, 30, 30), 0.06)
        else:
            tall = 0.16 if shot.expression == "angry" else 0.24
            pen.shape(oval(x, 0.1, 0.2, tall), (255, 255, 255), EYES)
            pen.shape(oval(x, 0.12, 0.14, 0.85 * tall), look.eyes, EYES)
            pen.shape(oval(x, 0.12, 0.06, 0.07, 10), (15, 15, 20), EYES)
        slope = {"angry": 0.12, "sad": -0.1}.get(shot.expression, 0.0)
        pen.stroke([(x - 0.2, -0.25 - side * slope), (x + 0.2, -0.25 + side * slope)], (60, 40, 40), 0.05)
    if shot.expression == "open":
        pen.shape(oval(0, 0.6, 0.16, 0.18), (150, 40, 50), SKIN)
    else:
        bend = {"smile": 0.12, "sad": -0.1, "angry": -0.06}.get(shot.expression, 0.0)
        pen.stroke([(-0.22, 0.58), (0, 0.58 + bend), (0.22, 0.58)], (140, 50, 60), 0.05)


def _bangs(pen: Pen, look: Look) -> None:
    t = np.linspace(np.pi, 2 * np.pi, 16)
    crown = np.stack([1.0 * np.cos(t), -0.12 + 1.12 * np.sin(t)], axis=1)
    if look.bangs == 0:
        pen.shape(np.vstack([crown, [(0.98, -0.3), (-0.98, -0.3)]]), look.hair, HAIR)
    elif look.bangs == 1:
        pen.shape(np.vstack([crown, [(0.95, 0.1), (-0.55, -0.6), (-0.95, 0.1)]]), look.hair, HAIR)
    else:
        zigzag = [(0.95 - 0.38 * i, -0.55 if i % 2 else -0.1) for i in range(6)]
        pen.shape(np.vstack([crown, zigzag]), look.hair, HAIR)


def _accessory(pen: Pen, look: Look) -> None:
    if look.accessory == "ribbon":
        for side in (-1, 1):
            pen.shape([(0.6, -0.95), (0.6 + side * 0.5, -1.3), (0.6 + side * 0.5, -0.6)], look.accent, OTHER)
    elif look.accessory == "clip":
        pen.shape(box(-0.9, -0.6, -0.45, -0.42), look.accent, OTHER)
    elif look.accessory == "glasses":
        for side in (-1, 1):
            ring = oval(side * 0.38, 0.1, 0.3, 0.3)
            pen.stroke(np.vstack([ring, ring[:1]]), (30, 30, 30), 0.06)
        pen.stroke([(-0.1, 0.1), (0.1, 0.1)], (30, 30, 30), 0.06)
    elif look.accessory == "scarf":
        pen.shape(box(-0.8, 1.0, 0.8, 1.5), look.accent, OTHER)
    elif look.accessory == "band":
        pen.stroke([(-1.0, -0.6), (0, -1.05), (1.0, -0.6)], look.accent, 0.18, OTHER)
