"""The hand ``cel``: outlines, shadows, gradients in the hair, and tall bodies."""

from __future__ import annotations

import numpy as np

from .looks import BOTTOM, EYES, HAIR, OTHER, SKIN, TOP, Look, Shot
from .pen import Pen, darker, limb, oval, smooth


def draw_cel(pen: Pen, look: Look, shot: Shot) -> None:
    lean = pen.turned(shot.lean, 0, 9)
    head = pen.turned(shot.tilt, 0, 0.9)
    _back_hair(pen, look)
    pen.restore(head)
    _body(pen, look, shot)
    head = pen.turned(shot.tilt, 0, 0.9)
    _face(pen, look, shot)
    _front_hair(pen, look)
    draw_accessory(pen, look)
    pen.restore(head)
    if look.accessory == "scarf":
        pen.shape(
            smooth([(-0.75, 0.95), (0, 1.2), (0.75, 0.95), (0.8, 1.35), (0, 1.6), (-0.8, 1.35)]),
            look.accent,
            OTHER,
        )
    pen.restore(lean)


def _back_hair(pen: Pen, look: Look) -> None:
    n, dark = look.hair_length, darker(look.hair, 0.86)
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
    legs = darker(look.bottom, 1.0) if look.bottom_kind == "trousers" else look.skin
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
    pen.shape(limb((0, 0.6), (0, 1.5), 0.3, 0.34), darker(look.skin, 0.92), SKIN)
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
            darker(look.top, 0.8),
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
                oval(x, 0.14, 0.08, tall * 0.5), darker(look.eyes, 0.25), EYES, line=False, shadow=False
            )
            pen.shape(oval(x - 0.06, 0.04, 0.05, 0.06, 10), (255, 255, 255), EYES, line=False, shadow=False)
            pen.stroke(
                [(x - 0.24, 0.0), (x - 0.1, 0.14 - tall), (x + 0.1, 0.14 - tall), (x + 0.24, 0.0)],
                (40, 28, 34),
                0.07,
            )
        slope = {"angry": 0.14, "sad": -0.12}.get(mood, -0.03)
        pen.stroke([(x - 0.2, -0.3 - s * -slope), (x + 0.2, -0.3 - s * slope)], darker(look.hair, 0.5), 0.05)
    pen.stroke([(0.02, 0.38), (-0.03, 0.48)], darker(look.skin, 0.7), 0.04)
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


def draw_accessory(pen: Pen, look: Look) -> None:
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
