"""Which pictures the demo consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import interiors
import night
import scenery
from figures import AOI, AOI_WRONG_HAIR, REN, STRANGER, Placement, draw_character
from PIL import Image, ImageFilter
from props import bloom


@dataclass(frozen=True)
class Shot:
    """One still: its file name, its place and who is in it."""

    name: str
    place: Callable[[tuple[int, int]], Image.Image]
    cast: tuple[Placement, ...] = ()
    size: tuple[int, int] = (1600, 900)
    soften: float = 0.0  # blur of the background, in pixels: depth of field


STILLS = (
    Shot("01_station_at_dusk", scenery.platform),
    Shot("02_aoi_waits", scenery.platform,
         (Placement(AOI, 560, 400, 1.42, "wistful", "clasp", 0.7, 3, "sunset"),), soften=3.0),
    Shot("03_classroom", interiors.classroom,
         (Placement(AOI, 820, 420, 1.75, "smile", "heart", -0.45, -5, "day"),), soften=2.0),
    Shot("04_rooftop", scenery.rooftop,
         (Placement(REN, 860, 370, 1.3, "joy", "wave", 0.35, -4, "day"),), soften=1.0),
    Shot("05_river_bank", scenery.river,
         (Placement(AOI, 430, 450, 1.15, "smile", "stand", 0.6, 2, "sunset"),
          Placement(REN, 1170, 400, 1.2, "talk", "pockets", -0.6, -2, "sunset", flip_light=True)),
         soften=1.5),
    Shot("06_off_model_hair", night.street,
         (Placement(AOI_WRONG_HAIR, 760, 400, 1.45, "surprised", "heart", 0.4, -3, "lamp"),), soften=2.5),
    Shot("07_aoi_close_up", night.street,
         (Placement(AOI, 650, 800, 4.0, "sad", "stand", -0.35, 4, "lamp"),), size=(1296, 1620), soften=9.0),
    Shot("08_off_model_character", scenery.platform,
         (Placement(STRANGER, 620, 400, 1.4, "smile", "stand", 0.5, 2, "sunset"),), soften=3.0),
    Shot("09_train_interior", interiors.train_interior,
         (Placement(AOI, 470, 440, 1.3, "joy", "clasp", 0.5, 5, "indoor"),
          Placement(REN, 1130, 410, 1.32, "smile", "pockets", -0.5, -4, "indoor")), soften=2.0),
    Shot("10_paper_moon", night.paper_moon),
)  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """One reference picture of a character on a plain backdrop."""

    folder: str
    name: str
    cast: Placement
    backdrop: tuple[tuple[int, int, int], tuple[int, int, int]]
    size: tuple[int, int] = (832, 1024)


REFERENCES = (
    Reference("aoi", "1_full", Placement(AOI, 416, 130, 0.76, "smile", "stand", 0.2, 1, "day"),
              ((226, 226, 242), (214, 216, 236))),
    Reference("aoi", "2_bust", Placement(AOI, 416, 430, 1.9, "talk", "stand", -0.5, -4, "indoor"),
              ((206, 228, 216), (194, 218, 206))),
    Reference("aoi", "3_waist", Placement(AOI, 416, 320, 1.3, "wistful", "heart", 0.6, 4, "sunset"),
              ((178, 150, 184), (164, 136, 172))),
    Reference("aoi", "4_close", Placement(AOI, 400, 520, 2.9, "surprised", "stand", 0.0, 2, "night"),
              ((92, 88, 128), (80, 76, 116))),
    Reference("ren", "1_full", Placement(REN, 400, 140, 0.74, "smile", "wave", -0.2, -1, "day"),
              ((222, 232, 238), (208, 222, 230))),
    Reference("ren", "2_bust", Placement(REN, 416, 430, 1.9, "talk", "stand", 0.5, 3, "indoor"),
              ((204, 220, 232), (190, 208, 222))),
    Reference("ren", "3_waist", Placement(REN, 416, 330, 1.3, "angry", "pockets", -0.6, -3, "sunset"),
              ((158, 164, 196), (144, 150, 184))),
    Reference("ren", "4_close", Placement(REN, 420, 500, 2.8, "calm", "stand", 0.3, -2, "night"),
              ((84, 92, 128), (72, 80, 116))),
)  # fmt: skip


def draw_shot(shot: Shot) -> Image.Image:
    picture = shot.place(shot.size).convert("RGBA")
    if shot.soften:
        picture = picture.filter(ImageFilter.GaussianBlur(shot.soften))
    for who in shot.cast:
        picture.alpha_composite(draw_character(shot.size, who))
    return bloom(picture.convert("RGB"))


def draw_reference(reference: Reference) -> Image.Image:
    picture = interiors.studio(reference.size, *reference.backdrop).convert("RGBA")
    picture.alpha_composite(draw_character(reference.size, reference.cast))
    return picture.convert("RGB")
