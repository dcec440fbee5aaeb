"""Smooth shapes on a transparent layer: splines, strokes of varied width, coverage masks, gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Points = NDArray[np.float64]

# Sixteen samples per pixel: edges stay smooth after the camera's enlargement.
SUPERSAMPLE = 4


def smooth(points: ArrayLike, *, closed: bool = False, cusps: Sequence[int] = (), steps: int = 10) -> Points:
    """Return a dense Catmull-Rom curve through the points; it has corners at the points named in `cusps`."""
    control = np.asarray(points, dtype=np.float64)
    if cusps:
        return _with_corners(control, closed, sorted(cusps), steps)
    if closed:
        padded = np.vstack([control[-1:], control, control[:2]])
    else:
        padded = np.vstack([2 * control[0] - control[1], control, 2 * control[-1] - control[-2]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * start[:, None]
        + (end - before)[:, None] * t
        + (2 * before - 5 * start + 4 * end - after)[:, None] * t**2
        + (3 * start - before - 3 * end + after)[:, None] * t**3
    )
    dense = curve.reshape(-1, 2)
    return dense if closed else np.vstack([dense, control[-1]])


def _with_corners(control: Points, closed: bool, cusps: Sequence[int], steps: int) -> Points:
    if closed:
        control = np.roll(control, -cusps[0], axis=0)
        control = np.vstack([control, control[:1]])
        cusps = [cusp - cusps[0] for cusp in cusps]
    bounds = sorted({0, *cusps, len(control) - 1})
    return np.vstack([smooth(control[first : last + 1], steps=steps) for first, last in pairwise(bounds)])


def ellipse(x: float, y: float, radius_x: float, radius_y: float | None = None, count: int = 40) -> Points:
    angle = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    radius_y = radius_x if radius_y is None else radius_y
    return np.stack([x + radius_x * np.cos(angle), y + radius_y * np.sin(angle)], axis=1)


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def ribbon(spine: ArrayLike, widths: ArrayLike) -> Points:
    """Return the outline of a band along a spine; its full `widths` are spread evenly over it."""
    centre = smooth(spine) if len(np.asarray(spine)) > 2 else _straight(np.asarray(spine, dtype=np.float64))
    tangent = np.gradient(centre, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    stops = np.asarray(widths, dtype=np.float64)
    half = np.interp(np.linspace(0, 1, len(centre)), np.linspace(0, 1, len(stops)), stops)[:, None] / 2
    return np.vstack([centre + normal * half, (centre - normal * half)[::-1]])


def _straight(ends: Points) -> Points:
    return np.linspace(ends[0], ends[-1], 12)


def lock(spine: ArrayLike, width: float, *, root: float = 0.75) -> Points:
    """Return a lock of hair: a band that swells a little and ends in a point."""
    t = np.linspace(0.0, 1.0, 16)
    return ribbon(spine, width * (root + (1.0 - root) * np.sin(np.pi * t)) * (1.0 - t**2.2))


@dataclass(frozen=True)
class Coverage:
    """How much of each pixel a shape covers, kept only inside its box (left, top, right, bottom)."""

    box: tuple[int, int, int, int]
    mask: Image.Image

    def on(self, box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        canvas = Image.new("L", (right - left, bottom - top), 0)
        canvas.paste(self.mask, (self.box[0] - left, self.box[1] - top))
        return canvas

    def within(self, clip: Coverage | None) -> Coverage:
        if clip is None:
            return self
        return Coverage(self.box, ImageChops.multiply(self.mask, clip.on(self.box)))

    def minus(self, other: Coverage) -> Coverage:
        return Coverage(self.box, ImageChops.multiply(self.mask, ImageChops.invert(other.on(self.box))))

    def union(self, other: Coverage) -> Coverage:
        left, top = min(self.box[0], other.box[0]), min(self.box[1], other.box[1])
        right, bottom = max(self.box[2], other.box[2]), max(self.box[3], other.box[3])
        box = (left, top, right, bottom)
        return Coverage(box, ImageChops.lighter(self.on(box), other.on(box)))

    def shifted(self, dx: float, dy: float) -> Coverage:
        move_x, move_y = round(dx), round(dy)
        left, top, right, bottom = self.box
        return Coverage((left + move_x, top + move_y, right + move_x, bottom + move_y), self.mask)

    def blurred(self, radius: float) -> Coverage:
        grow = int(radius * 3) + 1
        left, top, right, bottom = self.box
        box = (left - grow, top - grow, right + grow, bottom + grow)
        return Coverage(box, self.on(box).filter(ImageFilter.GaussianBlur(radius)))


@dataclass(frozen=True)
class Gradient:
    """Colours along the line from `start` to `end` in pixels, or outwards from `start` when `radial`."""

    start: tuple[float, float]
    end: tuple[float, float]
    stops: Sequence[tuple[float, tuple[int, ...]]]
    radial: bool = False

    def on(self, box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32) + 0.5
        axis = np.subtract(self.end, self.start).astype(np.float32)
        length = max(float(np.hypot(*axis)), 1e-6)
        if self.radial:
            position = np.hypot(x - self.start[0], y - self.start[1]) / length
        else:
            position = ((x - self.start[0]) * axis[0] + (y - self.start[1]) * axis[1]) / length**2
        places = [place for place, _ in self.stops]
        colours = np.array([(*colour, 255)[:4] for _, colour in self.stops], dtype=np.float32)
        channels = [np.interp(position, places, colours[:, c]) for c in range(4)]
        return Image.fromarray(np.stack(channels, axis=-1).round().astype(np.uint8), "RGBA")


Paint = Colour | Gradient


@dataclass
class Layer:
    """A transparent picture that shapes are painted on."""

    size: tuple[int, int]
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("RGBA", self.size, (0, 0, 0, 0))

    @property
    def frame(self) -> tuple[int, int, int, int]:
        return (0, 0, *self.size)

    def cover(
        self, polygons: Sequence[Points], stroke: tuple[Points, NDArray[np.float64]] | None = None
    ) -> Coverage:
        """Return the coverage of filled polygons and of one stroke with a width at each of its points."""
        spans = list(polygons) + ([stroke[0]] if stroke else [])
        reach = float(stroke[1].max()) if stroke else 1.0
        low = np.floor(np.min([span.min(axis=0) for span in spans], axis=0) - reach)
        high = np.ceil(np.max([span.max(axis=0) for span in spans], axis=0) + reach)
        left, top = (int(v) for v in np.clip(low, -40, np.array(self.size)))
        right, bottom = (int(v) for v in np.clip(high, (left + 1, top + 1), np.array(self.size) + 40))
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        big = Image.new("L", ((right - left) * SUPERSAMPLE, (bottom - top) * SUPERSAMPLE), 0)
        draw = ImageDraw.Draw(big)
        origin = np.array([left, top])
        for polygon in polygons:
            draw.polygon([tuple(point) for point in (polygon - origin) * SUPERSAMPLE], fill=255)
        if stroke:
            _draw_stroke(draw, (stroke[0] - origin) * SUPERSAMPLE, stroke[1] * SUPERSAMPLE)
        return Coverage((left, top, right, bottom), big.reduce(SUPERSAMPLE))

    def paint(self, coverage: Coverage, paint: Paint, *, opacity: float = 1.0) -> None:
        left, top, right, bottom = coverage.box
        box = (max(left, 0), max(top, 0), min(right, self.size[0]), min(bottom, self.size[1]))
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        mask = coverage.mask.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        if isinstance(paint, Gradient):
            patch = paint.on(box)
            mask = ImageChops.multiply(mask, patch.getchannel("A"))
        else:
            patch = Image.new("RGBA", mask.size, (*paint, 255))
        patch.putalpha(mask.point(lambda value: int(value * opacity + 0.5)) if opacity < 1 else mask)
        self.image.alpha_composite(patch, box[:2])

    def alpha(self) -> Coverage:
        return Coverage(self.frame, self.image.getchannel("A"))


def _draw_stroke(draw: ImageDraw.ImageDraw, points: Points, widths: NDArray[np.float64]) -> None:
    tangent = np.gradient(points, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    left, right = points + normal * widths[:, None] / 2, points - normal * widths[:, None] / 2
    # One piece a segment: a single outline would cancel itself out where the stroke crosses itself.
    for piece in zip(left[:-1], left[1:], right[1:], right[:-1], strict=True):
        draw.polygon([tuple(corner) for corner in piece], fill=255)
    along = tangent / np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    bend = np.concatenate([[-1.0], np.sum(along[2:] * along[:-2], axis=1), [-1.0]])
    # Ends and sharp corners are rounded; smooth stretches need no joints.
    for (x, y), width in zip(points[bend < 0.85], widths[bend < 0.85], strict=True):
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
