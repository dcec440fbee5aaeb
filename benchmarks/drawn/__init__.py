"""Drawn characters for measurements: parametric figures whose identity, shot and parts are known.

Six hands draw them, as unlike each other as can be: ``cel`` has outlines, shadows and tall bodies; ``chibi``
is flat, without outlines, with large round heads; ``plain`` is made of ellipses and boxes; ``bold`` has thick
lines, huge eyes, patterned clothes and grain; ``painted`` is soft, shaded, and turns its heads; ``ink`` has
coloured lines, narrow jaws and eyes, and hair in pointed locks.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .backgrounds import background, lit_by
from .bold import draw_bold, grained
from .cel import draw_cel
from .chibi import draw_chibi
from .ink import draw_ink
from .looks import (
    FEATURES,
    Drawing,
    Look,
    Shot,
    look_alike,
    other_hair,
    random_look,
    random_shot,
    reference_shots,
    same_hair,
    shows,
)
from .painted import draw_painted, softened
from .pen import Pen
from .plain import draw_plain

__all__ = [
    "FEATURES", "HANDS", "Drawing", "Look", "Shot", "draw", "draw_group", "look_alike", "other_hair", "random_look",
    "random_shot", "reference_shots", "same_hair", "shows",
]  # fmt: skip

HANDS = ("cel", "chibi", "plain", "bold", "painted", "ink")

_DRAW = {
    "cel": draw_cel,
    "chibi": draw_chibi,
    "plain": draw_plain,
    "bold": draw_bold,
    "painted": draw_painted,
    "ink": draw_ink,
}
_OUTLINES = {"cel": 0.045, "bold": 0.1, "ink": 0.03}
# How far the feet are below the centre of the head, in head units.
_TALL = {"cel": 9.6, "chibi": 5.2, "plain": 7.4, "bold": 7.0, "painted": 9.0, "ink": 8.8}
_FINISH = {"bold": grained, "painted": softened}


def draw(look: Look, shot: Shot, hand: str = "cel") -> Drawing:
    """Draw a character; `hand` is one of `HANDS`."""
    return draw_group([look], shot, hand)


def draw_group(looks: list[Look], shot: Shot, hand: str = "cel") -> Drawing:
    """Draw characters side by side in one picture, from left to right."""
    width, height = shot.size
    canvas = (width * 2, height * 2)
    rng = np.random.default_rng(shot.seed)
    pen = Pen(canvas, outline=_OUTLINES.get(hand, 0.0), is_shaded=hand == "cel")
    pen.picture.paste(background(shot.background, canvas, rng))
    for index, look in enumerate(looks):
        _place(pen, shot, _TALL[hand], canvas, (index + 0.5) / len(looks), len(looks))
        _DRAW[hand](pen, look, shot)
    image = np.asarray(pen.picture.resize((width, height), Image.Resampling.BOX))
    parts = np.asarray(pen.parts.resize((width, height), Image.Resampling.NEAREST))
    if hand in _FINISH:
        image = _FINISH[hand](image, rng)
    return Drawing(lit_by(image, shot.light, rng), parts, tuple(pen.faces))


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
