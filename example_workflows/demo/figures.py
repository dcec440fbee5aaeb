"""Whole characters: who they are, how they stand, and the light they stand in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from arms import POSES, Wearer, draw_arm, draw_forearm
from body import BOY, GIRL, Build, Outfit, draw_collar, draw_lower_body, draw_neck, draw_torso
from drawing import Layer
from face import EXPRESSIONS, FaceDesign, draw_brows, draw_face, draw_features
from hair import HairColours, HairStyle, draw_back, draw_front, front_shapes
from pen import LIGHTS, Light, Pen
from PIL import Image
from styles import AUBURN, LONG, PINK, SILVER, TEAL, TOUSLED, TWIN_TAILS


@dataclass(frozen=True)
class Character:
    face: FaceDesign
    hair: HairStyle
    hair_colours: HairColours
    build: Build
    outfit: Outfit


AOI = Character(
    FaceDesign(skin=(255, 229, 213), iris=(238, 158, 42), brow=(36, 92, 116)),
    LONG,
    TEAL,
    GIRL,
    Outfit("sailor", top=(58, 70, 128), under=(250, 248, 252), trim=(244, 244, 252), accent=(214, 52, 62),
           skirt=(44, 54, 104), legs=(34, 36, 58), shoes=(112, 62, 48)),
)  # fmt: skip
REN = Character(
    FaceDesign(skin=(250, 217, 190), iris=(74, 168, 92), brow=(120, 50, 32), eye_height=0.86, lash=0.3,
               jaw=1.05),
    TOUSLED,
    AUBURN,
    BOY,
    Outfit("jacket", top=(226, 168, 52), under=(250, 250, 252), trim=(150, 100, 38), accent=(70, 110, 90),
           skirt=None, legs=(70, 78, 104), shoes=(226, 224, 230)),
)  # fmt: skip
# Aoi in everything but her hair: the consistency check is to catch this one.
AOI_WRONG_HAIR = replace(AOI, hair_colours=PINK, face=replace(AOI.face, brow=(170, 70, 110)))
# Nobody of the cast: stands where Ren should.
STRANGER = Character(
    FaceDesign(skin=(255, 234, 226), iris=(150, 92, 214), brow=(146, 138, 172)),
    TWIN_TAILS,
    SILVER,
    GIRL,
    Outfit("jacket", top=(126, 92, 160), under=(52, 46, 66), trim=(236, 196, 214), accent=(236, 196, 214),
           skirt=(58, 50, 76), legs=(236, 232, 240), shoes=(60, 46, 62)),
)  # fmt: skip


# The rim of light begins where the contour's line ends, in head units.
INK_REACH = 3.2
# How much the head sinks between the shoulders.
HEAD_DROP = 16.0


@dataclass(frozen=True)
class Placement:
    """One character in one picture; `x`, `y` is the middle of the head and `scale` pixels per unit."""

    character: Character
    x: float
    y: float
    scale: float
    mood: str = "smile"
    pose: str = "stand"
    turn: float = 0.0
    tilt: float = 0.0
    light: str = "day"
    flip_light: bool = False


def draw_character(size: tuple[int, int], who: Placement) -> Image.Image:
    """Return the character alone on a transparent picture."""
    light = LIGHTS[who.light].flipped() if who.flip_light else LIGHTS[who.light]
    layer = Layer(size)
    pen = Pen.at(layer, light, who.x, who.y - HEAD_DROP * who.scale, who.scale)
    head = Pen.at(layer, light, who.x, who.y, who.scale).turned(who.tilt, (0.0, 124.0))
    character, pose = who.character, POSES[who.pose]
    draw_back(head, character.hair, character.hair_colours, who.turn)
    build, outfit, skin = character.build, character.outfit, character.face.skin
    draw_lower_body(pen, build, outfit, skin)
    draw_neck(pen, build, skin)
    torso = draw_torso(pen, build, outfit)
    wearer, arms = Wearer(pen, build, outfit, skin), ((pose.left, -1), (pose.right, 1))
    for arm, side in arms:
        draw_arm(wearer, arm, side, torso)
    draw_collar(pen, build, outfit)
    for arm, side in arms:
        if arm.in_front:
            draw_forearm(wearer, arm, side)
    _draw_head(head, character, who)
    _draw_rim(layer, light, who.scale)
    return layer.image


def _draw_head(pen: Pen, character: Character, who: Placement) -> None:
    mood = EXPRESSIONS[who.mood]
    face = draw_face(pen, character.face, who.turn)
    fringe = pen.cover(*front_shapes(character.hair, who.turn))
    dx, dy = pen.light.direction
    shadow = fringe.shifted(-3 * dx * pen.scale, (6 - 5 * dy) * pen.scale).within(face)
    pen.layer.paint(shadow, pen.light.shade_skin(character.face.skin), opacity=0.9)
    draw_features(pen, character.face, mood, who.turn, face)
    draw_front(pen, character.hair, character.hair_colours, who.turn)
    draw_brows(pen, character.face, mood, who.turn)


def _draw_rim(layer: Layer, light: Light, scale: float) -> None:
    """Paint the edge that faces the light; it also sets the figure off from a busy background."""
    alpha = layer.alpha()
    dx, dy = light.direction
    inside = alpha.shifted(-dx * INK_REACH * scale, -dy * INK_REACH * scale).within(alpha)
    rim = inside.minus(alpha.shifted(-dx * 6.8 * scale, -dy * 6.8 * scale))
    glow = alpha.minus(alpha.shifted(-dx * 12 * scale, -dy * 12 * scale)).blurred(5 * scale).within(alpha)
    layer.paint(glow, light.rim, opacity=0.35 * light.rim_strength)
    layer.paint(rim, light.rim, opacity=0.6 * light.rim_strength)
