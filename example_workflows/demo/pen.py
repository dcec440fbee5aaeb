"""A pen draws in the coordinates of a figure and in the colours of its light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from drawing import Colour, Coverage, Gradient, Layer, Paint, Points, smooth
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Light:
    """What a light does to colours: factors for lit and shaded surfaces, the side it comes from, its rim."""

    lit: tuple[float, float, float]
    shaded: tuple[float, float, float]
    direction: tuple[float, float]
    rim: Colour
    rim_strength: float

    def on(self, colour: Colour) -> Colour:
        return _scaled(colour, self.lit)

    def shade(self, colour: Colour) -> Colour:
        return _scaled(colour, self.shaded)

    def shade_skin(self, colour: Colour) -> Colour:
        """Shade skin warmer than cloth: light scatters red inside it."""
        return mix(self.shade(colour), _scaled(self.on(colour), (0.96, 0.76, 0.73)), 0.65)

    def flipped(self) -> Light:
        return replace(self, direction=(-self.direction[0], self.direction[1]))


def _scaled(colour: Colour, factors: Sequence[float]) -> Colour:
    red, green, blue = (
        min(round(value * factor), 255) for value, factor in zip(colour, factors, strict=True)
    )
    return red, green, blue


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(first, second, strict=True))
    return red, green, blue


LIGHTS = {
    "day": Light((1.0, 1.0, 1.0), (0.80, 0.77, 0.89), (-0.6, -0.8), (255, 255, 255), 0.35),
    "sunset": Light((1.0, 0.92, 0.83), (0.75, 0.63, 0.71), (0.8, -0.4), (255, 222, 168), 0.95),
    "night": Light((0.71, 0.75, 0.92), (0.50, 0.53, 0.76), (-0.7, -0.6), (170, 205, 255), 0.7),
    "lamp": Light((0.92, 0.84, 0.80), (0.56, 0.52, 0.70), (0.7, -0.7), (255, 230, 186), 0.95),
    "indoor": Light((1.0, 0.97, 0.92), (0.82, 0.75, 0.78), (0.5, -0.8), (255, 244, 220), 0.4),
}


@dataclass(frozen=True)
class Pen:
    layer: Layer
    light: Light
    # Maps figure units to pixels: pixel = matrix @ unit + offset.
    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def at(cls, layer: Layer, light: Light, x: float, y: float, scale: float) -> Pen:
        return cls(layer, light, np.eye(2) * scale, np.array([x, y], dtype=np.float64))

    @property
    def scale(self) -> float:
        return float(np.sqrt(abs(np.linalg.det(self.matrix))))

    def turned(self, degrees: float, pivot: tuple[float, float]) -> Pen:
        angle = np.radians(degrees)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = np.asarray(pivot, dtype=np.float64)
        matrix = self.matrix @ rotation
        return replace(self, matrix=matrix, offset=self.offset + self.matrix @ centre - matrix @ centre)

    def to_pixels(self, points: ArrayLike) -> Points:
        return np.asarray(points, dtype=np.float64) @ self.matrix.T + self.offset

    def cover(self, *outlines: ArrayLike) -> Coverage:
        return self.layer.cover([self.to_pixels(outline) for outline in outlines])

    def fill(
        self, outline: ArrayLike, paint: Paint, *, clip: Coverage | None = None, opacity: float = 1.0
    ) -> Coverage:
        coverage = self.cover(outline).within(clip)
        self.layer.paint(coverage, paint, opacity=opacity)
        return coverage

    def fade(self, start: ArrayLike, end: ArrayLike, *colours: tuple[int, ...]) -> Gradient:
        places = np.linspace(0.0, 1.0, len(colours))
        first, last = self.to_pixels([start, end])
        return Gradient(tuple(first), tuple(last), list(zip(places.tolist(), colours, strict=True)))

    def line(
        self,
        points: ArrayLike,
        widths: float | Sequence[float],
        colour: Colour,
        *,
        clip: Coverage | None = None,
        opacity: float = 1.0,
        curve: bool = True,
    ) -> None:
        """Draw a line whose width runs through `widths`; one number means thin ends around that width."""
        path = self.to_pixels(smooth(points) if curve and len(np.asarray(points)) > 2 else points)
        stops = [0.25 * widths, widths, widths, 0.25 * widths] if isinstance(widths, (int, float)) else widths
        width = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(stops)), stops) * self.scale
        # A line thinner than about a pixel breaks up into dots.
        coverage = self.layer.cover([], (path, np.maximum(width, 0.5))).within(clip)
        self.layer.paint(coverage, colour, opacity=opacity)

    def shape(
        self,
        outlines: Sequence[ArrayLike],
        paint: Paint,
        *,
        ink: Colour,
        ink_width: float = 3.0,
        shade: Paint | None = None,
        depth: float = 0.0,
        clip: Coverage | None = None,
    ) -> Coverage:
        """Paint the union of the outlines with a contour, and a shadow `depth` units wide."""
        for outline in outlines:
            self.contour(outline, ink, ink_width, clip)
        body = self.cover(*outlines).within(clip)
        self.layer.paint(body, paint)
        if shade is not None and depth:
            self.layer.paint(self.form_shadow(body, depth), shade)
        return body

    def contour(self, outline: ArrayLike, ink: Colour, width: float, clip: Coverage | None = None) -> None:
        pixels = self.to_pixels(outline)
        closed = np.vstack([pixels, pixels[:1]])
        edge = np.gradient(closed, axis=0)
        normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        if _signed_area(pixels) < 0:
            normal = -normal
        away = np.clip(-normal @ np.asarray(self.light.direction), -1.0, 1.0)
        # A heavier line on the side away from the light reads as weight.
        widths = np.maximum(width * self.scale * (1.5 + 0.55 * away), 1.1)
        self.layer.paint(self.layer.cover([], (closed, widths)).within(clip), ink)

    def form_shadow(self, body: Coverage, depth: float) -> Coverage:
        dx, dy = np.asarray(self.light.direction) * depth * self.scale
        return body.minus(body.shifted(dx, dy))


def _signed_area(points: Points) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
