"""The hand ``ink``: coloured lines, heads drawn as wedges, hair in locks, narrow eyes, and long coats."""

from __future__ import annotations

import numpy as np

from .looks import BOTTOM, EYES, HAIR, OTHER, SKIN, TOP, Look, Shot
from .pen import Pen, darker, limb, oval, smooth


def draw_ink(pen: Pen, look: Look, shot: Shot) -> None:
    """Draw a figure with a narrow jaw and hair that is made of pointed locks."""
    lean = pen.turned(shot.lean * 0.8, 0, 8)
    head = pen.turned(shot.tilt * 0.8, 0, 1.1)
    _behind(pen, look)
    pen.restore(head)
    _body(pen, look, shot)
    head = pen.turned(shot.tilt * 0.8, 0, 1.1)
    _face(pen, look, shot)
    _bangs(pen, look)
    _worn(pen, look)
    pen.restore(head)
    pen.restore(lean)


def _lock(pen: Pen, look: Look, root: tuple[float, float], tip: tuple[float, float], wide: float) -> None:
    """Draw one lock of hair from its root to its pointed tip."""
    start, end = np.array(root), np.array(tip)
    along = end - start
    side = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6) * wide
    middle = start + 0.55 * along
    pen.shape(
        smooth([start - side * 0.8, middle - side, end, middle + side, start + side * 0.8]), look.hair, HAIR
    )


def _behind(pen: Pen, look: Look) -> None:
    n, style = look.hair_length, look.hair_style
    ends = {"long": 3.3 * n, "wavy": 2.6 * n, "bob": 1.0 * n}.get(style)
    if ends is not None:
        for number, x in enumerate(np.linspace(-1.0, 1.0, 7)):
            sway = 0.25 * (-1) ** number if style == "wavy" else 0.1 * x
            _lock(pen, look, (x * 0.8, -0.6), (x * 1.25 + sway, ends), 0.34)
    elif style == "twin_tails":
        for s in (-1, 1):
            for spread in (0.0, 0.35, 0.7):
                _lock(pen, look, (s * 0.95, -0.6), (s * (1.35 + spread), 2.4 * n - spread), 0.22)
    elif style == "ponytail":
        for spread in (0.0, 0.4, 0.8):
            _lock(pen, look, (0.7, -0.9), (1.3 + spread, 2.1 * n - spread), 0.24)
    elif style == "spiky":
        for angle in np.linspace(-np.pi * 1.05, np.pi * 0.05, 9):
            _lock(pen, look, (0.6 * np.cos(angle), 0.6 * np.sin(angle)), (1.75 * np.cos(angle), 1.75 * np.sin(angle)), 0.3)  # fmt: skip
    elif style == "bun":
        pen.shape(oval(-0.1, -1.4, 0.42, 0.38), look.hair, HAIR)
    pen.shape(oval(0, -0.22, 1.0, 1.02), look.hair, HAIR)


def _body(pen: Pen, look: Look, shot: Shot) -> None:
    w = 0.95 * look.build
    trousers = look.bottom_kind == "trousers"
    leg, part = (look.bottom, BOTTOM) if trousers else (look.socks, OTHER)
    for s in (-1, 1):
        pen.shape(limb((s * 0.36 * w, 4.2), (s * 0.4 * w, 8.2), 0.33 * w, 0.18 * w), leg, part)
        pen.shape([(s * 0.15, 8.1), (s * 0.6, 8.1), (s * 0.85, 8.5), (s * 0.15, 8.5)], look.shoes, OTHER)
    pen.shape(limb((0, 0.7), (0, 1.7), 0.24, 0.3), darker(look.skin, 0.9), SKIN)
    if look.top_kind == "dress":
        pen.shape([(-0.6 * w, 3.0), (0.6 * w, 3.0), (1.15 * w, 6.0), (-1.15 * w, 6.0)], look.top, TOP)
    else:
        flare, hem = {"skirt": (1.2, 5.4), "shorts": (0.8, 5.0), "trousers": (0.65, 4.8)}[look.bottom_kind]
        pen.shape([(-0.6 * w, 3.4), (0.6 * w, 3.4), (flare * w, hem), (-flare * w, hem)], look.bottom, BOTTOM)
    for s, angle in zip((-1, 1), shot.arms, strict=True):
        start = (s * 0.82 * w, 1.85)
        hand = (start[0] + s * 2.1 * np.sin(angle * 0.8), start[1] + 2.1 * np.cos(angle * 0.8))
        pen.shape(limb(start, hand, 0.3, 0.34), look.top, TOP)
        pen.shape(oval(hand[0], hand[1], 0.2, 0.26, 12), look.skin, SKIN)
    torso = [
        (-0.35, 1.45),
        (0.35, 1.45),
        (0.95 * w, 1.75),
        (0.7 * w, 3.7),
        (-0.7 * w, 3.7),
        (-0.95 * w, 1.75),
    ]
    pen.shape(torso, look.top, TOP)
    if look.top_kind in ("hoodie", "jacket"):
        pen.shape([(-0.1, 1.5), (0.1, 1.5), (0.12, 3.7), (-0.12, 3.7)], look.trim, TOP)
    elif look.top_kind in ("sailor", "kimono", "shirt"):
        pen.shape([(-0.55, 1.5), (0, 2.3), (0.55, 1.5), (0.3, 1.45), (0, 1.9), (-0.3, 1.45)], look.trim, TOP)


