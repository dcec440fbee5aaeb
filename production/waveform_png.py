"""A picture of a recording: waveform, beats, downbeats, sections and cuts."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_WIDTH, MIN_WIDTH = 8192, 64
BACKGROUND, WAVE, INK = (24, 26, 34), (104, 160, 220), (220, 224, 232)
BEAT, DOWNBEAT, CUT = (150, 150, 96), (250, 196, 70), (240, 90, 110)
SECTIONS = {
    "intro": (70, 96, 130), "verse": (62, 120, 110), "chorus": (150, 96, 140), "bridge": (120, 110, 70),
    "break": (80, 80, 104), "outro": (70, 90, 120), "whole": (62, 84, 104),
}  # fmt: skip
SECTION_HEIGHT, RULER_HEIGHT = 18, 16
# Beats nearer than this, in pixels, would be a grey area.
MIN_BEAT_GAP = 3.0


def waveform_picture(
    heights: NDArray[np.float32] | Sequence[float],
    duration_seconds: float,
    *,
    beat_times: Sequence[float] | NDArray[np.float64] = (),
    downbeat_times: Sequence[float] | NDArray[np.float64] = (),
    cut_times: Sequence[float] | NDArray[np.float64] = (),
    sections: Sequence[tuple[float, float, str]] = (),
    width: int = 1200,
    height: int = 240,
) -> Image:
    """Draw a recording.

    Parameters
    ----------
    heights : sequence of float
        Level over time, 0–1, at even distances.
    duration_seconds : float
        Length of the recording.
    beat_times, downbeat_times, cut_times : sequence of float
        Seconds.
    sections : sequence of (float, float, str)
        Start, end and name of each.
    width, height : int
        Pixels.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    from PIL import Image, ImageDraw

    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    picture = Image.new("RGB", (width, max(height, 80)), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    scale = width / max(duration_seconds, 1e-6)
    top, bottom = SECTION_HEIGHT + 2, picture.height - RULER_HEIGHT
    _draw_beats(draw, beat_times, scale, (top + 6, bottom - 6), BEAT)
    _draw_wave(draw, np.asarray(heights, dtype=np.float64), width, top, bottom)
    _draw_beats(draw, downbeat_times, scale, (top, bottom), DOWNBEAT)
    for start, end, name in sections:
        box = (start * scale, 0, max(end * scale - 1, start * scale), SECTION_HEIGHT)
        draw.rectangle(box, fill=SECTIONS.get(name, SECTIONS["whole"]))
        if (end - start) * scale > 8 * len(name):
            draw.text((start * scale + 4, 3), name, fill=INK)
    for time in cut_times:
        x = time * scale
        draw.line((x, top, x, bottom), fill=CUT, width=2)
        draw.polygon(((x - 5, top), (x + 5, top), (x, top + 8)), fill=CUT)
    _draw_ruler(draw, duration_seconds, scale, bottom)
    return picture


def waveform_png(picture: Image) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _draw_wave(draw: object, heights: NDArray[np.float64], width: int, top: int, bottom: int) -> None:
    if heights.size == 0:
        return
    middle, reach = (top + bottom) / 2, (bottom - top) / 2 - 4
    places = np.linspace(0, heights.size - 1, width)
    for x, level in enumerate(np.interp(places, np.arange(heights.size), heights)):
        half = max(level * reach, 0.5)
        draw.line((x, middle - half, x, middle + half), fill=WAVE)  # type: ignore[attr-defined]


def _draw_beats(
    draw: object,
    times: Sequence[float] | NDArray[np.float64],
    scale: float,
    span: tuple[float, float],
    colour: tuple[int, int, int],
) -> None:
    times = np.asarray(times, dtype=np.float64)
    if times.size > 1 and float(np.median(np.diff(times))) * scale < MIN_BEAT_GAP:
        return
    for x in times * scale:
        draw.line((x, span[0], x, span[1]), fill=colour)  # type: ignore[attr-defined]


def _draw_ruler(draw: object, duration_seconds: float, scale: float, top: int) -> None:
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    step = next((step for step in steps if step * scale >= 60), steps[-1])
    for time in np.arange(step, duration_seconds - 0.4 * step, step):
        minutes, seconds = divmod(float(time), 60)
        label = f"{int(minutes)}:{seconds:02.0f}" if step >= 1 else f"{time:.1f}"
        draw.text((time * scale - 10, top + 2), label, fill=INK)  # type: ignore[attr-defined]
