"""The hand ``chibi``: flat, without outlines, with large round heads."""

from __future__ import annotations

import numpy as np

from .cel import draw_accessory
from .looks import BOTTOM, EYES, HAIR, OTHER, SKIN, TOP, Look, Shot
from .pen import Pen, darker, limb, oval, smooth


def draw_chibi(pen: Pen, look: Look, shot: Shot) -> None:
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
            pen.shape(oval(s * 0.45, 0.38, 0.12, tall * 0.6), darker(look.eyes, 0.3), EYES)
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
    draw_accessory(pen, look)