def _face(pen: Pen, look: Look, shot: Shot) -> None:
    pen.mark_face()
    pen.shape([(-0.84, -0.5), (0.84, -0.5), (0.78, 0.35), (0.3, 0.92), (0, 1.08), (-0.3, 0.92), (-0.78, 0.35)], look.skin, SKIN)  # fmt: skip
    dark = darker(look.hair, 0.4)
    for s in (-1, 1):
        x = s * 0.42
        if shot.expression == "closed":
            pen.stroke([(x - 0.22, 0.2), (x + 0.22, 0.16)], dark, 0.06)
        else:
            tall = {"angry": 0.13, "sad": 0.15, "open": 0.24}.get(shot.expression, 0.19)
            lids = [(x - 0.26, 0.14), (x, 0.14 - tall), (x + 0.26, 0.1), (x, 0.14 + tall)]
            pen.shape(smooth(lids), (250, 250, 250), EYES, line=False)
            pen.shape(oval(x, 0.14, 0.15, tall), look.eyes, EYES, line=False)
            pen.shape(oval(x, 0.14, 0.06, tall * 0.5, 12), (20, 18, 24), EYES, line=False)
            pen.stroke(lids[:3], dark, 0.06)
        slope = {"angry": 0.1, "sad": -0.1}.get(shot.expression, 0.0)
        pen.stroke([(x - 0.22, -0.16 - s * slope), (x + 0.22, -0.16 + s * slope)], dark, 0.04)
    bend = {"smile": 0.08, "sad": -0.07, "angry": -0.04}.get(shot.expression, 0.0)
    if shot.expression == "open":
        pen.shape([(-0.14, 0.62), (0.14, 0.62), (0, 0.84)], (150, 50, 56), SKIN)
    else:
        pen.stroke([(-0.16, 0.68), (0, 0.68 + bend), (0.16, 0.68)], (120, 50, 50), 0.04)


def _bangs(pen: Pen, look: Look) -> None:
    tips = {
        0: [(-0.7, 0.1), (-0.35, -0.15), (0.0, -0.3), (0.35, -0.15), (0.7, 0.1)],
        1: [(-0.85, 0.5), (-0.75, 0.0), (-0.5, -0.35), (0.1, -0.5), (0.85, 0.2)],
        2: [(-0.75, 0.0), (-0.38, 0.02), (0.0, 0.0), (0.38, 0.02), (0.75, 0.0)],
    }[look.bangs]
    for tip in tips:
        _lock(pen, look, (tip[0] * 0.7, -1.05), tip, 0.32)
    for s in (-1, 1):
        _lock(pen, look, (s * 0.85, -0.8), (s * 0.95, 0.55), 0.2)


def _worn(pen: Pen, look: Look) -> None:
    if look.accessory == "ribbon":
        for s in (-1, 1):
            pen.shape(smooth([(-0.75, -0.95), (-0.75 + s * 0.55, -1.2), (-0.75 + s * 0.5, -0.7)]), look.accent, OTHER)  # fmt: skip
    elif look.accessory == "clip":
        pen.shape([(0.5, -0.7), (0.85, -0.55), (0.8, -0.42), (0.45, -0.57)], look.accent, OTHER)
    elif look.accessory == "glasses":
        for s in (-1, 1):
            frame = [
                (s * 0.12, -0.04),
                (s * 0.74, -0.06),
                (s * 0.7, 0.36),
                (s * 0.16, 0.36),
                (s * 0.12, -0.04),
            ]
            pen.stroke(frame, look.accent, 0.06)
        pen.stroke([(-0.12, 0.04), (0.12, 0.04)], look.accent, 0.06)
    elif look.accessory == "scarf":
        pen.shape(smooth([(-0.7, 1.05), (0.7, 1.05), (0.95, 1.6), (-0.95, 1.6)]), look.accent, OTHER)
        pen.shape([(0.3, 1.5), (0.65, 1.5), (0.7, 2.7), (0.35, 2.7)], look.accent, OTHER)
    elif look.accessory == "band":
        pen.stroke(
            [(-0.98, -0.5), (-0.5, -0.85), (0, -0.97), (0.5, -0.85), (0.98, -0.5)], look.accent, 0.2, OTHER
        )
